//! Whether the tests notice when the code is changed, by cargo-mutants.
//!
//! It takes hours for the crates that are worth it, so it is no step of `ci`: the figures and what became of
//! the survivors are written down in `docs/mutation.md`.

use std::{error::Error, str::FromStr};

use crate::{step::Outcome, workspace::Workspace};

/// The crates in which a survivor is worth a look, unless another is named.
const PACKAGES: [&str; 2] = ["nova-frame-codec", "nova-session"];

/// Tries all mutants of a package, or a part of them.
pub(crate) fn run(
    workspace: &Workspace,
    package: Option<&str>,
    shard: Option<Shard>,
) -> Result<Outcome, Box<dyn Error>> {
    if !workspace.cargo(["mutants", "--version"]).works() {
        let why = "cargo-mutants is not there (cargo install --locked cargo-mutants)";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    let output = workspace.target().join("mutants");
    std::fs::create_dir_all(&output)?;
    let mut words = vec!["mutants".to_owned(), "--no-shuffle".to_owned(), "--output".to_owned()];
    words.push(output.display().to_string());
    for package in package.map_or_else(|| PACKAGES.to_vec(), |package| vec![package]) {
        words.extend(["--package".to_owned(), package.to_owned()]);
    }
    if let Some(Shard { index, of }) = shard {
        words.extend(["--sharding=round-robin".to_owned(), format!("--shard={index}/{of}")]);
    }
    // The mutants are built in a copy, whose target directory is its own.
    workspace.cargo(words).without_env(&["CARGO_TARGET_DIR"]).run()?;
    Ok(Outcome::Passed)
}

/// One of several parts of equal size, counted from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Shard {
    index: u32,
    of: u32,
}

impl FromStr for Shard {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (index, of) = text.split_once('/').ok_or(())?;
        let shard = Self { index: index.parse().map_err(drop)?, of: of.parse().map_err(drop)? };
        if shard.index < shard.of { Ok(shard) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_counted_from_zero() {
        assert_eq!("0/4".parse(), Ok(Shard { index: 0, of: 4 }));
        assert_eq!("3/4".parse(), Ok(Shard { index: 3, of: 4 }));
        for wrong in ["4/4", "0/0", "1", "a/b", "-1/2"] {
            assert_eq!(wrong.parse::<Shard>(), Err(()), "{wrong}");
        }
    }
}
