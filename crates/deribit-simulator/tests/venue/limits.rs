//! Credits, and queues that are bounded.

use nova_deribit_simulator::{Fault, OnExhaust};
use serde_json::json;

use crate::rig::{BOOK, Came, Rig};

fn too_many(rig: &mut Rig, conn: u64, method: &str, calls: usize) -> usize {
    (0..calls).filter(|_| rig.call(conn, method, json!({"channels": []}))["error"]["code"] == 10028).count()
}

#[test]
fn a_hundred_calls_pass_and_the_next_closes_after_50_ms() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    assert_eq!(too_many(&mut rig, conn, "public/test", 101), 1);
    let came = rig.watch(conn, 0.049);
    assert!(came.is_empty(), "{came:?}");
    assert!(matches!(&rig.watch(conn, 0.001)[..], [(_, Came::Close(1000, _))]));
    assert_eq!(rig.venue.counters(conn).unwrap().lowest_levels["ordinary"], 0);
    assert_eq!(rig.venue.lowest_levels(), [("ip 127.0.0.1".to_owned(), "ordinary", 0)]);
}

#[test]
fn with_the_error_alone_one_more_call_passes_after_50_ms() {
    let mut rig = Rig::with(|config| config.on_exhaust = OnExhaust::ErrorOnly);
    let conn = rig.connect();
    assert_eq!(too_many(&mut rig, conn, "public/test", 101), 1);
    rig.advance(0.05);
    assert_eq!(too_many(&mut rig, conn, "public/test", 2), 1);
    assert_eq!(rig.venue.state(conn), Some("unauth"));
}

#[test]
fn ten_subscribe_calls_pass_and_the_eleventh_does_not() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    assert_eq!(too_many(&mut rig, conn, "public/subscribe", 11), 1);
}

#[test]
fn fifty_lists_of_instruments_pass() {
    let mut rig = Rig::with(|config| config.on_exhaust = OnExhaust::ErrorOnly);
    let conn = rig.connect();
    assert_eq!(too_many(&mut rig, conn, "public/get_instruments", 51), 1);
}

#[test]
fn a_storm_of_reconnects_finds_the_bucket_as_it_was() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    too_many(&mut rig, conn, "public/test", 101);
    rig.drop_tcp(conn);
    let next = rig.connect();
    assert_eq!(too_many(&mut rig, next, "public/test", 1), 1);
}

#[test]
fn users_pay_from_their_own_buckets_whatever_the_connection() {
    let mut rig = Rig::with(|config| config.on_exhaust = OnExhaust::ErrorOnly);
    let (one, two) = (rig.connect(), rig.connect());
    rig.login(one);
    rig.login(two);
    assert_eq!(too_many(&mut rig, one, "public/test", 60), 0);
    assert_eq!(too_many(&mut rig, two, "public/test", 60), 20);
    let stranger = rig.connect();
    assert_eq!(too_many(&mut rig, stranger, "public/test", 60), 0);
}

#[test]
fn orders_pay_from_the_bucket_of_their_tier() {
    let mut rig = Rig::with(|config| config.on_exhaust = OnExhaust::ErrorOnly);
    let conn = rig.connect();
    rig.login(conn);
    assert_eq!(too_many(&mut rig, conn, "private/cancel_all", 25), 5);
    assert_eq!(too_many(&mut rig, conn, "private/get_positions", 25), 0);
}

#[test]
fn the_next_call_is_refused_if_a_fault_wants_it() {
    for (mode, closes) in [(OnExhaust::Close, true), (OnExhaust::ErrorOnly, false)] {
        let mut rig = Rig::plain();
        let conn = rig.connect();
        rig.fault(Fault::RateLimit { mode: Some(mode) });
        assert_eq!(too_many(&mut rig, conn, "public/test", 3), 1);
        rig.advance(0.1);
        assert_eq!(rig.venue.state(conn) == Some("closing"), closes);
    }
}

#[test]
fn a_client_that_does_not_read_is_told_and_closed_and_others_go_on() {
    let mut rig = Rig::plain();
    let (slow, quick) = (rig.with_book(), rig.with_book());
    rig.fault(Fault::SlowReaderLimit { bytes: Some(20_000), seconds: None }.on_connection(slow));
    let mut seen = 0;
    while rig.venue.state(slow) == Some("unauth") {
        seen += rig.watch(quick, 0.1).len();
    }
    let came = rig.take(slow);
    let [Came::Text(error), Came::Close(1000, _)] = &came[..] else { panic!("{came:?}") };
    assert_eq!(error["error"], json!({"message": "connection_too_slow", "code": 10001}));
    assert!(seen > 10 && rig.watch(quick, 5.0).len() > 10);
    assert_eq!(rig.venue.state(quick), Some("unauth"));
}

#[test]
fn a_message_that_waits_too_long_ends_a_connection_too() {
    let mut rig = Rig::plain();
    let conn = rig.with_book();
    rig.fault(Fault::SlowReaderLimit { bytes: None, seconds: Some(3.0) });
    rig.advance(2.9);
    assert_eq!(rig.venue.state(conn), Some("unauth"));
    rig.advance(1.0);
    assert_eq!(rig.venue.state(conn), Some("closing"));
    assert!(rig.venue.subscriptions(conn).contains(&BOOK.to_owned()));
}

#[test]
fn what_is_delayed_counts_as_waiting() {
    let mut rig = Rig::plain();
    let conn = rig.with_book();
    rig.fault(Fault::SlowReaderLimit { bytes: Some(20_000), seconds: None });
    rig.fault(Fault::Delay { ms: 1e9 });
    let came = rig.watch(conn, 20.0);
    assert!(
        matches!(&came[..], [(_, Came::Text(_)), (_, Came::Close(1000, _)), (_, Came::Cut(_))]),
        "{came:?}"
    );
}
