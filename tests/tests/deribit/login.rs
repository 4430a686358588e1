//! Logging in: by secret, by signature, again, renewed, recovered, refused.

use nova_deribit_simulator::{Fault, OnExpiry};
use websockex_nova::{
    deribit::{NarrowScope, RefusalExt, Ticker, UserOrders, calls::GetPositions},
    prelude::*,
    session::{EndCause, NotSent},
    telemetry::Event,
};

use crate::kit::{
    SECRET, adapter, credentials, cut, event, gap, hears, methods, prepare, private, public, simulator,
};

#[tokio::test]
async fn a_secret_and_a_signature_are_both_accepted() {
    let simulator = simulator(|_| {}).await;
    for credentials in [credentials(), credentials().signing()] {
        let adapter = adapter(&simulator).with_credentials(credentials);
        let client = prepare(adapter).connect().await.unwrap();
        client.call(GetPositions::default()).await.unwrap();
    }
    let control = simulator.control();
    assert_eq!(control.journal(|journal| journal.errors(13004) + journal.errors(13009)), 0);
    let secrets =
        control.journal(|journal| journal.received().filter(|(_, text)| text.contains(SECRET)).count());
    assert_eq!(secrets, 1, "a signature does not carry the secret");
}

#[tokio::test]
async fn after_a_lost_link_come_heartbeat_login_and_subscriptions_in_that_order() {
    let simulator = simulator(|_| {}).await;
    let client = private(&simulator).await;
    let orders = client.subscribe(UserOrders::every_event("BTC-PERPETUAL")).await.unwrap();
    let mut events = client.events();
    cut(&simulator.control());
    event(&mut events, "the second link", |event| matches!(event, Event::Ready { .. })).await;
    hears(&simulator.control(), "the second subscription", |link, request| {
        link == 2 && request["method"] == "private/subscribe"
    })
    .await;
    assert_eq!(
        methods(&simulator.control(), 2),
        ["public/set_heartbeat", "public/auth", "private/subscribe"]
    );
    drop(orders);
}

#[tokio::test]
async fn wrong_credentials_end_the_client_with_the_venues_reason_and_without_the_secret() {
    let simulator = simulator(|_| {}).await;
    let wrong = websockex_nova::deribit::Credentials::new("sim-client", "not the secret 4711");
    let end = prepare(adapter(&simulator).with_credentials(wrong)).connect().await.unwrap_err();
    let EndCause::LoginRefused(refusal) = &end else { panic!("{end:?}") };
    assert_eq!((refusal.code, refusal.message.as_str()), (Some(13004), "invalid_credentials"));
    assert!(!format!("{end:?} {end}").contains("4711"));
    assert_eq!(
        simulator.control().journal(|journal| journal.requests("public/auth")),
        1,
        "it is not tried again"
    );
}

#[tokio::test]
async fn a_refused_signature_is_made_anew_and_not_for_ever() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    control.set_fault(Fault::RefuseAuth { code: 13009, count: Some(1) });
    let adapter = adapter(&simulator).with_credentials(credentials().signing());
    let client = prepare(adapter.clone())
        .with_settings(|settings| settings.initial_connect = websockex_nova::behaviour::InitialConnect::Retry)
        .connect()
        .await
        .unwrap();
    assert!(client.state().is_ready());
    control.set_fault(Fault::RefuseAuth { code: 13009, count: None });
    let before = control.journal(|journal| journal.requests("public/auth"));
    let end = prepare(adapter)
        .with_settings(|settings| settings.initial_connect = websockex_nova::behaviour::InitialConnect::Retry)
        .connect()
        .await
        .unwrap_err();
    assert!(matches!(end, EndCause::LoginRefused(_)), "{end:?}");
    let tried = control.journal(|journal| journal.requests("public/auth")) - before;
    assert!((2..20).contains(&tried), "{tried} logins");
}

#[tokio::test]
async fn a_token_is_renewed_by_the_refresh_token_before_it_expires() {
    let simulator = simulator(|config| config.token_ttl_s = 8.0).await;
    let client = private(&simulator).await;
    hears(&simulator.control(), "the renewal", |_, request| {
        request["params"]["grant_type"] == "refresh_token"
    })
    .await;
    client.call(GetPositions::default()).await.unwrap();
    assert_eq!(simulator.control().connections(), [1], "on the same link");
    assert_eq!(simulator.control().journal(|journal| journal.errors(13009)), 0, "before it expired");
}

#[tokio::test]
async fn a_refused_refresh_falls_back_on_the_credentials() {
    let simulator = simulator(|config| config.token_ttl_s = 8.0).await;
    let control = simulator.control();
    control.set_fault(Fault::RevokeRefresh {});
    let client = private(&simulator).await;
    let mut events = client.events();
    event(&mut events, "the refusal", |event| matches!(event, Event::RenewalRefused { .. })).await;
    event(&mut events, "the login", |event| matches!(event, Event::LoggedIn { .. })).await;
    client.call(GetPositions::default()).await.unwrap();
    assert_eq!(control.connections(), [1]);
}

#[tokio::test]
async fn an_expired_token_is_noticed_by_the_first_refusal_and_private_channels_return() {
    for on_expiry in [OnExpiry::StopPrivate, OnExpiry::KeepPrivate] {
        let simulator = simulator(|config| config.on_expiry = on_expiry).await;
        let control = simulator.control();
        let client = private(&simulator).await;
        let mut events = client.events();
        let mut orders = client.subscribe(UserOrders::every_event("BTC-PERPETUAL")).await.unwrap();
        crate::requests::rest_an_order(&client).await;
        crate::kit::item(&mut orders).await;
        // A login that was made a moment ago is not doubted.
        tokio::time::sleep(millis(1_050)).await;
        control.set_fault(Fault::ExpireToken {});
        let refusal = client.call(GetPositions::default()).await.unwrap_err();
        let RequestError::Refused(refusal) = refusal else { panic!("{refusal:?}") };
        assert_eq!(refusal.code, Some(13009));
        assert_eq!(refusal.reason(), Some("invalid_token".to_owned()));
        event(&mut events, "the new login", |event| matches!(event, Event::LoggedIn { .. })).await;
        hears(&control, "private channels anew", |_, request| request["method"] == "private/unsubscribe")
            .await;
        client.call(GetPositions::default()).await.unwrap();
        event(&mut events, "the new subscription", |event| matches!(event, Event::TopicsConfirmed { .. }))
            .await;
        crate::requests::rest_an_order(&client).await;
        let gap = gap(&mut orders).await;
        assert_eq!(gap.cause.name(), "login_lapsed", "{on_expiry:?}");
        crate::kit::item(&mut orders).await;
        assert_eq!(control.connections(), [1]);
    }
}

#[tokio::test]
async fn a_narrower_scope_than_asked_for_is_told_or_refused() {
    let simulator = simulator(|_| {}).await;
    let asking = adapter(&simulator).with_credentials(credentials()).with_scope("wallet:read_write");
    let scope = asking.granted_scope();
    let client = prepare(asking.clone()).connect().await.unwrap();
    assert!(client.state().is_ready());
    assert_eq!(scope.missing().to_string(), "wallet:read_write");
    let end = prepare(asking.on_narrow_scope(NarrowScope::Refuse)).connect().await.unwrap_err();
    let EndCause::LoginRefused(refusal) = &end else { panic!("{end:?}") };
    assert!(refusal.message.contains("wallet:read_write"), "{refusal}");
}

#[tokio::test]
async fn without_a_login_private_requests_and_channels_are_refused_before_anything_is_sent() {
    let simulator = simulator(|_| {}).await;
    let client = public(&simulator).await;
    let error = client.call(GetPositions::default()).await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(NotSent::Encode(_))), "{error:?}");
    let error = client.subscribe(UserOrders::every_event("BTC-PERPETUAL")).await.unwrap_err();
    assert!(format!("{error:?}").contains("Inadmissible"), "{error:?}");
    let error = client.subscribe(Ticker::every_event("BTC-PERPETUAL")).await.unwrap_err();
    assert!(format!("{error:?}").contains("Inadmissible"), "{error:?}");
    assert_eq!(methods(&simulator.control(), 1), ["public/set_heartbeat"]);
}
