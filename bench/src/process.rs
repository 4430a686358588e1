//! A server and a client, each a process of its own pinned to a core of its own, and what the client says.

use std::{
    env,
    error::Error,
    process::{Child, Command, Stdio},
};

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::{load::Load, meter::Used, server::read_address, who::Who};

/// What a client measured, of so many messages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run {
    pub(crate) used: Used,
    pub(crate) messages: u64,
    pub(crate) sum: u64,
}

/// Lets a contender receive.
pub(crate) fn receive(
    who: Who,
    load: Load,
    messages: u64,
    over_tls: bool,
    counts: bool,
) -> Result<Run, Box<dyn Error>> {
    let (load, messages) = (load.name(), messages.to_string());
    let over = if over_tls { "tls" } else { "tcp" };
    let server = ["server", "flood", &load, &messages, over];
    run(&server, &["client", "receive", &who.number(), &messages, counted(counts)]).and_then(numbers)
}

/// Lets a contender send.
pub(crate) fn send(
    who: Who,
    bytes: usize,
    messages: u64,
    batch: u64,
    counts: bool,
) -> Result<Run, Box<dyn Error>> {
    let (bytes, messages, batch) = (bytes.to_string(), messages.to_string(), batch.to_string());
    let server = ["server", "drain", &bytes, &messages, counted(counts)];
    let client = ["client", "send", &who.number(), &bytes, &messages, &batch, counted(counts)];
    run(&server, &client).and_then(numbers)
}

/// Lets a contender send and receive in turn; sorted nanoseconds.
pub(crate) fn echo(who: Who, rounds: u64) -> Result<Vec<u64>, Box<dyn Error>> {
    let rounds = rounds.to_string();
    let said = run(&["server", "echo"], &["client", "echo", &who.number(), &rounds])?;
    let mut nanos = said.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    nanos.sort_unstable();
    Ok(nanos)
}

/// Lets a contender hold so many connections; bytes of resident memory for each.
pub(crate) fn idle(who: Who, connections: u64) -> Result<f64, Box<dyn Error>> {
    let connections = connections.to_string();
    let said = run(&["server", "hold"], &["client", "hold", &who.number(), &connections])?;
    Ok(said.trim().parse()?)
}

const fn counted(counts: bool) -> &'static str {
    if counts { "counts" } else { "times" }
}

pub(crate) fn numbers(said: String) -> Result<Run, Box<dyn Error>> {
    let numbers = said.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
    let [cpu, wall, allocations, reads, writes, waits, messages, sum] = numbers[..] else {
        return Err(format!("a client has said only: {said}").into());
    };
    Ok(Run { used: Used { cpu, wall, allocations, reads, writes, waits }, messages, sum })
}

/// What a client says for [`numbers`] to read.
pub(crate) fn told(run: Run) -> String {
    let Run { used: Used { cpu, wall, allocations, reads, writes, waits }, messages, sum } = run;
    format!("{cpu} {wall} {allocations} {reads} {writes} {waits} {messages} {sum}")
}

/// A process that ends with this value.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a server, lets a client talk to it, and gives what the client prints.
pub(crate) fn run(server: &[&str], client: &[&str]) -> Result<String, Box<dyn Error>> {
    run_by(Command::new(env::current_exe()?), server, client).map(|(said, _)| said)
}

/// The same with the client started by `program`; what it complains of is given too.
pub(crate) fn run_by(
    mut program: Command,
    server: &[&str],
    client: &[&str],
) -> Result<(String, String), Box<dyn Error>> {
    let mut server =
        Command::new(env::current_exe()?).args(server).stdout(Stdio::piped()).spawn().map(Ends)?;
    let stdout = server.0.stdout.take().ok_or("the server has an output")?;
    let (address, trusted) = read_address(stdout)?;
    let run = program.args(client).args([address, trusted]).output()?;
    let complaints = String::from_utf8_lossy(&run.stderr).into_owned();
    if !run.status.success() {
        return Err(format!("`nova-bench {}` failed: {complaints}", client.join(" ")).into());
    }
    Ok((String::from_utf8(run.stdout)?, complaints))
}

/// Keeps this process on one core: clients on the first, servers on the second.
pub(crate) fn pin_to(core: usize) -> Result<(), Box<dyn Error>> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).map_err(|error| format!("there is no core {core}: {error}").into())
}
