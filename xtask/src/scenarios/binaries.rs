//! The compiled tests of a workspace: which there are, and how they end.
//!
//! Tests are run by their own programs, not by a runner, so that it makes no difference which runner
//! is there, and so that a test that never ends can be ended.

use std::{
    collections::BTreeMap,
    error::Error,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde::Deserialize;

use crate::{
    metadata::{Metadata, Target},
    scenarios::patience::{Ended, run_within},
    workspace::Workspace,
};

/// A program that contains tests of some package.
#[derive(Debug)]
pub(super) struct Binary {
    pub(super) package: String,
    pub(super) target: Target,
    /// The folder of the package, in which its tests expect to be run.
    folder: PathBuf,
    program: PathBuf,
}

/// A test that bears a number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Test {
    pub(super) package: String,
    /// With the modules it lies in.
    pub(super) path: String,
}

impl Test {
    /// Its bare name.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit("::").next().unwrap_or(&self.path)
    }

    /// Whether it uses the whole stack over real sockets.
    pub(super) fn is_over_sockets(&self) -> bool {
        self.package == OVER_SOCKETS
    }
}

/// The package whose tests use the whole stack over real sockets.
pub(super) const OVER_SOCKETS: &str = "nova-tests";

/// How a test ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Passed,
    Failed,
    /// It was still at it when its time was over.
    NeverEnded,
    /// It runs only when asked for by name, as tests do that take long.
    Ignored,
}

impl Verdict {
    pub(super) const fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::NeverEnded)
    }
}

/// Compiles the tests that `words` choose, and tells where their programs are.
pub(super) fn compile(
    workspace: &Workspace,
    metadata: &Metadata,
    words: &[&str],
    target: Option<&Path>,
) -> Result<Vec<Binary>, Box<dyn Error>> {
    let build = ["test", "--no-run", "--locked", "--message-format", "json-render-diagnostics"];
    let mut cargo = workspace.cargo(build.iter().chain(words));
    if let Some(target) = target {
        // Tests that fail on purpose are not debugged.
        cargo = cargo.env("CARGO_TARGET_DIR", target).env("CARGO_PROFILE_DEV_DEBUG", "false");
    }
    let said = cargo.read()?;
    let artifacts = said.lines().filter_map(|line| serde_json::from_str::<Artifact>(line).ok());
    Ok(artifacts.filter_map(|artifact| artifact.into_binary(metadata)).collect())
}

/// What cargo says of something it has compiled, as far as it is asked here.
#[derive(Debug, Deserialize)]
struct Artifact {
    package_id: String,
    executable: Option<PathBuf>,
    profile: Profile,
    target: Target,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

impl Artifact {
    fn into_binary(self, metadata: &Metadata) -> Option<Binary> {
        let program = self.executable.filter(|_| self.profile.test)?;
        let package = metadata.members().find(|package| package.id == self.package_id)?;
        let folder = Path::new(&package.manifest_path).parent()?.to_owned();
        Some(Binary { package: package.name.clone(), target: self.target, folder, program })
    }
}

impl Binary {
    /// The words by which cargo compiles just this.
    pub(super) fn words(&self) -> Vec<&str> {
        let mut words = vec!["--package", &self.package, "--all-features"];
        match self.target.kind.first().map(String::as_str) {
            Some("test") => words.extend(["--test", &self.target.name]),
            Some("bin") => words.extend(["--bin", &self.target.name]),
            _ => words.push("--lib"),
        }
        words
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).env("CARGO_MANIFEST_DIR", &self.folder);
        command
    }

    /// The tests in it whose names begin with a number.
    pub(super) fn numbered_tests(&self) -> Result<Vec<Test>, Box<dyn Error>> {
        let output = self.command().args(["--list", "--format", "terse"]).output()?;
        let said = String::from_utf8(output.stdout)?;
        let paths = said.lines().filter_map(|line| line.strip_suffix(": test"));
        let tests = paths.map(|path| Test { package: self.package.clone(), path: path.to_owned() });
        Ok(tests.filter(|test| number_of(test.name()).is_some()).collect())
    }

    /// Runs some of its tests.
    pub(super) fn run(
        &self,
        tests: &[&Test],
        limit: Duration,
    ) -> Result<BTreeMap<String, Verdict>, Box<dyn Error>> {
        let mut command = self.command();
        command.arg("--exact").args(tests.iter().map(|test| &test.path));
        let Ended { said, is_in_time } = run_within(command, limit)?;
        let unknown = if is_in_time { Verdict::Failed } else { Verdict::NeverEnded };
        let known: BTreeMap<_, _> = said.lines().filter_map(verdict).collect();
        let verdict = |test: &&Test| known.get(test.path.as_str()).copied().unwrap_or(unknown);
        Ok(tests.iter().map(|test| (test.path.clone(), verdict(test))).collect())
    }
}

/// The row that a name such as `c07_a_topic` belongs to.
pub(super) fn number_of(name: &str) -> Option<u8> {
    let (number, _) = name.strip_prefix('c')?.split_once('_')?;
    if number.len() == 2 { number.parse().ok() } else { None }
}

/// The test and its end in `test fifo::c35_a ... ok`, or `test fifo::c35_a - should panic ... ok`.
fn verdict(line: &str) -> Option<(&str, Verdict)> {
    let (path, how) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let path = path.split(" - ").next().unwrap_or(path);
    match how.trim() {
        "ok" => Some((path, Verdict::Passed)),
        "FAILED" => Some((path, Verdict::Failed)),
        how if how.starts_with("ignored") => Some((path, Verdict::Ignored)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_names() {
        assert_eq!(number_of("c07_a_topic"), Some(7));
        assert_eq!(number_of("c7_a_topic"), None);
        assert_eq!(number_of("calls_end_once"), None);
        assert_eq!(number_of("close_1012"), None);
    }

    #[test]
    fn verdicts_are_read_from_lines() {
        assert_eq!(verdict("test fifo::c35_a ... ok"), Some(("fifo::c35_a", Verdict::Passed)));
        assert_eq!(verdict("test c35_a ... FAILED"), Some(("c35_a", Verdict::Failed)));
        assert_eq!(verdict("test c35_a - should panic ... ok"), Some(("c35_a", Verdict::Passed)));
        assert_eq!(verdict("test c35_a ... ignored, takes minutes"), Some(("c35_a", Verdict::Ignored)));
        assert_eq!(verdict("test result: ok. 3 passed; 0 failed"), None);
    }
}
