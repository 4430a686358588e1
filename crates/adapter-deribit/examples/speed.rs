//! What it costs to read a ticker and a change of a book, and to keep a book.
//!
//! `cargo run --release -p nova-adapter-deribit --example speed`

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cmp::Ordering,
    collections::BTreeMap,
    error::Error,
    fmt::Write,
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use nova_adapter_deribit::{
    Decimal, Number, OrderBook,
    items::{BookUpdate, LevelAction, TickerData},
};
use serde::de::DeserializeOwned;

/// Counts allocations.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[allow(
    unsafe_code,
    reason = "an allocator that counts is the only way to count allocations; it forwards everything"
)]
// SAFETY: every call is forwarded unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `at` came from `System.alloc` with this layout.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const TICKER: &str = concat!(
    r#"{"timestamp":1791234567890,"state":"open","index_price":70123.45,"instrument_name":"BTC-PERPETUAL","#,
    r#""last_price":70130.5,"min_price":69071.5,"max_price":71175.0,"open_interest":812345670,"#,
    r#""mark_price":70127.11,"best_ask_price":70131.0,"best_bid_price":70130.5,"best_ask_amount":52310.0,"#,
    r#""best_bid_amount":120.0,"current_funding":0.0,"funding_8h":2.203e-5}"#
);

/// Levels of each side of the book that is kept.
const LEVELS: u32 = 400;

fn main() -> Result<(), Box<dyn Error>> {
    println!("a ticker of {} bytes", TICKER.len());
    read::<TickerData<f64>>("f64", TICKER);
    read::<TickerData<Decimal>>("Decimal", TICKER);

    let texts = changes();
    println!("a change of a book of {} bytes, four levels", texts[1].len());
    read::<BookUpdate<f64>>("f64", &texts[1]);
    read::<BookUpdate<Decimal>>("Decimal", &texts[1]);

    println!("to keep a book of {LEVELS} levels a side, per change");
    keep::<f64>("f64", &texts)?;
    keep::<Decimal>("Decimal", &texts)
}

/// Reads one text again and again.
fn read<T: DeserializeOwned>(what: &str, text: &str) {
    time(what, 200_000, |_| {
        black_box(serde_json::from_str::<T>(black_box(text)).ok());
    });
}

/// Keeps the book as it is kept, and in a B-tree.
fn keep<N: Number>(what: &str, texts: &[String]) -> Result<(), Box<dyn Error>> {
    let updates: Vec<BookUpdate<N>> =
        texts.iter().map(|text| serde_json::from_str(text)).collect::<Result<_, _>>()?;
    let mut book = OrderBook::new();
    time(&format!("{what}, sorted vectors"), updates.len(), |at| {
        black_box(book.apply(&updates[at]).ok());
    });
    let mut sides: [BTreeMap<Price<N>, N>; 2] = Default::default();
    time(&format!("{what}, B-trees"), updates.len(), |at| {
        if at == 0 {
            sides.iter_mut().for_each(BTreeMap::clear);
        }
        for (side, changes) in sides.iter_mut().zip([&updates[at].bids, &updates[at].asks]) {
            for change in changes {
                match change.action {
                    LevelAction::Delete => side.remove(&Price(change.price)),
                    _ => side.insert(Price(change.price), change.amount),
                };
            }
        }
    });
    black_box((book.best_bid().is_some(), sides[0].last_key_value().is_some()));
    Ok(())
}

/// The best of some rounds.
fn time(what: &str, times: usize, mut one: impl FnMut(usize)) {
    let (mut nanos, mut allocations) = (f64::MAX, 0.0);
    for _ in 0..7 {
        let (before, start) = (ALLOCATIONS.load(Relaxed), Instant::now());
        (0..times).for_each(&mut one);
        nanos = nanos.min(start.elapsed().as_nanos() as f64 / times as f64);
        allocations = (ALLOCATIONS.load(Relaxed) - before) as f64 / times as f64;
    }
    println!("  {what:<24} {nanos:8.1} ns  {allocations:.2} allocations");
}

/// A snapshot and the changes after it: four levels each, nearly all near the best price.
fn changes() -> Vec<String> {
    let head = |kind: &str, id: u64| {
        format!(
            r#"{{"type":"{kind}","timestamp":1791234567890,"instrument_name":"BTC-PERPETUAL","change_id":{id}"#
        )
    };
    let level = |action: &str, half_ticks: u32, amount: u32| {
        format!(r#"["{action}",{}.{},{amount}.0]"#, half_ticks / 2, half_ticks % 2 * 5)
    };
    let sides = [|step: u32| 140_000 - step, |step: u32| 140_001 + step];
    let first = sides
        .map(|price| (0..LEVELS).map(|step| level("new", price(step), 10)).collect::<Vec<_>>().join(","));
    let mut texts =
        vec![format!(r#"{},"bids":[{}],"asks":[{}]}}"#, head("snapshot", 1_000_000), first[0], first[1])];
    let mut seed = 7_u64;
    for id in 1_000_001..1_020_000_u64 {
        let mut text = format!(r#"{},"prev_change_id":{}"#, head("change", id), id - 1);
        for (side, price) in ["bids", "asks"].into_iter().zip(sides) {
            let pair = [0, 1].map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let random = (seed >> 33) as u32;
                let reach = if random.is_multiple_of(8) { LEVELS } else { 12 };
                let action = ["new", "change", "delete"][(random >> 8) as usize % 3];
                level(
                    action,
                    price((random >> 12) % reach),
                    if action == "delete" { 0 } else { random % 999 + 1 },
                )
            });
            let _ = write!(text, r#","{side}":[{}]"#, pair.join(","));
        }
        texts.push(text + "}");
    }
    texts
}

/// A price in the order of prices.
struct Price<N>(N);

impl<N: Number> Ord for Price<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.order(&other.0)
    }
}

impl<N: Number> PartialOrd for Price<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<N: Number> Eq for Price<N> {}

impl<N: Number> PartialEq for Price<N> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
