//! What must survive, the tests that say so, and whether they would notice.
//!
//! The rows are data in [`table`]; [`binaries`] finds and runs their tests; [`document`] is the page in
//! the docs; [`mod@prove`] breaks the code, as [`mutations`] say, to see whether a test fails.

mod binaries;
mod document;
mod mutations;
mod patience;
mod prove;
mod table;

use std::{collections::BTreeMap, error::Error, fs, time::Duration};

use self::{
    binaries::{Binary, Test, Verdict},
    table::{ROWS, Row, Runs},
};
use crate::{metadata::Metadata, step::Outcome, workspace::Workspace};

pub(crate) use self::prove::run as prove;

/// Runs the tests of all rows and prints which row is covered by what.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let found = Found::of(workspace)?;
    let verdicts = found.run()?;
    let verdict = |test: &Test| verdicts[&(test.package.clone(), test.path.clone())];
    for row in &ROWS {
        println!("\n{} {}: {}", row.name(), row.family, row.holds);
        if let Some(what) = row.later {
            println!("     later    with {what}");
        }
        for test in found.of_row(row) {
            let word = match verdict(test) {
                Verdict::Passed => "passed",
                Verdict::Failed => "FAILED",
                Verdict::NeverEnded => "ENDLESS",
                Verdict::Ignored => "ignored",
            };
            let place = if test.is_over_sockets() { "  (whole stack)" } else { "" };
            println!("     {word:<8} {} {}{place}", test.package, test.path);
        }
        for missing in missing(row, &found) {
            println!("     MISSING  {missing}");
        }
    }
    let failed = verdicts.values().filter(|verdict| verdict.is_bad()).count();
    let covered = summary(&found);
    println!("\n{covered}; {} tests, {failed} failed", verdicts.len());
    if failed > 0 { Err("scenarios fail".into()) } else { found.verdict() }
}

/// Whether each row has its tests, without running them.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let found = Found::of(workspace)?;
    println!("{}", summary(&found));
    found.verdict()
}

/// Writes the page in the docs.
pub(crate) fn write(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    fs::write(workspace.path(document::PATH), document::page())?;
    println!("{} is written", document::PATH);
    Ok(Outcome::Passed)
}

/// The tests that bear a number, each with the program that contains it.
#[derive(Debug)]
struct Found {
    binaries: Vec<(Binary, Vec<Test>)>,
}

impl Found {
    fn of(workspace: &Workspace) -> Result<Self, Box<dyn Error>> {
        let metadata = Metadata::of(workspace)?;
        let everything = ["--workspace", "--all-features", "--tests"];
        let compiled = binaries::compile(workspace, &metadata, &everything, None)?;
        Self::within(compiled)
    }

    fn within(compiled: Vec<Binary>) -> Result<Self, Box<dyn Error>> {
        let mut binaries = Vec::new();
        for binary in compiled {
            let tests = binary.numbered_tests()?;
            binaries.push((binary, tests));
        }
        Ok(Self { binaries })
    }

    fn of_row(&self, row: &Row) -> impl Iterator<Item = &Test> {
        let prefix = row.prefix();
        let tests = self.binaries.iter().flat_map(|(_, tests)| tests);
        tests.filter(move |test| test.name().starts_with(&prefix))
    }

    /// Runs all of them; by package and path, how each ended.
    fn run(&self) -> Result<BTreeMap<(String, String), Verdict>, Box<dyn Error>> {
        let mut verdicts = BTreeMap::new();
        for (binary, tests) in self.binaries.iter().filter(|(_, tests)| !tests.is_empty()) {
            let ended = binary.run(&tests.iter().collect::<Vec<_>>(), LIMIT)?;
            verdicts
                .extend(ended.into_iter().map(|(path, verdict)| ((binary.package.clone(), path), verdict)));
        }
        Ok(verdicts)
    }

    /// Fails unless each row has its tests.
    fn verdict(&self) -> Result<Outcome, Box<dyn Error>> {
        let incomplete = ROWS.iter().filter(|row| !missing(row, self).is_empty());
        let incomplete: Vec<_> = incomplete.map(Row::name).collect();
        if incomplete.is_empty() {
            return Ok(Outcome::Passed);
        }
        Err(format!("rows without all of their tests: {}", incomplete.join(", ")).into())
    }
}

/// What a row lacks.
fn missing(row: &Row, found: &Found) -> Vec<&'static str> {
    if row.is_later() {
        return Vec::new();
    }
    let over_sockets = found.of_row(row).any(Test::is_over_sockets);
    let elsewhere = found.of_row(row).any(|test| !test.is_over_sockets());
    let mut missing = Vec::new();
    match row.runs {
        Runs::Anywhere if !elsewhere && !over_sockets => missing.push("a test"),
        Runs::AlsoOverSockets if !elsewhere => missing.push("a test in virtual time"),
        _ => {}
    }
    if !over_sockets && row.runs != Runs::Anywhere {
        missing.push("a test over real sockets");
    }
    missing
}

fn summary(found: &Found) -> String {
    let count = |which: fn(&Row, &Found) -> bool| ROWS.iter().filter(|row| which(row, found)).count();
    let later = count(|row, _| row.is_later());
    let lacking = count(|row, found| !missing(row, found).is_empty());
    format!("{} rows covered, {lacking} not, {later} later", ROWS.len() - later - lacking)
}

/// Longer than all numbered tests of one program take.
const LIMIT: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u8) -> &'static Row {
        ROWS.iter().find(|row| row.number == number).expect("there is such a row")
    }

    #[test]
    fn a_row_without_a_test_is_missing_one() {
        let found = Found { binaries: Vec::new() };
        assert_eq!(missing(row(35), &found), ["a test"]);
        assert_eq!(missing(row(11), &found), ["a test in virtual time", "a test over real sockets"]);
        assert_eq!(missing(row(38), &found), ["a test over real sockets"]);
        assert!(missing(row(22), &found).is_empty(), "rotation comes later");
        assert!(found.verdict().is_err());
    }
}
