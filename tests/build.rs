//! Takes the programs out of the README, so that a test can compile and run them as they stand.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={README}");
    let out = env::var("OUT_DIR")?;
    let blocks = blocks(&fs::read_to_string(README)?);
    for (number, block) in (1..).zip(&blocks) {
        fs::write(Path::new(&out).join(format!("readme_{number}.rs")), block)?;
    }
    println!("cargo::rustc-env=README_PROGRAMS={}", blocks.len());
    Ok(())
}

/// The blocks that are marked as Rust, in their order.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while lines.by_ref().any(|line| line == "```rust") {
        let block = lines.by_ref().take_while(|line| *line != "```");
        blocks.push(block.map(|line| format!("{line}\n")).collect());
    }
    blocks
}

const README: &str = "../README.md";
