//! The ordinary tests: all of the workspace with all features, doc tests included; what is ignored
//! stays so. Those of the whole stack run over each transport.

use std::{error::Error, fs, time::Instant};

use crate::{metadata::Metadata, step::Outcome, workspace::Workspace};

const EVERYTHING: [&str; 3] = ["--workspace", "--all-features", "--locked"];

/// Runs all of it once.
pub(crate) fn test(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    tests(workspace)?;
    doc_tests(workspace)
}

/// Runs the tests, by nextest if it is there.
pub(crate) fn tests(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    if has_nextest(workspace) {
        workspace.cargo(["nextest", "run"].into_iter().chain(EVERYTHING)).run()?;
    } else {
        println!("cargo-nextest is not there: the tests run by cargo test");
        workspace.cargo(["test", "--all-targets"].into_iter().chain(EVERYTHING)).run()?;
    }
    whole_stack_over_native(workspace)
}

/// Runs the tests of the whole stack again, over the transport that is not the default.
fn whole_stack_over_native(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let run = if has_nextest(workspace) {
        // The same selection of packages, so that nothing is compiled anew.
        let words = ["nextest", "run", "--filterset", "package(nova-tests)"];
        workspace.cargo(words.into_iter().chain(EVERYTHING))
    } else {
        workspace.cargo(["test", "--tests", "--package", "nova-tests", "--all-features", "--locked"])
    };
    run.env("NOVA_TRANSPORT", "native").run()?;
    Ok(Outcome::Passed)
}

/// Compiles and runs the examples in the documentation.
pub(crate) fn doc_tests(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    workspace.cargo(["test", "--doc"].into_iter().chain(EVERYTHING)).run()?;
    Ok(Outcome::Passed)
}

/// Runs the tests `times` over and stops at the first round that fails, telling all it said.
pub(crate) fn repeat(workspace: &Workspace, times: u32) -> Result<Outcome, Box<dyn Error>> {
    let round = if has_nextest(workspace) { compiled_once(workspace)? } else { plain_round(workspace)? };
    for number in 1..=times {
        let start = Instant::now();
        let output = workspace.cargo(&round).env("NEXTEST_COLOR", "never").output()?;
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            println!("{said}");
            let failed = failed_tests(&said).join("\n  ");
            return Err(format!("round {number} of {times} failed:\n  {failed}").into());
        }
        println!("round {number} of {times} passed in {:.1} s", start.elapsed().as_secs_f64());
    }
    Ok(Outcome::Passed)
}

fn has_nextest(workspace: &Workspace) -> bool {
    workspace.cargo(["nextest", "--version"]).works()
}

/// Compiles the tests and gives the words that run just these binaries, whatever changes meanwhile.
fn compiled_once(workspace: &Workspace) -> Result<Vec<String>, Box<dyn Error>> {
    let folder = workspace.path("target/xtask");
    fs::create_dir_all(&folder)?;
    let list = ["nextest", "list", "--list-type", "binaries-only", "--message-format", "json"];
    let binaries = workspace.cargo(list.into_iter().chain(EVERYTHING)).read()?;
    fs::write(folder.join("binaries.json"), binaries)?;
    fs::write(folder.join("metadata.json"), Metadata::text(workspace)?)?;
    let words = [
        "nextest",
        "run",
        "--no-fail-fast",
        "--binaries-metadata",
        "target/xtask/binaries.json",
        "--cargo-metadata",
        "target/xtask/metadata.json",
    ];
    Ok(words.map(str::to_owned).to_vec())
}

/// Compiles the tests and gives the words that run them, which compile again only what changes.
fn plain_round(workspace: &Workspace) -> Result<Vec<String>, Box<dyn Error>> {
    println!("cargo-nextest is not there: the tests run by cargo test");
    workspace.cargo(["test", "--all-targets", "--no-run"].into_iter().chain(EVERYTHING)).run()?;
    let words = ["test", "--all-targets", "--no-fail-fast"].into_iter().chain(EVERYTHING);
    Ok(words.map(str::to_owned).collect())
}

/// The tests that failed, each once: as nextest names them, or cargo test where nextest did not run.
fn failed_tests(said: &str) -> Vec<&str> {
    let lines = || said.lines().map(str::trim);
    // nextest also hands on what the test's own program wrote, which names it once more.
    let mut failed: Vec<_> = lines().filter_map(failed_by_nextest).collect();
    if failed.is_empty() {
        failed.extend(lines().filter_map(failed_by_cargo));
    }
    failed.sort_unstable();
    failed.dedup();
    failed
}

/// The name in `FAIL [   0.003s] ( 2/30) nova-client link::tests::drops`.
fn failed_by_nextest(line: &str) -> Option<&str> {
    let rest = NEXTEST_FAILURES.iter().find_map(|word| line.strip_prefix(word))?;
    let (_time, rest) = rest.split_once(']')?;
    let (_count, name) = rest.split_once(')')?;
    Some(name.trim())
}

/// The name in `test link::tests::drops ... FAILED`.
fn failed_by_cargo(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

const NEXTEST_FAILURES: [&str; 5] = ["FAIL [", "TIMEOUT [", "SIGABRT [", "SIGSEGV [", "SIGKILL ["];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_tests_of_nextest_are_named_once() {
        let said = "\
        PASS [   0.003s] ( 1/3) nova-reconnect pacer::tests::last
        FAIL [   0.003s] ( 2/3) nova-reconnect pacer::tests::first
test pacer::tests::first ... FAILED
     SIGABRT [   0.001s] ( 3/3) nova-client link
────────────
        FAIL [   0.003s] ( 2/3) nova-reconnect pacer::tests::first";
        assert_eq!(failed_tests(said), ["nova-client link", "nova-reconnect pacer::tests::first"]);
    }

    #[test]
    fn failed_tests_of_cargo_are_named() {
        let said = "test pacer::tests::first ... FAILED\ntest pacer::tests::last ... ok\n";
        assert_eq!(failed_tests(said), ["pacer::tests::first"]);
    }
}
