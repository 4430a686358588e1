//! The way a stranger takes: writes an adapter, tries it, breaks it, and reads what failed.
//!
//! It happens in a copy of the workspace, so that a run that is cut short leaves nothing behind that
//! anybody would commit.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use super::{name::Name, template, write_alone, write_member};
use crate::{
    layers,
    step::Outcome,
    workspace::{Tool, Workspace},
};

/// Longer than the template's, so that lines break elsewhere; with a hyphen, so that the ways to write it
/// differ.
const NAME: &str = "a-venue-of-a-long-name";

/// What the template says of an answer to a subscription, and a way to be wrong about it.
const READ: &str = "confirmation.confirmed = on;";
pub(super) const UNREAD: &str = "let _ = on;\n                confirmation.confirmed = asked.to_vec();";
pub(super) const NOTICED: &str = "FAILS  a refused topic is refused alone";

/// Does all of it.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let name = Name::parse(NAME)?;
    let place = workspace.path("target/xtask/template");
    let _absent = fs::remove_dir_all(&place);
    fs::create_dir_all(&place)?;

    let copy = Workspace::at(place.join("workspace"));
    copy_workspace(workspace, &copy)?;
    write_member(&copy, &name)?;
    let package = name.package();
    let cargo = |words: &[&str]| at_home(workspace, copy.cargo(words));
    copy.cargo(["fmt", "--package", &package, "--check"]).run()?;
    layers::run(&copy)?;
    cargo(&["clippy", "--package", &package, "--all-targets", "--locked", "--", "-D", "warnings"]).run()?;
    let test = ["test", "--quiet", "--package", &package, "--locked"];
    cargo(&test).run()?;
    if write_member(&copy, &name).is_ok() {
        return Err("an adapter was written over another".into());
    }
    leaves_nothing_half_written(&copy)?;

    let topics = copy.path(format!("crates/adapter-{name}/src/topics.rs"));
    let right = fs::read_to_string(&topics)?;
    fs::write(&topics, replaced(&right, READ, UNREAD)?)?;
    let output = cargo(&test).output()?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if !said.contains(NOTICED) {
        return Err(format!("an answer nobody reads should have been noticed by name:\n{said}").into());
    }
    println!("noticed by name: an answer to a subscription that nobody reads");

    let alone = place.join("alone");
    write_alone(workspace, &name, &alone)?;
    at_home(workspace, workspace.cargo(["test", "--quiet", "--locked"]).within(&alone)).run()?;
    fs::remove_dir_all(place)?;
    Ok(Outcome::Passed)
}

/// With a template that needs what is nowhere, the crate is written and cannot be taken into the lock.
fn leaves_nothing_half_written(copy: &Workspace) -> Result<(), Box<dyn Error>> {
    let manifest = copy.path(template::FOLDER).join("Cargo.toml");
    let (right, lock) = (fs::read_to_string(&manifest)?, fs::read(copy.path("Cargo.lock"))?);
    fs::write(&manifest, right.replace("serde.workspace = true", "serde = { path = \"../nowhere\" }"))?;
    let written = write_member(copy, &Name::parse("unlucky")?);
    fs::write(manifest, right)?;
    if written.is_ok() {
        return Err("a crate that needs what is nowhere was written".into());
    }
    if copy.path("crates/adapter-unlucky").exists() || fs::read(copy.path("Cargo.lock"))? != lock {
        return Err("something half-written was left".into());
    }
    println!("taken away again: a crate that needs what is nowhere");
    Ok(())
}

/// Shares what is compiled already.
fn at_home(workspace: &Workspace, tool: Tool) -> Tool {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(_) => tool,
        None => tool.env("CARGO_TARGET_DIR", workspace.path("target")),
    }
}

/// What cargo needs to see a workspace; sources alone, nothing that was built.
fn copy_workspace(from: &Workspace, to: &Workspace) -> io::Result<()> {
    for part in
        ["Cargo.toml", "Cargo.lock", "README.md", "rustfmt.toml", "clippy.toml", "crates", "tests", "xtask"]
    {
        copy(&from.path(part), &to.path(part))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &PathBuf) -> io::Result<()> {
    if from.is_file() {
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        return fs::copy(from, to).map(|_| ());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        // Workspaces of their own, which may hold what they built.
        if !["target", "fuzz", "consumers"].iter().any(|other| entry.file_name() == *other) {
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn replaced(text: &str, old: &str, new: &str) -> Result<String, String> {
    if text.matches(old).count() != 1 {
        return Err(format!("`{old}` does not stand once in the topics of {}", template::FOLDER));
    }
    Ok(text.replace(old, new))
}
