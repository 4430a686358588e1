//! The large universe, and how fast notices are made.

use std::time::Instant;

use nova_deribit_simulator::market::{ChannelKey, Market, MarketConfig, Notice, Sink};

const START: u64 = 1_767_225_600_000_000;

/// What the whole simulator must send on one core, over all connections.
const GOAL_PER_S: f64 = 20_000.0;

#[derive(Default)]
struct Counter {
    notices: u64,
    bytes: u64,
}

impl Sink for Counter {
    fn notice(&mut self, notice: Notice) {
        self.notices += 1;
        self.bytes += notice.data.len() as u64;
    }
}

/// Two thousand instruments, each busy enough that all together reach the goal in market time.
fn large() -> Market {
    let mut config = MarketConfig::default();
    config.instruments = 2_000;
    Market::new(config, 1, START)
}

fn watch_all(market: &mut Market, interval: &str) -> usize {
    let names: Vec<String> = market.universe().listed(None, None).map(|one| one.name.clone()).collect();
    for name in &names {
        let key = ChannelKey::parse(&format!("book.{name}.{interval}"), market.universe())
            .expect("every listed instrument has a book");
        market.watch(&key);
    }
    names.len()
}

#[test]
fn two_thousand_books_move_and_can_be_watched() {
    let mut market = large();
    assert_eq!(market.universe().instruments().len(), 2_000);
    assert_eq!(watch_all(&mut market, "100ms"), 2_000);
    let mut counter = Counter::default();
    market.advance(START + 1_000_000, &mut counter);
    // About 1 940 books with five events a second, in slots of a tenth.
    assert!((5_000..10_000).contains(&counter.notices), "{}", counter.notices);
}

#[test]
fn slots_of_different_books_end_at_different_times() {
    let mut market = large();
    watch_all(&mut market, "100ms");
    let mut notices: Vec<Notice> = Vec::new();
    market.advance(START + 500_000, &mut notices);
    let mut times: Vec<u64> = notices.iter().map(|notice| notice.at_us).collect();
    let all = times.len();
    times.dedup();
    assert!(times.len() * 2 > all, "{} times for {all} notices", times.len());
}

/// Only a build without checks is measured: the figure is printed, the goal is a floor.
#[test]
#[cfg_attr(debug_assertions, ignore = "measures an optimised build")]
fn notices_are_made_faster_than_they_must_be_sent() {
    for (interval, seconds) in [("raw", 20), ("100ms", 20)] {
        let mut market = large();
        watch_all(&mut market, interval);
        let mut counter = Counter::default();
        let began = Instant::now();
        market.advance(START + seconds * 1_000_000, &mut counter);
        let took = began.elapsed().as_secs_f64();
        let per_s = counter.notices as f64 / took;
        println!(
            "{interval}: {} notices, {} bytes each, {per_s:.0} a second",
            counter.notices,
            counter.bytes / counter.notices.max(1),
        );
        assert!(per_s > GOAL_PER_S, "{per_s}");
    }
}
