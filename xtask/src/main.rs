//! `cargo xtask`: maintenance commands of the workspace.
//!
//! [`command`] says which there are. The checks stand in [`ci`], each in a module of its own: what the
//! crates may name of each other in [`layers`], the ordinary tests in [`suite`], features alone in
//! [`features`], the little programs outside the workspace in [`consumers`], dependencies in [`deny`].
//!
//! The book is in [`book`]. What a client tells of itself stands in [`events`], and what an operator makes
//! of it in [`alerts`]. What the Autobahn testsuite finds is in [`autobahn`], what a message costs
//! in [`mod@bench`].
//!
//! Whether anything the tests caught shows a secret is asked in [`secrets`].
//! Whoever writes an adapter begins with [`new_adapter`].
//! How far the tests reach is in [`coverage`] and [`mutants`], whether the checks would notice anything in
//! [`seeded`]. What users see of a crate is in [`api`] and [`semver`], what they get in [`release`].
//!
//! What must survive stands in [`scenarios`]; [`sim`] and [`soak`] let the simulated world, and the real
//! one, run for longer than tests do.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "telling what it does is half of its work")]

mod alerts;
mod api;
mod autobahn;
mod bench;
mod book;
mod ci;
mod command;
mod consumers;
mod coverage;
mod deny;
mod events;
mod features;
mod fuzz;
mod layers;
mod links;
mod metadata;
mod miri;
mod mutants;
mod new_adapter;
mod release;
mod scenarios;
mod secrets;
mod seeded;
mod semver;
mod sim;
mod soak;
mod spelling;
mod step;
mod suite;
mod unused;
mod workflows;
mod workspace;

use std::{error::Error, process::ExitCode};

use crate::{command::Command, step::Outcome, workspace::Workspace};

fn main() -> ExitCode {
    let command = match command::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(mistake) => {
            eprintln!("error: {mistake}\n\n{}", command::HELP);
            return ExitCode::from(2);
        }
    };
    match perform(&command, &Workspace::chosen()) {
        Ok(Outcome::Passed) => ExitCode::SUCCESS,
        Ok(Outcome::Skipped(why)) => {
            println!("skipped: {why}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(command: &Command, workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    match command {
        Command::Ci { extent, manner } => ci::run(workspace, *extent, *manner),
        Command::Coverage => coverage::run(workspace),
        Command::Api => api::run(workspace),
        Command::WriteApi => api::write(workspace),
        Command::Semver { since } => semver::run(workspace, since),
        Command::Seeded => seeded::run(workspace),
        Command::Miri => miri::run(workspace),
        Command::Mutants { package, shard } => mutants::run(workspace, package.as_deref(), *shard),
        Command::Release => release::commands(workspace),
        Command::RehearseRelease => release::rehearse(workspace),
        Command::Layers => layers::run(workspace),
        Command::Features => features::run(workspace),
        Command::Test => suite::test(workspace),
        Command::Repeat { times } => suite::repeat(workspace, *times),
        Command::Fuzz { seconds } => fuzz::run(workspace, *seconds),
        Command::Consumers => consumers::run(workspace),
        Command::Deny => deny::run(workspace),
        Command::Events => events::run(workspace),
        Command::WriteEvents => events::write(workspace),
        Command::Alerts { require_all } => alerts::command(workspace, *require_all),
        Command::Scenarios => scenarios::run(workspace),
        Command::WriteScenarios => scenarios::write(workspace),
        Command::ProveScenarios { only } => scenarios::prove(workspace, *only),
        Command::Secrets => secrets::run(workspace),
        Command::Sim { seeds, first } => sim::run(workspace, *seeds, *first),
        Command::Replay { seed } => sim::replay(workspace, *seed),
        Command::Soak { minutes } => soak::run(workspace, *minutes),
        Command::Stress { times } => soak::stress(workspace, *times),
        Command::Bench { long } => bench::run(workspace, *long),
        Command::Counts => bench::counts::check(workspace),
        Command::WriteCounts => bench::counts::write(workspace),
        Command::Autobahn { extent } => autobahn::run(workspace, *extent),
        Command::Book => book::run(workspace),
        Command::DrawBook => book::draw(workspace),
        Command::NewAdapter { name, out } => new_adapter::run(workspace, name, out.as_deref()),
        Command::Template => new_adapter::try_template(workspace),
        Command::Help => {
            println!("{}", command::HELP);
            Ok(Outcome::Passed)
        }
    }
}
