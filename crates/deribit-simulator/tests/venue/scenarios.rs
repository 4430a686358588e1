//! The ready-made scenarios, in virtual time and with a client that does little.

use nova_deribit_simulator::{Config, Event, Scenario};
use serde_json::json;

use crate::rig::{BOOK, Came, Rig, credentials};

fn rig(name: &str) -> (Rig, f64) {
    let scenario = Scenario::ready_made(name, 3).unwrap();
    let mut config = scenario.adjust(Config::default());
    // Less to do for what is not about books.
    config.market.rates.scale = 0.1;
    config.snapshot_spread_s = 0.0;
    let mut rig = Rig::new(config);
    let length = scenario.length.unwrap().as_secs_f64();
    scenario.steps.into_iter().for_each(|plan| {
        rig.fault(plan);
    });
    (rig, length)
}

/// How a connection ends within a scenario, and when, in seconds.
fn end(name: &str, heartbeat: bool) -> Option<(f64, Came)> {
    let (mut rig, length) = rig(name);
    let conn = rig.connect();
    if heartbeat {
        rig.result(conn, "public/set_heartbeat", json!({"interval": 10}));
    }
    let came = rig.watch(conn, length);
    let end = came.into_iter().find(|(_, one)| matches!(one, Came::Close(..) | Came::Cut(_)));
    end.map(|(at, one)| ((at - crate::rig::START) as f64 / 1e6, one))
}

#[test]
fn idleness_and_missed_heartbeats_end_when_they_should() {
    let (at, how) = end("idle", false).unwrap();
    assert!(matches!(how, Came::Cut(_)) && at == 60.5, "{at}");
    let (at, how) = end("heartbeat_miss", true).unwrap();
    assert!(matches!(how, Came::Close(4000, _)) && (21.6..22.4).contains(&at), "{at}");
}

#[test]
fn a_quiet_book_with_answered_heartbeats_ends_nothing() {
    let (mut rig, length) = rig("quiet");
    let conn = rig.connect();
    rig.result(conn, "public/set_heartbeat", json!({"interval": 10}));
    rig.subscribe(conn, &["book.TOWNS_USDC-PERPETUAL.100ms"]);
    for _ in 0..length as usize {
        if rig.watch(conn, 1.0).iter().any(|(_, one)| one.is_test_request()) {
            rig.request(conn, "public/test", json!({}));
        }
    }
    assert_eq!(rig.venue.state(conn), Some("unauth"));
    rig.venue.journal().test_requests_answered_within(std::time::Duration::from_secs(1)).unwrap();
}

#[test]
fn a_freeze_lasts_as_long_as_it_should() {
    let (mut rig, _) = rig("half_open");
    let conn = rig.connect();
    rig.subscribe(conn, &["deribit_price_index.btc_usd"]);
    let came = rig.watch(conn, 200.0);
    let times: Vec<f64> = came.iter().map(|(at, _)| (*at - crate::rig::START) as f64 / 1e6).collect();
    let gap = times.windows(2).max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0]))).unwrap();
    assert!((29.0..=30.0).contains(&gap[0]) && (150.0..151.0).contains(&gap[1]), "{gap:?}");
}

#[test]
fn flapping_drops_the_newest_connection_twenty_times() {
    let (mut rig, length) = rig("flap");
    let (mut drops, mut conn) = (0, rig.connect());
    for _ in 0..length as usize {
        if rig.watch(conn, 1.0).iter().any(|(_, one)| matches!(one, Came::Cut(_))) {
            drops += 1;
            rig.venue.handle_gone(rig.now, conn);
            conn = rig.connect();
        }
    }
    // The idle rule holds once it is calm.
    assert!((20..=21).contains(&drops), "{drops}");
}

#[test]
fn tokens_live_shortly_under_each_switch() {
    for (name, state) in
        [("token_life", "expired"), ("token_life_keep_private", "expired"), ("token_life_close", "closing")]
    {
        let (mut rig, _) = rig(name);
        let conn = rig.connect();
        assert_eq!(rig.login(conn)["expires_in"], 12, "{name}");
        rig.advance(12.0);
        assert_eq!(rig.venue.state(conn), Some(state), "{name}");
    }
}

#[test]
fn busy_books_send_about_190_frames_a_second() {
    let scenario = Scenario::ready_made("busy", 1).unwrap();
    let mut rig = Rig::new(scenario.adjust(Config::default()));
    let universe = rig.venue.market().universe();
    let names = universe.instruments().filter(|one| universe.find_listed(&one.name).is_some());
    let channels: Vec<String> = names.take(131).map(|one| format!("book.{}.100ms", one.name)).collect();
    assert_eq!(channels.len(), 131);
    let conn = rig.connect();
    rig.request(conn, "public/subscribe", json!({ "channels": channels }));
    let snapshots = rig.watch(conn, 1.0);
    let is_snapshot =
        |one: &Came| one.text().is_some_and(|text| text["params"]["data"]["type"] == "snapshot");
    assert_eq!(snapshots.iter().filter(|(_, one)| is_snapshot(one)).count(), 131);
    let frames = rig.watch(conn, 20.0).len() / 20;
    assert!((150..=230).contains(&frames), "{frames}");
}

#[test]
fn nobody_logs_in_where_logins_are_refused() {
    let (mut rig, _) = rig("auth_refused");
    let conn = rig.connect();
    for _ in 0..50 {
        assert_eq!(rig.refused(conn, "public/auth", credentials()).0, 13004);
    }
}

#[test]
fn a_storm_of_gaps_hits_a_subscribed_book_every_five_seconds() {
    let (mut rig, _) = rig("gap_storm");
    let conn = rig.connect();
    rig.subscribe(conn, &[BOOK, "book.ETH-PERPETUAL.100ms"]);
    rig.watch(conn, 70.0);
    let is_gap = |event: &Event| matches!(event, Event::Fault { name: "gap", phase: "hits", .. });
    assert_eq!(rig.venue.journal().entries().filter(|entry| is_gap(&entry.event)).count(), 12);
}

#[test]
fn chaos_ends_calm() {
    let (mut rig, length) = rig("chaos");
    let mut conn = rig.attempt();
    for second in 0..length as usize {
        let ended = rig.watch(conn, 1.0).iter().any(|(_, one)| matches!(one, Came::Cut(_)));
        if ended || rig.venue.state(conn) != Some("unauth") {
            rig.venue.handle_gone(rig.now, conn);
            conn = rig.attempt();
        }
        if second % 20 == 0 {
            rig.request(conn, "public/subscribe", json!({"channels": [BOOK]}));
        }
    }
    assert_eq!(rig.venue.faults(), 0);
    let faults: std::collections::BTreeSet<_> = rig
        .venue
        .journal()
        .entries()
        .filter_map(|entry| match entry.event {
            Event::Fault { name, .. } => Some(name),
            _ => None,
        })
        .collect();
    assert!(faults.len() > 30, "{faults:?}");
    let conn = rig.connect();
    rig.login(conn);
    rig.request(conn, "public/subscribe", json!({"channels": [BOOK]}));
    let data = rig.data(conn, BOOK, 20.0);
    assert!(data.len() > 2 && data[0]["type"] == "snapshot" && data[2]["type"] == "change");
}

#[test]
fn the_demonstration_has_its_gap_its_drop_and_its_maintenance() {
    let (mut rig, _) = rig("demo");
    let conn = rig.connect();
    rig.subscribe(conn, &[BOOK]);
    let came = rig.watch(conn, 31.0);
    let cut = came.iter().find(|(_, one)| matches!(one, Came::Cut(_))).unwrap().0;
    assert_eq!(cut, crate::rig::START + 30_000_000);
    rig.venue.handle_gone(rig.now, conn);
    let next = rig.connect();
    let came = rig.watch(next, 20.0);
    let close = came.iter().find(|(_, one)| matches!(one, Came::Close(1001, _))).unwrap().0;
    assert_eq!(close, crate::rig::START + 49_000_000);
}
