//! What it costs to write and to read a ticker in each codec.
//!
//! `cargo run --release -p nova-codecs --all-features --example cost`

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::{hint::black_box, time::Instant};

use nova_behaviour::{Decode, Json, Kept, Reads, Writes};
use nova_codecs::{Cbor, MessagePack, Protobuf};
use serde::{Deserialize, Serialize};

/// What venues say of an instrument, several times a second.
#[derive(Clone, PartialEq, Deserialize, Serialize, prost::Message)]
struct Ticker {
    #[prost(string, tag = "1")]
    instrument_name: String,
    #[prost(uint64, tag = "2")]
    timestamp: u64,
    #[prost(double, tag = "3")]
    best_bid_price: f64,
    #[prost(double, tag = "4")]
    best_bid_amount: f64,
    #[prost(double, tag = "5")]
    best_ask_price: f64,
    #[prost(double, tag = "6")]
    best_ask_amount: f64,
    #[prost(double, tag = "7")]
    mark_price: f64,
    #[prost(double, tag = "8")]
    index_price: f64,
    #[prost(double, optional, tag = "9")]
    last_price: Option<f64>,
    #[prost(string, tag = "10")]
    state: String,
}

const ROUNDS: u32 = 300_000;

fn main() {
    let ticker = Ticker {
        instrument_name: "BTC-PERPETUAL".to_owned(),
        timestamp: 1_700_000_000_123,
        best_bid_price: 64_123.5,
        best_bid_amount: 120_340.0,
        best_ask_price: 64_124.0,
        best_ask_amount: 8_050.0,
        mark_price: 64_123.81,
        index_price: 64_110.07,
        last_price: Some(64_123.5),
        state: "open".to_owned(),
    };
    report::<Json>("JSON", &ticker);
    report::<MessagePack>("MessagePack", &ticker);
    report::<Cbor>("CBOR", &ticker);
    report::<Protobuf>("Protobuf", &ticker);
}

fn report<C: Reads<Ticker> + Writes<Ticker>>(name: &str, ticker: &Ticker) {
    let mut payload = Kept::default();
    C::write(ticker, &mut payload).expect("a ticker can be written");
    let (mut out, mut body) = (payload.clone(), payload.clone());
    let writing = each(|| C::write(black_box(ticker), &mut out).expect("as before"));
    let reading = each(|| {
        body.copy_from(black_box(&payload).as_body());
        black_box(<Ticker as Decode<C>>::decode(&mut body).expect("it was written so"));
    });
    println!("{name:12} {:4} bytes, written in {writing:4} ns, read in {reading:4} ns", payload.len());
}

/// The nanoseconds of one round.
fn each(mut round: impl FnMut()) -> u128 {
    let start = Instant::now();
    for _ in 0..ROUNDS {
        round();
    }
    start.elapsed().as_nanos() / u128::from(ROUNDS)
}
