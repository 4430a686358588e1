//! Order books: what the client keeps is what the venue has, or it says that it is not.

use nova_deribit_simulator::Fault;
use nova_testkit::net::{PATIENCE, within};
use websockex_nova::{
    deribit::{Book, BookState, OrderBook, items::BookUpdate},
    prelude::*,
};

use crate::kit::{Trader, cut, next, public, simulator};

const CHANNEL: &str = "book.BTC-PERPETUAL.100ms";

/// A book and the stream that feeds it.
struct Kept {
    updates: Subscription<BookUpdate>,
    book: OrderBook,
    gaps: Vec<&'static str>,
}

impl Kept {
    async fn of(client: &Trader) -> Self {
        let updates =
            client.subscribe(Book::every_100ms("BTC-PERPETUAL")).await.expect("there is such a book");
        Self { updates, book: OrderBook::default(), gaps: Vec::new() }
    }

    /// Takes one delivery.
    async fn step(&mut self) {
        match next(&mut self.updates).await {
            Delivery::Item(update) => {
                // Without a base a change is an error, and the book stays empty.
                let _ = self.book.apply(&update);
            }
            Delivery::Gap(gap) => {
                self.gaps.push(gap.cause.name());
                self.book.gap();
                assert!(self.book.best_bid().is_none(), "no ghost levels after a gap");
            }
        }
        if self.book.is_live() {
            assert!(!self.book.is_crossed(), "the venue never crossed its book");
        }
    }

    async fn until_live(&mut self) {
        let live = async {
            while !self.book.is_live() {
                self.step().await;
            }
        };
        within(PATIENCE, "a live book", live).await;
    }

    async fn until_gap(&mut self, count: usize) {
        let told = async {
            while self.gaps.len() < count {
                self.step().await;
            }
        };
        within(PATIENCE, "a gap", told).await;
    }
}

#[tokio::test]
async fn a_book_follows_the_venue() {
    let simulator = simulator(|_| {}).await;
    let client = public(&simulator).await;
    let mut kept = Kept::of(&client).await;
    for _ in 0..20 {
        kept.step().await;
    }
    assert_eq!(kept.book.state(), BookState::Live);
    assert_eq!(kept.gaps, <[&str; 0]>::default());
}

#[tokio::test]
async fn a_lost_message_is_a_gap_and_the_book_is_subscribed_to_anew() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    let mut kept = Kept::of(&client).await;
    kept.until_live().await;
    control.set_fault(Fault::Gap { n: 1 }.on_channel(CHANNEL));
    kept.until_gap(1).await;
    assert_eq!(kept.gaps[0], "sequence_break");
    kept.until_live().await;
    assert_eq!(control.journal(|journal| journal.requests("public/unsubscribe")), 1);
    assert_eq!(control.connections(), [1], "on the same link");
}

#[tokio::test]
async fn old_and_repeated_changes_change_nothing() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    let mut kept = Kept::of(&client).await;
    kept.until_live().await;
    for _ in 0..3 {
        kept.step().await;
    }
    for (told, fault) in [(1, Fault::StaleChange {}), (2, Fault::DuplicateChange {})] {
        control.set_fault(fault.on_channel(CHANNEL));
        let left_out = async {
            while kept.updates.counts().conflated < told {
                kept.step().await;
            }
        };
        within(PATIENCE, "a change that is left out", left_out).await;
        kept.step().await;
    }
    assert_eq!(kept.gaps, <[&str; 0]>::default());
    assert!(kept.book.is_live());
}

#[tokio::test]
async fn a_change_without_its_snapshot_builds_nothing() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    control.set_fault(Fault::NoSnapshot {}.on_channel(CHANNEL));
    let client = public(&simulator).await;
    let mut kept = Kept::of(&client).await;
    kept.step().await;
    assert!(!kept.book.is_live());
    kept.until_live().await;
    assert_eq!(kept.gaps[0], "sequence_break");
}

#[tokio::test]
async fn after_a_lost_link_the_book_begins_anew() {
    let simulator = simulator(|_| {}).await;
    let client = public(&simulator).await;
    let mut kept = Kept::of(&client).await;
    kept.until_live().await;
    cut(&simulator.control());
    kept.until_gap(1).await;
    assert_eq!((kept.gaps[0], kept.book.is_live()), ("disconnected", false));
    kept.until_live().await;
}

#[tokio::test]
async fn a_subscriber_who_comes_late_gets_a_base_as_well() {
    let simulator = simulator(|_| {}).await;
    let client = public(&simulator).await;
    let mut first = Kept::of(&client).await;
    first.until_live().await;
    let mut second = Kept::of(&client).await;
    second.until_live().await;
    first.until_live().await;
    assert!(second.book.best_bid().is_some());
}
