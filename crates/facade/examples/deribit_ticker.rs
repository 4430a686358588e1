//! A ticker of Deribit: of what comes while the program is busy, only the newest is kept, and a gap
//! says where some are missing. Ctrl-C ends it.
//!
//! `cargo run -p websockex-nova --features deribit --example deribit_ticker` listens to the test
//! network; with an address behind `--`, to a simulator (`nova sim deribit`).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks")]

use websockex_nova::{deribit::*, prelude::*};
#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "wss://test.deribit.com/ws/api/v2".to_owned());
    let client = Client::connect(Deribit::at(Endpoint::parse(&url)?)).await?;
    let mut ticks = client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).conflated().await?;
    while let Some(delivery) = ticks.next().await {
        match delivery {
            Delivery::Item(t) => println!("{} {:?}", t.instrument_name, t.best_bid_price),
            Delivery::Gap(gap) => eprintln!("missed: {gap}"),
        }
    }
    Ok(())
}
