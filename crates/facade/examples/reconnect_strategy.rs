//! A reconnect strategy of one's own: a few steps, each longer than the one before it, and then it
//! gives up.
//!
//! `cargo run -p websockex-nova --example reconnect_strategy` talks to an echo service in this process,
//! which cuts the link and later vanishes.

#![allow(clippy::print_stdout, reason = "a program speaks")]

use std::{error::Error, time::Duration};

use nova_testkit::net::{EchoServer, Ending};
use websockex_nova::{prelude::*, reconnect::Strategy};

/// The pauses before the attempts, one for each.
struct Steps([Duration; 3]);

impl Strategy for Steps {
    fn delay(&self, attempt: u32, jitter: u64) -> Option<Duration> {
        let step = *self.0.get(attempt.checked_sub(1)? as usize)?;
        // Half of it is left to chance, so that clients that lost a server together come back apart.
        Some(step / 2 + (step / 2).mul_f64(jitter as f64 / u64::MAX as f64))
    }
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let server = EchoServer::start().await?;
    let policies = Policies::default().with_reconnect(Steps([millis(50), millis(100), millis(200)]));
    let client = Client::prepare(Echo::at(&server.url())?).with_policies(policies).connect().await?;
    let mut states = client.watch();
    println!("{}", client.call("hello").await?);

    // The first is the present state.
    states.changed().await;
    server.cut_links(Ending::Reset);
    loop {
        match states.changed().await {
            State::Waiting { attempt, cause, .. } => println!("attempt {attempt} follows, because {cause}"),
            State::Ready { .. } => break,
            _ => {}
        }
    }
    println!("{}", client.call("hello again").await?);

    drop(server);
    println!("the end: {}", client.closed().await);
    Ok(())
}
