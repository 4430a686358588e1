//! The packages themselves: made, built, and looked into.

use std::{error::Error, fmt::Write as _, fs, path::Path};

use super::manifest::{Manifest, Manifests};
use crate::workspace::Workspace;

/// The texts that each package holds, as they stand at the root.
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// What crates lack that belongs into their packages. A symbolic link counts as what it leads to, as it
/// does for cargo; a checkout that makes a small file of it does not.
pub(super) fn missing_files(workspace: &Workspace, manifests: &Manifests) -> Vec<String> {
    let mut missing = Vec::new();
    for package in manifests.published() {
        let folder = Path::new(&package.manifest_path).parent().unwrap_or(Path::new(""));
        for licence in LICENCES {
            let (own, common) = (fs::read(folder.join(licence)), fs::read(workspace.path(licence)));
            if !matches!((own, common), (Ok(own), Ok(common)) if own == common) {
                missing.push(format!("{}: has no {licence} like the one at the root", package.name));
            }
        }
        let readme = package.readme.as_ref().map(|readme| folder.join(readme));
        if readme.is_some_and(|readme| !readme.is_file()) {
            missing.push(format!("{}: its readme is not there", package.name));
        }
    }
    missing
}

/// Makes all packages, builds each from what it holds, looks into it, and describes it in a table.
pub(super) fn build(
    workspace: &Workspace,
    manifests: &Manifests,
    order: &[&str],
) -> Result<String, Box<dyn Error>> {
    let target = workspace.target().join("release-rehearsal");
    let mut words = vec!["package", "--workspace", "--locked", "--allow-dirty", "--all-features"];
    words.extend(manifests.kept().flat_map(|package| ["--exclude", package.name.as_str()]));
    workspace.cargo(words).env("CARGO_TARGET_DIR", &target).run()?;
    let mut table = format!("{:<32}{:>7}{:>11}\n", "package", "files", "bytes");
    for name in order {
        let package = manifests.published().find(|package| package.name == *name).ok_or("a name is gone")?;
        let archive = target.join("package").join(format!("{name}-{}.crate", package.version));
        let files = contents(workspace, &archive)?;
        look_into(workspace, package, &archive, &files)?;
        let bytes = fs::metadata(&archive)?.len();
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{:<32}{:>7}{bytes:>11}", format!("{name} {}", package.version), files.len());
    }
    Ok(table)
}

fn contents(workspace: &Workspace, archive: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let list = workspace.program("tar", ["-tzf".as_ref(), archive.as_os_str()]).read()?;
    Ok(list.lines().map(str::to_owned).collect())
}

fn look_into(
    workspace: &Workspace,
    package: &Manifest,
    archive: &Path,
    files: &[String],
) -> Result<(), Box<dyn Error>> {
    let name = &package.name;
    let within = |file: &str| format!("{name}-{}/{file}", package.version);
    let there = |file: &str| files.contains(&within(file));
    let needed = ["Cargo.toml", "README.md"].into_iter().chain(LICENCES);
    if let Some(missing) = needed.into_iter().find(|file| !there(file)) {
        return Err(format!("the package of {name} does not hold {missing}").into());
    }
    if !there("src/lib.rs") && !there("src/main.rs") {
        return Err(format!("the package of {name} holds no source").into());
    }
    for licence in LICENCES {
        let words = ["-xzOf".as_ref(), archive.as_os_str(), within(licence).as_ref()].map(ToOwned::to_owned);
        if workspace.program("tar", words).read()? != fs::read_to_string(workspace.path(licence))? {
            return Err(format!("the {licence} in the package of {name} is another text").into());
        }
    }
    Ok(())
}
