//! Named and timed steps.

use std::{
    error::Error,
    fmt::Write as _,
    time::{Duration, Instant},
};

use crate::workspace::Workspace;

/// How a step ended that did not fail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Passed,
    /// It could not be done here, for this reason.
    Skipped(String),
}

/// One check among many.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Workspace) -> Result<Outcome, Box<dyn Error>>,
}

/// How strict to be, and how patient.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Manner {
    /// A step that cannot be taken fails.
    pub(crate) require_all: bool,
    /// A step that fails does not end the run.
    pub(crate) keep_going: bool,
}

/// What became of the steps, in the order in which they were taken.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<(&'static str, String, Duration)>,
    failures: Vec<String>,
}

impl Report {
    /// Takes the steps one after the other.
    pub(crate) fn of(steps: &[&Step], workspace: &Workspace, manner: Manner) -> Self {
        let mut report = Self::default();
        for step in steps {
            println!("\n=== {} ===", step.name);
            let start = Instant::now();
            let (outcome, failure) = match (step.run)(workspace) {
                Ok(Outcome::Passed) => ("passed".to_owned(), None),
                Ok(Outcome::Skipped(why)) => {
                    println!("skipped: {why}");
                    (format!("skipped: {why}"), manner.require_all.then_some(why))
                }
                Err(failure) => {
                    eprintln!("error: {failure}");
                    ("FAILED".to_owned(), Some(failure.to_string()))
                }
            };
            report.lines.push((step.name, outcome, start.elapsed()));
            report.failures.extend(failure.map(|why| format!("{}: {why}", step.name)));
            if !report.failures.is_empty() && !manner.keep_going {
                break;
            }
        }
        report
    }

    /// Which steps failed and why, each in some lines.
    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }

    /// A table of all steps taken.
    pub(crate) fn summary(&self) -> String {
        let mut summary = String::new();
        for (name, outcome, time) in &self.lines {
            let _infallible = writeln!(summary, "{name:<12}{:>8.1} s  {outcome}", time.as_secs_f64());
        }
        let total: Duration = self.lines.iter().map(|(_, _, time)| time).sum();
        let _infallible = write!(summary, "{:<12}{:>8.1} s", "in all", total.as_secs_f64());
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSES: &Step = &Step { name: "passes", run: |_| Ok(Outcome::Passed) };
    const SKIPS: &Step = &Step { name: "skips", run: |_| Ok(Outcome::Skipped("no tool".to_owned())) };
    const FAILS: &Step = &Step { name: "fails", run: |_| Err("as it should".into()) };

    fn report(steps: &[&Step], manner: Manner) -> Report {
        Report::of(steps, &Workspace::containing_this_program(), manner)
    }

    #[test]
    fn first_failure_ends_the_run_and_is_in_the_summary() {
        let report = report(&[PASSES, FAILS, SKIPS], Manner::default());
        assert_eq!(report.failures(), ["fails: as it should"]);
        assert!(report.summary().contains("FAILED"));
        assert!(!report.summary().contains("skips"));
    }

    #[test]
    fn run_that_keeps_going_takes_all_steps_and_tells_every_failure() {
        let manner = Manner { keep_going: true, ..Manner::default() };
        let report = report(&[FAILS, PASSES, FAILS], manner);
        assert_eq!(report.failures(), ["fails: as it should", "fails: as it should"]);
        assert!(report.summary().contains("passes"));
    }

    #[test]
    fn skipped_step_is_told_with_its_reason() {
        let report = report(&[SKIPS, PASSES], Manner::default());
        assert!(report.failures().is_empty());
        assert!(report.summary().contains("skipped: no tool"));
    }

    #[test]
    fn skipped_step_is_a_failure_where_all_are_required() {
        let manner = Manner { require_all: true, ..Manner::default() };
        assert_eq!(report(&[SKIPS, PASSES], manner).failures(), ["skips: no tool"]);
    }
}
