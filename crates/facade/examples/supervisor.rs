//! Several clients under a supervisor: one that ends for good is made anew, and takes no other with it.
//! A shared budget bounds how often they reconnect together.
//!
//! `cargo run -p websockex-nova --example supervisor` holds three clients of an echo service in this
//! process, which cuts all links at once.

#![allow(clippy::print_stdout, reason = "a program speaks")]

use std::error::Error;

use nova_testkit::net::{EchoServer, Ending};
use websockex_nova::{client::RestartPolicy, prelude::*, reconnect::Linear};

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let server = EchoServer::start().await?;
    let echo = Echo::at(&server.url())?;
    // Restarted up to three times in five seconds each; together one reconnection at once, and then ten a
    // second.
    let supervisor = Supervisor::new(RestartPolicy::default());
    let budget = ReconnectBudget::new(1, 10, secs(1))?;
    let mut clients = Vec::new();
    for name in ["left", "middle", "right"] {
        let (echo, budget) = (echo.clone(), budget.clone());
        // Called for the first client of this name, and for each that follows it.
        let child = supervisor.start(name, move || {
            Client::prepare(echo.clone())
                .with_policies(Policies::default().with_reconnect(Linear::every(millis(1))))
                .with_reconnect_budget(budget.clone())
        })?;
        let client = child.client();
        client.ready().await?;
        let mut states = client.watch();
        // The first is the present state.
        states.changed().await;
        clients.push((name, client, states));
    }
    for child in supervisor.list() {
        println!("{} is {}", child.name, child.state.name());
    }

    server.cut_links(Ending::Reset);
    let began = std::time::Instant::now();
    for (name, client, mut states) in clients {
        states.changed().await;
        println!("{name}: {}", client.call(name).wait_for_link(secs(5)).await?);
    }
    println!("all are back after {} tenths of a second", began.elapsed().as_millis() / 100);

    for child in supervisor.shutdown(secs(1)).await {
        println!("{}: {} restarts, closed cleanly: {}", child.name, child.restarts, child.report.is_clean);
    }
    Ok(())
}
