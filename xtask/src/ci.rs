//! Everything a change must pass.

use std::error::Error;

use crate::{
    alerts, api, autobahn, bench, book, consumers, coverage, deny, features, layers, links, new_adapter,
    release, scenarios, secrets, seeded, spelling,
    step::{Manner, Outcome, Report, Step},
    suite, unused, workflows,
    workspace::Workspace,
};

/// What fails fastest stands first.
const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "spelling", run: spelling::run },
    Step { name: "links", run: links::run },
    Step { name: "workflows", run: workflows::run },
    Step { name: "layers", run: layers::run },
    Step { name: "unused", run: unused::run },
    Step { name: "packages", run: release::check },
    Step { name: "seeded", run: seeded::run },
    Step { name: "clippy", run: clippy },
    Step { name: "tests", run: suite::tests },
    Step { name: "secrets", run: secrets::run },
    Step { name: "scenarios", run: scenarios::check },
    Step { name: "alerts", run: alerts::run },
    Step { name: "doc tests", run: suite::doc_tests },
    Step { name: "docs", run: docs },
    Step { name: "book", run: book::run },
    Step { name: "api", run: api::run },
    Step { name: "features", run: features::run },
    Step { name: "consumers", run: consumers::run },
    Step { name: "template", run: new_adapter::try_template },
    Step { name: "counts", run: bench::counts::check },
    Step { name: "deny", run: deny::run },
];

/// What takes longer than one likes to wait at a desk, and follows the others.
const FURTHER_STEPS: &[Step] = &[
    Step { name: "coverage", run: coverage::run },
    Step { name: "autobahn", run: autobahn::fast_where_possible },
];

/// How many of the steps to take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Extent {
    Usual,
    Full,
    /// The one of this name.
    Only(&'static str),
}

/// The step that is called so, if there is one.
pub(crate) fn named(word: &str) -> Option<&'static str> {
    STEPS.iter().chain(FURTHER_STEPS).map(|step| step.name).find(|name| *name == word)
}

/// Takes the steps and prints how each ended and how long it took, and then what failed.
pub(crate) fn run(workspace: &Workspace, extent: Extent, manner: Manner) -> Result<Outcome, Box<dyn Error>> {
    let steps = STEPS.iter().chain(FURTHER_STEPS);
    let chosen: Vec<&Step> = match extent {
        Extent::Usual => STEPS.iter().collect(),
        Extent::Full => steps.collect(),
        Extent::Only(name) => steps.filter(|step| step.name == name).collect(),
    };
    let report = Report::of(&chosen, workspace, manner);
    println!("\n{}", report.summary());
    match report.failures() {
        [] => Ok(Outcome::Passed),
        failures => Err(format!("the change does not pass\n{}", failures.join("\n")).into()),
    }
}

fn format(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    workspace.cargo(["fmt", "--all", "--check"]).run()?;
    Ok(Outcome::Passed)
}

fn clippy(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let everything = ["clippy", "--workspace", "--all-targets", "--all-features", "--locked"];
    workspace.cargo(everything.into_iter().chain(["--", "-D", "warnings"])).run()?;
    Ok(Outcome::Passed)
}

/// The documentation of everything, without a warning.
pub(crate) fn docs(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let everything = ["doc", "--workspace", "--no-deps", "--all-features", "--locked"];
    workspace.cargo(everything).env("RUSTDOCFLAGS", "-D warnings").run()?;
    Ok(Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_a_name_of_its_own() {
        let mut names: Vec<_> = STEPS.iter().chain(FURTHER_STEPS).map(|step| step.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(named("clippy"), Some("clippy"));
        assert_eq!(named("luck"), None);
    }
}
