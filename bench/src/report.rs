//! The tables, as they stand in docs/performance.md.

pub(crate) mod counted;
mod echo;
mod idle;
mod machine;
mod receive;
mod send;

use std::{error::Error, fmt::Write as _};

use crate::{process::Run, who::Who};

/// How thorough a report is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Extent {
    /// A few minutes.
    Short,
    /// Every load, and more rounds of each.
    Long,
}

impl Extent {
    /// One of the two.
    pub(crate) fn of<T>(self, short: T, long: T) -> T {
        if self == Self::Short { short } else { long }
    }
}

/// Prints everything.
pub(crate) fn all(extent: Extent) -> Result<(), Box<dyn Error>> {
    println!("{}\n", machine::description(extent));
    println!("### Receiving over TCP\n");
    receive::tables(extent, false)?;
    println!("\n### Receiving over TLS 1.3\n");
    receive::tables(extent, true)?;
    println!("\n### Sending 350 bytes over TCP\n");
    send::tables(extent)?;
    println!("\n### There and back\n");
    echo::print(extent)?;
    println!("\n### An idle connection\n");
    idle::print(extent)?;
    println!("\n### Instructions\n");
    counted::print()?;
    println!("\n### From the socket to typed items\n");
    crate::deribit::tables(extent)
}

/// What contenders measured under one load, all rounds of each.
struct Column {
    name: String,
    /// Times.
    rounds: Vec<Vec<Run>>,
    /// The run in which calls were counted.
    counts: Vec<Run>,
}

impl Column {
    /// Round by round, so that whatever else the machine does falls on all alike; every other round
    /// backwards.
    fn measured(
        name: String,
        contenders: &[Who],
        rounds: usize,
        measure: impl Fn(Who, bool) -> Result<Run, Box<dyn Error>>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut column = Self { name, rounds: vec![Vec::new(); contenders.len()], counts: Vec::new() };
        for round in 0..rounds {
            for index in 0..contenders.len() {
                let index = if round % 2 == 0 { index } else { contenders.len() - 1 - index };
                column.rounds[index].push(measure(contenders[index], false)?);
            }
        }
        column.counts = contenders.iter().map(|who| measure(*who, true)).collect::<Result<_, _>>()?;
        eprintln!("{}", column.name);
        Ok(column)
    }

    fn nanos(&self, contender: usize) -> f64 {
        median(&self.rounds[contender], |run| run.used.cpu as f64 / run.messages as f64)
    }

    /// Nanoseconds for one message, and how many times the floor's that is.
    fn time(&self, contender: usize) -> String {
        let (nanos, floor) = (self.nanos(contender), self.nanos(0));
        match nanos {
            10_000.0.. => format!("{:.1} µs ({:.2})", nanos / 1_000.0, nanos / floor),
            _ => format!("{nanos:.0} ({:.2})", nanos / floor),
        }
    }

    fn counts(&self, contender: usize, figures: fn(&Run) -> [u64; 3]) -> String {
        let run = &self.counts[contender];
        figures(run).map(|figure| short(figure as f64 / run.messages as f64)).join(" · ")
    }
}

/// Two tables: times, then what was counted.
fn print(columns: &[Column], contenders: &[Who], what: &str, figures: fn(&Run) -> [u64; 3]) {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    println!("Nanoseconds of the client's processor time for one message, and how many times the floor's:\n");
    println!("{}", table(&names, contenders, |index| columns.iter().map(|c| c.time(index)).collect()));
    println!("{what}:\n");
    let cells = |index| columns.iter().map(|c| c.counts(index, figures)).collect();
    print!("{}", table(&names, contenders, cells));
}

/// A table with a line for each contender.
fn table(names: &[&str], contenders: &[Who], cells: impl Fn(usize) -> Vec<String>) -> String {
    let mut table = format!("| | {} |\n|---|{}\n", names.join(" | "), "---:|".repeat(names.len()));
    for (index, who) in contenders.iter().enumerate() {
        let _infallible = writeln!(table, "| {} | {} |", who.name(), cells(index).join(" | "));
    }
    table
}

/// A figure without digits that say nothing.
fn short(figure: f64) -> String {
    match figure {
        0.0 => "0".to_owned(),
        ..0.0005 => "<0.001".to_owned(),
        ..0.1 => format!("{figure:.3}"),
        ..10.0 => format!("{figure:.2}"),
        _ => format!("{figure:.0}"),
    }
}

pub(crate) fn median(runs: &[Run], figure: impl Fn(&Run) -> f64) -> f64 {
    let mut figures: Vec<f64> = runs.iter().map(figure).collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
