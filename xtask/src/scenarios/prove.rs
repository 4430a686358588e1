//! Whether the tests of a row would notice if its law were broken: they are run with the code broken.
//!
//! It happens in a copy of the workspace under the target folder, which is kept, so that the next time
//! only what has changed is compiled. One mutation is in it at a time.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    Found,
    binaries::{self, Binary, Test, Verdict},
    mutations::{MUTATIONS, Mutation},
    table::{ROWS, Row},
};
use crate::{metadata::Metadata, step::Outcome, workspace::Workspace};

/// Applies each mutation of a row, or of all, and expects a test of that row to fail.
pub(crate) fn run(workspace: &Workspace, only: Option<u8>) -> Result<Outcome, Box<dyn Error>> {
    let found = Found::of(workspace)?;
    let bad: Vec<_> = found.run()?.into_iter().filter(|(_, verdict)| verdict.is_bad()).collect();
    if !bad.is_empty() {
        return Err(format!("fails as the code is: {bad:?}").into());
    }
    let copy = Copy::of(workspace)?;
    let (mut caught, mut escaped, mut unproven) = (0, Vec::new(), Vec::new());
    for row in ROWS.iter().filter(|row| only.is_none_or(|only| only == row.number)) {
        let mutations = || MUTATIONS.iter().filter(|mutation| mutation.row == row.number);
        if mutations().next().is_none() && !row.is_later() {
            unproven.push(row.name());
        }
        for mutation in mutations() {
            let start = Instant::now();
            let fate = copy.fate(mutation, row, &found)?;
            let took = start.elapsed().as_secs();
            println!("{}  {}: {}\n      {fate}  ({took} s)", row.name(), mutation.file, mutation.breaks);
            match fate {
                Fate::Caught(_) => caught += 1,
                fate => escaped.push(format!("{}, {}: {fate}", row.name(), mutation.breaks)),
            }
        }
    }
    println!("\n{caught} mutations caught, {} not", escaped.len());
    if !unproven.is_empty() {
        println!("without a mutation: {}", unproven.join(", "));
    }
    if escaped.is_empty() {
        return Ok(Outcome::Passed);
    }
    Err(format!("mutations that no test of their row has noticed:\n  {}", escaped.join("\n  ")).into())
}

/// What became of a mutation.
#[derive(Debug)]
enum Fate {
    /// By this test.
    Caught(String),
    /// All tests of the row passed.
    Escaped,
    /// The text to be replaced stands in the file so many times.
    NotThere(usize),
    DoesNotCompile,
}

impl std::fmt::Display for Fate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Caught(test) => write!(f, "caught by {test}"),
            Self::Escaped => f.write_str("NOT CAUGHT"),
            Self::NotThere(times) => write!(f, "DOES NOT APPLY: its text is there {times} times"),
            Self::DoesNotCompile => f.write_str("DOES NOT COMPILE"),
        }
    }
}

/// The workspace to be broken.
struct Copy {
    workspace: Workspace,
    metadata: Metadata,
    target: PathBuf,
}

impl Copy {
    fn of(original: &Workspace) -> Result<Self, Box<dyn Error>> {
        let place = original.path("target/prove");
        let tree = place.join("tree");
        bring_up_to_date(&original.path(""), &tree)?;
        let workspace = Workspace::at(tree);
        let metadata = Metadata::of(&workspace)?;
        Ok(Self { workspace, metadata, target: place.join("target") })
    }

    fn fate(&self, mutation: &Mutation, row: &Row, found: &Found) -> Result<Fate, Box<dyn Error>> {
        let path = self.workspace.path(mutation.file);
        let sound = fs::read_to_string(&path)?;
        let times = sound.matches(mutation.find).count();
        if times != 1 {
            return Ok(Fate::NotThere(times));
        }
        fs::write(&path, sound.replacen(mutation.find, mutation.replace, 1))?;
        let fate = self.tried(row, found);
        fs::write(&path, sound)?;
        fate
    }

    /// Runs the tests of a row, those that compile fastest first, until one fails.
    fn tried(&self, row: &Row, found: &Found) -> Result<Fate, Box<dyn Error>> {
        let prefix = row.prefix();
        let mut groups: Vec<(&Binary, Vec<&Test>)> = Vec::new();
        for (binary, tests) in &found.binaries {
            let tests: Vec<_> = tests.iter().filter(|test| test.name().starts_with(&prefix)).collect();
            if !tests.is_empty() {
                groups.push((binary, tests));
            }
        }
        groups.sort_by_key(|(_, tests)| tests[0].is_over_sockets());
        for (binary, tests) in groups {
            let words = binary.words();
            let Ok(broken) = binaries::compile(&self.workspace, &self.metadata, &words, Some(&self.target))
            else {
                return Ok(Fate::DoesNotCompile);
            };
            for broken in broken {
                let ended = broken.run(&tests, LIMIT)?;
                match ended.into_iter().find(|(_, verdict)| verdict.is_bad()) {
                    Some((path, Verdict::NeverEnded)) => {
                        return Ok(Fate::Caught(format!("{path}, which no longer ends")));
                    }
                    Some((path, _)) => return Ok(Fate::Caught(path)),
                    None => {}
                }
            }
        }
        Ok(Fate::Escaped)
    }
}

/// Makes `to` a copy of `from`, without what is compiled or hidden, and touches no file that is equal.
fn bring_up_to_date(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if !from.join(entry.file_name()).exists() {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
        }
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let (from, to) = (entry.path(), to.join(&name));
        if kind.is_dir() && name != "target" && name != ".git" {
            bring_up_to_date(&from, &to)?;
        } else if kind.is_file() {
            let bytes = fs::read(&from)?;
            if fs::read(&to).ok().as_ref() != Some(&bytes) {
                fs::write(&to, bytes)?;
            }
        }
    }
    Ok(())
}

/// Far longer than the tests of one row take where they end at all.
const LIMIT: Duration = Duration::from_secs(180);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_follows_its_original_and_touches_nothing_else() -> io::Result<()> {
        let place = std::env::temp_dir().join(format!("nova-copy-{}", std::process::id()));
        let (from, to) = (place.join("from"), place.join("to"));
        fs::create_dir_all(from.join("src"))?;
        fs::create_dir_all(from.join("target"))?;
        fs::write(from.join("src/kept.rs"), "kept")?;
        fs::write(from.join("src/gone.rs"), "gone")?;
        bring_up_to_date(&from, &to)?;
        let written = fs::metadata(to.join("src/kept.rs"))?.modified()?;
        fs::remove_file(from.join("src/gone.rs"))?;
        fs::write(from.join("new.rs"), "new")?;
        bring_up_to_date(&from, &to)?;
        assert_eq!(fs::read_to_string(to.join("new.rs"))?, "new");
        assert!(!to.join("src/gone.rs").exists() && !to.join("target").exists());
        assert_eq!(fs::metadata(to.join("src/kept.rs"))?.modified()?, written);
        fs::remove_dir_all(place)
    }

    #[test]
    fn mutations_are_of_rows_and_change_something() {
        for mutation in &MUTATIONS {
            assert!(ROWS.iter().any(|row| row.number == mutation.row && !row.is_later()));
            assert_ne!(mutation.find, mutation.replace, "{}", mutation.breaks);
        }
    }

    #[test]
    fn what_a_mutation_looks_for_stands_in_its_file_once() {
        let workspace = Workspace::containing_this_program();
        for mutation in &MUTATIONS {
            let text = fs::read_to_string(workspace.path(mutation.file)).expect("the file is there");
            assert_eq!(text.matches(mutation.find).count(), 1, "{}: {}", mutation.file, mutation.breaks);
        }
    }
}
