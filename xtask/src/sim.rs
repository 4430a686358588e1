//! A session that lives through random lives in virtual time, far more of them than tests run.

use std::error::Error;

use crate::{step::Outcome, workspace::Workspace};

/// Lets this many seeds live, and measures how many reconnections a second this machine simulates.
pub(crate) fn run(workspace: &Workspace, seeds: u32, first: u64) -> Result<Outcome, Box<dyn Error>> {
    simulate(workspace, &["lives", &seeds.to_string(), &first.to_string()])?;
    simulate(workspace, &["drops", "300000"])
}

/// Lets one seed live, and prints all that happens in it.
pub(crate) fn replay(workspace: &Workspace, seed: u64) -> Result<Outcome, Box<dyn Error>> {
    simulate(workspace, &["replay", &seed.to_string()])
}

/// Runs the program that simulates, optimised.
pub(crate) fn simulate(workspace: &Workspace, words: &[&str]) -> Result<Outcome, Box<dyn Error>> {
    let program = ["run", "--release", "--quiet", "--package", "nova-session", "--example", "sim", "--"];
    workspace.cargo(program.iter().chain(words)).run()?;
    Ok(Outcome::Passed)
}
