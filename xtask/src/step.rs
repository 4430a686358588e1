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

/// What became of the steps, in the order in which they were taken.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<(&'static str, String, Duration)>,
}

impl Report {
    /// Takes the steps one after the other until one fails; with `require_all`, a step that cannot be
    /// taken fails.
    pub(crate) fn of(steps: &[&Step], workspace: &Workspace, require_all: bool) -> (Self, bool) {
        let mut report = Self::default();
        for step in steps {
            println!("\n=== {} ===", step.name);
            let start = Instant::now();
            let (outcome, passed) = match (step.run)(workspace) {
                Ok(Outcome::Passed) => ("passed".to_owned(), true),
                Ok(Outcome::Skipped(why)) => {
                    println!("skipped: {why}");
                    (format!("skipped: {why}"), !require_all)
                }
                Err(failure) => {
                    eprintln!("error: {failure}");
                    ("FAILED".to_owned(), false)
                }
            };
            report.lines.push((step.name, outcome, start.elapsed()));
            if !passed {
                return (report, false);
            }
        }
        (report, true)
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

    fn report(steps: &[&Step], require_all: bool) -> (String, bool) {
        let (report, passed) = Report::of(steps, &Workspace::containing_this_program(), require_all);
        (report.summary(), passed)
    }

    #[test]
    fn first_failure_ends_the_run_and_is_in_the_summary() {
        let (summary, passed) = report(&[PASSES, FAILS, SKIPS], false);
        assert!(!passed);
        assert!(summary.contains("FAILED"));
        assert!(!summary.contains("skips"));
    }

    #[test]
    fn skipped_step_is_told_with_its_reason() {
        let (summary, passed) = report(&[SKIPS, PASSES], false);
        assert!(passed);
        assert!(summary.contains("skipped: no tool"));
    }

    #[test]
    fn skipped_step_is_a_failure_where_all_are_required() {
        assert!(!report(&[SKIPS, PASSES], true).1);
    }
}
