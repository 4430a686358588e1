//! Every kind of request the protocol documents gets a reply of the right kind.

use serde_json::{Value, json};

use crate::rig::{Came, Rig};

enum Kind {
    Result,
    Error(i64),
    /// No reply, but the end.
    Close,
}

#[test]
fn every_documented_request_gets_a_reply_of_its_kind() {
    use Kind::{Close, Error, Result};
    let instrument = json!({"instrument_name": "BTC-PERPETUAL"});
    let auth = |grant: &str| {
        json!({"grant_type": grant, "client_id": "nobody", "client_secret": "x",
        "timestamp": 1, "nonce": "a", "signature": "x", "refresh_token": "x"})
    };
    let channels = json!({"channels": ["deribit_price_index.btc_usd"]});
    // In this order on one connection, logged in from the first on.
    let table: Vec<(&str, Value, Kind)> = vec![
        ("public/auth", crate::rig::credentials(), Result),
        ("public/auth", auth("client_credentials"), Error(13004)),
        ("public/auth", auth("client_signature"), Error(13004)),
        ("public/auth", auth("refresh_token"), Error(13009)),
        ("public/exchange_token", json!({"refresh_token": "x", "subject_id": 10}), Error(13009)),
        ("public/fork_token", json!({"refresh_token": "x", "session_name": "y"}), Error(13009)),
        ("public/hello", json!({"client_name": "mine", "client_version": "2"}), Result),
        ("public/test", json!({}), Result),
        ("public/test", json!({"expected_result": "exception"}), Error(11094)),
        ("public/get_time", json!({}), Result),
        ("public/status", json!({}), Result),
        ("public/set_heartbeat", json!({"interval": 30}), Result),
        ("public/disable_heartbeat", json!({}), Result),
        ("public/get_instruments", json!({"currency": "BTC", "kind": "future"}), Result),
        ("public/get_instrument", instrument.clone(), Result),
        ("public/get_order_book", json!({"instrument_name": "BTC-PERPETUAL", "depth": 5}), Result),
        (
            "public/get_last_trades_by_instrument",
            json!({"instrument_name": "BTC-PERPETUAL", "count": 1}),
            Result,
        ),
        ("public/ticker", instrument.clone(), Result),
        ("public/subscribe", channels.clone(), Result),
        ("public/unsubscribe", channels.clone(), Result),
        ("public/unsubscribe_all", json!({}), Result),
        ("private/subscribe", channels.clone(), Result),
        ("private/unsubscribe", channels, Result),
        ("private/unsubscribe_all", json!({}), Result),
        (
            "private/buy",
            json!({"instrument_name": "BTC-PERPETUAL", "amount": 40, "type": "market", "label": "a"}),
            Result,
        ),
        ("private/sell", json!({"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market"}), Result),
        ("private/edit", json!({"order_id": "nothing", "amount": 10, "price": 1}), Error(10004)),
        ("private/cancel", json!({"order_id": "nothing"}), Error(10004)),
        ("private/cancel_all", json!({}), Result),
        ("private/cancel_by_label", json!({"label": "a"}), Result),
        ("private/get_open_orders", json!({}), Result),
        ("private/get_positions", json!({"currency": "BTC"}), Result),
        ("private/get_account_summary", json!({"currency": "BTC", "extended": true}), Result),
        ("private/get_user_trades_by_instrument", instrument, Result),
        ("private/enable_cancel_on_disconnect", json!({"scope": "account"}), Result),
        ("private/get_cancel_on_disconnect", json!({}), Result),
        ("private/disable_cancel_on_disconnect", json!({}), Result),
        // Outside of what is simulated.
        ("private/get_subaccounts", json!({}), Error(-32601)),
        ("private/mass_quote", json!({"quotes": []}), Error(-32601)),
        ("private/logout", json!({}), Close),
    ];
    let mut rig = Rig::plain();
    let conn = rig.connect();
    for (method, params, kind) in table {
        let id = rig.request(conn, method, params);
        let came = rig.take(conn);
        let reply = came.iter().filter_map(Came::text).find(|text| text["id"] == id);
        match kind {
            Close => assert!(reply.is_none() && matches!(came[..], [Came::Close(1000, _)]), "{method}"),
            Result => assert!(reply.unwrap().get("result").is_some(), "{method}: {came:?}"),
            Error(code) => assert_eq!(reply.unwrap()["error"]["code"], code, "{method}: {came:?}"),
        }
        // Buckets are not what this is about.
        rig.advance(0.5);
    }
}
