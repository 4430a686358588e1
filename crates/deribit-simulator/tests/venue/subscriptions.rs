//! Subscribing: the order of checks, each switch, first messages, the end.

use nova_deribit_simulator::{AckOrder, PrivateViaPublic, ScopeMissing};
use serde_json::{Value, json};

use crate::rig::{BOOK, Rig};

const QUOTE: &str = "quote.BTC-PERPETUAL";
const PORTFOLIO: &str = "user.portfolio.BTC";

#[test]
fn lists_that_are_wrong_are_refused_and_an_empty_one_is_not() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    for (params, reason) in [
        (json!({}), "value required"),
        (json!({"channels": "x"}), "invalid format"),
        (json!({"channels": [1]}), "invalid format"),
        (json!({"channels": vec!["x"; 501]}), "value is too high"),
    ] {
        assert_eq!(rig.refused(conn, "public/subscribe", params), (-32602, reason.to_owned()));
    }
    assert_eq!(rig.subscribe(conn, &[]), json!([]));
    assert_eq!(rig.subscribe(conn, &["x"; 500]), json!([]));
}

#[test]
fn what_is_unknown_is_left_out_silently() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let asked = [
        BOOK,
        "book.BTC-NOSUCH.100ms",
        "book.btc-perpetual.100ms",
        "book.BTC-PERPETUAL.10ms",
        "book.BTC-PERPETUAL.none.7.100ms",
        "nonsense",
        "",
        QUOTE,
    ];
    assert_eq!(rig.subscribe(conn, &asked), json!([QUOTE, BOOK]));
    assert_eq!(rig.venue.counters(conn).unwrap().subscriptions, 2);
}

#[test]
fn acknowledgements_come_in_the_order_that_is_set() {
    let asked = ["quote.ETH-PERPETUAL", "book.ETH-PERPETUAL.100ms", QUOTE, BOOK, "announcements"];
    for order in [AckOrder::Descending, AckOrder::Request, AckOrder::Shuffled] {
        let mut rig = Rig::with(|config| config.ack_order = order);
        let conn = rig.connect();
        let got = rig.subscribe(conn, &asked);
        let got: Vec<&str> = got.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let mut sorted = asked.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        match order {
            AckOrder::Descending => assert_eq!(got, sorted),
            AckOrder::Request => assert_eq!(got, asked),
            AckOrder::Shuffled => assert_eq!(got.len(), asked.len()),
        }
    }
}

#[test]
fn a_raw_channel_refuses_the_whole_call_of_whoever_is_not_logged_in() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let channels = json!({"channels": ["book.BTC-PERPETUAL.raw", QUOTE]});
    assert_eq!(rig.refused(conn, "public/subscribe", channels.clone()).0, 13778);
    assert!(rig.venue.subscriptions(conn).is_empty());
    rig.login(conn);
    assert_eq!(rig.result(conn, "public/subscribe", channels).as_array().unwrap().len(), 2);
    let unknown = json!({"channels": ["book.NOSUCH.raw"]});
    let other = rig.connect();
    assert_eq!(rig.result(other, "public/subscribe", unknown), json!([]), "no such channel, no such refusal");
}

#[test]
fn private_channels_need_the_private_method_unless_switched() {
    let channels = json!({"channels": [PORTFOLIO, QUOTE]});
    let outcome = |switch, logs_in: bool| {
        let mut rig = Rig::with(|config| config.private_via_public = switch);
        let conn = rig.connect();
        if logs_in {
            rig.login(conn);
        }
        rig.call(conn, "public/subscribe", channels.clone())
    };
    assert_eq!(outcome(PrivateViaPublic::Omit, true)["result"], json!([QUOTE]));
    assert_eq!(outcome(PrivateViaPublic::AcceptIfAuth, true)["result"], json!([PORTFOLIO, QUOTE]));
    assert_eq!(outcome(PrivateViaPublic::AcceptIfAuth, false)["result"], json!([QUOTE]));
    assert_eq!(outcome(PrivateViaPublic::Error, true)["error"]["code"], 13009);
    let mut rig = Rig::plain();
    let conn = rig.connect();
    assert_eq!(rig.refused(conn, "private/subscribe", channels.clone()), (13009, "invalid_token".to_owned()));
    rig.login(conn);
    assert_eq!(rig.result(conn, "private/subscribe", channels), json!([PORTFOLIO, QUOTE]));
}

#[test]
fn channels_beyond_the_scope_are_left_out_or_refused() {
    for (switch, is_refused) in [(ScopeMissing::Omit, false), (ScopeMissing::Error, true)] {
        let mut rig = Rig::with(|config| config.scope_missing = switch);
        let conn = rig.connect();
        let mut params = crate::rig::credentials();
        params["scope"] = "trade:read".into();
        rig.result(conn, "public/auth", params);
        let channels = json!({"channels": [PORTFOLIO, "user.orders.any.any.raw"]});
        let reply = rig.call(conn, "private/subscribe", channels);
        if is_refused {
            assert_eq!(reply["error"]["code"], 13021);
        } else {
            assert_eq!(reply["result"], json!(["user.orders.any.any.raw"]));
        }
    }
}

#[test]
fn the_snapshot_follows_the_reply_within_its_span() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let id = rig.request(conn, "public/subscribe", json!({"channels": [BOOK]}));
    let came = rig.watch(conn, 0.6);
    let texts: Vec<_> = came.iter().filter_map(|(_, one)| one.text()).collect();
    assert_eq!(texts[0]["id"], id);
    assert_eq!(texts[1]["params"]["data"]["type"], "snapshot");
    assert!(texts[2..].iter().all(|text| text["params"]["data"]["type"] == "change"));
}

#[test]
fn the_snapshot_may_precede_the_reply() {
    let mut rig = Rig::with(|config| config.snapshot_before_ack = true);
    let conn = rig.connect();
    let id = rig.request(conn, "public/subscribe", json!({"channels": [BOOK, QUOTE]}));
    let came = rig.take(conn);
    assert_eq!(came.last().unwrap().text().unwrap()["id"], id);
    assert!(came.len() >= 3);
}

#[test]
fn what_is_subscribed_already_is_acknowledged_and_starts_no_second_stream() {
    let mut rig = Rig::plain();
    let conn = rig.with_book();
    assert_eq!(rig.subscribe(conn, &[BOOK]), json!([BOOK]));
    let data = rig.data(conn, BOOK, 5.0);
    assert!(data.iter().all(|data| data["type"] == "change"));
    let mut ids: Vec<_> = data.iter().map(|data| data["change_id"].as_u64().unwrap()).collect();
    let before = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), before);
}

#[test]
fn changes_follow_on_the_snapshot_on_every_connection() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.subscribe(conn, &[BOOK]);
    let mut last = None;
    let mut seen = 0;
    for data in rig.data(conn, BOOK, 10.0) {
        match (data["type"].as_str().unwrap(), last) {
            ("snapshot", None) => {}
            // One that is outdated may follow the snapshot.
            ("change", Some(known)) if data["change_id"].as_u64() <= Some(known) => {
                assert!(seen == 0, "only right behind the snapshot");
                continue;
            }
            ("change", Some(known)) => {
                seen += 1;
                assert_eq!(data["prev_change_id"].as_u64(), Some(known));
            }
            other => panic!("{other:?}"),
        }
        last = data["change_id"].as_u64();
    }
    assert!(seen > 50);
}

#[test]
fn nothing_comes_after_unsubscribing() {
    let mut rig = Rig::plain();
    let conn = rig.with_book();
    rig.subscribe(conn, &[QUOTE]);
    let left = rig.result(
        conn,
        "public/unsubscribe",
        json!({"channels": [BOOK, "nonsense", BOOK, "announcements"]}),
    );
    assert_eq!(left, json!([BOOK]));
    assert!(rig.data(conn, BOOK, 3.0).is_empty());
    assert!(!rig.data(conn, QUOTE, 5.0).is_empty());
    assert_eq!(rig.result(conn, "public/unsubscribe_all", json!({})), "ok");
    assert!(rig.venue.subscriptions(conn).is_empty());
    assert!(rig.data(conn, QUOTE, 3.0).is_empty());
}

#[test]
fn a_snapshot_that_was_still_to_come_never_comes_after_unsubscribing() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.subscribe(conn, &[BOOK]);
    rig.result(conn, "public/unsubscribe", json!({"channels": [BOOK]}));
    assert!(rig.data(conn, BOOK, 2.0).is_empty());
    assert_eq!(rig.subscribe(conn, &[BOOK]), json!([BOOK]));
    assert_eq!(rig.data(conn, BOOK, 1.0)[0]["type"], "snapshot", "a fresh one");
}

#[test]
fn names_come_back_as_asked_but_for_those_in_lower_case() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.login(conn);
    let channels = json!({"channels": [PORTFOLIO], "label": "mine"});
    rig.request(conn, "private/subscribe", channels);
    let came = rig.watch(conn, 1.0);
    let told =
        came.iter().filter_map(|(_, one)| one.text()).find(|text| text["method"] == "subscription").unwrap();
    assert_eq!(
        (&told["params"]["channel"], &told["params"]["label"]),
        (&"user.portfolio.btc".into(), &"mine".into())
    );
    let long = json!({"channels": [PORTFOLIO], "label": "x".repeat(17)});
    assert_eq!(rig.refused(conn, "private/subscribe", long), (-32602, "invalid format".to_owned()));
    let odd = "trades.future.btc.100ms";
    assert_eq!(rig.subscribe(conn, &[odd]), json!([odd]));
    assert!(!rig.data(conn, odd, 20.0).is_empty());
}

#[test]
fn families_begin_as_they_should() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    let at_once = [
        "ticker.BTC-PERPETUAL.100ms",
        QUOTE,
        "deribit_price_index.btc_usd",
        "deribit_price_ranking.btc_usd",
        "perpetual.BTC-PERPETUAL.100ms",
        "incremental_ticker.BTC-PERPETUAL",
        "markprice.options.btc_usd",
        "platform_state",
        "book.BTC-PERPETUAL.none.10.100ms",
    ];
    rig.request(conn, "public/subscribe", json!({"channels": at_once}));
    let came = rig.take(conn);
    for channel in at_once {
        let is_it = |text: &&Value| text["params"]["channel"] == channel;
        assert!(came.iter().filter_map(|one| one.text()).any(|text| is_it(&text)), "{channel}");
    }
    let quiet = ["trades.TOWNS_USDC-PERPETUAL.100ms", "announcements", "block_rfq.trades.BTC"];
    let conn = rig.connect();
    rig.request(conn, "public/subscribe", json!({"channels": quiet}));
    assert_eq!(rig.take(conn).len(), 1);
}
