//! The public API of each crate, as a listing in `docs/api` that is part of the sources: who changes what a
//! user can see, sees it in the difference.
//!
//! The listings are read out of the pages that rustdoc makes, which the pinned toolchain can; its JSON only
//! an unstable one can. A newer toolchain may write other pages, and then the listings are written anew.

mod page;

use std::{
    collections::BTreeMap,
    error::Error,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    ci,
    metadata::{Metadata, Package},
    step::Outcome,
    workspace::Workspace,
};

/// Holds the listings against the sources.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let mut mistakes = Vec::new();
    let listings = listings(workspace)?;
    for (path, listing) in &listings {
        // A checkout may end its lines otherwise.
        let written = fs::read_to_string(workspace.path(path)).map(|text| text.replace("\r\n", "\n"));
        let written = written.unwrap_or_default();
        if written != *listing {
            mistakes.push(format!("{} differs:\n{}", path.display(), difference(&written, listing)));
        }
    }
    mistakes.extend(strangers(workspace, &listings)?);
    if mistakes.is_empty() {
        println!("the public API of {} crates is as listed", listings.len());
        return Ok(Outcome::Passed);
    }
    let all = mistakes.join("\n");
    Err(format!("the public API is not as listed; if that is meant, `cargo xtask api --write`:\n{all}")
        .into())
}

/// Writes the listings.
pub(crate) fn write(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let listings = listings(workspace)?;
    fs::create_dir_all(workspace.path(FOLDER))?;
    for (path, listing) in &listings {
        fs::write(workspace.path(path), listing)?;
    }
    println!("{} listings in {FOLDER} are written", listings.len());
    Ok(Outcome::Passed)
}

const FOLDER: &str = "docs/api";

/// The listing of each library that others can have, by the path it belongs at.
fn listings(workspace: &Workspace) -> Result<BTreeMap<PathBuf, String>, Box<dyn Error>> {
    ci::docs(workspace)?;
    let metadata = Metadata::of(workspace)?;
    let mut listings = BTreeMap::new();
    for package in metadata.members().filter(|package| package.is_published()) {
        let Some(library) = library(package) else { continue };
        let listing = listing(&workspace.target().join("doc").join(&library), &library)?;
        listings.insert(Path::new(FOLDER).join(&package.name).with_extension("txt"), listing);
    }
    Ok(listings)
}

/// How rustdoc names the folder of a package's library.
fn library(package: &Package) -> Option<String> {
    let kinds = ["lib", "proc-macro"];
    let is_library = |kind: &String| kinds.contains(&kind.as_str());
    let target = package.targets.iter().find(|target| target.kind.iter().any(is_library))?;
    Some(target.name.replace('-', "_"))
}

fn listing(folder: &Path, library: &str) -> io::Result<String> {
    let mut items = BTreeMap::new();
    let mut folders = vec![(folder.to_owned(), library.to_owned())];
    while let Some((folder, module)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), format!("{module}::{name}")));
            } else if let Some((kind, item)) = item(&name)
                && let Some(lines) = page::lines(&fs::read_to_string(entry.path())?)
            {
                items.insert((format!("{module}::{item}"), kind.to_owned()), lines);
            }
        }
    }
    let mut listing = String::new();
    for ((path, kind), lines) in items {
        // Writing to a string cannot fail.
        let _ = writeln!(listing, "{kind} {path}");
        for line in lines {
            let _ = writeln!(listing, "    {line}");
        }
    }
    Ok(listing)
}

/// The kind and the name of what a page is about: `struct.Frame.html`.
fn item(page: &str) -> Option<(&str, &str)> {
    page.strip_suffix(".html")?.split_once('.')
}

/// Listings of crates that do not exist.
fn strangers(workspace: &Workspace, listings: &BTreeMap<PathBuf, String>) -> io::Result<Vec<String>> {
    let Ok(entries) = fs::read_dir(workspace.path(FOLDER)) else { return Ok(Vec::new()) };
    let mut strangers = Vec::new();
    for entry in entries {
        let path = Path::new(FOLDER).join(entry?.file_name());
        if path.extension().is_some_and(|end| end == "txt") && !listings.contains_key(&path) {
            strangers.push(format!("{} lists a crate that does not exist", path.display()));
        }
    }
    Ok(strangers)
}

/// Lines that only one of them has: enough to see what changed, and no more.
fn difference(old: &str, new: &str) -> String {
    let only = |lines: &str, other: &str, sign: char| {
        let mut left = BTreeMap::new();
        other.lines().for_each(|line| *left.entry(line).or_insert(0_u32) += 1);
        let mut only = Vec::new();
        for line in lines.lines() {
            match left.get_mut(line) {
                Some(times) if *times > 0 => *times -= 1,
                _ => only.push(format!("  {sign} {}", line.trim())),
            }
        }
        only
    };
    let lines = [only(old, new, '-'), only(new, old, '+')].concat();
    match lines.get(..SHOWN) {
        Some(first) => format!("{}\n  … and {} more", first.join("\n"), lines.len() - SHOWN),
        None if lines.is_empty() => "  the order only".to_owned(),
        None => lines.join("\n"),
    }
}

/// How many lines of a difference say enough.
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_names_what_came_and_what_went() {
        let (old, new) = ("struct a::B\n    fn c()\n    fn c()\n", "struct a::B\n    fn c()\n    fn d()\n");
        assert_eq!(difference(old, new), "  - fn c()\n  + fn d()");
        assert_eq!(difference("a\nb\n", "b\na\n"), "  the order only");
    }

    #[test]
    fn long_difference_is_cut() {
        let new = "a\n".repeat(SHOWN + 5);
        assert!(difference("", &new).ends_with("… and 5 more"));
    }

    #[test]
    fn pages_tell_the_kind_and_name_of_their_item() {
        assert_eq!(item("struct.Frame.html"), Some(("struct", "Frame")));
        assert_eq!(item("index.html"), None);
        assert_eq!(item("sidebar-items.js"), None);
    }
}
