//! The steps a message goes through: the first failing one answers.

use nova_deribit_simulator::{FrameKind, MissingId, Oversize};
use serde_json::{Value, json};

use crate::rig::{Came, Rig, credentials, error};

/// What a text is answered with.
fn answer(rig: &mut Rig, text: impl AsRef<[u8]>) -> Value {
    let conn = rig.connect();
    rig.say(conn, text);
    let mut came = rig.take(conn);
    assert_eq!(came.len(), 1, "{came:?}");
    came.remove(0).into_text().expect("a text")
}

#[test]
fn the_table_of_steps_holds() {
    let mut rig = Rig::plain();
    // Text, code, whether the reply has the id.
    let table: &[(&str, i64, bool)] = &[
        ("{", 11050, false),
        ("", 11050, false),
        ("[]", 11050, false),
        (r#"[{"id":1,"method":"public/test"}]"#, 11050, false),
        ("5", 11050, false),
        (r#"{"id":true,"method":"public/test"}"#, 11050, false),
        (r#"{"id":1.5,"method":"public/test"}"#, 11050, false),
        (r#"{"id":null,"method":"public/test"}"#, 11050, false),
        (r#"{"id":7}"#, 11050, true),
        (r#"{"id":7,"method":3}"#, 11050, true),
        (r#"{"id":7,"method":"public/nonsense"}"#, -32601, true),
        (r#"{"id":7,"method":"private/nonsense","params":[]}"#, -32601, true),
        (r#"{"id":7,"method":"public/test","params":[1]}"#, -32602, true),
        (r#"{"id":7,"method":"private/subscribe","params":[1]}"#, -32602, true),
        (r#"{"id":7,"method":"private/buy","params":{}}"#, 13009, true),
        (r#"{"id":7,"method":"private/logout"}"#, 13009, true),
        (r#"{"id":7,"method":"public/subscribe"}"#, -32602, true),
        (r#"{"id":7,"method":"public/auth"}"#, -32602, true),
    ];
    for (place, (text, code, has_id)) in table.iter().enumerate() {
        // Buckets and addresses are not what this is about.
        if place % 16 == 15 {
            rig = Rig::plain();
        }
        let reply = answer(&mut rig, text);
        assert_eq!(error(&reply).0, *code, "{text}");
        assert_eq!(reply.get("id").is_some(), *has_id, "{text}");
        assert!(reply["usIn"].is_u64() && reply["usDiff"].as_u64() >= Some(1), "{reply}");
    }
}

#[test]
fn what_is_not_json_is_told_so_and_the_connection_stays() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    for text in [&b"nonsense"[..], b"\xFF\xFE", b"{\"id\":1"] {
        rig.say(conn, text);
        let reply = rig.take(conn).remove(0).into_text().unwrap();
        assert_eq!(
            (&reply["error"]["data"], &reply["error"]["message"]),
            (&"invalid json".into(), &"bad_request".into())
        );
    }
    assert_eq!(rig.result(conn, "public/test", json!({}))["version"], "1.2.26");
}

#[test]
fn an_id_comes_back_as_it_was_written() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    for id in ["9223372036854775807", "-1", "\"a b\\u00e9\"", "0"] {
        rig.say(conn, format!(r#"{{"id":{id},"method":"public/test"}}"#));
        let Some(nova_deribit_simulator::Output::Frame(frame)) = rig.venue.poll_output(conn) else {
            panic!()
        };
        assert!(frame.text().unwrap().contains(&format!(r#""id":{id},"#)), "{:?}", frame.text());
    }
}

#[test]
fn the_same_id_in_flight_is_answered_twice() {
    let mut rig = Rig::with(|config| config.latency_ms.mean = 5.0);
    let conn = rig.connect();
    rig.say(conn, r#"{"id":1,"method":"public/test"}"#);
    rig.say(conn, r#"{"id":1,"method":"public/get_time"}"#);
    assert!(rig.take(conn).is_empty());
    rig.advance(0.005);
    let came = rig.take(conn);
    assert!(came.iter().all(|one| one.text().unwrap()["id"] == 1) && came.len() == 2);
}

#[test]
fn a_request_without_an_id_is_answered_without_one_unless_switched() {
    let mut rig = Rig::plain();
    let reply = answer(&mut rig, r#"{"method":"public/test"}"#);
    assert!(reply.get("id").is_none() && reply["result"]["version"] == "1.2.26");
    let mut rig = Rig::with(|config| config.missing_id = MissingId::Reject);
    assert_eq!(error(&answer(&mut rig, r#"{"method":"public/test"}"#)).0, 11050);
}

#[test]
fn a_message_that_is_too_large_is_refused_and_closes_only_if_switched() {
    let big = format!(r#"{{"id":1,"method":"public/test","x":"{}"}}"#, "x".repeat(32_768));
    let mut rig = Rig::plain();
    let reply = answer(&mut rig, &big);
    assert_eq!((error(&reply).0, reply.get("id")), (-32600, None));
    let mut rig = Rig::with(|config| config.oversize = Oversize::ErrorClose);
    let conn = rig.connect();
    rig.say(conn, &big);
    assert!(matches!(&rig.take(conn)[..], [Came::Text(_), Came::Close(1009, _)]));
    let fits = format!(r#"{{"id":1,"method":"public/test","x":"{}"}}"#, "x".repeat(32_768 - 42));
    assert!(fits.len() <= 32_768);
    assert_eq!(answer(&mut Rig::plain(), &fits)["id"], 1);
}

#[test]
fn a_binary_frame_is_answered_with_close_1003() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.hear(conn, FrameKind::Binary, b"{}");
    assert!(matches!(&rig.take(conn)[..], [Came::Close(1003, _)]));
}

#[test]
fn unknown_members_and_versions_do_not_matter() {
    let mut rig = Rig::plain();
    let text = r#"{"jsonrpc":"9","novel":{},"id":1,"method":"public/test","params":{"novel":1}}"#;
    assert_eq!(answer(&mut rig, text)["result"]["version"], "1.2.26");
}

#[test]
fn reference_methods_answer_and_say_what_is_wrong() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    for (method, params) in [
        ("public/hello", json!({"client_name": "a", "client_version": "1"})),
        ("public/test", json!({})),
        ("public/get_time", json!({})),
        ("public/status", json!({})),
        ("public/get_instruments", json!({"currency": "BTC"})),
        ("public/get_instrument", json!({"instrument_name": "BTC-PERPETUAL"})),
        ("public/get_order_book", json!({"instrument_name": "BTC-PERPETUAL", "depth": 5})),
        ("public/ticker", json!({"instrument_name": "BTC-PERPETUAL"})),
        ("public/get_last_trades_by_instrument", json!({"instrument_name": "BTC-PERPETUAL"})),
        ("public/get_index_price", json!({"index_name": "btc_usd"})),
        ("public/get_currencies", json!({})),
    ] {
        rig.result(conn, method, params);
    }
    assert_eq!(rig.result(conn, "public/get_time", json!({})), rig.now / 1_000);
    let refused = [
        ("public/hello", json!({}), -32602, "value required"),
        ("public/test", json!({"expected_result": "exception"}), 11094, ""),
        ("public/ticker", json!({}), -32602, "value required"),
        ("public/ticker", json!({"instrument_name": "BTC-1JAN20"}), -32602, "instrument not found"),
        ("public/ticker", json!({"instrument_name": "no name"}), -32602, "wrong format"),
        ("public/ticker", json!({"instrument_name": 5}), -32602, "invalid format"),
        ("public/get_instruments", json!({"currency": "DOGECOIN"}), -32602, "invalid currency"),
    ];
    for (method, params, code, reason) in refused {
        assert_eq!(rig.refused(conn, method, params), (code, reason.to_owned()), "{method}");
    }
}

#[test]
fn member_order_varies_by_connection_and_canonical_does_not() {
    let first = |rig: &mut Rig| {
        let conn = rig.connect();
        rig.say(conn, r#"{"id":1,"method":"public/test"}"#);
        let Some(nova_deribit_simulator::Output::Frame(frame)) = rig.venue.poll_output(conn) else {
            panic!()
        };
        frame.text().unwrap().find("testnet").unwrap()
    };
    let mut rig = Rig::plain();
    let mixed: std::collections::BTreeSet<_> = (0..20).map(|_| first(&mut rig)).collect();
    assert_eq!(mixed.len(), 3);
    let mut rig = Rig::with(|config| config.key_order = nova_deribit_simulator::KeyOrder::Canonical);
    let canonical: std::collections::BTreeSet<_> = (0..20).map(|_| first(&mut rig)).collect();
    assert_eq!(canonical.len(), 1);
}

#[test]
fn latency_delays_everything_and_keeps_the_order() {
    let mut rig = Rig::with(|config| {
        config.latency_ms.mean = 20.0;
        config.latency_ms.jitter = 15.0;
    });
    let conn = rig.connect();
    let ids: Vec<u64> = (0..50).map(|_| rig.request(conn, "public/test", json!({}))).collect();
    let came = rig.watch(conn, 0.5);
    assert!(came.first().unwrap().0 >= crate::rig::START + 5_000);
    let replies: Vec<_> = came.iter().filter_map(|(_, one)| one.text()?["id"].as_u64()).collect();
    assert_eq!(replies, ids);
    let diff = came[0].1.text().unwrap()["usDiff"].as_u64().unwrap();
    assert_eq!(diff, came[0].0 - crate::rig::START);
}

#[test]
fn more_calls_at_once_than_allowed_are_refused() {
    let mut rig = Rig::with(|config| {
        config.latency_ms.mean = 10.0;
        config.max_pending = 2;
    });
    let conn = rig.connect();
    for _ in 0..3 {
        rig.request(conn, "public/test", json!({}));
    }
    rig.advance(0.01);
    let codes: Vec<_> =
        rig.take(conn).iter().map(|one| one.text().unwrap()["error"]["code"].as_i64()).collect();
    assert_eq!(codes, [None, None, Some(10066)]);
    assert!(rig.request(conn, "public/auth", credentials()) > 0);
}
