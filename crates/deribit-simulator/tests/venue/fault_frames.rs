//! Faults of frames and of what stands in them.

use std::time::Duration;

use nova_deribit_simulator::{Fault, FaultPlan, Malformed};
use serde_json::{Value, json};

use crate::rig::{BOOK, Came, Rig};

const TICKER: &str = "ticker.BTC-PERPETUAL.100ms";

fn subscribed(channel: &str) -> (Rig, u64) {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.subscribe(conn, &[channel]);
    rig.watch(conn, 1.0);
    (rig, conn)
}

#[test]
fn a_muted_channel_is_silent_and_the_others_go_on() {
    let (mut rig, conn) = subscribed(TICKER);
    rig.subscribe(conn, &["quote.BTC-PERPETUAL"]);
    let muted = rig.fault(Fault::MuteChannel {}.on_channel(TICKER));
    let came = rig.watch(conn, 5.0);
    let of = |channel: &str| {
        came.iter()
            .filter_map(|(_, one)| one.text())
            .filter(|text| text["params"]["channel"] == channel)
            .count()
    };
    assert_eq!(of(TICKER), 0);
    assert!(of("quote.BTC-PERPETUAL") > 5);
    rig.clear(muted);
    assert!(!rig.data(conn, TICKER, 2.0).is_empty());
}

#[test]
fn delay_and_jitter_make_frames_late_and_keep_their_order() {
    for fault in [Fault::Delay { ms: 300.0 }, Fault::Jitter { ms: 300.0 }] {
        let (mut rig, conn) = subscribed(TICKER);
        rig.fault(fault.clone());
        let ids: Vec<u64> = (0..20).map(|_| rig.request(conn, "public/test", json!({}))).collect();
        let at_once = rig.take(conn).len();
        let came = rig.watch(conn, 1.0);
        let order: Vec<u64> = came.iter().filter_map(|(_, one)| one.text()?["id"].as_u64()).collect();
        assert_eq!(order, ids, "{fault:?}");
        assert_eq!(at_once, 0, "{fault:?}");
        let stamps: Vec<u64> =
            came.iter().filter_map(|(_, one)| one.text()?["params"]["data"]["timestamp"].as_u64()).collect();
        assert!(stamps.is_sorted() && !stamps.is_empty(), "{fault:?}");
    }
}

#[test]
fn frames_that_are_no_messages_come_once() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    for kind in [
        Malformed::Truncated,
        Malformed::TrailingComma,
        Malformed::Nan,
        Malformed::InvalidUtf8,
        Malformed::Empty,
    ] {
        rig.fault(Fault::MalformedJson { kind });
        assert!(matches!(&rig.take(conn)[..], [Came::Broken(_)]), "{kind:?}");
    }
    rig.fault(Fault::MalformedJson { kind: Malformed::Null });
    assert!(matches!(&rig.take(conn)[..], [Came::Text(Value::Null)]));
    rig.fault(Fault::DeepJson { depth: 5_000 });
    assert!(
        matches!(&rig.take(conn)[..], [Came::Broken(text)] if text.len() > 10_000),
        "deeper than parsers go"
    );
    rig.fault(Fault::HugeFrame { bytes: 100_000 });
    let Some(Came::Text(huge)) = rig.take(conn).pop() else { panic!("no text") };
    assert!(huge["params"]["data"]["body"].as_str().unwrap().len() > 99_000);
    assert_eq!(rig.venue.faults(), 0);
}

#[test]
fn a_message_comes_as_binary_or_in_fragments_once() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.fault(Fault::BinaryFrame {});
    rig.request(conn, "public/test", json!({}));
    assert!(matches!(&rig.take(conn)[..], [Came::Binary(text)] if text.starts_with(b"{")));
    rig.fault(Fault::Fragmented { pieces: 4, control_between: true });
    rig.request(conn, "public/test", json!({}));
    assert!(matches!(&rig.take(conn)[..], [Came::Fragments(text, 4, true)] if text.ends_with(b"}")));
    rig.result(conn, "public/test", json!({}));
}

#[test]
fn what_nobody_asked_for_comes() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.fault(Fault::UnknownChannel {});
    let came = rig.take(conn).remove(0).into_text().unwrap();
    assert_eq!(
        (&came["method"], &came["params"]["channel"]),
        (&"subscription".into(), &"novel.channel.raw".into())
    );
    rig.fault(Fault::UnknownMethod {});
    assert_eq!(rig.take(conn).remove(0).into_text().unwrap()["method"], "novelty");
    rig.fault(Fault::Inject { text: "[1]".to_owned() });
    assert!(matches!(&rig.take(conn)[..], [Came::Text(text)] if *text == json!([1])));
    let news = Fault::Notify { channel: "announcements".to_owned(), data: json!({"id": 1}) };
    rig.fault(news.clone());
    assert!(rig.take(conn).is_empty(), "not subscribed");
    rig.subscribe(conn, &["announcements"]);
    rig.fault(news);
    assert_eq!(rig.take(conn).remove(0).into_text().unwrap()["params"]["data"]["id"], 1);
}

#[test]
fn members_nobody_knows_stand_in_replies_and_notifications() {
    let (mut rig, conn) = subscribed(TICKER);
    rig.fault(Fault::UnknownMembers {});
    assert!(rig.call(conn, "public/test", json!({}))["x_novel"].is_object());
    let data = rig.data(conn, TICKER, 2.0);
    assert!(data.iter().all(|data| data["x_novel"].is_object() && data["state"] == "novel_state"));
    assert!(!data.is_empty());
}

#[test]
fn numbers_come_at_the_edge() {
    let (mut rig, conn) = subscribed(TICKER);
    rig.fault(FaultPlan::from(Fault::NumberEdge {}).lasting(Duration::from_secs(20)));
    let data = rig.data(conn, TICKER, 20.0);
    let values = || data.iter().flat_map(|data| data.as_object().unwrap().values());
    assert!(values().any(|value| *value == "undefined"));
    assert!(values().any(|value| *value == "market_price"));
    assert!(values().any(Value::is_null));
    assert!(data.iter().all(|data| data["timestamp"].is_u64()));
}

#[test]
fn faults_hit_the_frames_of_their_plan() {
    let (mut rig, conn) = subscribed("announcements");
    let news = |rig: &mut Rig| {
        rig.fault(Fault::Notify { channel: "announcements".to_owned(), data: json!({}) });
        rig.take(conn).len()
    };
    rig.fault(Fault::MuteChannel {}.on_channel("announcements").on_nth(2));
    assert_eq!([news(&mut rig), news(&mut rig), news(&mut rig)], [1, 0, 1]);
    rig.fault(Fault::MuteChannel {}.on_channel("announcements").times(1).after_frames(2));
    // The frame that completes the count is sent; what follows is hit.
    assert_eq!((0..5).map(|_| news(&mut rig)).collect::<Vec<_>>(), [1, 1, 1, 0, 1]);
    rig.fault(Fault::MuteChannel {}.on_connection(conn + 1));
    assert_eq!(news(&mut rig), 1);
    rig.fault(FaultPlan::from(Fault::MuteChannel {}).starting_in(Duration::from_secs(1)));
    assert_eq!(news(&mut rig), 1);
    rig.advance(1.0);
    assert_eq!(news(&mut rig), 0);
}

#[test]
fn an_act_may_wait_for_a_frame() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.fault(Fault::CloseFrame { code: Some(1012), reason: String::new() }.on_connection(conn).on_nth(2));
    rig.request(conn, "public/test", json!({}));
    assert!(matches!(&rig.take(conn)[..], [Came::Text(_)]));
    rig.request(conn, "public/test", json!({}));
    assert!(matches!(&rig.take(conn)[..], [Came::Text(_), Came::Close(1012, _)]));
    let other = rig.connect();
    rig.fault(FaultPlan::from(Fault::DropTcp { how: Default::default() }).after_frames(1));
    rig.request(other, "public/test", json!({}));
    assert!(matches!(&rig.take(other)[..], [Came::Text(_)]));
    rig.request(other, "public/test", json!({}));
    assert!(matches!(&rig.take(other)[..], [Came::Cut(_)]), "what waited is dropped with it");
}

#[test]
fn nothing_is_told_of_faults_and_none_can_be_set_by_a_client() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    for method in ["public/set_fault", "private/set_fault", "control/set_fault", "drop_tcp"] {
        let (code, _) = rig.refused(conn, method, json!({"fault": "drop_tcp"}));
        assert_eq!(code, -32601);
    }
    rig.subscribe(conn, &[BOOK]);
    assert_eq!(rig.venue.faults(), 0);
}
