//! The mistakes.

use std::{error::Error, path::Path};

use super::world::{World, write};

/// A mistake, and the step that is there to notice it.
#[derive(Debug)]
pub(super) struct Seed {
    pub(super) name: &'static str,
    pub(super) step: &'static str,
    pub(super) file: &'static str,
    change: Change,
    /// Words by which the step shows that it fails for this reason.
    pub(super) says: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Replace(&'static str, &'static str),
    Append(&'static str),
}

impl Seed {
    /// Writes the file with the mistake in it.
    pub(super) fn plant(&self, folder: &Path, world: &World) -> Result<(), Box<dyn Error>> {
        let text = self.planted(world).ok_or_else(|| format!("{}: there is no place for it", self.name))?;
        Ok(write(&folder.join(self.file), &text)?)
    }

    fn planted(&self, world: &World) -> Option<String> {
        let text = world.text(self.file)?;
        match self.change {
            Change::Replace(old, new) => text.contains(old).then(|| text.replacen(old, new, 1)),
            Change::Append(more) => Some(format!("{text}{more}")),
        }
    }

    pub(super) fn changes_manifest(&self) -> bool {
        self.file.ends_with("Cargo.toml")
    }
}

pub(super) const SEEDS: &[Seed] = &[
    Seed {
        name: "unformatted code",
        step: "format",
        file: CODEC,
        change: Change::Replace("pub struct Byte(pub u8);", "pub struct Byte( pub u8 ) ;"),
        says: "Diff in",
    },
    Seed {
        name: "a misspelt word",
        step: "spelling",
        file: CODEC,
        change: Change::Replace("//! Words.", "//! Words that are seperate."),
        says: "`seperate` should be `separate`",
    },
    Seed {
        name: "a word spelt as it is elsewhere",
        step: "spelling",
        file: "README.md",
        change: Change::Append("\nIn every color.\n"),
        says: "`color` should be `colour`",
    },
    Seed {
        name: "a link to a file that is not there",
        step: "links",
        file: "README.md",
        change: Change::Append("\nSee [more](docs/more.md).\n"),
        says: "docs/more.md: there is no such file",
    },
    Seed {
        name: "a link to a heading that is not there",
        step: "links",
        file: "README.md",
        change: Change::Replace("#unreleased", "#released"),
        says: "CHANGELOG.md#released: there is no such heading",
    },
    Seed {
        name: "an action without a pin",
        step: "workflows",
        file: ".github/workflows/ci.yml",
        change: Change::Replace("3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "v7"),
        says: "unpinned-uses",
    },
    Seed {
        name: "rights for everything",
        step: "workflows",
        file: ".github/workflows/ci.yml",
        change: Change::Replace("permissions:\n      contents: read", "permissions: write-all"),
        says: "excessive-permissions",
    },
    Seed {
        name: "an arrow that points up",
        step: "layers",
        file: "crates/reconnect/Cargo.toml",
        change: Change::Append("nova-session = { path = \"../session\", version = \"0.1.0\" }\n"),
        says: "`reconnect` names `session`, which does not lie below it",
    },
    Seed {
        name: "a dependency that nothing uses",
        step: "unused",
        file: "crates/reconnect/Cargo.toml",
        change: Change::Append("nova-frame-codec = { path = \"../frame-codec\", version = \"0.1.0\" }\n"),
        says: "nova-frame-codec",
    },
    Seed {
        name: "a crate without a description",
        step: "packages",
        file: "crates/reconnect/Cargo.toml",
        change: Change::Replace("description = \"A crate in which nothing is wrong\"\n", ""),
        says: "nova-reconnect: has no description",
    },
    Seed {
        name: "a version that only one crate has",
        step: "packages",
        file: "crates/reconnect/Cargo.toml",
        change: Change::Replace("version.workspace = true", "version = \"0.2.0\""),
        says: "is of version",
    },
    Seed {
        name: "another licence in one crate",
        step: "packages",
        file: "crates/reconnect/LICENSE-MIT",
        change: Change::Append("\nAnd no warranty at all.\n"),
        says: "nova-reconnect: has no LICENSE-MIT like the one at the root",
    },
    Seed {
        name: "a version that the changelog does not know",
        step: "packages",
        file: "CHANGELOG.md",
        change: Change::Replace("- All of it.\n", ""),
        says: "CHANGELOG.md says nothing of 0.1.0",
    },
    Seed {
        name: "a warning of the compiler",
        step: "clippy",
        file: SESSION,
        change: Change::Replace("    Byte(one.0", "    let unneeded = 1;\n    Byte(one.0"),
        says: "unused variable: `unneeded`",
    },
    Seed {
        name: "a warning of clippy",
        step: "clippy",
        file: SESSION,
        change: Change::Replace("Byte(one.0.saturating_add(other.0))", "return Byte(one.0.max(other.0));"),
        says: "unneeded `return` statement",
    },
    Seed {
        name: "an unwrap outside of tests",
        step: "clippy",
        file: SESSION,
        change: Change::Replace("saturating_add(other.0)", "checked_add(other.0).unwrap()"),
        says: "used `unwrap()` on an `Option` value",
    },
    Seed {
        name: "unsafe code",
        step: "clippy",
        file: SESSION,
        change: Change::Replace("one.0.saturating_add(other.0)", "unsafe { one.0.unchecked_add(other.0) }"),
        says: "usage of an `unsafe` block",
    },
    Seed {
        name: "a public item without a word",
        step: "clippy",
        file: CODEC,
        change: Change::Replace("/// A byte.\n", ""),
        says: "missing documentation for a struct",
    },
    Seed {
        name: "documentation that refers to nothing",
        step: "docs",
        file: CODEC,
        change: Change::Replace("/// A byte.", "/// A byte, not a [`Word`]."),
        says: "unresolved link to `Word`",
    },
    Seed {
        name: "a change of the public API",
        step: "api",
        file: SESSION,
        change: Change::Replace("one: Byte, other: Byte) ->", "one: Byte, other: &Byte) ->"),
        says: "+ pub fn sum(one: Byte, other: &Byte) -> Byte",
    },
    Seed {
        name: "a licence that is not allowed",
        step: "deny",
        file: "crates/session/Cargo.toml",
        change: Change::Append("copyleft = { path = \"../../vendor/copyleft\", version = \"0.1.0\" }\n"),
        says: "GPL-3.0-only",
    },
    Seed {
        name: "a dependency that is banned",
        step: "deny",
        file: "crates/session/Cargo.toml",
        change: Change::Append(
            "openssl-sys = { path = \"../../vendor/openssl-sys\", version = \"0.1.0\" }\n",
        ),
        says: "TLS is rustls",
    },
    Seed {
        name: "code that no test runs",
        step: "coverage",
        file: SESSION,
        change: Change::Replace("\n#[cfg(test)]", UNTESTED),
        says: "where 90 % are needed",
    },
];

const CODEC: &str = "crates/frame-codec/src/lib.rs";
const SESSION: &str = "crates/session/src/lib.rs";

const UNTESTED: &str = "
/// The greater of two bytes, so that a line or two are never run.
pub fn greater(one: Byte, other: Byte) -> Byte {
    if one.0 > other.0 {
        return one;
    }
    other
}

#[cfg(test)]";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ci, workspace::Workspace};

    #[test]
    fn each_seed_has_its_place_and_a_step_that_is_taken() {
        let world = World::like(&Workspace::containing_this_program()).expect("its settings are there");
        for seed in SEEDS {
            let planted = seed.planted(&world).unwrap_or_else(|| panic!("no place for {}", seed.name));
            assert_ne!(Some(planted.as_str()), world.text(seed.file), "{} changes nothing", seed.name);
            assert_eq!(ci::named(seed.step), Some(seed.step));
        }
    }
}
