//! What the suite found: two verdicts for each case, on what was said and on how it was closed.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    fmt::Write as _,
};

/// The verdicts on one agent.
#[derive(Debug)]
pub(super) struct Report {
    /// By number, so that 9 comes before 10.
    cases: BTreeMap<Number, Verdicts>,
    /// Which may be good but late ("non-strict").
    known: Vec<Number>,
}

type Number = Vec<u32>;

#[derive(Clone, Debug, serde::Deserialize)]
struct Verdicts {
    behavior: String,
    #[serde(rename = "behaviorClose")]
    close: String,
}

impl Report {
    /// Reads the suite's `index.json`.
    pub(super) fn read(text: &str, agent: &str, known: &[&str]) -> Result<Self, Box<dyn Error>> {
        let mut agents: HashMap<String, HashMap<String, Verdicts>> = serde_json::from_str(text)?;
        let cases = agents.remove(agent).ok_or("the suite has no report on this agent")?;
        let numbered = cases.into_iter().map(|(name, verdicts)| Ok((number(&name)?, verdicts)));
        let cases = numbered.collect::<Result<BTreeMap<_, _>, std::num::ParseIntError>>()?;
        if cases.is_empty() {
            return Err("the suite ran no case".into());
        }
        let known = known.iter().map(|name| number(name)).collect::<Result<_, _>>()?;
        Ok(Self { cases, known })
    }

    /// How many cases of each category ended how.
    pub(super) fn table(&self) -> String {
        let mut categories: BTreeMap<u32, [usize; 6]> = BTreeMap::new();
        for (number, verdicts) in &self.cases {
            let columns = categories.entry(number[0]).or_default();
            columns[0] += 1;
            let column = match verdicts.behavior.as_str() {
                _ if !self.passes(number, verdicts) => 5,
                "OK" => 1,
                "INFORMATIONAL" => 2,
                "UNIMPLEMENTED" => 3,
                _ => 4,
            };
            columns[column] += 1;
        }
        let mut table = format!(
            "{:>8} {:>6} {:>6} {:>14} {:>14} {:>6} {:>7}\n",
            "category", "cases", "ok", "informational", "unimplemented", "known", "failed"
        );
        for (category, [cases, ok, informational, unimplemented, known, failed]) in categories {
            let _infallible = writeln!(
                table,
                "{category:>8} {cases:>6} {ok:>6} {informational:>14} {unimplemented:>14} {known:>6} {failed:>7}"
            );
        }
        table
    }

    /// The cases that do not pass, with both verdicts.
    pub(super) fn failures(&self) -> impl Iterator<Item = String> + '_ {
        let failed = |(number, verdicts): &(&Number, &Verdicts)| !self.passes(number, verdicts);
        self.cases.iter().filter(failed).map(|(number, verdicts)| {
            let name = number.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
            format!("{name} is {}, its close {}", verdicts.behavior, verdicts.close)
        })
    }

    /// Both must be good. "Unimplemented" is what a case of compression is that was not negotiated.
    fn passes(&self, number: &Number, verdicts: &Verdicts) -> bool {
        let behaves = match verdicts.behavior.as_str() {
            "OK" | "INFORMATIONAL" | "UNIMPLEMENTED" => true,
            "NON-STRICT" => self.known.contains(number),
            _ => false,
        };
        behaves && matches!(verdicts.close.as_str(), "OK" | "INFORMATIONAL")
    }
}

fn number(name: &str) -> Result<Number, std::num::ParseIntError> {
    name.split('.').map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"{"me": {
        "10.1.1": {"behavior": "OK", "behaviorClose": "OK", "duration": 1},
        "9.1.1": {"behavior": "OK", "behaviorClose": "WRONG CODE"},
        "7.1.6": {"behavior": "INFORMATIONAL", "behaviorClose": "INFORMATIONAL"},
        "1.1.1": {"behavior": "NON-STRICT", "behaviorClose": "OK"},
        "6.4.3": {"behavior": "NON-STRICT", "behaviorClose": "OK"},
        "12.1.1": {"behavior": "UNIMPLEMENTED", "behaviorClose": "OK"}
    }}"#;

    #[test]
    fn both_verdicts_count_and_nothing_but_good_ones_pass() {
        let report = Report::read(INDEX, "me", &["6.4.3"]).expect("it is well formed");
        let failures: Vec<_> = report.failures().collect();
        assert_eq!(failures, ["1.1.1 is NON-STRICT, its close OK", "9.1.1 is OK, its close WRONG CODE"]);
        let order: Vec<_> = report
            .table()
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .collect();
        assert_eq!(order, ["1", "6", "7", "9", "10", "12"]);
    }

    #[test]
    fn a_report_on_nobody_or_on_nothing_is_an_error() {
        assert!(Report::read(INDEX, "you", &[]).is_err());
        assert!(Report::read(r#"{"me": {}}"#, "me", &[]).is_err());
    }
}
