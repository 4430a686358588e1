//! What probes and Prometheus ask for: `/healthz`, `/livez`, `/readyz` and `/metrics` of a client.
//! Ctrl-C ends it.
//!
//! `cargo run -p websockex-nova --features http-endpoint,prometheus --example health` watches a client
//! of an echo service in this process; with an address behind `--`, of one that serves there.

#![allow(clippy::print_stdout, reason = "a program speaks")]

use std::{env, error::Error};

use nova_testkit::net::EchoServer;
use websockex_nova::{
    prelude::*,
    telemetry_export::{Watchlist, endpoint::Endpoint as Probes},
};

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let server = EchoServer::start().await?;
    let url = env::args().nth(1).unwrap_or_else(|| server.url());

    // Before the first connect, so that a probe sees a client that is not ready yet as just that.
    let watched = Watchlist::default();
    let serving = Probes::new(watched.clone()).serve_locally(0).await?;
    println!("http://{}", serving.addr());

    let client = Client::connect(Echo::at(&url)?).await?;
    watched.watch("echo", client.monitor());
    println!("{}", client.call("hello").await?);

    tokio::signal::ctrl_c().await?;
    client.shutdown(secs(1)).await?;
    serving.shutdown().await;
    Ok(())
}
