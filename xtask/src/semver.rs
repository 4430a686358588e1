//! Whether a change of the public API fits the version, by cargo-semver-checks.
//!
//! The listings that `api` keeps show every change; this one judges them. It compares with a revision of
//! the repository, as nothing needs to be published for that.

use std::error::Error;

use crate::{step::Outcome, workspace::Workspace};

/// Compares with the revision `since`.
pub(crate) fn run(workspace: &Workspace, since: &str) -> Result<Outcome, Box<dyn Error>> {
    if !workspace.cargo(["semver-checks", "--version"]).works() {
        let why = "cargo-semver-checks is not there (cargo install --locked cargo-semver-checks)";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    let words = ["semver-checks", "--workspace", "--all-features", "--baseline-rev", since];
    workspace.cargo(words).run()?;
    Ok(Outcome::Passed)
}
