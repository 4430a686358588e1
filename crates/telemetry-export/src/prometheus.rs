//! The text that Prometheus scrapes.
//!
//! Names are derived from the catalogue: dots become underscores, the unit and `_total` stand at the
//! end, as in `websocket_client_connection_attempts_total`. Every series bears the label `client`.

use std::fmt::{self, Write as _};

use nova_telemetry::{Instrument, METRICS, MetricKind, Reading as Value, Sample, Spread};

use crate::watchlist::{Reading, Watchlist};

/// A way to write metrics down.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Exposition {
    /// The text format of Prometheus, version 0.0.4.
    #[default]
    Text,
    /// OpenMetrics, version 1.0.0.
    OpenMetrics,
}

impl Exposition {
    /// The one that a request's `Accept` header likes best: OpenMetrics if it is named and at least as
    /// welcome as plain text, or else the text format, which every scraper reads.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        let weight_of = |wanted: &str| {
            let media = accept.split(',').map(str::trim);
            let named =
                media.filter(|media| media.split(';').next().is_some_and(|name| name.trim() == wanted));
            named.map(weight).reduce(f32::max)
        };
        let text = weight_of("text/plain").unwrap_or(0.0);
        match weight_of("application/openmetrics-text") {
            Some(weight) if weight > 0.0 && weight >= text => Self::OpenMetrics,
            _ => Self::Text,
        }
    }

    /// The value of the `Content-Type` header.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// All numbers of all clients, as they stand.
    #[must_use]
    pub fn write(self, watched: &Watchlist) -> String {
        let readings = watched.read();
        let mut page = String::new();
        for metric in METRICS {
            self.write_family(&mut page, metric, &readings);
        }
        if self == Self::OpenMetrics {
            page.push_str("# EOF\n");
        }
        page
    }

    fn write_family(self, page: &mut String, metric: &MetricKind, readings: &[Reading]) {
        let is_of_it = |sample: &&Sample| sample.metric.name == metric.name;
        let of = |reading: &Reading| reading.samples.iter().any(|sample| is_of_it(&sample));
        if !readings.iter().any(of) {
            return;
        }
        let series = series_name(metric);
        let family = self.family_name(metric);
        // Writing to a string cannot fail.
        let _ = writeln!(page, "# HELP {family} {}", Escaped(metric.about, Place::Help(self)));
        let _ = writeln!(page, "# TYPE {family} {}", type_name(metric.instrument));
        if let Some(unit) = unit_name(metric)
            && self == Self::OpenMetrics
        {
            let _ = writeln!(page, "# UNIT {family} {unit}");
        }
        for reading in readings {
            for sample in reading.samples.iter().filter(is_of_it) {
                let labels = Labels { client: &reading.client, metric, label: sample.label.as_deref() };
                match &sample.reading {
                    Value::Total(total) => {
                        let _ = writeln!(page, "{series}{{{labels}}} {total}");
                    }
                    Value::Level(level) => {
                        let _ = writeln!(page, "{series}{{{labels}}} {}", Number(*level));
                    }
                    Value::Spread(spread) => write_spread(page, &series, &labels, spread),
                    _ => {}
                }
            }
        }
    }

    /// The name in `HELP` and `TYPE`, which OpenMetrics wants without `_total`.
    fn family_name(self, metric: &MetricKind) -> String {
        match self {
            Self::Text => series_name(metric),
            Self::OpenMetrics => base_name(metric),
        }
    }
}

/// The name under which Prometheus keeps a metric. The series of a histogram add `_bucket`, `_sum` and
/// `_count` to it.
#[must_use]
pub fn series_name(metric: &MetricKind) -> String {
    let total = if metric.instrument == Instrument::Counter { "_total" } else { "" };
    base_name(metric) + total
}

/// The name of the label that tells the series of a metric apart, if there is one. The label `client`
/// comes on top of it.
#[must_use]
pub fn label_name(metric: &MetricKind) -> Option<String> {
    metric.label.map(|label| label.replace('.', "_"))
}

fn base_name(metric: &MetricKind) -> String {
    let mut name = metric.name.replace('.', "_");
    if let Some(unit) = unit_name(metric) {
        name.push('_');
        name.push_str(unit);
    }
    name
}

/// What is counted in braces is no unit to Prometheus.
fn unit_name(metric: &MetricKind) -> Option<&'static str> {
    match metric.unit {
        "s" => Some("seconds"),
        "By" => Some("bytes"),
        _ => None,
    }
}

const fn type_name(instrument: Instrument) -> &'static str {
    match instrument {
        Instrument::Counter => "counter",
        Instrument::UpDownCounter | Instrument::Gauge => "gauge",
        Instrument::Histogram => "histogram",
    }
}

fn write_spread(page: &mut String, series: &str, labels: &Labels<'_>, spread: &Spread) {
    // The last bucket has no upper bound in truth: it is the one that reaches to infinity.
    let bounded = spread.buckets.split_last().map_or(&[][..], |(_, bounded)| bounded);
    for (bound, count) in bounded {
        let _ = writeln!(page, "{series}_bucket{{{labels},le=\"{bound:?}\"}} {count}");
    }
    let count = spread.count;
    let _ = writeln!(page, "{series}_bucket{{{labels},le=\"+Inf\"}} {count}");
    let _ = writeln!(page, "{series}_sum{{{labels}}} {}", Number(spread.sum));
    let _ = writeln!(page, "{series}_count{{{labels}}} {count}");
}

/// `q` of a media range.
fn weight(media: &str) -> f32 {
    let weights = media.split(';').skip(1).filter_map(|word| word.trim().strip_prefix("q="));
    weights.filter_map(|weight| weight.parse().ok()).next().unwrap_or(1.0)
}

/// What stands within the braces of a series.
struct Labels<'a> {
    client: &'a str,
    metric: &'a MetricKind,
    label: Option<&'a str>,
}

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client=\"{}\"", Escaped(self.client, Place::Label))?;
        match (label_name(self.metric), self.label) {
            (Some(name), Some(value)) => write!(f, ",{name}=\"{}\"", Escaped(value, Place::Label)),
            _ => Ok(()),
        }
    }
}

/// Text in which what would end it is escaped.
struct Escaped<'a>(&'a str, Place);

#[derive(Clone, Copy)]
enum Place {
    Help(Exposition),
    Label,
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match (letter, self.1) {
                ('\\', _) => f.write_str("\\\\")?,
                ('\n', _) => f.write_str("\\n")?,
                // Version 0.0.4 knows no escaped quote in a help text.
                ('"', Place::Label | Place::Help(Exposition::OpenMetrics)) => f.write_str("\\\"")?,
                _ => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// A number as both formats write it.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            number if number.is_nan() => f.write_str("NaN"),
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            number => write!(f, "{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use nova_telemetry::{Event, MetricSource, MetricsCollector, Outcome, Record, Registry, Sizes, metric};

    use super::*;

    struct Fixed(Vec<Sample>);

    impl MetricSource for Fixed {
        fn samples(&self) -> Vec<Sample> {
            self.0.clone()
        }
    }

    fn lines(page: &str, name: &str) -> Vec<String> {
        page.lines().filter(|line| line.contains(name)).map(str::to_owned).collect()
    }

    #[test]
    fn names_carry_base_units_and_total() {
        assert_eq!(series_name(&metric::ATTEMPTS), "websocket_client_connection_attempts_total");
        assert_eq!(series_name(&metric::BYTES), "websocket_client_io_bytes_total");
        assert_eq!(series_name(&metric::ROUND_TRIP), "websocket_client_heartbeat_rtt_seconds");
        assert_eq!(series_name(&metric::MESSAGE_SIZE), "websocket_client_message_size_bytes");
        assert_eq!(series_name(&metric::READY), "websocket_client_ready");
        assert_eq!(label_name(&metric::FAILURES).as_deref(), Some("error_type"));
        let mut names: Vec<_> = METRICS.iter().map(|metric| series_name(metric)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
    }

    #[test]
    fn a_family_has_one_head_over_the_series_of_all_clients() {
        let watched = Watchlist::default();
        watched.count("b", Registry::default());
        watched.count("a", Registry::default());
        let page = Exposition::Text.write(&watched);
        let name = "websocket_client_connection_attempts_total";
        let expected = [
            format!("# HELP {name} Attempts to open a link."),
            format!("# TYPE {name} counter"),
            format!("{name}{{client=\"a\"}} 0"),
            format!("{name}{{client=\"b\"}} 0"),
        ];
        assert_eq!(lines(&page, name), expected);
    }

    #[test]
    fn buckets_count_up_to_infinity() {
        let mut sizes = Sizes::default();
        [1, 2, 2, u64::MAX].into_iter().for_each(|bytes| sizes.add(bytes));
        let watched = Watchlist::default();
        watched.count("a", Fixed(vec![Sample::spread(&metric::MESSAGE_SIZE, sizes.spread())]));
        let page = Exposition::Text.write(&watched);
        let bucket = |bound: &str, count: u32| {
            format!("websocket_client_message_size_bytes_bucket{{client=\"a\",le=\"{bound}\"}} {count}")
        };
        let buckets = lines(&page, "_bucket");
        assert_eq!(buckets[..3], [bucket("1.0", 1), bucket("2.0", 3), bucket("4.0", 3)]);
        assert_eq!(*buckets.last().unwrap(), bucket("+Inf", 4));
        assert!(page.contains("websocket_client_message_size_bytes_count{client=\"a\"} 4\n"), "{page}");
    }

    #[test]
    fn bounds_of_durations_are_short_decimals() {
        let mut registry = Registry::default();
        let (outcome, took) = (Outcome::Reply, Duration::from_millis(3));
        let event = Event::Settled { request: 1, link: None, outcome, took };
        registry.collect(&Record { at: Instant::now(), event });
        let watched = Watchlist::default();
        watched.count("a", registry);
        let page = Exposition::Text.write(&watched);
        let line = "websocket_client_request_duration_seconds_bucket{client=\"a\",le=\"0.004096\"} 1\n";
        assert!(page.contains(line), "{page}");
        assert!(
            page.contains("websocket_client_request_duration_seconds_sum{client=\"a\"} 0.003\n"),
            "{page}"
        );
    }

    #[test]
    fn names_of_clients_and_budgets_cannot_break_out_of_their_quotes() {
        let watched = Watchlist::default();
        let nasty = "a\"} 1\n\\";
        watched.count(nasty, Fixed(vec![Sample::level(&metric::TOKENS, 2.5).of(nasty)]));
        let page = Exposition::Text.write(&watched);
        let value = r#"a\"} 1\n\\"#;
        let expected = format!(
            "websocket_client_rate_limit_tokens{{client=\"{value}\",websocket_budget=\"{value}\"}} 2.5"
        );
        assert_eq!(page.lines().last(), Some(expected.as_str()));
    }

    #[test]
    fn openmetrics_names_families_without_total_and_ends_with_eof() {
        let watched = Watchlist::default();
        watched.count("a", Registry::default());
        let page = Exposition::OpenMetrics.write(&watched);
        assert!(
            page.contains(
                "# TYPE websocket_client_io_bytes counter\n# UNIT websocket_client_io_bytes bytes\n"
            )
        );
        assert!(
            page.contains("\nwebsocket_client_io_bytes_total{client=\"a\",websocket_direction=\"sent\"} 0\n")
        );
        assert!(page.ends_with("\n# EOF\n"));
    }

    #[test]
    fn the_format_is_what_the_scraper_likes_best() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        let cases = [
            ("", Exposition::Text),
            ("*/*", Exposition::Text),
            (prometheus, Exposition::OpenMetrics),
            ("text/plain, application/openmetrics-text;q=0.3", Exposition::Text),
            ("application/openmetrics-text; q=0", Exposition::Text),
            ("application/openmetrics-text", Exposition::OpenMetrics),
        ];
        for (accept, expected) in cases {
            assert_eq!(Exposition::accepted(accept), expected, "{accept}");
        }
    }
}
