//! Heartbeats: their rhythm, and what becomes of a client that does not answer.

use nova_deribit_simulator::{HeartbeatAnswer, HeartbeatGrace};
use serde_json::json;

use crate::rig::{Came, Rig, START};

fn beating(rig: &mut Rig) -> u64 {
    let conn = rig.connect();
    assert_eq!(rig.result(conn, "public/set_heartbeat", json!({"interval": 10})), "ok");
    conn
}

#[test]
fn an_idle_connection_is_asked_in_the_measured_rhythm_with_a_heartbeat_beside() {
    let mut rig = Rig::still();
    let conn = beating(&mut rig);
    let mut last = START;
    for round in 0..6 {
        let came = loop {
            let came = rig.watch(conn, 0.01);
            if came.iter().any(|(_, one)| one.is_test_request()) {
                break came;
            }
        };
        let at = came.iter().find(|(_, one)| one.is_test_request()).unwrap().0;
        let gap = (at - last) as f64 / 1e6;
        let (least, most) = if round == 0 { (11.64, 12.36) } else { (10.54, 10.76) };
        assert!((least..=most).contains(&gap), "round {round}: {gap}");
        assert!(came.iter().any(|(_, one)| one.is_heartbeat()), "round {round}");
        last = at;
        rig.result(conn, "public/test", json!({}));
    }
    let counters = rig.venue.counters(conn).unwrap();
    assert_eq!((counters.test_requests, counters.answer_times.len()), (6, 6));
}

#[test]
fn a_busy_connection_gets_no_heartbeat_beside() {
    let mut rig = Rig::plain();
    let conn = beating(&mut rig);
    rig.subscribe(conn, &["ticker.BTC-PERPETUAL.100ms"]);
    let mut asked = 0;
    for _ in 0..57 {
        let came = rig.watch(conn, 1.0);
        assert!(!came.iter().any(|(_, one)| one.is_heartbeat()));
        if came.iter().any(|(_, one)| one.is_test_request()) {
            asked += 1;
            rig.request(conn, "public/test", json!({}));
        }
    }
    assert_eq!(asked, 5, "as measured in 57 s");
}

#[test]
fn who_does_not_answer_is_closed_with_4000_one_interval_later() {
    let mut rig = Rig::still();
    let conn = beating(&mut rig);
    let came = rig.watch(conn, 30.0);
    let asked = came.iter().find(|(_, one)| one.is_test_request()).unwrap().0;
    let (at, close) = came.iter().find(|(_, one)| matches!(one, Came::Close(..))).unwrap();
    assert_eq!(*at, asked + 10_000_000);
    assert!(matches!(close, Came::Close(4000, reason) if reason == "heartbeat close"));
}

#[test]
fn without_grace_the_next_check_closes() {
    let mut rig = Rig::with(|config| config.heartbeat_grace = HeartbeatGrace::NextCheck);
    let conn = beating(&mut rig);
    let came = rig.watch(conn, 30.0);
    let asked: Vec<_> = came.iter().filter(|(_, one)| one.is_test_request()).collect();
    let closed = came.iter().find(|(_, one)| matches!(one, Came::Close(4000, _))).unwrap().0;
    assert_eq!(asked.len(), 1);
    assert!((10_543_500..=10_756_500).contains(&(closed - asked[0].0)));
}

#[test]
fn only_public_test_answers_unless_switched() {
    for (answer, survives) in [(HeartbeatAnswer::TestOnly, false), (HeartbeatAnswer::AnyRequest, true)] {
        let mut rig = Rig::with(|config| config.heartbeat_answer = answer);
        let conn = beating(&mut rig);
        rig.advance(13.0);
        rig.request(conn, "public/get_time", json!({}));
        let came = rig.watch(conn, 9.5);
        assert_eq!(!came.iter().any(|(_, one)| matches!(one, Came::Close(..))), survives);
    }
}

#[test]
fn wrong_intervals_are_refused() {
    let mut rig = Rig::still();
    let conn = rig.connect();
    for (params, reason) in [
        (json!({}), "value required"),
        (json!({"interval": 9}), "value is too low"),
        (json!({"interval": 9.99}), "value is too low"),
        (json!({"interval": -1}), "value is too low"),
        (json!({"interval": "10"}), "invalid format"),
        (json!({"interval": [10]}), "invalid format"),
    ] {
        assert_eq!(
            rig.refused(conn, "public/set_heartbeat", params.clone()),
            (-32602, reason.to_owned()),
            "{params}"
        );
    }
    rig.result(conn, "public/set_heartbeat", json!({"interval": 10.5}));
}

#[test]
fn setting_it_again_starts_anew_and_disabling_ends_it() {
    let mut rig = Rig::still();
    let conn = beating(&mut rig);
    rig.advance(13.0);
    // The pending question is forgotten.
    rig.result(conn, "public/set_heartbeat", json!({"interval": 20}));
    let came = rig.watch(conn, 20.0);
    assert!(came.iter().all(|(_, one)| one.text().is_none()), "{came:?}");
    assert_eq!(rig.result(conn, "public/disable_heartbeat", json!({})), "ok");
    let came = rig.watch(conn, 60.4);
    assert!(!came.iter().any(|(_, one)| one.is_test_request()));
    // The idle rule holds again.
    assert!(rig.watch(conn, 0.2).iter().any(|(_, one)| matches!(one, Came::Cut(_))));
}
