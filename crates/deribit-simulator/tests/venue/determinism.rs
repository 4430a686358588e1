//! Equal seeds, scenarios and inputs give equal journals, byte for byte.

use nova_deribit_simulator::{Config, Scenario};
use serde_json::json;

use crate::rig::{BOOK, Rig};

/// Half a minute of everything, under a scenario.
fn journal(seed: u64, scenario: &str) -> String {
    let scenario = Scenario::ready_made(scenario, 1).unwrap();
    let mut rig = Rig::new(scenario.adjust(Config::default().with_seed(seed)));
    for plan in scenario.steps {
        rig.fault(plan);
    }
    let mut conns = Vec::new();
    for round in 0..60 {
        if round % 10 == 0 {
            let conn = rig.attempt();
            rig.request(conn, "public/set_heartbeat", json!({"interval": 10}));
            rig.request(conn, "public/auth", crate::rig::credentials());
            let channels =
                [BOOK, "trades.any.BTC.raw", "user.orders.any.any.raw", "ticker.ETH-PERPETUAL.100ms"];
            rig.request(conn, "private/subscribe", json!({ "channels": channels }));
            conns.push(conn);
        }
        for conn in &conns {
            let asked = rig.take(*conn).iter().any(crate::rig::Came::is_test_request);
            if asked {
                rig.request(*conn, "public/test", json!({}));
            }
            if round % 7 == 0 {
                let order = json!({"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market"});
                rig.request(*conn, "private/buy", order);
            }
        }
        rig.advance(0.5);
    }
    rig.venue.journal().to_json_lines()
}

#[test]
fn the_same_seed_gives_the_same_journal() {
    for scenario in ["calm", "chaos"] {
        let (first, second) = (journal(7, scenario), journal(7, scenario));
        assert!(first.lines().count() > 300, "{}", first.lines().count());
        assert!(first == second, "{scenario}");
    }
}

#[test]
fn another_seed_gives_another_journal() {
    assert!(journal(7, "calm") != journal(8, "calm"));
}
