//! The catalogues of events and metrics, for readers.

use std::{error::Error, fmt::Write as _, fs};

use nova_telemetry::{CATALOGUE, Category, EventKind, Instrument, METRICS, MetricKind, Unit};
use nova_telemetry_export::prometheus::{label_name, series_name};

use crate::{step::Outcome, workspace::Workspace};

/// Prints the page.
pub(crate) fn run(_: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    print!("{}", page());
    Ok(Outcome::Passed)
}

/// Writes the page in the docs.
pub(crate) fn write(workspace: &Workspace) -> Result<Outcome, Box<dyn Error>> {
    fs::write(workspace.path(PATH), page())?;
    println!("{PATH} is written");
    Ok(Outcome::Passed)
}

/// Where it lies in the workspace.
const PATH: &str = "docs/events.md";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (category, about) in CATEGORIES {
        let kinds = CATALOGUE.iter().filter(|kind| kind.category == *category);
        // Writing to a string cannot fail.
        let _ = writeln!(page, "\n### {about}\n\n| Event | Level | Carries | Means |\n|---|---|---|---|");
        for kind in kinds {
            let (name, level) = (kind.name, kind.severity.name());
            let _ = writeln!(page, "| `{name}` | {level} | {} | {} |", carries(kind), kind.about);
        }
    }
    page.push_str(METRICS_HEAD);
    for metric in METRICS {
        let (name, about) = (metric.name, metric.about);
        let (kind, unit, series) = (instrument(metric.instrument), metric.unit, prometheus(metric));
        let _ = writeln!(page, "| `{name}` | {kind} | `{unit}` | {series} | {about} |");
    }
    page
}

fn carries(kind: &EventKind) -> String {
    let facts = kind.facts.iter().map(|fact| {
        let unit = match fact.unit {
            Unit::Seconds => " (s)",
            Unit::Bytes => " (bytes)",
            Unit::Count | Unit::Number | Unit::Text => "",
        };
        let about = fact.about.trim_end_matches('.');
        let mut letters = about.chars();
        let about = letters.next().map(|first| first.to_lowercase().chain(letters).collect::<String>());
        format!("`{}`{unit}: {}", fact.name, about.unwrap_or_default())
    });
    let facts = facts.collect::<Vec<_>>().join("; ");
    if facts.is_empty() { "–".to_owned() } else { facts }
}

/// The name there, with what tells the series apart.
fn prometheus(metric: &MetricKind) -> String {
    let series = series_name(metric);
    match label_name(metric) {
        Some(label) => format!("`{series}` by `{label}`"),
        None => format!("`{series}`"),
    }
}

const fn instrument(instrument: Instrument) -> &'static str {
    match instrument {
        Instrument::Counter => "counter",
        Instrument::UpDownCounter => "up-down counter",
        Instrument::Gauge => "gauge",
        Instrument::Histogram => "histogram",
    }
}

const CATEGORIES: &[(Category, &str)] = &[
    (Category::Connection, "Connection: the life of links and of the session"),
    (Category::Message, "Message: requests and traffic"),
    (Category::Error, "Error: something went wrong"),
];

const HEAD: &str = "\
# Events and metrics

What a client tells of itself. This page is written by `cargo xtask events --write` out of the catalogues \
in `nova-telemetry`, from which everything else is derived as well: the names in the log, instruments, \
lines and labels.

## Events

Each fact is told once, in order, by `Client::events()`, to the observer of the policies, the logging \
handler and the metrics collector. No event carries a payload, a header or the query of a URL. Durations \
are seconds in JSON and `Duration` in Rust. `link` numbers the links of a session: the first is 1.

Events are queued (setting `events`, 1024 by default). If nobody takes them in time further ones are \
dropped, which `events_dropped` tells; `closed` always arrives.
";

const METRICS_HEAD: &str = "
## Metrics

Names follow the conventions of OpenTelemetry. To Prometheus every series bears the label `client` on top, \
a histogram has `_bucket`, `_sum` and `_count`, and up-down counters are gauges. Series that are told \
apart by a word (`error_type`, `websocket_gap_cause`) exist from their first occurrence on; all others \
exist from the beginning.

| Metric | Kind | Unit | Prometheus | Means |
|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_docs_is_the_catalogue() {
        let workspace = Workspace::containing_this_program();
        let written = fs::read_to_string(workspace.path(PATH)).expect("the page is there");
        assert!(written == page(), "{PATH} is out of date: run `cargo xtask events --write`");
    }

    #[test]
    fn the_page_holds_every_event_and_every_metric_once() {
        let page = page();
        let rows =
            |name: &str| page.lines().filter(|line| line.starts_with(&format!("| `{name}` |"))).count();
        assert!(CATALOGUE.iter().all(|kind| rows(kind.name) == 1));
        assert!(METRICS.iter().all(|metric| rows(metric.name) == 1));
    }
}
