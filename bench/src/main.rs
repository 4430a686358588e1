//! The benches: our client beside its peers, over the same bytes in one run.
//!
//! Each measurement is a process of its own, pinned to one core, against a server on another that sends
//! as fast as the socket takes it. The processor time of the client counts, from its first item to its
//! last; every contender adds up what it read, and the sums must agree.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

mod contenders;
mod cpu;
mod messages;
mod server;

use std::{
    env,
    error::Error,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use contenders::Contender;
use messages::Kind;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["deribit"] => deribit(200_000, 5),
        ["deribit", "--counts"] => counts(5_000, 15_000),
        ["deribit", messages, rounds] => deribit(messages.parse()?, rounds.parse()?),
        // What it calls itself for.
        ["server", kind, messages] => Ok(server::serve(by_name(kind)?, messages.parse()?)?),
        ["client", contender, server, kind, messages] => {
            let contender = contender.parse::<usize>()?;
            let contender = Contender::ALL.get(contender).ok_or("there is no such contender")?;
            contender.run(server.parse()?, by_name(kind)?, messages.parse()?);
            Ok(())
        }
        _ => Err("usage: nova-bench deribit [--counts | <MESSAGES> <ROUNDS>]".into()),
    }
}

fn by_name(name: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| format!("no kind {name}"))
}

/// What one client measured.
#[derive(Clone, Copy, Debug)]
struct Run {
    cpu: u64,
    wall: u64,
    allocations: u64,
    checksum: u64,
}

/// From the socket to typed items at the subscriber.
fn deribit(messages: u64, rounds: usize) -> Result<(), Box<dyn Error>> {
    for kind in Kind::ALL {
        let bytes = kind.message(1).len();
        println!("\n## {} notifications, {bytes} bytes each\n", kind.name());
        println!(
            "| contender | CPU ns a message | to the floor | messages a second | allocations a message |"
        );
        println!("|---|---|---|---|---|");
        // Round by round, so that whatever else the machine does falls on all alike.
        let mut runs: Vec<Vec<Run>> = vec![Vec::new(); Contender::ALL.len()];
        for _ in 0..rounds {
            for (index, runs) in runs.iter_mut().enumerate() {
                runs.push(measure(index, kind, messages)?);
            }
        }
        let checksum = runs[0][0].checksum;
        let floor = median(&runs[0], |run| run.cpu);
        for (contender, runs) in Contender::ALL.iter().zip(&runs) {
            if runs.iter().any(|run| run.checksum != checksum) {
                return Err(format!("{} has read something else", contender.name()).into());
            }
            let per = |total: f64| total / messages as f64;
            let cpu = median(runs, |run| run.cpu);
            let allocations = if cfg!(feature = "allocations") {
                format!("{:.2}", per(median(runs, |run| run.allocations)))
            } else {
                "-".to_owned()
            };
            println!(
                "| {} | {:.0} | {:.2} | {:.0} | {allocations} |",
                contender.name(),
                per(cpu),
                cpu / floor,
                messages as f64 * 1e9 / median(runs, |run| run.wall),
            );
        }
    }
    Ok(())
}

/// The same in instructions, by valgrind: of two runs the difference, so that what comes before the
/// first item falls out.
fn counts(fewer: u64, more: u64) -> Result<(), Box<dyn Error>> {
    println!("| contender | {} | {} | {} |", Kind::ALL[0].name(), Kind::ALL[1].name(), Kind::ALL[2].name());
    println!("|---|---|---|---|");
    for (index, contender) in Contender::ALL.iter().enumerate() {
        let mut line = format!("| {} |", contender.name());
        for kind in Kind::ALL {
            let counted = instructions(index, kind, more)? - instructions(index, kind, fewer)?;
            line.push_str(&format!(" {} |", counted / (more - fewer)));
        }
        println!("{line}");
    }
    Ok(())
}

fn instructions(contender: usize, kind: Kind, messages: u64) -> Result<u64, Box<dyn Error>> {
    let me = env::current_exe()?;
    let (mut server, address) = start_server(kind, messages)?;
    let client = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(&me)
        .args(["client", &contender.to_string(), &address, kind.name(), &messages.to_string()])
        .output()?;
    server.kill().ok();
    server.wait()?;
    let told = String::from_utf8_lossy(&client.stderr).into_owned();
    let count = told.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = count.ok_or_else(|| format!("valgrind has counted nothing: {told}"))?;
    Ok(count.trim().parse()?)
}

fn start_server(kind: Kind, messages: u64) -> Result<(Child, String), Box<dyn Error>> {
    let mut server = Command::new("taskset")
        .args(["-c", "1"])
        .arg(env::current_exe()?)
        .args(["server", kind.name(), &messages.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = server.stdout.take().ok_or("the server has an output")?;
    let mut address = String::new();
    BufReader::new(stdout).read_line(&mut address)?;
    Ok((server, address.trim().to_owned()))
}

fn measure(contender: usize, kind: Kind, messages: u64) -> Result<Run, Box<dyn Error>> {
    let me = env::current_exe()?;
    let (mut server, address) = start_server(kind, messages)?;
    let client = Command::new("taskset")
        .args(["-c", "0"])
        .arg(&me)
        .args(["client", &contender.to_string(), &address, kind.name(), &messages.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    server.kill().ok();
    server.wait()?;
    let line = String::from_utf8(client.stdout)?;
    let numbers: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [cpu, wall, allocations, checksum] = numbers[..] else {
        return Err(format!("{} has failed", Contender::ALL[contender].name()).into());
    };
    Ok(Run { cpu, wall, allocations, checksum })
}

fn median(runs: &[Run], figure: impl Fn(&Run) -> u64) -> f64 {
    let mut figures: Vec<u64> = runs.iter().map(figure).collect();
    figures.sort_unstable();
    figures[figures.len() / 2] as f64
}
