//! Tests of the crates without IO under Miri, which notices what `unsafe` code may not do.
//!
//! Only `frame-codec` has some. The session's unit tests run too, because Miri also sees what a dependency does
//! with the values it is given. What moves hundreds of kilobytes or walks through random lives is left out:
//! it takes Miri hours and shows it nothing new.

use std::error::Error;

use crate::{step::Outcome, workspace::Workspace};

/// What to run of each package.
const RUNS: [&[&str]; 3] = [
    &["--package", "nova-frame-codec", "--lib", "--", "utf8::", "buffer::", "close::"],
    &["--package", "nova-frame-codec", "--test", "rfc_examples"],
    &["--package", "nova-session", "--lib"],
];

/// Runs them, one after the other.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    // This program is run by the pinned toolchain, which would be chosen again.
    let nightly = |words: &[&str]| {
        let words = ["run", "nightly", "cargo", "miri"].iter().chain(words);
        workspace.program("rustup", words).without_env(&["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTDOC"])
    };
    if !nightly(&["--version"]).works() {
        let why = "Miri is not there (rustup component add miri rust-src --toolchain nightly)";
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    for run in RUNS {
        let words = [&["test", "--locked"], run].concat();
        nightly(&words)
            // proptest reads its environment and asks for the time.
            .env("MIRIFLAGS", "-Zmiri-disable-isolation")
            // Each case takes as long as a thousand do without Miri.
            .env("PROPTEST_CASES", "4")
            .env("CARGO_TARGET_DIR", workspace.target().join("miri"))
            .run()?;
    }
    Ok(Outcome::Passed)
}
