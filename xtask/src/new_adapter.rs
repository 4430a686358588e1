//! A new adapter: a crate that compiles, passes the conformance kit, and waits to be changed.
//!
//! The [`template`] is a crate of the workspace like any other, so that whatever changes below it changes
//! it as well; its [`name`] is exchanged, and what it has of the workspace stays so, or is written out by
//! [`alone`]. Half-written crates are taken away again by [`undo`]. [`trial`] takes the way a stranger
//! would, and breaks what came out.

mod alone;
#[cfg(test)]
mod guide;
mod name;
mod template;
mod trial;
mod undo;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

pub(crate) use self::trial::run as try_template;
use self::{name::Name, template::Template, undo::Undo};
use crate::{
    step::Outcome,
    workspace::{Tool, ToolError, Workspace},
};

/// Writes the crate and says what to do with it.
pub(crate) fn run(workspace: &Workspace, name: &str, out: Option<&str>) -> Result<Outcome, Box<dyn Error>> {
    let name = Name::parse(name)?;
    let package = name.package();
    match out {
        None => {
            write_member(workspace, &name)?;
            println!("\n{package} is written to crates/adapter-{name}. Try it, then make it yours:\n");
            println!("  cargo test -p {package}");
            println!("\ndocs/guide-adapter.md goes through it file by file.");
        }
        Some(folder) => {
            let folder = std::path::absolute(folder)?;
            write_alone(workspace, &name, &folder)?;
            println!("\n{package} is written to {}. Try it with `cargo test` there.", folder.display());
        }
    }
    Ok(Outcome::Passed)
}

/// Writes a member of the workspace, and its place in the lock.
fn write_member(workspace: &Workspace, name: &Name) -> Result<(), Box<dyn Error>> {
    let template = Template::read(workspace)?;
    let folder = workspace.path(format!("crates/adapter-{name}"));
    let lock = workspace.path("Cargo.lock");
    let before = fs::read(&lock)?;
    let undo = Undo::begin(&folder)?.with_file(lock, before);
    write(&folder, template.named(name)?)?;
    workspace.cargo(["fmt", "--package", &name.package()]).read()?;
    lock_up(|words| workspace.cargo(words))?;
    undo.not_needed();
    Ok(())
}

/// Writes a crate that is a workspace of its own, with the versions and lints of this one.
fn write_alone(workspace: &Workspace, name: &Name, folder: &Path) -> Result<(), Box<dyn Error>> {
    let template = Template::read(workspace)?;
    let undo = Undo::begin(folder)?;
    let manifests = alone::Inherited::read(workspace)?;
    let files = template.named(name)?.into_iter().map(|(path, text)| {
        let text = if path == Path::new("Cargo.toml") { manifests.written_out(&text)? } else { text };
        Ok((path, text))
    });
    write(folder, files.collect::<Result<Vec<_>, alone::NotFound>>()?)?;
    for settings in ["rustfmt.toml", "clippy.toml", "Cargo.lock", "LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(workspace.path(settings), folder.join(settings))?;
    }
    workspace.cargo(["fmt"]).within(folder).read()?;
    lock_up(|words| workspace.cargo(words).within(folder))?;
    undo.not_needed();
    Ok(())
}

/// Takes a new crate into the lock. What it needs stands there already, so the network should not be
/// needed; sources are not, which not everybody has fetched for every platform.
fn lock_up(cargo: impl Fn(&[&str]) -> Tool) -> Result<(), ToolError> {
    let words = ["update", "--workspace", "--quiet"];
    if !cargo(&[&words[..], &["--offline"]].concat()).works() {
        cargo(&words).read()?;
    }
    Ok(())
}

fn write(folder: &Path, files: Vec<(PathBuf, String)>) -> Result<(), std::io::Error> {
    for (path, text) in files {
        let path = folder.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, text)?;
    }
    Ok(())
}
