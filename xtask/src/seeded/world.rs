//! A small workspace in which every check passes.

use std::{collections::BTreeMap, error::Error, fs, io, path::Path};

use crate::workspace::Workspace;

/// Its files, by their paths.
#[derive(Debug)]
pub(super) struct World {
    files: BTreeMap<String, String>,
}

impl World {
    /// One with the lints and settings of `workspace`.
    pub(super) fn like(workspace: &Workspace) -> Result<Self, Box<dyn Error>> {
        let read =
            |path: &str| fs::read_to_string(workspace.path(path)).map_err(|error| format!("{path}: {error}"));
        let mut files = BTreeMap::new();
        for path in COPIED {
            files.insert((*path).to_owned(), read(path)?);
        }
        let lints = tables(&read("Cargo.toml")?, "[workspace.lints");
        files.insert("Cargo.toml".to_owned(), format!("{ROOT}\n{lints}"));
        for (path, text) in WRITTEN {
            files.insert((*path).to_owned(), (*text).to_owned());
        }
        for (folder, dependencies, source) in CRATES {
            let at = |file: &str| format!("crates/{folder}/{file}");
            files.insert(at("Cargo.toml"), manifest(folder, dependencies));
            files.insert(at("src/lib.rs"), (*source).to_owned());
            files.insert(at("README.md"), format!("# nova-{folder}\n\nSee [all of it](../../README.md).\n"));
            for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
                files.insert(at(licence), read(licence)?);
            }
        }
        Ok(Self { files })
    }

    pub(super) fn text(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(String::as_str)
    }

    /// Writes all of it into a folder of its own.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        self.files.keys().try_for_each(|file| self.restore(folder, file))
    }

    /// Makes one file again what it was, or nothing if it was not there.
    pub(super) fn restore(&self, folder: &Path, file: &str) -> io::Result<()> {
        let path = folder.join(file);
        match self.text(file) {
            Some(text) => write(&path, text),
            None => fs::remove_file(path),
        }
    }
}

/// Writes a file and the folders it lies in.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, text)
}

/// The tables of a manifest whose headers begin so.
fn tables(manifest: &str, start: &str) -> String {
    let mut wanted = false;
    let mut tables = String::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            wanted = line.starts_with(start);
        }
        if wanted {
            tables.push_str(line);
            tables.push('\n');
        }
    }
    tables
}

fn manifest(folder: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"nova-{folder}\"\ndescription = \"A crate in which nothing is wrong\"\n\
         version.workspace = true\nedition.workspace = true\nrust-version.workspace = true\n\
         license.workspace = true\nrepository.workspace = true\ncategories.workspace = true\n\
         keywords.workspace = true\n\n[package.metadata.docs.rs]\nall-features = true\n\n\
         [lints]\nworkspace = true\n\n[dependencies]\n{dependencies}"
    )
}

/// What it shares with the workspace it is like.
const COPIED: &[&str] = &[
    "rustfmt.toml",
    "clippy.toml",
    "deny.toml",
    "typos.toml",
    "rust-toolchain.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
];

const ROOT: &str = r#"[workspace]
resolver = "3"
members = ["crates/*"]
exclude = ["vendor"]

[workspace.package]
version = "0.1.0"
edition = "2024"
rust-version = "1.95"
license = "MIT OR Apache-2.0"
repository = "https://host.example/project"
categories = ["network-programming"]
keywords = ["websocket"]

[workspace.metadata.coverage]
all = 80
core = 90
core-crates = ["session"]
uncounted = []
"#;

/// Folder, dependencies, source.
const CRATES: &[(&str, &str, &str)] = &[
    (
        "frame-codec",
        "",
        "//! Words.\n\n/// A byte.\n#[derive(Clone, Copy, Debug)]\npub struct Byte(pub u8);\n",
    ),
    ("reconnect", "", "//! When to try again: never.\n"),
    ("session", "nova-frame-codec = { path = \"../frame-codec\", version = \"0.1.0\" }\n", SESSION),
];

const SESSION: &str = "\
//! A core.

use nova_frame_codec::Byte;

/// The sum of two bytes, as far as it goes.
pub fn sum(one: Byte, other: Byte) -> Byte {
    Byte(one.0.saturating_add(other.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stay_bytes() {
        assert_eq!(sum(Byte(255), Byte(1)).0, 255);
    }
}
";

const WRITTEN: &[(&str, &str)] = &[
    ("README.md", "# All of it\n\nWhat changed is in the [changelog](CHANGELOG.md#unreleased).\n"),
    ("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n- All of it.\n"),
    (".gitignore", "/target\n"),
    ("vendor/copyleft/Cargo.toml", COPYLEFT),
    ("vendor/copyleft/src/lib.rs", ""),
    ("vendor/openssl-sys/Cargo.toml", BANNED),
    ("vendor/openssl-sys/src/lib.rs", ""),
    (".github/workflows/ci.yml", WORKFLOW),
];

const COPYLEFT: &str =
    "[package]\nname = \"copyleft\"\nversion = \"0.1.0\"\nedition = \"2024\"\nlicense = \"GPL-3.0-only\"\n";

const BANNED: &str =
    "[package]\nname = \"openssl-sys\"\nversion = \"0.1.0\"\nedition = \"2024\"\nlicense = \"MIT\"\n";

const WORKFLOW: &str = "\
name: ci
on:
  push:
    branches: [main]
permissions: {}
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: true
jobs:
  checks:
    name: checks
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - run: cargo test
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_taken_whole_and_without_their_neighbours() {
        let manifest = "[a]\nx = 1\n[b.c]\ny = [\n  2,\n]\n[b.d]\nz = 3\n[e]\n";
        assert_eq!(tables(manifest, "[b."), "[b.c]\ny = [\n  2,\n]\n[b.d]\nz = 3\n");
    }
}
