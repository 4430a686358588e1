//! An order book of Deribit that never guesses: where a change is missing it is empty, and says so,
//! until the venue has sent it whole again. Ctrl-C ends it.
//!
//! `cargo run -p websockex-nova --features deribit --example order_book` listens to the test network;
//! with an address behind `--`, to a simulator (`nova sim deribit`).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks")]

use websockex_nova::{
    deribit::{Book, Deribit, OrderBook},
    prelude::*,
};

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "wss://test.deribit.com/ws/api/v2".to_owned());
    let client = Client::connect(Deribit::at(Endpoint::parse(&url)?)).await?;
    // Not `.conflated()`, which would not compile: a change that is left out breaks the book.
    let mut changes = client.subscribe(Book::every_100ms("BTC-PERPETUAL")).await?;
    let mut book: OrderBook = OrderBook::new();
    while let Some(delivery) = changes.next().await {
        match delivery {
            Delivery::Item(change) => {
                if let Err(error) = book.apply(&change) {
                    eprintln!("not applied: {error}");
                }
            }
            Delivery::Gap(gap) => {
                book.gap();
                eprintln!("the book is void: {gap}");
            }
        }
        if let Some((bid, ask)) = book.best_bid().zip(book.best_ask()) {
            println!("{} x {} | {} x {}", bid.amount, bid.price, ask.price, ask.amount);
        }
    }
    Ok(())
}
