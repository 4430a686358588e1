//! What the tests caught, looked through for secrets.
//!
//! The tests give canaries to whatever is to keep secrets, and hand over what they catch of it:
//! `nova_testkit::canary`. A run of the tests keeps all that in a folder, together with what every test
//! printed. [`scan`] knows the forms a secret may take.

mod scan;

use std::{
    collections::BTreeSet,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{step::Outcome, workspace::Workspace};

/// The variable that tells the tests where to keep what they catch.
pub(crate) const FOLDER: &str = "NOVA_CAPTURE_DIR";

/// Where it is kept, below the root.
const CAUGHT: &str = "target/xtask/caught";

/// A folder for what one round of tests catches.
pub(crate) fn folder(workspace: &Workspace, round: &str) -> PathBuf {
    workspace.path(CAUGHT).join(round)
}

/// Forgets what was caught before.
pub(crate) fn forget(workspace: &Workspace) -> io::Result<()> {
    match fs::remove_dir_all(workspace.path(CAUGHT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Looks through what the last run of the tests caught.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let haul = look_through(&workspace.path(CAUGHT))?;
    for leak in &haul.leaks {
        eprintln!("{leak}");
    }
    if !haul.leaks.is_empty() {
        return Err(format!("{} lines show a secret", haul.leaks.len()).into());
    }
    let missing: Vec<_> = KINDS.iter().filter(|kind| !haul.kinds.contains(**kind)).copied().collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(format!("nothing was caught of {missing}: run `cargo xtask test` first").into());
    }
    println!("{} files with {} lines show no secret", haul.files, haul.lines);
    Ok(Outcome::Passed)
}

/// What was looked through, and what was found.
#[derive(Debug, Default)]
struct Haul {
    kinds: BTreeSet<String>,
    files: usize,
    lines: usize,
    leaks: Vec<String>,
}

fn look_through(folder: &Path) -> io::Result<Haul> {
    let marks = scan::Marks::of(MARKS);
    let mut haul = Haul::default();
    let mut files = Vec::new();
    files_below(folder, &mut files)?;
    for path in files {
        let bytes = fs::read(&path)?;
        if !bytes.is_empty() {
            haul.kinds.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
        haul.files += 1;
        let text = String::from_utf8_lossy(&bytes);
        let mut place = "";
        for (number, line) in (1..).zip(text.lines()) {
            haul.lines += 1;
            // Where a test handed it over, or which test printed it.
            if line.starts_with("--- ") || line.trim_start().starts_with("<testcase ") {
                place = line.trim();
            }
            haul.leaks.extend(
                marks
                    .find(line)
                    .map(|form| format!("{}:{number}: a secret, {form}, below {place:?}", path.display())),
            );
        }
    }
    Ok(haul)
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files_below(&path, files)?;
        } else {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(())
}

/// What no captured text may contain: the mark of all canaries, and the secret of `nova demo`.
const MARKS: &[&str] = &["Nova4Canary", "nova-demo-secret-4711"];

/// What must have been caught, or the tests that catch it did not run: a scan of nothing proves nothing.
const KINDS: &[&str] = &[
    "debug",
    "errors",
    "events",
    "http",
    "incidents",
    "log",
    "nova",
    "otlp",
    "printed",
    "reports",
    "spans",
    "statsd",
    "tracing",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this test, which is gone with it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
            fs::create_dir_all(folder.join("round")).expect("it can be made");
            Self(folder)
        }

        fn workspace(&self) -> Workspace {
            Workspace::at(self.0.clone())
        }

        fn write(&self, kind: &str, text: &str) {
            let folder = self::folder(&self.workspace(), "round");
            fs::create_dir_all(&folder).expect("it can be made");
            fs::write(folder.join(format!("{kind}.txt")), text).expect("it can be written");
        }

        fn ends(&self) -> Result<Outcome, String> {
            run(&self.workspace()).map_err(|error| error.to_string())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn nothing_caught_is_no_proof() {
        let folder = Folder::new("nothing");
        assert!(folder.ends().unwrap_err().contains("nothing was caught of debug, errors"));
        KINDS.iter().filter(|kind| **kind != "statsd").for_each(|kind| folder.write(kind, "harmless"));
        folder.write("statsd", "");
        assert!(folder.ends().unwrap_err().contains("nothing was caught of statsd:"));
        folder.write("statsd", "harmless");
        assert_eq!(folder.ends(), Ok(Outcome::Passed));
        forget(&folder.workspace()).expect("it can be forgotten");
        assert!(folder.ends().is_err());
    }

    #[test]
    fn a_leak_is_told_with_its_file_its_line_and_who_caught_it() {
        let folder = Folder::new("leak");
        KINDS.iter().for_each(|kind| folder.write(kind, "harmless"));
        folder.write("log", "--- tests/a.rs:1\nfine\n--- tests/b.rs:2\nfine\nBearer Nova4CanaryToken\n");
        assert!(folder.ends().unwrap_err().contains("1 lines show a secret"));
        let haul = look_through(&folder.0).expect("it can be read");
        let [leak] = &haul.leaks[..] else { panic!("{haul:?}") };
        assert!(leak.contains("log.txt:5: ") && leak.contains("plain"), "{leak}");
        assert!(leak.contains("--- tests/b.rs:2") && !leak.contains("Nova4Canary"), "{leak}");
    }

    #[test]
    fn the_marks_are_those_of_the_canaries_and_of_the_demonstration() {
        let workspace = Workspace::containing_this_program();
        let read = |path: &str| fs::read_to_string(workspace.path(path)).expect("it is there");
        let canaries = read("crates/testkit/src/canary.rs");
        assert!(canaries.contains(&format!("MARK: &str = \"{}\"", MARKS[0])));
        assert!(canaries.contains(&format!("FOLDER: &str = \"{FOLDER}\"")));
        assert!(read("crates/cli/src/demo/venue.rs").contains(MARKS[1]));
    }
}
