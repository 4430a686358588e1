//! The ordinary tests: all of the workspace with all features, doc tests included; what is ignored
//! stays so. Those of the whole stack run over each transport. What the tests catch and print is kept, to be
//! looked through for secrets.

use std::{error::Error, fs, path::Path, time::Instant};

use crate::{
    metadata::Metadata,
    secrets,
    step::Outcome,
    workspace::{Tool, Workspace},
};

const EVERYTHING: [&str; 3] = ["--workspace", "--all-features", "--locked"];

/// Of thousands of tests those are told of that were slow or failed, and these all at once.
const TELLING_FAILURES: [&str; 5] =
    ["--status-level", "slow", "--final-status-level", "fail", "--no-fail-fast"];

/// Runs all of it once.
pub(crate) fn test(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    tests(workspace)?;
    doc_tests(workspace)
}

/// Runs the tests, by nextest if it is there.
pub(crate) fn tests(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    secrets::forget(workspace)?;
    let caught = secrets::folder(workspace, "default");
    if has_nextest(workspace) {
        let config = keeping_what_is_printed(&caught)?;
        let words = ["nextest", "run", "--config-file", &config].into_iter().chain(TELLING_FAILURES);
        workspace.cargo(words.chain(EVERYTHING)).env(secrets::FOLDER, &caught).run()?;
    } else {
        println!("cargo-nextest is not there: the tests run by cargo test");
        let words = ["test", "--all-targets"].into_iter().chain(EVERYTHING);
        run_and_keep(workspace.cargo(words), &caught)?;
    }
    whole_stack_over_fastwebsockets(workspace)
}

/// Runs the tests of the whole stack again, over the transport that is not the default.
fn whole_stack_over_fastwebsockets(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let caught = secrets::folder(workspace, "fastwebsockets");
    if has_nextest(workspace) {
        // The same selection of packages, so that nothing is compiled anew.
        let config = keeping_what_is_printed(&caught)?;
        let words = ["nextest", "run", "--config-file", &config, "--filterset", "package(nova-tests)"];
        let words = words.into_iter().chain(TELLING_FAILURES).chain(EVERYTHING);
        let run = workspace.cargo(words).env(secrets::FOLDER, &caught);
        run.env("NOVA_TRANSPORT", "fastwebsockets").run()?;
    } else {
        let words = ["test", "--tests", "--package", "nova-tests", "--all-features", "--locked"];
        run_and_keep(workspace.cargo(words).env("NOVA_TRANSPORT", "fastwebsockets"), &caught)?;
    }
    Ok(Outcome::Passed)
}

/// A configuration of nextest by which it keeps, in this folder, all that tests print, also where they
/// succeed.
fn keeping_what_is_printed(folder: &Path) -> Result<String, Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let report = folder.join("printed.xml");
    let config = folder.with_extension("toml");
    let text = format!(
        "[profile.default.junit]\npath = '{}'\nstore-success-output = true\nstore-failure-output = true\n",
        report.display()
    );
    fs::write(&config, text)?;
    Ok(config.to_str().ok_or("the workspace lies at a path that is not UTF-8")?.to_owned())
}

/// Runs tests by cargo and keeps all they print in this folder; of what went well, only the sums are shown.
fn run_and_keep(tests: Tool, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let output = tests.env(secrets::FOLDER, folder).env("RUST_TEST_NOCAPTURE", "1").output()?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    fs::write(folder.join("printed.txt"), said.as_bytes())?;
    if !output.status.success() {
        println!("{said}");
        return Err("tests failed".into());
    }
    said.lines().filter(|line| line.starts_with("test result: ")).for_each(|line| println!("{line}"));
    Ok(())
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
