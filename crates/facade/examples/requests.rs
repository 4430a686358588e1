//! How requests end, and what follows from it: every one of them ends exactly once.
//!
//! `cargo run -p websockex-nova --example requests` trades with a made-up venue in this process, which
//! is told to be slow, to be silent, and to vanish.

#![allow(clippy::print_stdout, reason = "a program speaks")]

use std::{error::Error, fmt::Debug};

use nova_testkit::{
    net::Ending,
    venue::{
        Op, Rules, Venue,
        adapter::{Order, Time},
    },
};
use websockex_nova::prelude::*;

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let venue = Venue::start(Rules::generous()).await?;
    let client = Client::connect(venue.adapter()).await?;

    tell("first order", client.call(Order::buy("first", "BTC")).await);
    tell("the same order", client.call(Order::buy("first", "BTC")).await);

    venue.rule(|rules| rules.unanswered = [Op::Order].into());
    tell("second order", client.call(Order::buy("second", "BTC")).deadline(millis(200)).await);

    let third = tokio::spawn(client.call(Order::buy("third", "BTC")).into_future());
    venue.wait_for("the third order", |core| core.orders().contains_key("third")).await;
    venue.cut(Ending::Reset);
    tell("third order", third.await?);
    tell("fourth order", client.call(Order::buy("fourth", "BTC")).await);

    // Asking for the time twice does no harm, so this may wait for a link, and be asked anew on the next.
    let time = client.call(Time).wait_for_link(secs(5)).replay_on_reconnect().await;
    tell("the time", time.map(|_| "told by the next link"));
    Ok(client.shutdown(secs(1)).await?)
}

/// What an outcome means for whoever asked.
fn tell<T: Debug>(what: &str, outcome: std::result::Result<T, RequestError>) {
    match outcome {
        Ok(reply) => println!("{what}: {reply:?}"),
        Err(RequestError::Refused(why)) => println!("{what}: refused, and the venue did nothing: {why}"),
        Err(RequestError::NotSent(why)) => println!("{what}: never sent, so try again: {why}"),
        Err(RequestError::TimedOut { .. }) => {
            println!("{what}: sent, no answer in time: ask what became of it")
        }
        Err(RequestError::SentUnknown { .. }) => {
            println!("{what}: sent, and the link is gone: ask what became of it")
        }
        Err(error) => println!("{what}: {error}"),
    }
}
