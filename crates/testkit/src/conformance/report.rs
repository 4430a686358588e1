//! What came out.

use std::{any::Any, fmt};

/// The verdict of each scenario, by its name.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a report that nobody reads proves nothing"]
pub struct Report {
    verdicts: Vec<(&'static str, Verdict)>,
}

/// What came out of one scenario.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// The service has nothing of the kind.
    DoesNotApply,
    /// It does not hold, and why.
    Fails(String),
}

impl Report {
    pub(super) const fn new(verdicts: Vec<(&'static str, Verdict)>) -> Self {
        Self { verdicts }
    }

    /// All verdicts, in the order in which the scenarios ran.
    #[must_use]
    pub fn verdicts(&self) -> &[(&'static str, Verdict)] {
        &self.verdicts
    }

    /// The scenarios that fail, by name.
    #[must_use]
    pub fn failures(&self) -> Vec<&'static str> {
        let fails = |(_, verdict): &&(&'static str, Verdict)| matches!(verdict, Verdict::Fails(_));
        self.verdicts.iter().filter(fails).map(|(name, _)| *name).collect()
    }

    /// How many scenarios applied.
    #[must_use]
    pub fn applied(&self) -> usize {
        self.verdicts.iter().filter(|(_, verdict)| *verdict != Verdict::DoesNotApply).count()
    }

    /// Whether none fails.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.failures().is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, verdict) in &self.verdicts {
            match verdict {
                Verdict::Holds => writeln!(f, "holds  {name}")?,
                Verdict::DoesNotApply => writeln!(f, "  -    {name}")?,
                Verdict::Fails(why) => writeln!(f, "FAILS  {name}: {why}")?,
            }
        }
        Ok(())
    }
}

/// What a panic said.
pub(super) fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
