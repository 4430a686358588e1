//! Everything a change must pass.

use std::error::Error;

use crate::{
    alerts, book, consumers, deny, features, layers, new_adapter, scenarios, secrets,
    step::{Outcome, Report, Step},
    suite,
    workspace::Workspace,
};

/// What fails fastest stands first.
const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "layers", run: layers::run },
    Step { name: "clippy", run: clippy },
    Step { name: "tests", run: suite::tests },
    Step { name: "secrets", run: secrets::run },
    Step { name: "scenarios", run: scenarios::check },
    Step { name: "alerts", run: alerts::run },
    Step { name: "doc tests", run: suite::doc_tests },
    Step { name: "docs", run: docs },
    Step { name: "book", run: book::run },
    Step { name: "features", run: features::run },
    Step { name: "consumers", run: consumers::run },
    Step { name: "template", run: new_adapter::try_template },
    Step { name: "deny", run: deny::run },
];

/// Takes all steps and prints how each ended and how long it took.
pub(crate) fn run(workspace: &Workspace, require_all: bool) -> Result<Outcome, Box<dyn Error>> {
    let (report, passed) = Report::of(STEPS, workspace, require_all);
    println!("\n{}", report.summary());
    if passed { Ok(Outcome::Passed) } else { Err("the change does not pass".into()) }
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

fn docs(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let everything = ["doc", "--workspace", "--no-deps", "--all-features", "--locked"];
    workspace.cargo(everything).env("RUSTDOCFLAGS", "-D warnings").run()?;
    Ok(Outcome::Passed)
}
