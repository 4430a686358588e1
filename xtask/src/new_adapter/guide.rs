//! The guide to adapters shows what stands in the template, and nothing else.

use std::fs;

use super::trial;
use crate::workspace::Workspace;

/// A block of Rust, and the file that was named last above it.
#[derive(Debug, Eq, PartialEq)]
struct Excerpt<'a> {
    file: Option<&'a str>,
    lines: Vec<&'a str>,
}

fn excerpts(guide: &str) -> Vec<Excerpt<'_>> {
    let (mut excerpts, mut file, mut lines) = (Vec::new(), None, guide.lines());
    while let Some(line) = lines.next() {
        if let Some((_, link)) = line.rsplit_once("](../crates/adapter-tulip/") {
            file = link.split(')').next();
        }
        if line.starts_with("```rust") {
            let lines = lines.by_ref().take_while(|line| *line != "```").collect();
            excerpts.push(Excerpt { file, lines });
        }
    }
    excerpts
}

/// Whether these lines stand in a text together, all of them as far to the right as the first.
fn stands_in(text: &str, excerpt: &[&str]) -> bool {
    let text: Vec<&str> = text.lines().collect();
    let stands = |window: &&[&str]| {
        let indent = window[0].len() - window[0].trim_start().len();
        let shifted = |line: &&str| line.get(indent..).unwrap_or_default().to_owned();
        window.iter().map(shifted).eq(excerpt.iter().map(|line| (*line).to_owned()))
    };
    text.windows(excerpt.len().max(1)).any(|window| stands(&window))
}

#[test]
fn every_block_of_the_guide_stands_in_the_file_it_names() {
    let workspace = Workspace::containing_this_program();
    let guide = fs::read_to_string(workspace.path("docs/guide-adapter.md")).unwrap();
    let excerpts = excerpts(&guide);
    assert!(excerpts.len() >= 10, "{}", excerpts.len());
    for Excerpt { file, lines } in excerpts {
        let file = file.expect("a file is named above every block");
        let text = fs::read_to_string(workspace.path("crates/adapter-tulip").join(file)).unwrap();
        assert!(stands_in(&text, &lines), "this is not in {file}:\n{}", lines.join("\n"));
    }
}

#[test]
fn the_guide_breaks_the_template_as_the_trial_does() {
    let workspace = Workspace::containing_this_program();
    let guide = fs::read_to_string(workspace.path("docs/guide-adapter.md")).unwrap();
    assert!(guide.contains(trial::NOTICED));
    assert!(trial::UNREAD.lines().all(|line| line.contains("let _") || guide.contains(line.trim())));
}

#[test]
fn an_excerpt_that_has_drifted_is_noticed() {
    let text = "impl A {\n    fn a() {\n        b();\n    }\n}\n";
    assert!(stands_in(text, &["fn a() {", "    b();", "}"]));
    assert!(!stands_in(text, &["fn a() {", "    c();", "}"]));
    assert!(!stands_in(text, &["fn a() {", "b();", "}"]));
    let found = excerpts("In [x](../crates/adapter-tulip/src/x.rs):\n\n```rust,ignore\nlet a;\n```\n");
    assert_eq!(found, [Excerpt { file: Some("src/x.rs"), lines: vec!["let a;"] }]);
}
