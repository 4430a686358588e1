//! The benches in `bench`, a workspace of its own.

use std::error::Error;

use crate::{step::Outcome, workspace::Workspace};

/// From the socket to typed items, beside hand-written loops: processor time, or instructions.
pub(crate) fn run(workspace: &Workspace, counts: bool) -> Result<Outcome, Box<dyn Error>> {
    let mut words = vec!["run", "--release", "--locked", "--", "deribit"];
    words.extend(counts.then_some("--counts"));
    workspace.cargo(words).within(workspace.path("bench")).run()?;
    Ok(Outcome::Passed)
}
