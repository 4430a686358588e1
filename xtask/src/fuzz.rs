//! The fuzz targets in `tests/fuzz`, each for a while.
//!
//! The instrumentation comes with the compiler and the engine with `libfuzzer-sys`, so the pinned stable
//! toolchain and a C++ compiler are enough. Only the address sanitizer would need more, and finds little
//! where `unsafe` is denied.

use std::{error::Error, fs, process::Command};

use crate::{metadata::Package, step::Outcome, workspace::Workspace};

/// Marks every branch, so that the engine sees which input reaches something new.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions=on";

/// Runs each target for `seconds`, on top of what earlier runs found worth keeping.
pub(crate) fn run(workspace: &Workspace, seconds: u32) -> Result<Outcome, Box<dyn Error>> {
    let folder = workspace.path("tests/fuzz");
    if !folder.join("Cargo.toml").exists() {
        return Ok(Outcome::Skipped("there are no fuzz targets in tests/fuzz".to_owned()));
    }
    let platform = platform()?;
    for target in targets(workspace)? {
        let [corpus, artifacts] = ["corpus", "artifacts"].map(|kind| folder.join(kind).join(&target));
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&artifacts)?;
        // With a platform named, build scripts and macros stay free of instruments they cannot link.
        let words = ["run", "--release", "--target", &platform, "--bin", &target, "--"].map(str::to_owned);
        let engine = [
            format!("-max_total_time={seconds}"),
            format!("-artifact_prefix={}/", artifacts.display()),
            corpus.display().to_string(),
        ];
        let run = workspace.cargo(words.iter().chain(&engine)).within(&folder);
        run.env("RUSTFLAGS", INSTRUMENTED).env("CARGO_TARGET_DIR", workspace.path("target/fuzz")).run()?;
    }
    Ok(Outcome::Passed)
}

/// The platform of the compiler, such as `x86_64-unknown-linux-gnu`.
fn platform() -> Result<String, Box<dyn Error>> {
    let version = Command::new("rustc").arg("-vV").output()?;
    let version = String::from_utf8(version.stdout)?;
    let platform = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(platform.ok_or("rustc does not tell its platform")?.to_owned())
}

/// The names of all targets.
fn targets(workspace: &Workspace) -> Result<Vec<String>, Box<dyn Error>> {
    #[derive(serde::Deserialize)]
    struct Shallow {
        packages: Vec<Package>,
    }
    let words = ["metadata", "--format-version", "1", "--no-deps"];
    let text = workspace.cargo(words).within(workspace.path("tests/fuzz")).read()?;
    let shallow: Shallow = serde_json::from_str(&text)?;
    let targets = shallow.packages.into_iter().flat_map(|package| package.targets);
    Ok(targets.filter(|target| target.kind == ["bin"]).map(|target| target.name).collect())
}
