//! Faults of books: each breaks what it should and nothing else.

use std::{cmp::Reverse, collections::BTreeMap};

use nova_deribit_simulator::{
    Fault, Target,
    market::{Decimal, Interval},
};
use serde_json::Value;

use crate::rig::{BOOK, Rig};

/// A client's view of one book, kept by the rule of the protocol.
#[derive(Default)]
struct View {
    last: Option<u64>,
    bids: BTreeMap<Reverse<u64>, f64>,
    asks: BTreeMap<u64, f64>,
    gaps: usize,
    stale: usize,
    snapshots: usize,
    crossed: usize,
    changes: usize,
}

impl View {
    fn apply(&mut self, data: &Value) {
        let id = data["change_id"].as_u64().unwrap();
        if data["type"] == "snapshot" {
            self.bids.clear();
            self.asks.clear();
            self.snapshots += 1;
        } else {
            let Some(last) = self.last else { return self.gaps += 1 };
            if id <= last {
                return self.stale += 1;
            }
            if data["prev_change_id"].as_u64() != Some(last) {
                self.gaps += 1;
            }
            self.changes += 1;
        }
        self.last = Some(id);
        for entry in data["bids"].as_array().unwrap() {
            let (price, amount) = level(entry);
            put(&mut self.bids, Reverse(price), amount);
        }
        for entry in data["asks"].as_array().unwrap() {
            let (price, amount) = level(entry);
            put(&mut self.asks, price, amount);
        }
        if let (Some((Reverse(bid), _)), Some((ask, _))) =
            (self.bids.first_key_value(), self.asks.first_key_value())
        {
            self.crossed += usize::from(bid >= ask);
        }
    }
}

fn put<K: Ord>(side: &mut BTreeMap<K, f64>, price: K, amount: f64) {
    if amount == 0.0 {
        side.remove(&price);
    } else {
        side.insert(price, amount);
    }
}

/// The price in thousandths, and the amount.
fn level(entry: &Value) -> (u64, f64) {
    ((entry[1].as_f64().unwrap() * 1_000.0).round() as u64, entry[2].as_f64().unwrap())
}

struct Watched {
    rig: Rig,
    conn: u64,
    view: View,
}

impl Watched {
    fn new() -> Self {
        let mut rig = Rig::plain();
        let conn = rig.connect();
        rig.subscribe(conn, &[BOOK]);
        let mut this = Self { rig, conn, view: View::default() };
        this.run(2.0);
        // One outdated change may follow a snapshot.
        assert!(std::mem::take(&mut this.view.stale) <= 1);
        this
    }

    fn run(&mut self, seconds: f64) {
        for data in self.rig.data(self.conn, BOOK, seconds) {
            self.view.apply(&data);
        }
    }

    fn assert_truth(&mut self) {
        let id = self.rig.venue.market().universe().find_listed("BTC-PERPETUAL").unwrap();
        let truth = self.rig.venue.market().emitted_book(id, Interval::Ms100).unwrap();
        assert_eq!(self.view.last, Some(truth.change_id));
        let bids = self.view.bids.iter().map(|(Reverse(price), amount)| (*price, *amount));
        assert_eq!(bids.collect::<Vec<_>>(), side(&truth.bids));
        let asks = self.view.asks.iter().map(|(price, amount)| (*price, *amount));
        assert_eq!(asks.collect::<Vec<_>>(), side(&truth.asks));
    }
}

fn side(levels: &[(Decimal, Decimal)]) -> Vec<(u64, f64)> {
    let number = |decimal: &Decimal| decimal.to_string().parse::<f64>().unwrap();
    levels.iter().map(|(price, amount)| ((number(price) * 1_000.0).round() as u64, number(amount))).collect()
}

#[test]
fn a_book_without_faults_is_the_true_one() {
    let mut watched = Watched::new();
    watched.run(20.0);
    assert_eq!((watched.view.gaps, watched.view.stale, watched.view.crossed), (0, 0, 0));
    assert!(watched.view.changes > 100);
    watched.assert_truth();
}

#[test]
fn a_gap_breaks_the_chain_once_and_for_one_connection() {
    for n in [1, 3] {
        let mut watched = Watched::new();
        let other = watched.rig.with_book();
        watched.rig.fault(Fault::Gap { n }.on_connection(watched.conn));
        let before = watched.view.changes;
        watched.run(3.0);
        assert_eq!(watched.view.gaps, 1);
        assert!(watched.view.changes > before);
        let mut view = View::default();
        for text in watched.rig.take(other).into_iter().filter_map(crate::rig::Came::into_text) {
            let data = &text["params"]["data"];
            view.last = view.last.or(data["prev_change_id"].as_u64());
            view.apply(data);
        }
        assert_eq!(view.gaps, 0, "the other connection lost nothing");
    }
}

#[test]
fn old_and_doubled_changes_are_outdated_and_spoil_nothing_else() {
    let mut watched = Watched::new();
    watched.rig.fault(Fault::StaleChange {}.on_channel(BOOK));
    watched.run(1.0);
    assert_eq!((watched.view.stale, watched.view.gaps), (1, 0));
    watched.rig.fault(Fault::DuplicateChange {}.on_channel(BOOK));
    watched.run(1.0);
    assert_eq!((watched.view.stale, watched.view.gaps), (2, 0));
    watched.assert_truth();
}

#[test]
fn a_second_snapshot_fits_into_the_chain() {
    let mut watched = Watched::new();
    watched.rig.fault(Fault::SecondSnapshot {}.on_channel(BOOK));
    watched.run(3.0);
    assert_eq!((watched.view.snapshots, watched.view.gaps), (2, 0));
    watched.assert_truth();
}

#[test]
fn a_book_may_begin_with_a_change() {
    let mut rig = Rig::plain();
    let conn = rig.connect();
    rig.fault(Fault::NoSnapshot {});
    rig.subscribe(conn, &[BOOK]);
    let data = rig.data(conn, BOOK, 2.0);
    assert!(data.len() > 5 && data.iter().all(|data| data["type"] == "change"));
}

#[test]
fn a_book_is_crossed_for_one_message_along_an_unbroken_chain() {
    let mut watched = Watched::new();
    watched.rig.fault(Fault::CrossedBook {}.on_channel(BOOK));
    watched.run(5.0);
    assert_eq!((watched.view.crossed, watched.view.gaps), (1, 0));
    watched.assert_truth();
}

#[test]
fn a_random_book_is_one_that_is_subscribed() {
    let mut watched = Watched::new();
    watched.rig.fault(Fault::Gap { n: 1 }.on(Target::RandomBook));
    watched.run(2.0);
    assert_eq!(watched.view.gaps, 1);
    let mut rig = Rig::plain();
    rig.connect();
    rig.fault(Fault::Gap { n: 1 }.on(Target::RandomBook));
    assert_eq!(rig.venue.faults(), 0, "there is none");
}
