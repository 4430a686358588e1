//! Faults of connections and of heartbeats.

use nova_deribit_simulator::{Ending, Fault, FaultPlan, Reception, Refusal, Target};
use serde_json::json;

use crate::rig::{BOOK, Came, Rig};

#[test]
fn attempts_are_refused_as_told_and_as_often() {
    let mut rig = Rig::plain();
    for (how, reception) in [
        (Refusal::Status(429), Reception::Refuse(429)),
        (Refusal::Status(503), Reception::Refuse(503)),
        (Refusal::NoAnswer, Reception::Ignore),
        (Refusal::TcpReset, Reception::Reset),
    ] {
        rig.fault(Fault::RefuseHandshake { how, count: Some(1) });
        let refused = rig.attempt();
        assert_eq!(rig.venue.reception(refused), reception);
        let next = rig.connect();
        rig.drop_tcp(next);
    }
}

#[test]
fn a_slow_handshake_is_decided_later() {
    let mut rig = Rig::plain();
    rig.fault(FaultPlan::from(Fault::SlowHandshake { delay_ms: 1_500 }).times(1));
    let slow = rig.attempt();
    assert_eq!(rig.venue.reception(slow), Reception::Pending);
    rig.advance(1.5);
    assert_eq!(rig.venue.reception(slow), Reception::Accept);
    // Its life begins then.
    rig.advance(60.4);
    assert_eq!(rig.venue.state(slow), Some("unauth"));
}

#[test]
fn drops_and_closes_reach_those_they_are_meant_for() {
    let mut rig = Rig::plain();
    let (one, two) = (rig.connect(), rig.connect());
    rig.fault(Fault::DropTcp { how: Ending::Fin }.on_connection(one));
    assert!(matches!(&rig.take(one)[..], [Came::Cut(Ending::Fin)]));
    assert_eq!(rig.venue.poll_cut(one), Some(Ending::Fin));
    assert!(rig.take(two).is_empty());
    let three = rig.connect();
    rig.fault(Fault::DropTcp { how: Ending::Rst }.on(Target::NewestConnection));
    assert!(matches!(&rig.take(three)[..], [Came::Cut(Ending::Rst)]));
    rig.fault(Fault::CloseFrame { code: Some(1011), reason: "broken".to_owned() });
    assert!(matches!(&rig.take(two)[..], [Came::Close(1011, reason)] if reason == "broken"));
}

#[test]
fn a_half_open_connection_swallows_and_says_nothing_for_its_time() {
    let mut rig = Rig::plain();
    let conn = rig.with_book();
    rig.result(conn, "public/set_heartbeat", json!({"interval": 10}));
    rig.fault(Fault::HalfOpen { duration_s: Some(120.0) });
    rig.request(conn, "public/test", json!({}));
    assert!(rig.watch(conn, 119.9).is_empty(), "not even pings and heartbeats");
    let came = rig.watch(conn, 2.0);
    assert!(!came.is_empty() && !came.iter().any(|(_, one)| matches!(one, Came::Close(..) | Came::Cut(_))));
    rig.result(conn, "public/test", json!({}));
}

#[test]
fn heartbeats_are_skipped_and_their_absence_closes_nothing() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.result(conn, "public/set_heartbeat", json!({"interval": 10}));
    let skip = rig.fault(Fault::SkipHeartbeat {});
    let came = rig.watch(conn, 100.0);
    assert!(came.iter().all(|(_, one)| matches!(one, Came::Ping)), "{came:?}");
    rig.clear(skip);
    assert!(rig.watch(conn, 11.0).iter().any(|(_, one)| one.is_test_request()));
}

#[test]
fn a_flood_of_test_requests_comes_at_its_rate() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let flood = rig.fault(Fault::HeartbeatFlood { per_second: 50.0 });
    let came = rig.watch(conn, 2.0);
    let asked = came.iter().filter(|(_, one)| one.is_test_request()).count();
    assert!((100..=102).contains(&asked), "{asked}");
    rig.clear(flood);
    assert!(rig.watch(conn, 2.0).is_empty());
}

#[test]
fn only_pings_come_if_a_fault_wants_it() {
    let mut rig = Rig::plain();
    let conn = rig.with_book();
    rig.fault(Fault::ServerPingOnly {});
    let came = rig.watch(conn, 10.0);
    assert!(came.len() >= 9 && came.iter().all(|(_, one)| matches!(one, Came::Ping)), "{came:?}");
    rig.venue.clear_faults(rig.now);
    assert!(!rig.data(conn, BOOK, 2.0).is_empty());
}

#[test]
fn a_throttle_is_told_to_the_shell() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    assert_eq!(rig.venue.throttle(conn), None);
    let throttle = rig.fault(Fault::ThrottleSocket { bytes_per_second: 500 }.on_connection(conn));
    assert_eq!((rig.venue.throttle(conn), rig.venue.throttle(conn + 1)), (Some(500), None));
    rig.clear(throttle);
    assert_eq!(rig.venue.throttle(conn), None);
}
