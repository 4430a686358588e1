//! Long runs, for nights: what takes too long for the ordinary suite.

use std::error::Error;

use crate::{sim, step::Outcome, workspace::Workspace};

/// Runs for about so many minutes.
pub(crate) fn run(workspace: &Workspace, minutes: u32) -> Result<Outcome, Box<dyn Error>> {
    let reconnects = (minutes * RECONNECTS_A_MINUTE).to_string();
    println!("C-17: {reconnects} reconnections over real sockets");
    let soak = ["test", "--release", "--package", "nova-tests", "--test", "soak", "--", "--nocapture"];
    workspace.cargo(soak).env("SOAK_RECONNECTS", reconnects).run()?;
    println!("Deribit: ten minutes of chaos, as they are, and then as many seeds as there are minutes");
    let chaos = ["test", "--release", "--package", "nova-tests", "--test", "deribit", "--", "chaos"];
    workspace.cargo(chaos).env("CHAOS_SCALE", "1").run()?;
    for seed in 1..=minutes {
        workspace.cargo(chaos).env("CHAOS_SEED", seed.to_string()).run()?;
    }
    println!("C-39: ten thousand clients lose their server for a minute");
    sim::simulate(workspace, &["herd", "10000"])?;
    println!("C-11: a server that accepts and closes");
    sim::simulate(workspace, &["accept-then-close", "2000"])?;
    sim::run(workspace, minutes * SEEDS_A_MINUTE, 1_000_000)
}

/// Too much of everything at once: `times` as much as in the ordinary tests.
pub(crate) fn stress(workspace: &Workspace, times: u32) -> Result<Outcome, Box<dyn Error>> {
    let stress =
        ["test", "--release", "--package", "nova-tests", "--test", "stress", "--", "--test-threads=1"];
    for transport in ["fastwebsockets", "native"] {
        println!("over {transport}, {times} times as much as in the ordinary tests");
        let run = workspace.cargo(stress).env("STRESS", times.to_string());
        run.env("NOVA_TRANSPORT", transport).run()?;
    }
    Ok(Outcome::Passed)
}

/// Reconnections over real sockets that fit into half a minute of an ordinary machine.
const RECONNECTS_A_MINUTE: u32 = 20_000;

/// Random lives that fit into the other half.
const SEEDS_A_MINUTE: u32 = 40_000;
