//! Each occasion, and each answer.

use std::time::SystemTime;

use serde_json::Value;

use super::*;

fn login(credentials: Credentials, scope: &str, narrow: NarrowScope) -> DeribitLogin {
    let scope = (Scope::from(scope), narrow, GrantedScope::default());
    DeribitLogin::new(Shared::default(), Some(credentials), scope)
}

fn by_secret() -> DeribitLogin {
    login(Credentials::new("AMANDA", "AMANDASECRECT"), "", NarrowScope::Tolerate)
}

fn asked(login: &mut DeribitLogin, occasion: LoginOccasion, nonce: u64) -> Value {
    let wall = SystemTime::UNIX_EPOCH + Duration::from_millis(1_576_074_319_000);
    let request = login.login(LoginMoment { wall, nonce, occasion }).unwrap();
    assert_eq!(request.method(), "public/auth");
    serde_json::from_str(request.params().unwrap()).unwrap()
}

fn grant(login: &mut DeribitLogin, answer: &str) -> Result<Grant, Refusal> {
    login.answered(Ok(Body::Text(answer)))
}

const GRANTED: &str = r#"{"token_type":"bearer","scope":"connection trade:read","refresh_token":"R1","expires_in":100,"access_token":"A1"}"#;

#[test]
fn a_refusal_that_repeats_the_secret_goes_no_further_with_it() {
    let mut login = login(Credentials::new("me", "hunter2"), "", NarrowScope::default());
    let refusal =
        Refusal::new("no: hunter2!").with_code(13004).with_data(Kept::from(r#"{"given":"hunter2"}"#));
    let told = login.answered(Err(refusal)).unwrap_err();
    assert_eq!((told.message.as_str(), told.code), ("no: (the secret)!", Some(13004)));
    assert_eq!(told.data, Some(Kept::from(r#"{"given":"(the secret)"}"#)));
}

#[test]
fn without_credentials_there_is_no_login() {
    let scope = (Scope::default(), NarrowScope::Tolerate, GrantedScope::default());
    let mut nobody = DeribitLogin::new(Shared::default(), None, scope);
    let moment = LoginMoment { wall: UNIX_EPOCH, nonce: 1, occasion: LoginOccasion::Fresh };
    assert!(!nobody.is_required() && nobody.login(moment).is_none());
    assert!(!nobody.has_lapsed(&Refusal::new("unauthorized").with_code(13009)));
}

#[test]
fn a_login_by_secret_names_id_secret_and_scope() {
    let mut login = login(Credentials::new("id", "secret"), "trade:read session:a", NarrowScope::Tolerate);
    let params = asked(&mut login, LoginOccasion::Fresh, 1);
    let expected = serde_json::json!({
        "grant_type": "client_credentials",
        "client_id": "id",
        "client_secret": "secret",
        "scope": "session:a trade:read",
    });
    assert_eq!(params, expected);
}

#[test]
fn a_login_by_signature_is_signed_anew_each_time_and_holds_no_secret() {
    let credentials = Credentials::new("AMANDA", "AMANDASECRECT").signing();
    let mut login = login(credentials, "", NarrowScope::Tolerate);
    let first = asked(&mut login, LoginOccasion::Fresh, 1);
    let second = asked(&mut login, LoginOccasion::Recovery, 2);
    assert_eq!(first["timestamp"], 1_576_074_319_000_u64);
    let nonce = first["nonce"].as_str().unwrap();
    assert_eq!(first["signature"], signature::sign("AMANDASECRECT", 1_576_074_319_000, nonce, ""));
    assert_ne!(first["nonce"], second["nonce"]);
    assert_ne!(first["signature"], second["signature"]);
    assert!(!first.to_string().contains("AMANDASECRECT"));
}

#[test]
fn a_renewal_uses_the_refresh_token_and_nothing_else_does() {
    let mut login = by_secret();
    let kind = |params: &Value| params["grant_type"].as_str().unwrap().to_owned();
    assert_eq!(
        kind(&asked(&mut login, LoginOccasion::Renewal, 1)),
        "client_credentials",
        "there is none yet"
    );
    grant(&mut login, GRANTED).unwrap();
    let renewal = asked(&mut login, LoginOccasion::Renewal, 1);
    assert_eq!((kind(&renewal), renewal["refresh_token"].as_str()), ("refresh_token".into(), Some("R1")));
    grant(&mut login, &GRANTED.replace("R1", "R2")).unwrap();
    assert_eq!(asked(&mut login, LoginOccasion::Renewal, 1)["refresh_token"], "R2");
    assert_eq!(kind(&asked(&mut login, LoginOccasion::Fresh, 1)), "client_credentials");
    assert_eq!(
        kind(&asked(&mut login, LoginOccasion::Renewal, 1)),
        "client_credentials",
        "it died with its link"
    );
}

#[test]
fn a_refused_renewal_is_followed_by_the_credentials_and_counts_for_nothing() {
    let mut login = by_secret();
    grant(&mut login, GRANTED).unwrap();
    asked(&mut login, LoginOccasion::Renewal, 1);
    login.answered(Err(Refusal::new("unauthorized").with_code(13009))).unwrap_err();
    assert_eq!(login.shared.refused_logins(), 0);
    assert_eq!(asked(&mut login, LoginOccasion::Recovery, 1)["grant_type"], "client_credentials");
    login.answered(Err(Refusal::new("unauthorized").with_code(13009))).unwrap_err();
    assert_eq!(login.shared.refused_logins(), 1);
    grant(&mut login, GRANTED).unwrap();
    assert_eq!(login.shared.refused_logins(), 0);
}

#[test]
fn the_token_is_kept_as_long_as_it_may_hold() {
    let mut login = by_secret();
    grant(&mut login, GRANTED).unwrap();
    assert_eq!(login.shared.token().as_ref().unwrap().reveal(), "A1");
    asked(&mut login, LoginOccasion::Renewal, 1);
    assert!(login.shared.token().is_some(), "it holds until the new one is there");
    asked(&mut login, LoginOccasion::Fresh, 1);
    assert!(login.shared.token().is_none());
}

#[test]
fn a_login_is_renewed_when_a_fifth_of_its_life_is_left() {
    let mut login = by_secret();
    let lead = |login: &mut DeribitLogin, life: &str| {
        let answer = GRANTED.replace("\"expires_in\":100", &format!("\"expires_in\":{life}"));
        let granted = grant(login, &answer).unwrap();
        (granted.expires_in, login.renewal_lead())
    };
    let seconds = Duration::from_secs;
    assert_eq!(lead(&mut login, "100"), (Some(seconds(100)), seconds(20)));
    assert_eq!(lead(&mut login, "3.1536e7"), (Some(seconds(31_536_000)), seconds(6_307_200)));
    assert_eq!(lead(&mut login, "10"), (Some(seconds(10)), seconds(5)), "five seconds at least");
    assert_eq!(lead(&mut login, "null").0, None);
    assert_eq!(lead(&mut login, "-1").0, None);
}

#[test]
fn a_narrower_scope_is_told_and_refused_only_by_choice() {
    let credentials = || Credentials::new("id", "secret");
    let mut tolerant = login(credentials(), "trade:read_write account:read", NarrowScope::Tolerate);
    grant(&mut tolerant, GRANTED).unwrap();
    let missing = || Scope::from("account:read trade:read_write");
    assert_eq!(tolerant.granted.missing(), missing());
    assert_eq!(tolerant.granted.granted(), Some(Scope::from("trade:read connection")));

    let mut strict = login(credentials(), "trade:read_write account:read", NarrowScope::Refuse);
    let refusal = grant(&mut strict, GRANTED).unwrap_err();
    assert!(refusal.message.contains("account:read trade:read_write"), "{refusal}");
    assert_eq!(strict.granted.missing(), missing());
    assert!(strict.shared.token().is_none());
    grant(&mut strict, &GRANTED.replace("trade:read", "trade:read_write account:read")).unwrap();
}

#[test]
fn answers_that_are_no_grant_are_refusals_with_a_text() {
    let second_factor = r#"{"security_key_authorization_required":true,"challenge":"x"}"#;
    for (answer, word) in [
        (second_factor, "second factor"),
        ("\"ok\"", "cannot be read"),
        ("{}", "no token"),
        ("", "cannot be read"),
    ] {
        let refusal = grant(&mut by_secret(), answer).unwrap_err();
        assert!(refusal.message.contains(word) && refusal.code.is_none(), "{refusal}");
    }
}

#[test]
fn only_the_login_s_own_codes_say_that_it_lapsed() {
    let mut login = by_secret();
    let mut lapsed = |code| login.has_lapsed(&Refusal::new("no").with_code(code));
    assert!(lapsed(13009) && lapsed(10000));
    assert!(!lapsed(13004) && !lapsed(13021) && !lapsed(10028) && !lapsed(13778));
}

#[test]
fn debug_shows_no_secret() {
    let mut login = by_secret();
    grant(&mut login, GRANTED).unwrap();
    let shown = format!("{login:?} {:?}", login.shared);
    for secret in ["AMANDASECRECT", "A1", "R1"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
