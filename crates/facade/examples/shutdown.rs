//! A stream with a hole in it, and an end in good order that says what was left behind.
//!
//! `cargo run -p websockex-nova --example shutdown` listens to a made-up venue in this process, which
//! cuts the link once and never answers orders.

#![allow(clippy::print_stdout, reason = "a program speaks")]

use std::error::Error;

use nova_testkit::{
    net::Ending,
    venue::{
        Op, Rules, Venue,
        adapter::{Deltas, Order},
    },
};
use websockex_nova::prelude::*;

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let rules = Rules::generous().with(|rules| {
        rules.items_per_second = Some(50.0);
        rules.unanswered.insert(Op::Order);
    });
    let venue = Venue::start(rules).await?;
    let client = Client::connect(venue.adapter()).await?;
    let mut deltas = client.subscribe(Deltas("BTC")).await?;

    let (mut items, mut gaps) = (0, 0);
    while items < 10 {
        match deltas.next().await.ok_or("the stream has ended")? {
            Delivery::Item(_) => items += 1,
            // Never a silent jump: both sides are told, and the cause.
            Delivery::Gap(gap) => {
                gaps += 1;
                let last = gap.before.and_then(|side| side.sequence).unwrap_or_default();
                println!("missed after item {last}: {gap}");
            }
        }
        if items == 5 && gaps == 0 {
            venue.cut(Ending::Reset);
        }
    }
    let counts = deltas.unsubscribe();
    println!("received {}, delivered {}, dropped {}", counts.received, counts.delivered, counts.dropped);

    let order = tokio::spawn(client.call(Order::buy("mine", "BTC")).into_future());
    venue.wait_for("the order", |core| core.orders().contains_key("mine")).await;
    // Returns within a second, whatever the venue does.
    if let Err(error) = client.shutdown(millis(500)).await {
        println!(
            "left behind: {} not sent, {} of unknown fate",
            error.report.not_sent, error.report.sent_unknown
        );
    }
    println!("the order: {}", order.await?.err().ok_or("the venue answers none")?);
    Ok(())
}
