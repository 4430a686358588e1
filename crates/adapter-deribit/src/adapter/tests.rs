//! The parts as one value.

use nova_behaviour::{
    AuthHandler, Behaviour, Body, Inbound, Kept, LoginMoment, LoginOccasion, MessageHandler, RequestId,
    SettingHandler, SubscriptionHandler, Topic,
};

use super::*;
use crate::{Envelope, Request};

fn with_everything() -> Deribit {
    Deribit::testnet()
        .with_credentials(Credentials::new("AMANDA", "AMANDASECRECT"))
        .with_scope("trade:read")
        .with_session("robot-1")
        .unwrap()
        .with_heartbeat(Duration::from_secs(60))
        .unwrap()
        .with_label("mine")
        .unwrap()
        .with_cancel_on_disconnect(CancelScope::Account)
        .with_tokens_in_requests()
        .with_tier(Tier::ONE)
        .with_settings(|settings| settings.in_flight = 7)
}

fn moment(occasion: LoginOccasion) -> LoginMoment {
    LoginMoment { wall: std::time::UNIX_EPOCH, nonce: 1, occasion }
}

#[test]
fn the_addresses_are_well_formed() {
    for (adapter, host) in
        [(Deribit::production(), "www.deribit.com"), (Deribit::testnet(), "test.deribit.com")]
    {
        assert!(format!("{:?}", adapter.endpoints()).contains(host));
    }
}

#[test]
fn the_settings_make_sense_and_can_be_changed() {
    assert_eq!(Deribit::production().settings().check(), Ok(()));
    assert_eq!(with_everything().settings().in_flight, 7);
}

#[test]
fn without_credentials_nothing_is_asked_that_needs_a_login() {
    let mut handlers =
        Deribit::production().with_cancel_on_disconnect(CancelScope::Connection).into_handlers();
    assert!(!handlers.auth().is_required());
    assert!(handlers.connection_settings().wanted().iter().all(|setting| !setting.needs_login));
    assert!(handlers.subscriptions().check(&Topic::from("user.lock")).is_err());
    let refused =
        handlers.messages().encode(RequestId::new(1), Request::bare("private/buy"), &mut Kept::default());
    assert!(refused.is_err());
}

#[test]
fn a_login_s_token_reaches_the_requests_of_its_own_session_only() {
    let adapter = with_everything();
    let (mut one, mut other) = (adapter.clone().into_handlers(), adapter.into_handlers());
    assert!(one.auth().login(moment(LoginOccasion::Fresh)).is_some());
    one.auth().answered(Ok(Body::Text(r#"{"access_token":"A1","scope":"trade:read"}"#))).unwrap();
    let written = |handlers: &mut DeribitHandlers| {
        let mut out = Kept::default();
        handlers
            .messages()
            .encode(RequestId::new(1), Request::bare("private/get_positions"), &mut out)
            .unwrap();
        out.as_body().as_text().unwrap().contains("A1")
    };
    assert!(written(&mut one) && !written(&mut other));
}

#[test]
fn the_granted_scope_is_seen_from_outside() {
    let adapter = with_everything();
    let granted = adapter.granted_scope();
    let mut handlers = adapter.into_handlers();
    assert_eq!(granted.granted(), None);
    handlers.auth().answered(Ok(Body::Text(r#"{"access_token":"A1","scope":"trade:read"}"#))).unwrap();
    assert_eq!(granted.granted(), Some(Scope::from("trade:read")));
    assert_eq!(granted.missing(), Scope::from("session:robot-1"));
}

#[test]
fn names_that_the_venue_would_not_take_are_refused() {
    for label in ["", "seventeen letters"] {
        assert!(matches!(Deribit::testnet().with_label(label), Err(InvalidName::Label(_))));
    }
    assert!(Deribit::testnet().with_label("żółw-żółw-żółw-1").is_ok(), "sixteen characters, not bytes");
    for name in ["", "two words", "a:b"] {
        assert!(matches!(Deribit::testnet().with_session(name), Err(InvalidName::Session(_))));
    }
    assert!(Deribit::testnet().with_heartbeat(Duration::from_secs(9)).is_err());
    assert!(Deribit::testnet().without_heartbeat().into_handlers().connection_settings().wanted().is_empty());
}

/// Every place where a secret could show: the adapter, its handlers at work, and what goes through them.
#[test]
fn no_debug_shows_a_secret() {
    let adapter = with_everything();
    let mut shown = format!("{adapter:?}");
    let mut handlers = adapter.into_handlers();
    for occasion in [LoginOccasion::Fresh, LoginOccasion::Renewal, LoginOccasion::Recovery] {
        let request = handlers.auth().login(moment(occasion)).unwrap();
        shown += &format!("{request:?}");
        let mut out = Kept::default();
        let correlation = handlers.messages().encode(RequestId::new(1), request, &mut out).unwrap();
        shown += &format!("{out:?} {correlation:?}");
        let reply = r#"{"id":1000000000000001,"result":{"access_token":"ACCESS","refresh_token":"REFRESH","expires_in":9}}"#;
        let routed = handlers.messages().route(Body::Text(reply)).unwrap();
        shown += &format!("{routed:?} {:?}", Envelope::read(reply).unwrap());
        let Inbound::Reply { result: Ok(body), .. } = routed else { panic!() };
        let grant = handlers.auth().answered(Ok(body)).unwrap();
        shown += &format!("{grant:?} {handlers:?}");
    }
    let refused =
        handlers.auth().answered(Ok(Body::Text(r#"{"access_token":"ACCESS","expires_in":"REFRESH"}"#)));
    shown += &format!("{:?}", refused.unwrap_err());
    let long =
        Request::new("private/buy", &std::collections::BTreeMap::from([("label", "ACCESS".repeat(9_000))]));
    let error = handlers.messages().encode(RequestId::new(2), long, &mut Kept::default()).unwrap_err();
    shown += &format!("{error:?} {error}");
    for secret in ["AMANDASECRECT", "ACCESS", "REFRESH"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}
