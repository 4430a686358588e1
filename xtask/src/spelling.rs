//! Misspelt words, by typos; `typos.toml` says which spelling is ours and which words are names.

use std::error::Error;

use crate::{step::Outcome, workspace::Workspace};

/// Reads every file that is not ignored.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    if !workspace.program("typos", ["--version"]).works() {
        return Ok(Outcome::Skipped("typos is not there (pip install typos)".to_owned()));
    }
    workspace.program("typos", ["--format", "brief"]).run()?;
    Ok(Outcome::Passed)
}
