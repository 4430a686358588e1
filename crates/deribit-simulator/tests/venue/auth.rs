//! Logging in and staying so.

use hmac::{Hmac, Mac};
use nova_deribit_simulator::{Config, Fault, OnExpiry, TokenBinds};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::rig::{Came, Rig, START, credentials};

fn signed(secret: &str, timestamp: u64, nonce: &str, data: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{timestamp}\n{nonce}\n{data}").as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn signature(timestamp: u64, nonce: &str) -> Value {
    json!({
        "grant_type": "client_signature", "client_id": "sim-client", "timestamp": timestamp,
        "nonce": nonce, "data": "", "signature": signed("sim-secret-0001", timestamp, nonce, ""),
    })
}

fn words(result: &Value) -> std::collections::BTreeSet<String> {
    result["scope"].as_str().unwrap().split(' ').map(str::to_owned).collect()
}

fn is_authorised(rig: &mut Rig, conn: u64) -> bool {
    let reply = rig.call(conn, "private/unsubscribe", json!({"channels": []}));
    if reply.get("error").is_some() {
        assert_eq!(
            (&reply["error"]["code"], &reply["error"]["data"]["reason"]),
            (&13009.into(), &"invalid_token".into())
        );
    }
    reply.get("error").is_none()
}

#[test]
fn credentials_give_a_whole_result() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let mut params = credentials();
    params["state"] = "mine".into();
    let result = rig.result(conn, "public/auth", params);
    assert_eq!((&result["token_type"], &result["expires_in"]), (&"bearer".into(), &31_536_000.into()));
    assert_eq!((&result["state"], &result["enabled_features"]), (&"mine".into(), &json!([])));
    assert!(result.get("sid").is_none());
    let scope = words(&result);
    for word in ["connection", "mainaccount", "account:read_write", "trade:read_write", "wallet:read"] {
        assert!(scope.contains(word), "{scope:?}");
    }
    let token = result["access_token"].as_str().unwrap();
    assert!(token.starts_with(&format!("{}.", START / 1_000 + 31_536_000_000)));
    assert!(is_authorised(&mut rig, conn));
}

#[test]
fn what_is_wrong_with_a_login_is_told() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let with = |name: &str, value: Value| {
        let mut params = signature(START / 1_000, "fresh");
        params[name] = value;
        params
    };
    let table = [
        (json!({}), -32602, "value required"),
        (json!({"grant_type": "password"}), -32602, "invalid format"),
        (json!({"grant_type": 5}), -32602, "invalid format"),
        (json!({"grant_type": "client_credentials"}), -32602, "value required"),
        (json!({"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}), 13004, ""),
        (
            json!({"grant_type": "client_credentials", "client_id": "sim-client", "client_secret": "y"}),
            13004,
            "",
        ),
        (with("client_id", "nobody".into()), 13004, ""),
        (with("signature", "00".into()), 13009, ""),
        (with("nonce", "other".into()), 13009, ""),
        (with("data", "other".into()), 13009, ""),
        (with("nonce", 5.into()), -32602, "invalid format"),
        (with("nonce", "n".repeat(65).into()), -32602, "invalid format"),
        (with("timestamp", "soon".into()), -32602, "invalid format"),
        (with("timestamp", Value::Null), -32602, "value required"),
        (signature(START / 1_000 - 60_001, "a"), 13009, ""),
        (signature(START / 1_000 + 60_001, "b"), 13009, ""),
        (json!({"grant_type": "refresh_token"}), -32602, "value required"),
        (json!({"grant_type": "refresh_token", "refresh_token": "x"}), 13009, "invalid_token"),
    ];
    for (params, code, reason) in table {
        let (refused, why) = rig.refused(conn, "public/auth", params.clone());
        assert_eq!((refused, why.as_str()), (code, reason), "{params}");
    }
    assert_eq!(rig.venue.state(conn), Some("unauth"));
}

#[test]
fn signatures_log_in_with_numbers_and_digits_and_each_nonce_once() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let now = START / 1_000;
    rig.result(conn, "public/auth", signature(now, "one"));
    assert_eq!(rig.refused(conn, "public/auth", signature(now, "one")).0, 13009);
    let mut digits = signature(now - 59_000, "two");
    digits["timestamp"] = (now - 59_000).to_string().into();
    rig.result(conn, "public/auth", digits);
    rig.subscribe(conn, &["announcements"]);
    rig.advance(61.0);
    rig.result(conn, "public/auth", signature(rig.now / 1_000, "one"));
    let mut bare = signature(rig.now / 1_000, "");
    bare.as_object_mut().unwrap().remove("nonce");
    rig.result(conn, "public/auth", bare.clone());
    rig.venue.config_mut().nonce_required = true;
    assert_eq!(rig.refused(conn, "public/auth", bare), (-32602, "value required".to_owned()));
}

#[test]
fn the_published_vector_logs_in_at_its_time_and_the_negative_one_does_not() {
    let config = Config::default().with_manual_clock();
    let mut rig = Rig::new(config.clone());
    rig.venue = nova_deribit_simulator::Venue::new(config, 1_576_074_319_000_000);
    rig.now = 1_576_074_319_000_000;
    let conn = rig.connect();
    let with = |signature: &str| {
        json!({"grant_type": "client_signature", "client_id": "AMANDA", "timestamp": 1_576_074_319_000_u64,
            "nonce": "1iqt2wls", "data": "", "signature": signature})
    };
    let wrong = with("76f34b2e54c7013ef490ccd464945f867a2cce4e4d673d1bd5520908e1a3c8a4");
    assert_eq!(rig.refused(conn, "public/auth", wrong).0, 13009);
    rig.result(conn, "public/auth", with("56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1"));
}

#[test]
fn a_refresh_replaces_the_pair_of_a_connection() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let old = rig.login(conn);
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": old["refresh_token"]});
    let new = rig.result(conn, "public/auth", refresh.clone());
    assert_ne!(old["access_token"], new["access_token"]);
    assert_eq!(rig.refused(conn, "public/auth", refresh).0, 13009, "used");
    assert!(is_authorised(&mut rig, conn), "the old grant is kept when a login fails");
    let other = rig.connect();
    let foreign = json!({"grant_type": "refresh_token", "refresh_token": new["refresh_token"]});
    assert_eq!(rig.refused(other, "public/auth", foreign).0, 13009);
}

#[test]
fn sessions_outlive_connections_and_their_token_serves_single_calls() {
    let mut rig = Rig::plain();
    let first = rig.connect();
    let mut params = credentials();
    params["scope"] = "session:feed account:read_write trade:read expires:900".into();
    let result = rig.result(first, "public/auth", params);
    assert_eq!(result["expires_in"], 900);
    assert!(result["sid"].is_string());
    let scope = words(&result);
    assert!(scope.contains("session:feed") && !scope.contains("connection"), "{scope:?}");
    assert!(scope.contains("trade:read") && !scope.contains("wallet:read"), "{scope:?}");
    rig.drop_tcp(first);

    let second = rig.connect();
    let token = json!({"access_token": result["access_token"]});
    rig.result(second, "private/unsubscribe_all", token.clone());
    assert!(!is_authorised(&mut rig, second), "for that call only");
    assert_eq!(rig.refused(second, "private/unsubscribe_all", json!({"access_token": "x"})).0, 13009);
    rig.venue.config_mut().token_binds = TokenBinds::Connection;
    rig.result(second, "private/unsubscribe_all", token);
    assert!(is_authorised(&mut rig, second));
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": result["refresh_token"]});
    rig.result(second, "public/auth", refresh);
}

#[test]
fn the_seventeenth_session_takes_the_login_of_the_one_that_expires_first() {
    let mut rig = Rig::plain();
    let conns: Vec<u64> = (0..17)
        .map(|number| {
            let conn = rig.connect();
            let mut params = credentials();
            params["scope"] = format!("session:s{number} expires:{}", 1_000 - number).into();
            rig.result(conn, "public/auth", params);
            conn
        })
        .collect();
    let states: Vec<_> = conns.iter().map(|conn| rig.venue.state(*conn).unwrap()).collect();
    assert_eq!(states.iter().filter(|state| **state == "expired").count(), 1);
    assert_eq!(states[15], "expired", "of the sixteen there were, the last one expires first");
}

#[test]
fn exchange_and_fork_give_tokens_for_others() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let own = rig.login(conn);
    assert_eq!(
        rig.refused(
            conn,
            "public/fork_token",
            json!({"refresh_token": own["refresh_token"], "session_name": "x"})
        )
        .0,
        13009,
        "not of a session"
    );
    let wrong = json!({"refresh_token": own["refresh_token"], "subject_id": 77});
    assert_eq!(rig.refused(conn, "public/exchange_token", wrong).0, -32602);
    let exchange = json!({"refresh_token": own["refresh_token"], "subject_id": 1002, "scope": "trade:read"});
    let other = rig.result(conn, "public/exchange_token", exchange);
    assert_eq!(words(&other), words(&json!({"scope": "connection trade:read"})));
    assert_eq!(rig.venue.state(conn), Some("expired"), "the given pair is worth nothing");
    rig.result(conn, "private/unsubscribe_all", json!({"access_token": other["access_token"]}));

    let mut params = credentials();
    params["scope"] = "session:a".into();
    let session = rig.result(conn, "public/auth", params);
    let fork = json!({"refresh_token": session["refresh_token"], "session_name": "b"});
    let forked = rig.result(conn, "public/fork_token", fork);
    assert!(words(&forked).contains("session:b"));
    let exchange = json!({"refresh_token": session["refresh_token"], "subject_id": 1002});
    rig.result(conn, "public/exchange_token", exchange);
    assert!(is_authorised(&mut rig, conn), "a session is not invalidated by it");
}

#[test]
fn a_logout_has_no_reply_and_ends_the_token() {
    for invalidates in [true, false] {
        let mut rig = Rig::plain();
        let conn = rig.connect();
        let mut params = credentials();
        params["scope"] = "session:a".into();
        let result = rig.result(conn, "public/auth", params);
        rig.request(conn, "private/logout", json!({"invalidate_token": invalidates}));
        assert!(matches!(&rig.take(conn)[..], [Came::Close(1000, _)]));
        rig.venue.handle_gone(rig.now, conn);
        let next = rig.connect();
        let reply =
            rig.call(next, "private/unsubscribe_all", json!({"access_token": result["access_token"]}));
        assert_eq!(reply.get("error").is_some(), invalidates);
    }
}

#[test]
fn an_expired_token_ends_private_channels_or_not_as_switched() {
    for on_expiry in [OnExpiry::StopPrivate, OnExpiry::KeepPrivate, OnExpiry::Close] {
        let mut rig = Rig::with(|config| {
            config.token_ttl_s = 12.0;
            config.on_expiry = on_expiry;
        });
        let conn = rig.connect();
        rig.login(conn);
        let channels = json!({"channels": ["user.portfolio.btc", "quote.BTC-PERPETUAL"]});
        rig.result(conn, "private/subscribe", channels);
        rig.advance(11.999);
        assert!(is_authorised(&mut rig, conn));
        rig.advance(0.001);
        match on_expiry {
            OnExpiry::Close => {
                assert!(rig.take(conn).iter().any(|one| matches!(one, Came::Close(1000, _))));
                continue;
            }
            OnExpiry::StopPrivate => assert_eq!(rig.venue.subscriptions(conn), ["quote.BTC-PERPETUAL"]),
            OnExpiry::KeepPrivate => assert_eq!(rig.venue.subscriptions(conn).len(), 2),
        }
        assert_eq!(rig.venue.state(conn), Some("expired"));
        assert!(!is_authorised(&mut rig, conn));
        rig.login(conn);
        assert!(is_authorised(&mut rig, conn));
    }
}

#[test]
fn no_debug_text_shows_a_secret_or_a_token() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let id = rig.request(conn, "public/auth", credentials());
    let output = rig.venue.poll_output(conn).unwrap();
    let shown = format!("{output:?} {:?} {:?}", rig.venue, rig.venue.journal().entries().collect::<Vec<_>>());
    assert!(id > 0 && !shown.contains("sim-secret-0001") && !shown.contains("access_token"), "{shown}");
    let token = rig.login(conn)["access_token"].as_str().unwrap().to_owned();
    assert!(!format!("{:?}", rig.venue).contains(&token));
}

#[test]
fn an_expired_login_can_be_refreshed() {
    let mut rig = Rig::with(|config| config.token_ttl_s = 12.0);
    let conn = rig.connect();
    let result = rig.login(conn);
    rig.advance(12.0);
    assert_eq!(rig.venue.state(conn), Some("expired"));
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": result["refresh_token"]});
    rig.result(conn, "public/auth", refresh);
    assert_eq!(rig.venue.state(conn), Some("auth"));
}

#[test]
fn a_read_only_key_is_granted_no_more_and_refused_trading() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let params = json!({"grant_type": "client_credentials", "client_id": "sim-readonly",
        "client_secret": "sim-secret-0002", "scope": "account:read_write trade:read_write"});
    let result = rig.result(conn, "public/auth", params);
    assert_eq!(words(&result), words(&json!({"scope": "account:read trade:read connection mainaccount"})));
    let order = json!({"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market"});
    assert_eq!(rig.refused(conn, "private/buy", order).0, 13021);
}

#[test]
fn faults_of_logins_do_what_they_say() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.fault(Fault::RefuseAuth { code: 13009, count: Some(2) });
    assert_eq!(rig.refused(conn, "public/auth", credentials()).0, 13009);
    assert_eq!(rig.refused(conn, "public/auth", credentials()).0, 13009);
    let short = rig.fault(Fault::ShortTokens { seconds: 30.0 });
    let result = rig.login(conn);
    assert_eq!(result["expires_in"], 30);
    rig.clear(short);
    let revoke = rig.fault(Fault::RevokeRefresh {});
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": result["refresh_token"]});
    assert_eq!(rig.refused(conn, "public/auth", refresh).0, 13009);
    rig.clear(revoke);
    rig.fault(Fault::NarrowScope { scope: "trade:read".to_owned() });
    assert_eq!(words(&rig.login(conn)), words(&json!({"scope": "trade:read connection mainaccount"})));
    rig.fault(Fault::ExpireToken {});
    assert_eq!(rig.venue.state(conn), Some("expired"));
}

#[test]
fn a_skewed_clock_refuses_signatures_of_the_right_time() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let skew = rig.fault(Fault::ClockSkew { ms: 90_000 });
    assert_eq!(rig.refused(conn, "public/auth", signature(START / 1_000, "a")).0, 13009);
    let theirs = rig.result(conn, "public/get_time", json!({})).as_u64().unwrap();
    assert_eq!(theirs, START / 1_000 + 90_000);
    rig.result(conn, "public/auth", signature(theirs, "b"));
    rig.clear(skew);
    rig.result(conn, "public/auth", signature(START / 1_000, "c"));
}
