//! From the socket to typed items: a venue's notifications, until each is an item at its subscriber.

mod contenders;
mod facade;
mod fast;
mod floor;
mod messages;
mod server;
mod tungstenite;

use std::{error::Error, process::Command};

use self::{contenders::Contender, messages::Kind};
use crate::{
    allocator,
    process::{self, Run},
    report::{Extent, median},
};

/// Serves, or takes, as the words say.
pub(crate) fn run(words: &[&str]) -> Result<(), Box<dyn Error>> {
    match words {
        ["server", kind, messages] => {
            process::pin_to(1)?;
            server::serve(by_name(kind)?, messages.parse()?)
        }
        ["client", contender, kind, messages, counts, address, _] => {
            process::pin_to(0)?;
            if *counts == "counts" {
                allocator::count();
            }
            let contender =
                Contender::ALL.get(contender.parse::<usize>()?).ok_or("there is no such contender")?;
            contender.run(address.parse()?, by_name(kind)?, messages.parse()?);
            Ok(())
        }
        _ => Err("there is a server and a client".into()),
    }
}

fn by_name(name: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| format!("no kind {name}"))
}

/// Tables of what an item costs: processor time and allocations, then instructions.
pub(crate) fn tables(extent: Extent) -> Result<(), Box<dyn Error>> {
    let (messages, rounds) = extent.of((30_000, 3), (200_000, 5));
    println!("Nanoseconds of processor time, and allocations, for one item:\n");
    let kinds = Kind::ALL.map(|kind| format!("{}, {} bytes | ×", kind.name(), kind.message(1).len()));
    println!("| | {} | allocations |", kinds.join(" | "));
    println!("|---|---:|---:|---:|---:|---:|---:|---|");
    let mut cells = vec![Vec::new(); Contender::ALL.len()];
    let mut allocations = vec![Vec::new(); Contender::ALL.len()];
    for kind in Kind::ALL {
        let mut runs = vec![Vec::new(); Contender::ALL.len()];
        for _ in 0..rounds {
            for (index, runs) in runs.iter_mut().enumerate() {
                runs.push(measure(index, kind, messages, "times", None)?);
            }
        }
        let nanos = |runs: &[Run]| median(runs, |run| run.used.cpu as f64 / run.messages as f64);
        let (floor, sum) = (nanos(&runs[0]), runs[0][0].sum);
        for (index, runs) in runs.iter().enumerate() {
            if runs.iter().any(|run| run.sum != sum) {
                return Err(format!("{} has read something else", Contender::ALL[index].name()).into());
            }
            cells[index].push(format!("{:.0} | {:.2}", nanos(runs), nanos(runs) / floor));
            let counted = measure(index, kind, 10_000, "counts", None)?;
            allocations[index].push(format!("{:.0}", counted.used.allocations as f64 / 10_000.0));
        }
    }
    for ((contender, cells), allocations) in Contender::ALL.iter().zip(cells).zip(allocations) {
        println!("| {} | {} | {} |", contender.name(), cells.join(" | "), allocations.join(", "));
    }
    instructions()
}

/// The same in instructions, by valgrind: of two runs the difference, so that what comes before the
/// first item falls out.
fn instructions() -> Result<(), Box<dyn Error>> {
    println!("\nInstructions for one item:\n");
    println!("| | {} |", Kind::ALL.map(Kind::name).join(" | "));
    println!("|---|---:|---:|---:|");
    for (index, contender) in Contender::ALL.iter().enumerate() {
        let mut cells = Vec::new();
        for kind in Kind::ALL {
            let (mut fewer, mut more) = (0, 0);
            measure(index, kind, 2_000, "times", Some(&mut fewer))?;
            measure(index, kind, 8_000, "times", Some(&mut more))?;
            cells.push(((more - fewer) / 6_000).to_string());
        }
        println!("| {} | {} |", contender.name(), cells.join(" | "));
    }
    Ok(())
}

fn measure(
    contender: usize,
    kind: Kind,
    messages: u64,
    counts: &str,
    instructions: Option<&mut u64>,
) -> Result<Run, Box<dyn Error>> {
    let (contender, messages) = (contender.to_string(), messages.to_string());
    let server = ["deribit", "server", kind.name(), &messages];
    let client = ["deribit", "client", &contender, kind.name(), &messages, counts];
    let Some(instructions) = instructions else {
        return process::numbers(process::run(&server, &client)?);
    };
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(std::env::current_exe()?);
    let (said, noted) = process::run_by(valgrind, &server, &client)?;
    let count = noted.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = count.ok_or_else(|| format!("valgrind has counted nothing: {noted}"))?;
    *instructions = count.trim().parse()?;
    process::numbers(said)
}
