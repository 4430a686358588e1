//! What could be abused in the workflows, by zizmor: actions without a pin, rights that nobody needs.

use std::error::Error;

use crate::{step::Outcome, workspace::Workspace};

/// Reads them, without asking anybody else.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    if !workspace.program("zizmor", ["--version"]).works() {
        return Ok(Outcome::Skipped("zizmor is not there (pip install zizmor)".to_owned()));
    }
    workspace.program("zizmor", ["--offline", "--no-progress", "--quiet", ".github"]).run()?;
    Ok(Outcome::Passed)
}
