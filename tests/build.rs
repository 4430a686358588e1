//! Takes the programs out of the documentation, so that they can be compiled and run as they stand: those
//! of the README for a test, those of the book for doc tests.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    println!("cargo::rerun-if-changed={README}");
    let programs = blocks(&fs::read_to_string(README)?);
    for (number, program) in (1..).zip(&programs) {
        fs::write(Path::new(&out).join(format!("readme_{number}.rs")), program)?;
    }
    println!("cargo::rustc-env=README_PROGRAMS={}", programs.len());

    let mut book = String::new();
    for folder in BOOK {
        println!("cargo::rerun-if-changed={folder}");
        add_pages(&mut book, folder)?;
    }
    fs::write(Path::new(&out).join("book.rs"), book)?;
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

/// Adds a module for each page with a program, whose documentation is the page.
fn add_pages(book: &mut String, folder: &str) -> Result<(), Box<dyn Error>> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder)? {
        pages.push(entry?.path());
    }
    pages.sort();
    for page in pages.iter().filter(|page| page.extension().is_some_and(|is| is == "md")) {
        if !fs::read_to_string(page)?.contains("```rust") {
            continue;
        }
        let name = page.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_");
        let path = fs::canonicalize(page)?;
        writeln!(book, "#[doc = include_str!({path:?})]\npub mod {name} {{}}")?;
    }
    Ok(())
}

const README: &str = "../README.md";
const BOOK: [&str; 4] = ["../docs", "../docs/concepts", "../docs/guides", "../docs/reference"];
