//! As much of Markdown as links need: where they lead, and which headings can be led to.

use std::collections::{BTreeMap, BTreeSet};

/// One document.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Each with the number of its line.
    pub(super) links: Vec<(usize, String)>,
    /// By the names that a link gives them.
    pub(super) headings: BTreeSet<String>,
}

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let mut seen = BTreeMap::new();
        let mut fence = None;
        for (index, line) in text.lines().enumerate() {
            let start = line.trim_start();
            if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark)) {
                match fence {
                    None => fence = Some(mark),
                    Some(open) if open == mark => fence = None,
                    Some(_) => {}
                }
                continue;
            }
            if fence.is_some() {
                continue;
            }
            if let Some(title) = heading(line) {
                let name = name_of(title);
                let times = seen.entry(name.clone()).or_insert(0);
                page.headings.insert(if *times == 0 { name } else { format!("{name}-{times}") });
                *times += 1;
            }
            let bare = without_code(line);
            page.links.extend(links(&bare).map(|link| (index + 1, link.to_owned())));
        }
        page
    }
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    (1..=6).contains(&level).then_some(title)?.strip_prefix(' ')
}

/// The name that the usual hosts of repositories give a heading.
fn name_of(title: &str) -> String {
    let mut name = String::new();
    let mut rest = title.trim();
    // Of a link in a heading only the words count.
    while let Some((before, after)) = rest.split_once("](") {
        add_letters(&mut name, before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    add_letters(&mut name, rest);
    name
}

fn add_letters(name: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            ' ' => name.push('-'),
            '-' | '_' => name.push(letter),
            _ if letter.is_alphanumeric() => name.extend(letter.to_lowercase()),
            _ => {}
        }
    }
}

/// The line without what stands between backticks.
fn without_code(line: &str) -> String {
    let mut parts = line.split('`');
    let mut bare = parts.next().unwrap_or_default().to_owned();
    while let (Some(code), Some(text)) = (parts.next(), parts.next()) {
        bare.extend(code.chars().map(|_| ' '));
        bare.push_str(text);
    }
    bare
}

/// Inline links and definitions of references.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let inline = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let definition = line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]: "));
    inline.chain(definition.and_then(|(_, target)| target.split_whitespace().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_with_their_lines() {
        let page = Page::read("see [a](a.md)\nand [b](b.md#c) or [d](d \"title\")\n\n[e]: e.md\n");
        let expected = [(1, "a.md"), (2, "b.md#c"), (2, "d"), (4, "e.md")];
        assert_eq!(page.links, expected.map(|(line, link)| (line, link.to_owned())));
    }

    #[test]
    fn code_holds_no_links_and_no_headings() {
        let page = Page::read("`[a](a.md)` but [b](b.md)\n\n```sh\n# no heading\n[c](c.md)\n```\n");
        assert_eq!(page.links, [(1, "b.md".to_owned())]);
        assert!(page.headings.is_empty());
    }

    #[test]
    fn headings_are_named_as_they_are_linked_to() {
        let page =
            Page::read("# What it *is*\n## `nova sim deribit`\n## Twice\n## Twice\n## [0.1.0](x) - now\n");
        let expected = ["what-it-is", "nova-sim-deribit", "twice", "twice-1", "010---now"];
        assert_eq!(page.headings, expected.map(str::to_owned).into());
    }
}
