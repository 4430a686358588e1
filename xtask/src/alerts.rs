//! What an operator makes of the metrics: rules of alerts, a dashboard, a runbook.
//!
//! They are text that no compiler reads, so they are held against the catalogue here: a metric that they
//! name exists, and each alert has its test and its section in the runbook. What the rules do is tried
//! by promtool, which comes with Prometheus.

use std::{
    collections::BTreeSet,
    error::Error,
    fs,
    process::{Command, Stdio},
};

use nova_telemetry::{Instrument, METRICS};
use nova_telemetry_export::prometheus::series_name;

use crate::{step::Outcome, workspace::Workspace};

/// As a command of its own.
pub(crate) fn command(workspace: &Workspace, require_all: bool) -> Result<Outcome, Box<dyn Error>> {
    match run(workspace)? {
        Outcome::Skipped(why) if require_all => Err(why.into()),
        outcome => Ok(outcome),
    }
}

/// Holds all of it against the catalogue, and lets promtool try the rules.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    let mistakes = mistakes(&Pages::of(workspace)?);
    if !mistakes.is_empty() {
        return Err(format!("alerts, dashboard and runbook do not fit:\n  {}", mistakes.join("\n  ")).into());
    }
    println!("alerts, dashboard and runbook name what exists");
    if !has_promtool() {
        return Ok(Outcome::Skipped("promtool is not there (it comes with Prometheus)".to_owned()));
    }
    promtool(workspace, &["check", "rules", RULES])?;
    promtool(workspace, &["test", "rules", TESTS])?;
    Ok(Outcome::Passed)
}

const RULES: &str = "docs/alerts/rules.yml";
const TESTS: &str = "docs/alerts/rules_test.yml";
const DASHBOARD: &str = "docs/alerts/dashboard.json";
const RUNBOOK: &str = "docs/runbook.md";

struct Pages {
    rules: String,
    tests: String,
    dashboard: String,
    runbook: String,
}

impl Pages {
    fn of(workspace: &Workspace) -> Result<Self, Box<dyn Error>> {
        let read =
            |path: &str| fs::read_to_string(workspace.path(path)).map_err(|error| format!("{path}: {error}"));
        let (rules, tests) = (read(RULES)?, read(TESTS)?);
        Ok(Self { rules, tests, dashboard: read(DASHBOARD)?, runbook: read(RUNBOOK)? })
    }
}

fn mistakes(pages: &Pages) -> Vec<String> {
    let mut mistakes = Vec::new();
    let known = series();
    let texts = [
        (RULES, &pages.rules),
        (TESTS, &pages.tests),
        (DASHBOARD, &pages.dashboard),
        (RUNBOOK, &pages.runbook),
    ];
    for (path, text) in texts {
        let named = metrics_in(text);
        if named.is_empty() {
            mistakes.push(format!("{path} names no metric at all"));
        }
        let unknown = named.difference(&known);
        mistakes.extend(unknown.map(|name| format!("{path} names {name}, which is not in the catalogue")));
    }
    if let Err(error) = serde_json::from_str::<serde_json::Value>(&pages.dashboard) {
        mistakes.push(format!("{DASHBOARD} is not JSON: {error}"));
    }
    let alerts = after(&pages.rules, "- alert: ");
    let tested = after(&pages.tests, "alertname: ");
    let explained = after(&pages.runbook, "## Websocket");
    let explained = explained.iter().map(|rest| format!("Websocket{rest}")).collect();
    let compared = [(TESTS, &tested), (RUNBOOK, &explained)];
    for (path, names) in compared {
        mistakes.extend(alerts.difference(names).map(|alert| format!("{path} lacks {alert}")));
        mistakes
            .extend(names.difference(&alerts).map(|alert| format!("{path} has {alert}, which is no alert")));
    }
    mistakes
}

/// All names that a scrape can hold.
fn series() -> BTreeSet<String> {
    let names = METRICS.iter().flat_map(|metric| {
        let name = series_name(metric);
        match metric.instrument {
            Instrument::Histogram => ["_bucket", "_sum", "_count"].map(|end| name.clone() + end).to_vec(),
            _ => vec![name],
        }
    });
    names.collect()
}

/// All words in a text that look like a metric of ours.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
    words.filter(|word| word.starts_with("websocket_client_")).map(str::to_owned).collect()
}

/// What stands behind this in the lines that begin with it.
fn after(text: &str, start: &str) -> BTreeSet<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter_map(|line| line.trim_start_matches("- ").strip_prefix(start.trim_start_matches("- ")))
        .map(|name| name.trim().to_owned())
        .collect()
}

fn has_promtool() -> bool {
    let mut promtool = Command::new("promtool");
    promtool.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    promtool.status().is_ok_and(|status| status.success())
}

fn promtool(workspace: &Workspace, words: &[&str]) -> Result<(), Box<dyn Error>> {
    println!("$ promtool {}", words.join(" "));
    let status = Command::new("promtool").args(words).current_dir(workspace.path("")).status()?;
    if status.success() { Ok(()) } else { Err(format!("promtool {} failed", words.join(" ")).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages::of(&Workspace::containing_this_program()).expect("the pages are there")
    }

    #[test]
    fn alerts_dashboard_and_runbook_fit_the_catalogue() {
        assert_eq!(mistakes(&pages()), Vec::<String>::new());
    }

    #[test]
    fn a_metric_that_does_not_exist_is_noticed_wherever_it_is_named() {
        let mut pages = pages();
        pages.rules.push_str("expr: websocket_client_nothing > 0\n");
        pages.runbook.push_str("see `websocket_client_request_duration_seconds`");
        let found = mistakes(&pages);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn an_alert_without_test_or_explanation_is_noticed() {
        let mut pages = pages();
        pages.rules.push_str("      - alert: WebsocketClientBored\n");
        pages.runbook.push_str("\n## WebsocketClientMerry\n");
        let found = mistakes(&pages);
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
