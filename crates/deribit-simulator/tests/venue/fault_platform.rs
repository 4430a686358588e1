//! Faults of the platform as a whole.

use nova_deribit_simulator::{Fault, Reception};
use serde_json::json;

use crate::rig::{Came, Rig, credentials};

#[test]
fn maintenance_is_announced_refuses_closes_stays_away_and_returns() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.login(conn);
    let mut params = credentials();
    params["scope"] = "session:a".into();
    let session = rig.result(conn, "public/auth", params);
    rig.subscribe(conn, &["platform_state"]);
    rig.take(conn);
    rig.fault(Fault::Maintenance { warning_s: 5.0, refusing_s: 1.0, length_s: 30.0 });
    let announced = rig.take(conn).remove(0).into_text().unwrap();
    assert_eq!(announced["params"]["data"], json!({"maintenance": true}));
    rig.result(conn, "public/test", json!({}));
    rig.advance(5.0);
    rig.take(conn);
    rig.request(conn, "public/test", json!({}));
    let Some(nova_deribit_simulator::Output::Frame(frame)) = rig.venue.poll_output(conn) else { panic!() };
    assert_eq!(
        frame.text(),
        Some(r#"{"jsonrpc":"2.0","error":{"message":"system_maintenance","code":11051}}"#)
    );
    rig.advance(1.0);
    assert!(rig.take(conn).iter().any(|one| matches!(one, Came::Close(1001, _))));
    let refused = rig.attempt();
    assert_eq!(rig.venue.reception(refused), Reception::Refuse(503));
    rig.advance(30.0);
    let next = rig.connect();
    let token = json!({"access_token": session["access_token"], "channels": []});
    assert_eq!(rig.refused(next, "private/unsubscribe", token).0, 13009, "sessions are worth nothing");
    let refresh = json!({"grant_type": "refresh_token", "refresh_token": session["refresh_token"]});
    assert_eq!(rig.refused(next, "public/auth", refresh).0, 13009);
    rig.login(next);
}

#[test]
fn public_calls_may_need_a_login() {
    let mut rig = Rig::plain();
    let (stranger, user) = (rig.connect(), rig.connect());
    rig.login(user);
    rig.subscribe(user, &["platform_state.public_methods_state"]);
    let disabled = rig.fault(Fault::PublicDisabled {});
    let told = rig.take(user).remove(0).into_text().unwrap();
    assert_eq!(told["params"]["data"], json!({"allow_unauthenticated_public_requests": false}));
    assert_eq!(rig.refused(stranger, "public/get_time", json!({})).0, 11056);
    rig.result(user, "public/get_time", json!({}));
    rig.login(stranger);
    rig.result(stranger, "public/get_time", json!({}));
    rig.clear(disabled);
    let told = rig.take(user).remove(0).into_text().unwrap();
    assert_eq!(told["params"]["data"], json!({"allow_unauthenticated_public_requests": true}));
}

#[test]
fn a_locked_index_is_announced_and_locks_trading() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.login(conn);
    rig.subscribe(conn, &["platform_state"]);
    rig.take(conn);
    let order = json!({"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market"});
    let lock = rig.fault(Fault::LockIndex { index: "btc_usd".to_owned() });
    let told = rig.take(conn).remove(0).into_text().unwrap();
    let data = &told["params"]["data"];
    assert_eq!((&data["price_index"], &data["locked"]), (&"btc_usd".into(), &true.into()));
    assert_eq!(rig.refused(conn, "private/buy", order.clone()).0, 10019);
    rig.clear(lock);
    rig.result(conn, "private/buy", order);
}

#[test]
fn trading_rests_during_settlement() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.login(conn);
    let order = json!({"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market"});
    rig.fault(Fault::Settlement { length_s: 5.0 });
    assert_eq!(rig.refused(conn, "private/buy", order.clone()).0, 10041);
    rig.advance(5.1);
    rig.result(conn, "private/buy", order);
}
