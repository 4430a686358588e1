//! What one message takes, as the file has it, and what counts as more.

use std::fmt;

/// What one message of a row takes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cost {
    row: String,
    /// In the order of [`FIGURES`].
    figures: [f64; 4],
}

const FIGURES: [&str; 4] = ["instructions", "allocations", "reads", "writes"];

impl fmt::Display for Cost {
    /// A line of TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, figures: [instructions, allocations, reads, writes] } = self;
        write!(
            f,
            "\"{row}\" = {{ instructions = {instructions:.1}, allocations = {allocations:.4}, \
             reads = {reads:.4}, writes = {writes:.4} }}"
        )
    }
}

/// Reads lines as [`Cost`] writes them; empty ones and comments may stand between.
pub(super) fn parse(text: &str) -> Result<Vec<Cost>, NoCost> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| cost(line).ok_or_else(|| NoCost(line.to_owned()))).collect()
}

fn cost(line: &str) -> Option<Cost> {
    let (row, figures) = line.split_once(" = ")?;
    let row = row.strip_prefix('"')?.strip_suffix('"')?.to_owned();
    let mut parts = figures.strip_prefix('{')?.strip_suffix('}')?.split(',');
    let mut figures = [0.0; 4];
    for (figure, wanted) in figures.iter_mut().zip(FIGURES) {
        let (name, number) = parts.next()?.split_once('=')?;
        if name.trim() != wanted {
            return None;
        }
        *figure = number.trim().parse().ok()?;
    }
    parts.next().is_none().then_some(Cost { row, figures })
}

/// A line that says nothing of a cost.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("no row of counts: {0}")]
pub(super) struct NoCost(String);

/// What takes more than expected, each with its row, the old figure and the new.
pub(super) fn regressions(expected: &[Cost], now: &[Cost]) -> Vec<String> {
    let mut worse = Vec::new();
    for old in expected {
        let Some(new) = now.iter().find(|new| new.row == old.row) else {
            worse.push(format!("{}: is in the file, but was not counted", old.row));
            continue;
        };
        for ((name, old_figure), new_figure) in FIGURES.iter().zip(old.figures).zip(new.figures) {
            // What is hardly ever done, such as a read for two hundred messages, may be done once more.
            if new_figure > old_figure * TOLERANCE + ONCE_IN_A_WHILE {
                worse.push(format!("{}: {name} {old_figure} before, {new_figure} now", old.row));
            }
        }
    }
    let is_new = |new: &&Cost| !expected.iter().any(|old| old.row == new.row);
    worse.extend(now.iter().filter(is_new).map(|new| format!("{}: is not in the file yet", new.row)));
    worse
}

const TOLERANCE: f64 = 1.02;
const ONCE_IN_A_WHILE: f64 = 0.002;

#[cfg(test)]
mod tests {
    use super::*;

    fn one(row: &str, instructions: f64, allocations: f64) -> Cost {
        Cost { row: row.to_owned(), figures: [instructions, allocations, 0.0055, 0.0] }
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let costs = [one("native: receive 350 B, owned", 453.1, 0.0), one("codec: send", 91.0, 1.5)];
        let file: String = costs.iter().map(|cost| format!("{cost}\n")).collect();
        assert_eq!(parse(&format!("# counts\n\n{file}")).unwrap(), costs);
        assert!(parse("\"a row\" = { instructions = many }").is_err());
        assert!(
            parse("\"a row\" = { instructions = 1.0, reads = 1.0, allocations = 0.0, writes = 0.0 }")
                .is_err()
        );
    }

    #[test]
    fn more_than_two_in_a_hundred_is_told_with_row_old_and_new() {
        let old = [one("receive", 100.0, 0.0)];
        assert_eq!(regressions(&old, &[one("receive", 101.9, 0.001)]), [""; 0]);
        assert_eq!(regressions(&old, &[one("receive", 90.0, 0.0)]), [""; 0]);
        assert_eq!(
            regressions(&old, &[one("receive", 105.0, 1.0)]),
            ["receive: instructions 100 before, 105 now", "receive: allocations 0 before, 1 now"]
        );
    }

    #[test]
    fn a_row_that_went_or_came_is_told() {
        let (old, new) = ([one("old", 1.0, 0.0)], [one("new", 1.0, 0.0)]);
        assert_eq!(
            regressions(&old, &new),
            ["old: is in the file, but was not counted", "new: is not in the file yet"]
        );
    }
}
