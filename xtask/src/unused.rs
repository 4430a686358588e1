//! Dependencies that a manifest names and no source does, by cargo-machete.

use std::error::Error;

use crate::{step::Outcome, workspace::Workspace};

/// Looks through every manifest.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    // Under `cargo run` it would take its own name for a folder.
    let machete = |words: &[&str]| {
        let words = ["machete"].iter().chain(words);
        workspace.cargo(words).without_env(&["CARGO_PKG_NAME"])
    };
    if !machete(&["--version"]).works() {
        let why = "cargo-machete is not there (cargo install --locked cargo-machete)";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    machete(&[]).run()?;
    Ok(Outcome::Passed)
}
