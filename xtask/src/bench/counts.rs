//! The gate: what one message of ours takes may not grow.
//!
//! Instructions counted by valgrind hardly depend on the machine, given the toolchain of
//! `rust-toolchain.toml` and the features of the processor that are named here.

use std::{
    error::Error,
    fs,
    process::{Command, Stdio},
};

use super::cost::{Cost, parse, regressions};
use crate::{step::Outcome, workspace::Workspace};

/// Counts, and holds the counts against the file.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    if let Some(why) = impossible() {
        return Ok(Outcome::Skipped(why));
    }
    let now = count(workspace)?;
    let expected = fs::read_to_string(workspace.path(FILE)).map_err(|error| format!("{FILE}: {error}"))?;
    let expected = parse(&expected)?;
    let worse = regressions(&expected, &now);
    if worse.is_empty() {
        println!("{} rows are as {FILE} says, or better", now.len());
        return Ok(Outcome::Passed);
    }
    Err(format!(
        "a message takes more than {FILE} says:\n  {}\nif that is meant, `cargo xtask bench --counts --write` \
         renews the file",
        worse.join("\n  ")
    )
    .into())
}

/// Counts, and writes the file.
pub(crate) fn write(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    if let Some(why) = impossible() {
        return Err(why.into());
    }
    let now = count(workspace)?;
    let lines: String = now.iter().map(|cost| format!("{cost}\n")).collect();
    fs::write(workspace.path(FILE), format!("{HEAD}{lines}"))?;
    println!("{FILE} is written");
    Ok(Outcome::Passed)
}

/// Why this machine cannot count.
fn impossible() -> Option<String> {
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    if std::arch::is_x86_feature_detected!("avx2") {
        let mut valgrind = Command::new("valgrind");
        let quiet =
            valgrind.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let works = quiet.status().is_ok_and(|status| status.success());
        return (!works).then(|| "valgrind is not there".to_owned());
    }
    Some("the counts were taken on Linux and x86-64 with AVX2".to_owned())
}

fn count(workspace: &Workspace) -> Result<Vec<Cost>, Box<dyn Error>> {
    let words = ["run", "--release", "--locked", "--no-default-features", "--", "counts"];
    let run = workspace.cargo(words).within(workspace.path("bench"));
    // A target folder of their own: other flags than usual would else compile everything anew.
    let run = run.env("RUSTFLAGS", CPU).env("CARGO_TARGET_DIR", workspace.path("target/counts"));
    let said = run.read_stdout()?;
    print!("{said}");
    Ok(parse(&said)?)
}

const FILE: &str = "bench/counts.toml";

/// Parts of the code choose by the processor they run on; this says what all of it may be compiled for.
const CPU: &str = "-C target-cpu=x86-64-v2";

const HEAD: &str = "\
# What one message takes, over a stream in memory: instructions by callgrind, allocations, reads, writes.
# `cargo xtask bench --counts` fails where one of them has grown by more than 2 %; with `--write` it
# writes this file.

";
