//! What the changelog says of a version.

/// What it says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Entry {
    /// A section of its own, with a date.
    Released,
    /// None yet, but what it will hold is gathered.
    Unreleased,
    Missing,
}

pub(super) fn entry(changelog: &str, version: &str) -> Entry {
    if section(changelog, version).is_some_and(|section| has_date(section.title) && section.is_told) {
        return Entry::Released;
    }
    match section(changelog, "Unreleased") {
        Some(section) if section.is_told => Entry::Unreleased,
        _ => Entry::Missing,
    }
}

struct Section<'a> {
    /// What follows the name.
    title: &'a str,
    /// Whether it lists anything.
    is_told: bool,
}

fn section<'a>(changelog: &'a str, name: &str) -> Option<Section<'a>> {
    let start = format!("## [{name}]");
    let mut lines = changelog.lines().skip_while(|line| !line.starts_with(&start));
    let title = lines.next()?.strip_prefix(&start)?;
    let is_told = lines.take_while(|line| !line.starts_with("## ")).any(|line| line.starts_with("- "));
    Some(Section { title, is_told })
}

/// ` - 2026-01-31`.
fn has_date(title: &str) -> bool {
    let date = title.trim_start_matches([' ', '-', '–']);
    let parts: Vec<_> = date.split('-').map(|part| (part.len(), part.parse::<u16>().is_ok())).collect();
    parts == [(4, true), (2, true), (2, true)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_version_has_a_dated_section_with_something_in_it() {
        let of = |text: &str| entry(text, "1.2.0");
        assert_eq!(of("## [Unreleased]\n\n## [1.2.0] - 2026-01-31\n\n- new\n"), Entry::Released);
        assert_eq!(of("## [Unreleased]\n- new\n## [1.2.0]\n- old\n"), Entry::Unreleased);
        assert_eq!(of("## [1.2.0] - 2026-01-31\n## [1.1.0]\n- old\n"), Entry::Missing);
    }

    #[test]
    fn what_is_gathered_is_told_from_nothing() {
        assert_eq!(entry("## [Unreleased]\n\n### Added\n\n- a\n", "1.2.0"), Entry::Unreleased);
        assert_eq!(entry("## [Unreleased]\n\n## [1.1.0] - 2026-01-01\n- a\n", "1.2.0"), Entry::Missing);
    }
}
