//! Private channels, and orders that depend on their connection.

use nova_deribit_simulator::Fault;
use serde_json::{Value, json};

use crate::rig::{Came, Rig};

const ORDERS: &str = "user.orders.BTC-PERPETUAL.raw";

fn trader(rig: &mut Rig, channels: &[&str]) -> u64 {
    let conn = rig.connect();
    rig.login(conn);
    if !channels.is_empty() {
        rig.result(conn, "private/subscribe", json!({ "channels": channels }));
    }
    conn
}

/// An order that rests, far from the market.
fn resting() -> Value {
    json!({"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "limit", "price": low_price(), "label": "rests"})
}

fn low_price() -> f64 {
    let rig = Rig::plain();
    let market = rig.venue.market();
    let id = market.universe().find_listed("BTC-PERPETUAL").unwrap();
    let best = market.book(id).bids[0].0.to_string().parse::<f64>().unwrap();
    (best * 0.995 / 0.5).floor() * 0.5
}

fn channels(came: &[Came]) -> Vec<String> {
    let names = came.iter().filter_map(|one| one.text()?["params"]["channel"].as_str());
    names.map(str::to_owned).collect()
}

#[test]
fn the_reply_comes_first_and_then_orders_trades_changes_portfolio() {
    let all = [
        "user.portfolio.btc",
        "user.changes.any.any.raw",
        "user.trades.future.BTC.raw",
        "user.orders.BTC-PERPETUAL.raw",
    ];
    for before in [false, true] {
        let mut rig = Rig::with(|config| config.events_before_reply = before);
        let conn = trader(&mut rig, &all);
        rig.take(conn);
        let id = rig.request(
            conn,
            "private/buy",
            json!({"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market"}),
        );
        let came = rig.take(conn);
        let reply = came.iter().position(|one| one.text().unwrap()["id"] == id).unwrap();
        assert_eq!(reply, if before { came.len() - 1 } else { 0 });
        let mut order = channels(&came);
        order.dedup();
        assert_eq!(order, [all[3], all[2], all[1], all[0]]);
    }
}

#[test]
fn raw_orders_are_objects_and_those_of_an_interval_are_arrays_at_its_end() {
    let mut rig = Rig::plain();
    let (raw, slow) = ("user.orders.any.any.raw", "user.orders.any.any.100ms");
    let conn = trader(&mut rig, &[raw, slow]);
    rig.take(conn);
    rig.request(conn, "private/buy", resting());
    rig.request(conn, "private/buy", resting());
    let at_once = channels(&rig.take(conn));
    assert_eq!(at_once, [raw, raw]);
    let came = rig.watch(conn, 0.1);
    let text = came.iter().find_map(|(_, one)| one.text()).unwrap();
    assert_eq!(
        (&text["params"]["channel"], text["params"]["data"].as_array().unwrap().len()),
        (&slow.into(), 2)
    );
}

#[test]
fn events_reach_all_connections_of_the_user_and_nobody_else() {
    let mut rig = Rig::plain();
    let one = trader(&mut rig, &[ORDERS]);
    let two = trader(&mut rig, &[ORDERS]);
    let other = rig.connect();
    let readonly = json!({"grant_type": "client_credentials", "client_id": "sim-readonly",
        "client_secret": "sim-secret-0002"});
    rig.result(other, "public/auth", readonly);
    rig.result(other, "private/subscribe", json!({"channels": [ORDERS]}));
    rig.result(one, "private/buy", resting());
    assert_eq!(channels(&rig.take(two)), [ORDERS]);
    assert!(rig.take(other).is_empty());
}

#[test]
fn a_lost_connection_cancels_its_orders_if_it_wished_so_and_a_logout_does_not() {
    enum Way {
        Drop,
        Heartbeat,
        Logout,
    }
    for (way, cancels) in [(Way::Drop, true), (Way::Heartbeat, true), (Way::Logout, false)] {
        let mut rig = Rig::plain();
        let watcher = trader(&mut rig, &[ORDERS]);
        let conn = trader(&mut rig, &[]);
        rig.result(conn, "private/enable_cancel_on_disconnect", json!({}));
        rig.result(conn, "private/buy", resting());
        rig.take(watcher);
        match way {
            Way::Drop => rig.drop_tcp(conn),
            Way::Heartbeat => {
                rig.result(conn, "public/set_heartbeat", json!({"interval": 10}));
                rig.advance(23.0);
            }
            Way::Logout => {
                rig.request(conn, "private/logout", json!({}));
                rig.venue.handle_gone(rig.now, conn);
            }
        }
        let came = rig.take(watcher);
        let cancelled = came
            .iter()
            .filter_map(Came::text)
            .any(|text| text["params"]["data"]["cancel_reason"] == "cancel_on_disconnect");
        assert_eq!(cancelled, cancels);
        let open = rig.result(watcher, "private/get_open_orders", json!({}));
        assert_eq!(open.as_array().unwrap().is_empty(), cancels);
    }
}

#[test]
fn a_lost_reply_leaves_an_order_that_can_be_found() {
    let mut rig = Rig::plain();
    let conn = trader(&mut rig, &[]);
    rig.fault(Fault::LoseReply { method: Some("private/buy".to_owned()) });
    rig.request(conn, "private/buy", resting());
    assert!(rig.take(conn).is_empty());
    let open = rig.result(conn, "private/get_open_orders", json!({}));
    assert_eq!(open[0]["label"], "rests");
}

#[test]
fn a_label_of_the_subscription_stands_in_every_notification() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.login(conn);
    rig.result(conn, "private/subscribe", json!({"channels": [ORDERS], "label": "mine"}));
    rig.request(conn, "private/buy", resting());
    let came = rig.take(conn);
    let told = came.iter().filter_map(Came::text).find(|text| text["method"] == "subscription").unwrap();
    assert_eq!(told["params"]["label"], "mine");
    assert!(told["params"]["data"].is_object());
}
