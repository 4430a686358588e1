//! What a release consists of, tried without publishing anything.
//!
//! The [`manifest`]s must say what users of a crate are owed, the changelog must know the version, and each
//! crate must build from its own package, which [`packages`] makes. Whoever publishes runs the commands that
//! are printed.

mod changelog;
mod manifest;
mod order;
mod packages;

use std::{error::Error, fs};

use self::{changelog::Entry, manifest::Manifests};
use crate::{step::Outcome, workspace::Workspace};

/// What must be so long before a release: manifests, files, versions. A matter of a moment.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let manifests = Manifests::of(workspace)?;
    let mut mistakes = manifests.mistakes();
    mistakes.extend(packages::missing_files(workspace, &manifests));
    let version = manifests.version();
    match changelog::entry(&changelog(workspace)?, version) {
        Entry::Released => println!("the changelog has an entry for {version}"),
        Entry::Unreleased => println!("the changelog holds {version} back under \"Unreleased\""),
        Entry::Missing => mistakes.push(format!("CHANGELOG.md says nothing of {version}")),
    }
    if mistakes.is_empty() {
        println!("the manifests of {} crates are fit for a release", manifests.published().count());
        return Ok(Outcome::Passed);
    }
    Err(format!("not fit for a release:\n  {}", mistakes.join("\n  ")).into())
}

/// Packages every crate, builds each from its package, and says what would be published.
pub(crate) fn rehearse(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    check(workspace)?;
    let manifests = Manifests::of(workspace)?;
    let order = order::of(&manifests)?;
    let packed = packages::build(workspace, &manifests, &order)?;
    println!("\n{packed}\nwould be tagged v{} and published in this order; nothing was", manifests.version());
    Ok(Outcome::Passed)
}

/// Prints the commands of a release, once all that a machine can check is in order.
pub(crate) fn commands(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    check(workspace)?;
    let manifests = Manifests::of(workspace)?;
    let version = manifests.version();
    if changelog::entry(&changelog(workspace)?, version) != Entry::Released {
        return Err(format!("the changelog has no dated entry for {version} yet").into());
    }
    println!(
        "\nnothing is published from here; after `cargo xtask release --dry-run` these are the commands:\n"
    );
    println!("git tag --sign v{version} --message {version}\ngit push origin v{version}");
    for name in order::of(&manifests)? {
        println!("cargo publish --locked --package {name}");
    }
    Ok(Outcome::Passed)
}

fn changelog(workspace: &Workspace) -> Result<String, Box<dyn Error>> {
    Ok(fs::read_to_string(workspace.path("CHANGELOG.md"))
        .map_err(|error| format!("CHANGELOG.md: {error}"))?)
}
