//! Faults of replies.

use nova_deribit_simulator::Fault;
use serde_json::{Value, json};

use crate::rig::{Came, Rig};

/// The texts that come upon a call.
fn upon(rig: &mut Rig, conn: u64, method: &str) -> (u64, Vec<Value>) {
    let id = rig.request(conn, method, json!({"channels": ["announcements"]}));
    (id, rig.take(conn).into_iter().filter_map(Came::into_text).collect())
}

#[test]
fn a_lost_reply_does_not_keep_its_request_from_being_carried_out() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.fault(Fault::LoseReply { method: Some("public/subscribe".to_owned()) });
    assert_eq!(upon(&mut rig, conn, "public/test").1.len(), 1);
    assert!(upon(&mut rig, conn, "public/subscribe").1.is_empty());
    assert_eq!(rig.venue.subscriptions(conn), ["announcements"]);
    assert_eq!(upon(&mut rig, conn, "public/subscribe").1.len(), 1);
}

#[test]
fn a_late_reply_is_overtaken() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.fault(Fault::LateReply { ms: 2_000.0, method: None });
    let (late, came) = upon(&mut rig, conn, "public/test");
    assert!(came.is_empty());
    rig.result(conn, "public/test", json!({}));
    rig.advance(1.999);
    assert!(rig.take(conn).is_empty());
    rig.advance(0.001);
    let came = rig.take(conn);
    let reply = came[0].text().unwrap();
    assert_eq!(reply["id"], late);
    assert_eq!(reply["usDiff"], 2_000_000);
}

#[test]
fn replies_may_overtake_each_other_within_the_window() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.fault(Fault::ReorderReplies { window_ms: 100.0 });
    let ids: Vec<u64> = (0..20).map(|_| rig.request(conn, "public/test", json!({}))).collect();
    let came = rig.watch(conn, 0.1);
    let mut order: Vec<u64> = came.iter().filter_map(|(_, one)| one.text()?["id"].as_u64()).collect();
    assert_ne!(order, ids);
    order.sort_unstable();
    assert_eq!(order, ids);
}

#[test]
fn a_reply_may_come_twice_without_its_id_or_with_another() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.fault(Fault::DuplicateReply { method: None });
    let (id, came) = upon(&mut rig, conn, "public/test");
    assert!(came.len() == 2 && came.iter().all(|reply| reply["id"] == id));
    rig.fault(Fault::ReplyWithoutId { method: None });
    let (_, came) = upon(&mut rig, conn, "public/test");
    assert!(came[0].get("id").is_none() && came[0]["result"].is_object());
    rig.fault(Fault::ForeignIdReply {});
    let (id, came) = upon(&mut rig, conn, "public/test");
    assert!(came[0]["id"].as_u64().unwrap() > 1 << 39);
    assert_eq!(came[1]["id"], id);
    assert_eq!(upon(&mut rig, conn, "public/test").1.len(), 1);
}

#[test]
fn a_forced_error_says_what_it_is_told_as_often_as_it_is_told() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.fault(Fault::ForceError {
        method: Some("public/subscribe".to_owned()),
        code: 13028,
        message: None,
        data: Some(json!({"reason": "away"})),
        count: Some(2),
    });
    for _ in 0..2 {
        let (_, came) = upon(&mut rig, conn, "public/subscribe");
        let error = &came[0]["error"];
        assert_eq!(
            *error,
            json!({"code": 13028, "message": "temporarily_unavailable", "data": {"reason": "away"}})
        );
        assert!(rig.venue.subscriptions(conn).is_empty(), "not carried out");
    }
    assert!(upon(&mut rig, conn, "public/subscribe").1[0].get("result").is_some());
}

#[test]
fn channels_are_left_out_or_acknowledged_in_vain() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let (ticker, quote) = ("ticker.BTC-PERPETUAL.100ms", "quote.BTC-PERPETUAL");
    let dropped = rig.fault(Fault::DropAckChannel {}.on_channel(ticker));
    let lied = rig.fault(Fault::AckLie {}.on_channel(quote));
    assert_eq!(rig.subscribe(conn, &[ticker, quote]), json!([quote]));
    assert!(rig.data(conn, quote, 5.0).is_empty());
    rig.clear(dropped);
    rig.clear(lied);
    assert_eq!(rig.subscribe(conn, &[ticker]), json!([ticker]));
    assert!(!rig.data(conn, ticker, 5.0).is_empty());
    // A lie ends only by subscribing anew.
    assert!(rig.data(conn, quote, 5.0).is_empty());
    rig.result(conn, "public/unsubscribe", json!({"channels": [quote]}));
    rig.subscribe(conn, &[quote]);
    assert!(!rig.data(conn, quote, 5.0).is_empty());
}
