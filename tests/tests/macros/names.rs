//! Names that a client's methods cannot have: those of the client itself, which would hide them.

use std::{collections::BTreeSet, fs, path::Path};

/// The public methods of `impl Client` in a file.
fn methods(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap();
    let of_client = text.split("\nimpl").filter(|block| {
        block
            .lines()
            .next()
            .is_some_and(|head| head.trim_end().ends_with(" Client<H, P> {") && !head.contains(" for "))
    });
    let names = of_client.flat_map(|block| {
        let is_public = |line: &&str| {
            ["pub fn ", "pub async fn ", "pub const fn "].iter().any(|head| line.starts_with(head))
        };
        let lines: Vec<&str> = block.lines().map(str::trim_start).filter(is_public).collect();
        lines.into_iter().filter_map(|line| {
            let (_, rest) = line.split_once("fn ")?;
            rest.split(['(', '<']).next().map(str::to_owned)
        })
    });
    names.collect()
}

#[test]
fn every_method_of_a_client_is_known_to_the_macro_and_no_other() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let sources = fs::read_dir(crates.join("client/src")).unwrap().map(|entry| entry.unwrap().path());
    let mut methods: BTreeSet<String> =
        sources.filter(|path| path.is_file()).flat_map(|path| methods(&path)).collect();
    assert!(methods.contains("shutdown") && methods.contains("health"), "{methods:?}");
    // By traits that come with the prelude of the language or ours.
    methods.extend(["clone"].map(str::to_owned));
    let macros = fs::read_to_string(crates.join("macros/src/client/method.rs")).unwrap();
    let (_, list) = macros.split_once("const TAKEN: &[&str] = &[").unwrap();
    let (list, _) = list.split_once("];").unwrap();
    let known: BTreeSet<String> =
        list.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect();
    let known: BTreeSet<String> = known.into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(known, methods, "the constant `TAKEN` of the macro has to name them");
}
