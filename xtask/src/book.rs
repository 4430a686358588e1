//! The book in `docs`: its pages, its pictures, its programs, and how it is built.
//!
//! That every block of Rust compiles and runs is the business of the doc tests of `nova-tests`, which
//! take in each page that has one. Here is what they cannot see.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{step::Outcome, workspace::Workspace};

/// Checks the book, and builds it where mdbook is.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let docs = workspace.path("docs");
    let pages = pages(&docs)?;
    let summary = fs::read_to_string(docs.join(SUMMARY))?;
    let mut faults = missing_from(&summary, &docs, &pages);
    let mut programs = 0;
    for page in &pages {
        let text = fs::read_to_string(page)?;
        let (blocks, skipped) = blocks(&text);
        if page.ends_with(QUOTING) {
            continue;
        }
        programs += blocks;
        faults.extend(skipped.into_iter().map(|line| {
            format!("{}:{line}: a block of Rust that no test compiles or runs", name(&docs, page))
        }));
    }
    for picture in files(&docs.join(PICTURES), "dot")? {
        let drawn = fs::read_to_string(picture.with_extension("svg")).unwrap_or_default();
        if !is_drawn_from(&drawn, &fs::read_to_string(&picture)?) {
            faults.push(format!(
                "{}: the picture is not drawn from this text; `cargo xtask book --draw` does",
                name(&docs, &picture)
            ));
        }
    }
    if !faults.is_empty() {
        return Err(faults.join("\n").into());
    }
    println!("{} pages, {programs} blocks of Rust, which the doc tests of nova-tests run", pages.len());
    build(&docs)
}

/// Draws all pictures from their texts, by Graphviz.
pub(crate) fn draw(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    for text in files(&workspace.path("docs").join(PICTURES), "dot")? {
        let drawing = Command::new("dot").arg("-Tsvg").arg(&text).output();
        let drawing = drawing.map_err(|error| format!("Graphviz's `dot` cannot be run: {error}"))?;
        if !drawing.status.success() {
            return Err(String::from_utf8_lossy(&drawing.stderr).into_owned().into());
        }
        let drawn = String::from_utf8_lossy(&drawing.stdout);
        let from = fs::read_to_string(&text)?;
        fs::write(text.with_extension("svg"), format!("{}\n{}", drawn.trim_end(), source(&from)))?;
        println!("{} is drawn", text.with_extension("svg").display());
    }
    Ok(Outcome::Passed)
}

fn build(docs: &Path) -> Result<Outcome, Box<dyn Error>> {
    match Command::new("mdbook").arg("build").arg(docs).status() {
        Ok(status) if status.success() => Ok(Outcome::Passed),
        Ok(_) => Err("mdbook could not build the book".into()),
        Err(_) => Ok(Outcome::Skipped("the book was checked, but not built: mdbook is not there".to_owned())),
    }
}

/// All pages but the table of contents.
fn pages(docs: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut pages = Vec::new();
    for folder in ["", "concepts", "guides", "reference"] {
        pages.extend(files(&docs.join(folder), "md")?);
    }
    pages.retain(|page| !page.ends_with(SUMMARY));
    Ok(pages)
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|is| is == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Pages that the table of contents does not name.
fn missing_from(summary: &str, docs: &Path, pages: &[PathBuf]) -> Vec<String> {
    let names = pages.iter().map(|page| name(docs, page));
    names
        .filter(|name| !summary.contains(&format!("({name})")))
        .map(|name| format!("{name}: the table of contents does not name this page"))
        .collect()
}

/// How many blocks of Rust there are, and the lines of those that no test takes in.
fn blocks(text: &str) -> (usize, Vec<usize>) {
    let mut count = 0;
    let mut skipped = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some(info) = line.strip_prefix("```rust") else { continue };
        count += 1;
        if info.contains("ignore") || info.contains("no_run") {
            skipped.push(number);
        }
    }
    (count, skipped)
}

/// The text a picture was drawn from, as it stands at its end.
fn source(text: &str) -> String {
    format!("<!--\n{}\n-->\n", text.trim_end())
}

fn is_drawn_from(drawn: &str, text: &str) -> bool {
    drawn.ends_with(&source(text))
}

fn name(docs: &Path, page: &Path) -> String {
    let parts = page.strip_prefix(docs).unwrap_or(page).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// What it shows are pieces of files that are compiled where they stand; `new_adapter` compares them.
const QUOTING: &str = "guide-adapter.md";
const SUMMARY: &str = "SUMMARY.md";
const PICTURES: &str = "pictures";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_the_table_of_contents_leaves_out_is_named() {
        let docs = Path::new("docs");
        let pages = [docs.join("guides/basic-use.md"), docs.join("guides/forgotten.md")];
        let faults = missing_from("- [Basic use](guides/basic-use.md)", docs, &pages);
        assert_eq!(faults, ["guides/forgotten.md: the table of contents does not name this page"]);
    }

    #[test]
    fn blocks_that_no_test_runs_are_found_by_their_lines() {
        let text = "```rust\n```\n```text\n```\n```rust,ignore\n```\n```rust,no_run\n```\n";
        assert_eq!(blocks(text), (3, vec![5, 7]));
    }

    #[test]
    fn a_picture_is_held_against_the_text_at_its_end() {
        let drawn = format!("<svg/>\n{}", source("digraph { a -> b }\n"));
        assert!(is_drawn_from(&drawn, "digraph { a -> b }\n"));
        assert!(!is_drawn_from(&drawn, "digraph { a -> c }\n"));
        assert!(!is_drawn_from("", "digraph { a -> b }\n"));
    }
}
