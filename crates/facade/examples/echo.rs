//! The smallest program: asks an echo service something, with a deadline.
//!
//! `cargo run -p websockex-nova --example echo -- ws://127.0.0.1:9001/`

#![allow(clippy::print_stdout, reason = "a program speaks")]

use websockex_nova::prelude::*;
#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001/".to_owned());
    let client = Client::connect(Echo::at(&url)?).await?;
    println!("{}", client.call("hello").deadline(secs(2)).await?);
    Ok(client.shutdown(secs(1)).await?)
}
