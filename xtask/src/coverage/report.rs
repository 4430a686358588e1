//! What cargo-llvm-cov found, crate by crate.

use std::{collections::BTreeMap, error::Error, fmt::Write as _, path::Path};

use serde::Deserialize;

use super::Thresholds;

/// The lines of each crate, by the crate's folder.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Coverage {
    crates: BTreeMap<String, Lines>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
struct Lines {
    count: u64,
    covered: u64,
}

impl Lines {
    fn percent(self) -> f64 {
        // No crate has so many lines that a float would not tell them apart.
        #[allow(clippy::cast_precision_loss, reason = "counts of lines are small")]
        let part = |lines: u64| lines as f64;
        if self.count == 0 { 100.0 } else { 100.0 * part(self.covered) / part(self.count) }
    }

    /// Whole numbers decide, so that what is printed as the threshold is not below it.
    const fn reaches(self, percent: u8) -> bool {
        self.covered * 100 >= self.count * percent as u64
    }
}

impl Coverage {
    /// Reads the report; files outside of `root` and of any `src` are not ours to cover.
    pub(super) fn read(json: &str, root: &Path) -> Result<Self, Box<dyn Error>> {
        let report: Report = serde_json::from_str(json)?;
        let mut this = Self::default();
        for file in report.data.into_iter().flat_map(|part| part.files) {
            let Some(folder) = folder(&file.filename, root) else { continue };
            let lines = this.crates.entry(folder).or_default();
            lines.count += file.summary.lines.count;
            lines.covered += file.summary.lines.covered;
        }
        if this.crates.is_empty() { Err("the report counts no line of any crate".into()) } else { Ok(this) }
    }

    /// A line for each crate, and one for all of them.
    pub(super) fn table(&self, thresholds: &Thresholds) -> String {
        let mut table =
            format!("{:<28}{:>8}{:>9}{:>9}  {:>7}\n", "crate", "lines", "missed", "covered", "least");
        let rows = self
            .counted(thresholds)
            .map(|(folder, lines)| (folder, lines, thresholds.is_core(folder).then_some(thresholds.core)));
        for (name, lines, least) in rows.chain([("all", self.all(thresholds), Some(thresholds.all))]) {
            let (missed, percent) = (lines.count - lines.covered, lines.percent());
            let least = least.map_or_else(String::new, |least| format!("{least} %"));
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{name:<28}{:>8}{missed:>9}{percent:>7.1} %  {least:>7}", lines.count);
        }
        table
    }

    /// What is below its threshold, and core crates of which nothing was counted.
    pub(super) fn shortfalls(&self, thresholds: &Thresholds) -> Vec<String> {
        let mut found = Vec::new();
        for folder in &thresholds.core_crates {
            match self.crates.get(folder) {
                None => found.push(format!("{folder}: no line of it was counted")),
                Some(lines) if !lines.reaches(thresholds.core) => found.push(format!(
                    "{folder}: {:.1} %, where {} % are needed",
                    lines.percent(),
                    thresholds.core
                )),
                Some(_) => {}
            }
        }
        let all = self.all(thresholds);
        if !all.reaches(thresholds.all) {
            found.push(format!("all: {:.1} %, where {} % are needed", all.percent(), thresholds.all));
        }
        found
    }

    fn counted<'a>(&'a self, thresholds: &'a Thresholds) -> impl Iterator<Item = (&'a str, Lines)> {
        let all = self.crates.iter().map(|(folder, lines)| (folder.as_str(), *lines));
        all.filter(|(folder, _)| thresholds.counts(folder))
    }

    fn all(&self, thresholds: &Thresholds) -> Lines {
        self.counted(thresholds).fold(Lines::default(), |sum, (_, lines)| Lines {
            count: sum.count + lines.count,
            covered: sum.covered + lines.covered,
        })
    }
}

/// The folder of the crate in whose `src` the file lies.
fn folder(file: &str, root: &Path) -> Option<String> {
    let inside = Path::new(file).strip_prefix(root).ok()?;
    let mut parts = inside.iter().filter_map(|part| part.to_str()).peekable();
    let mut folder = None;
    while let Some(part) = parts.next() {
        if part == "src" {
            return folder.map(str::to_owned);
        }
        folder = Some(part);
        parts.peek()?;
    }
    None
}

#[derive(Deserialize)]
struct Report {
    data: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    summary: Summary,
}

#[derive(Deserialize)]
struct Summary {
    lines: Lines,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn coverage(files: &[(&str, u64, u64)]) -> Coverage {
        let file = |(name, count, covered): &(&str, u64, u64)| {
            let lines = json!({ "count": count, "covered": covered, "percent": 0.0 });
            json!({ "filename": name, "summary": { "lines": lines } })
        };
        let report = json!({ "data": [{ "files": files.iter().map(file).collect::<Vec<_>>() }] });
        Coverage::read(&report.to_string(), Path::new("/root")).expect("made up in the right shape")
    }

    fn thresholds() -> Thresholds {
        let (core_crates, uncounted) = (vec!["session".to_owned()], vec!["xtask".to_owned()]);
        Thresholds { all: 80, core: 90, core_crates, uncounted }
    }

    #[test]
    fn files_are_summed_up_by_the_crate_they_lie_in() {
        let read = coverage(&[
            ("/root/crates/session/src/a.rs", 10, 9),
            ("/root/crates/session/src/deep/b.rs", 10, 10),
            ("/root/crates/session/tests/laws.rs", 10, 0),
            ("/elsewhere/crates/session/src/a.rs", 10, 0),
        ]);
        assert_eq!(read.crates, BTreeMap::from([("session".to_owned(), Lines { count: 20, covered: 19 })]));
    }

    #[test]
    fn core_crate_has_a_threshold_of_its_own() {
        let read =
            coverage(&[("/root/crates/session/src/a.rs", 100, 89), ("/root/crates/cli/src/a.rs", 100, 80)]);
        assert_eq!(read.shortfalls(&thresholds()), ["session: 89.0 %, where 90 % are needed"]);
    }

    #[test]
    fn all_together_have_one_too_without_what_does_not_count() {
        let enough = [("/root/crates/session/src/a.rs", 100, 90), ("/root/crates/cli/src/a.rs", 100, 70)];
        assert_eq!(coverage(&enough).shortfalls(&thresholds()), Vec::<String>::new());
        let uncounted = [enough.as_slice(), &[("/root/xtask/src/a.rs", 9_000, 0)]].concat();
        assert_eq!(coverage(&uncounted).shortfalls(&thresholds()), Vec::<String>::new());
        let low = [enough.as_slice(), &[("/root/crates/client/src/a.rs", 10, 0)]].concat();
        assert_eq!(coverage(&low).shortfalls(&thresholds()), ["all: 76.2 %, where 80 % are needed"]);
    }

    #[test]
    fn core_crate_that_is_not_in_the_report_is_missed() {
        let read = coverage(&[("/root/crates/cli/src/a.rs", 100, 100)]);
        assert_eq!(read.shortfalls(&thresholds()), ["session: no line of it was counted"]);
    }

    #[test]
    fn table_has_a_row_for_each_crate_and_one_for_all() {
        let table = coverage(&[("/root/crates/session/src/a.rs", 100, 95)]).table(&thresholds());
        assert!(table.contains("95.0 %     90 %") && table.contains("80 %"), "{table}");
    }
}
