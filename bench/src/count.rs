//! What one message of ours takes, counted over streams in memory: instructions by valgrind's callgrind,
//! allocations, reads and writes.
//!
//! Of two runs the difference counts, so that all that comes before the first message falls out. These
//! figures hardly depend on the machine, and `cargo xtask bench --counts` holds them against a file.

mod core;
mod links;

use std::{env, error::Error, process::Command};

use crate::meter::Used;

/// Something that is counted.
pub(crate) struct Row {
    pub(crate) name: String,
    /// For how many messages the shorter run is.
    messages: u64,
    /// Does it for so many messages.
    run: Box<dyn Fn(u64) -> Counted>,
}

/// What was noted beside the instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    pub(crate) used: Used,
    /// How many messages that was for.
    pub(crate) messages: u64,
}

/// What one message takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
    pub(crate) reads: f64,
    pub(crate) writes: f64,
}

impl Row {
    fn new(name: impl Into<String>, messages: u64, run: impl Fn(u64) -> Counted + 'static) -> Self {
        Self { name: name.into(), messages, run: Box::new(run) }
    }
}

/// All rows of ours.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = core::rows();
    rows.extend(links::rows());
    rows
}

/// Counts all rows that have this in their name, as lines of TOML.
pub(crate) fn all(wanted: &str) -> Result<(), Box<dyn Error>> {
    for row in rows().iter().filter(|row| row.name.contains(wanted)) {
        let Cost { instructions, allocations, reads, writes } = cost(&row.name, row.messages)?;
        println!(
            "\"{}\" = {{ instructions = {instructions:.1}, allocations = {allocations:.4}, \
             reads = {reads:.4}, writes = {writes:.4} }}",
            row.name
        );
    }
    Ok(())
}

/// Does what a row says, for so many messages, and tells what it noted; runs under valgrind.
pub(crate) fn one(name: &str, messages: u64) -> Result<(), Box<dyn Error>> {
    #[cfg(feature = "peers")]
    if name.starts_with("who:") {
        tell(crate::report::counted::one(name, messages)?);
        return Ok(());
    }
    let row = rows().into_iter().find(|row| row.name == name).ok_or("there is no such row")?;
    tell((row.run)(messages));
    Ok(())
}

/// Says what was noted, for [`cost`] to read.
fn tell(Counted { used: Used { allocations, reads, writes, .. }, messages }: Counted) {
    println!("{messages} {allocations} {reads} {writes}");
}

/// What one message takes of what `nova-bench count NAME MESSAGES` does.
pub(crate) fn cost(name: &str, messages: u64) -> Result<Cost, Box<dyn Error>> {
    let (fewer, _) = counted(name, messages)?;
    let (more, noted) = counted(name, 3 * messages)?;
    let [of, allocations, reads, writes] = noted;
    Ok(Cost {
        instructions: (more - fewer) as f64 / (2 * messages) as f64,
        allocations: allocations / of,
        reads: reads / of,
        writes: writes / of,
    })
}

/// Instructions of the whole process, and what it noted.
fn counted(name: &str, messages: u64) -> Result<(u64, [f64; 4]), Box<dyn Error>> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["count", name, &messages.to_string()])
        // The C library copies by whatever the processor is best at, one of which repeats a single
        // instruction for each byte. Here it is always the same.
        .env("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-ERMS,-FSRM")
        .output()?;
    let said = String::from_utf8_lossy(&run.stderr);
    let count = said.lines().find_map(|line| line.split_once("Collected : "));
    let Some((_, count)) = count.filter(|_| run.status.success()) else {
        return Err(format!("\"{name}\" was not counted:\n{said}").into());
    };
    let noted = String::from_utf8(run.stdout)?;
    let noted = noted.split_whitespace().map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    let noted = noted.try_into().map_err(|_| "a count notes four numbers")?;
    Ok((count.trim().parse()?, noted))
}
