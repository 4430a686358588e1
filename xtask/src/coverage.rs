//! How much of the code the tests run, by cargo-llvm-cov.
//!
//! The thresholds stand in the root manifest, under `[workspace.metadata.coverage]`: one for all lines
//! together, and a higher one for each crate whose mistakes would be everybody's.

mod report;

use std::{error::Error, fs, path::Path};

use serde::Deserialize;

use self::report::Coverage;
use crate::{metadata::Metadata, step::Outcome, workspace::Workspace};

/// Runs the tests with counters in the code, and fails below a threshold. Whether they pass is not asked:
/// the code is slower by its counters, and what a test that failed did not reach is missing from the count.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    if !workspace.cargo(["llvm-cov", "--version"]).works() {
        let why = "cargo-llvm-cov is not there (cargo install --locked cargo-llvm-cov)";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    let Some(tools) = Tools::found(workspace)? else {
        let why = "the tools of LLVM are not there (rustup component add llvm-tools, or Debian's llvm-19)";
        return Ok(Outcome::Skipped(why.to_owned()));
    };
    let thresholds = Thresholds::of(&Metadata::of(workspace)?)?;
    let folder = workspace.target().join("xtask");
    fs::create_dir_all(&folder)?;
    let output = folder.join("coverage.json");
    let runner: &[&str] = if workspace.cargo(["nextest", "--version"]).works() {
        &["nextest", "--status-level", "slow", "--filterset", RUN]
    } else {
        &[]
    };
    let words =
        ["--workspace", "--all-features", "--locked", "--ignore-run-fail", "--json", "--summary-only"];
    let all = ["llvm-cov"].iter().chain(runner).chain(&words).chain(&["--output-path"]);
    let mut run = workspace.cargo(all.map(std::ffi::OsStr::new).chain([output.as_os_str()]));
    if let Tools::Debian(version) = tools {
        run = run.env("LLVM_COV", format!("llvm-cov-{version}"));
        run = run.env("LLVM_PROFDATA", format!("llvm-profdata-{version}"));
    }
    // Each test is a process, and each of two thousand would write a file of several megabytes. Processes of
    // one program share some files instead, which they add their counts to.
    run = run.env("LLVM_PROFILE_FILE_NAME", "%4m.profraw");
    // Nothing here asks where a panic was, and what would tell takes most of the room.
    run = run.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_INCREMENTAL", "0");
    run.run()?;
    let coverage = Coverage::read(&fs::read_to_string(&output)?, &workspace.path(""))?;
    println!("\n{}", coverage.table(&thresholds));
    match coverage.shortfalls(&thresholds).as_slice() {
        [] => Ok(Outcome::Passed),
        shortfalls => Err(format!("coverage is too low:\n  {}", shortfalls.join("\n  ")).into()),
    }
}

/// What refuses to compile runs no line of ours, and compiles everything once more to find out.
const RUN: &str = "not test(refused_by_the_compiler)";

/// How much must be covered, in percent of the lines.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Thresholds {
    /// Of all that is counted.
    all: u8,
    /// Of each core crate.
    core: u8,
    /// Their folders.
    core_crates: Vec<String>,
    /// Folders that do not count: programs that are tried by running them.
    uncounted: Vec<String>,
}

impl Thresholds {
    fn of(metadata: &Metadata) -> Result<Self, Box<dyn Error>> {
        let section = metadata.metadata.get("coverage").ok_or("the root manifest names no thresholds")?;
        Ok(Self::deserialize(section)?)
    }

    fn counts(&self, folder: &str) -> bool {
        !self.uncounted.iter().any(|uncounted| uncounted == folder)
    }

    fn is_core(&self, folder: &str) -> bool {
        self.core_crates.iter().any(|core| core == folder)
    }
}

/// Who reads what the counters wrote.
enum Tools {
    /// cargo-llvm-cov finds them by itself.
    Rustup,
    /// Of this version of LLVM, whose format rustc still writes.
    Debian(u32),
}

impl Tools {
    fn found(workspace: &Workspace) -> Result<Option<Self>, Box<dyn Error>> {
        let library = workspace.program("rustc", ["--print", "target-libdir"]).read()?;
        let tools = Path::new(library.trim()).parent().map(|folder| folder.join("bin"));
        let names = ["llvm-cov", "llvm-cov.exe"];
        let by_rustup = tools.is_some_and(|folder| names.iter().any(|name| folder.join(name).exists()));
        if by_rustup || std::env::var_os("LLVM_COV").is_some() {
            return Ok(Some(Self::Rustup));
        }
        let there = |version: &u32| workspace.program(format!("llvm-cov-{version}"), ["--version"]).works();
        Ok(VERSIONS.rev().find(there).map(Self::Debian))
    }
}

/// Older ones do not know the format, newer ones do not exist.
const VERSIONS: std::ops::RangeInclusive<u32> = 19..=30;
