//! Sessions in virtual time, many more of them than tests run. `cargo xtask sim` and `cargo xtask soak`
//! are the usual way to run it.
//!
//! - `lives <seeds> <first>`: random lives, as the tests have them, with everything checked that must
//!   always hold;
//! - `replay <seed>`: one of them, with all that happened in it;
//! - `drops <links>`: how many reconnections a second this machine simulates;
//! - `herd <clients>`: a fleet that loses its server for a minute;
//! - `accept-then-close <clients>`: a server that accepts and closes, for ten minutes.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]
#![allow(clippy::unwrap_used, reason = "the walk is that of the tests, and helpers of tests are tests too")]

mod drops;
mod fleet;
#[allow(dead_code, reason = "the tests of the laws need all of it, a walk only some")]
#[path = "../../tests/laws/kit.rs"]
mod kit;
mod lives;
#[path = "../../tests/laws/walk.rs"]
mod walk;

use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["lives", seeds, first] => lives::run(seeds.parse()?, first.parse()?),
        ["replay", seed] => lives::replay(seed.parse()?),
        ["drops", links] => drops::run(links.parse()?),
        ["herd", clients] => fleet::herd(clients.parse()?),
        ["accept-then-close", clients] => fleet::accept_then_close(clients.parse()?),
        _ => {
            Err("lives <seeds> <first>, replay <seed>, drops <links>, herd <n>, accept-then-close <n>".into())
        }
    }
}
