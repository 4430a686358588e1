//! Licences, sources, bans and advisories of all dependencies, by cargo-deny.

use std::error::Error;

use crate::{step::Outcome, workspace::Workspace};

const ALL: [&str; 4] = ["--all-features", "--locked", "--log-level", "warn"];

/// Checks them. The advisories come from a database on the net: where it is out of reach, all else is
/// checked and the rest said to be skipped.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    if !workspace.cargo(["deny", "--version"]).works() {
        return Ok(Outcome::Skipped(
            "cargo-deny is not there (cargo install --locked cargo-deny)".to_owned(),
        ));
    }
    let deny = |checks: &[&str]| {
        let words = ["deny"]
            .into_iter()
            .chain(ALL)
            .chain(["check", "--hide-inclusion-graph"])
            .chain(checks.iter().copied());
        workspace.cargo(words)
    };
    deny(&["bans", "licenses", "sources"]).run()?;
    if !workspace.cargo(["deny", "fetch", "db"]).works() {
        let why = "advisories only: their database could not be fetched";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    deny(&["advisories"]).run()?;
    Ok(Outcome::Passed)
}
