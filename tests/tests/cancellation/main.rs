//! Every public future of the client is dropped after each number of polls, and nothing is lost.
//!
//! The client's driver is polled by hand, one poll at a time, over a transport in memory and in
//! virtual time: so equal runs are equal, and a sweep visits every point at which a future can be
//! dropped. `docs/cancellation.md` tells what was found.

mod language;
mod lifecycle;
mod memory;
mod requests;
mod streams;
mod supervision;
mod watching;
mod world;

/// The table of the documentation names tests that exist, and leaves out none of the sweeps.
#[test]
fn the_table_names_the_tests() {
    let table = include_str!("../../../docs/cancellation.md");
    let rooms = [
        ("requests", include_str!("requests.rs")),
        ("streams", include_str!("streams.rs")),
        ("watching", include_str!("watching.rs")),
        ("lifecycle", include_str!("lifecycle.rs")),
        ("supervision", include_str!("supervision.rs")),
    ];
    let mut tests: Vec<String> = Vec::new();
    for (room, text) in rooms {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("#[tokio::test") {
                let name =
                    lines.next().and_then(|line| line.strip_prefix("async fn ")).expect("a test is named");
                tests.push(format!("{room}::{}", name.trim_end_matches("() {")));
            }
        }
    }
    let mut named: Vec<String> =
        table.split('`').filter(|word| tests.contains(&(*word).to_owned())).map(str::to_owned).collect();
    let looks_like_a_test =
        |word: &&str| rooms.iter().any(|(room, _)| word.starts_with(&format!("{room}::")));
    let all_named = table.split('`').filter(looks_like_a_test).count();
    assert_eq!(all_named, named.len(), "the table names a test that does not exist");
    named.sort();
    tests.sort();
    assert_eq!(named, tests);
}
