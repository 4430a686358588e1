//! How samples become StatsD lines.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt::{self, Write as _},
    sync::Arc,
};

use nova_telemetry::{MetricKind, Reading as Value, Sample, Spread};

use crate::watchlist::Reading;

/// Where a line says which client it is of, and which of its metric's series.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Tags {
    /// In the name: `client.websocket.client.connection.losses.silent`.
    #[default]
    InName,
    /// As DogStatsD and its like write them: `|#client:a,error.type:silent` behind the value.
    Behind,
}

/// Writes lines, and remembers what has been told.
pub(super) struct Lines {
    tags: Tags,
    told: HashMap<Key, Told>,
}

type Key = (Arc<str>, &'static str, Option<Cow<'static, str>>);

/// What was told last of a series that only rises.
enum Told {
    Total(u64),
    Spread(Spread),
}

impl Lines {
    pub(super) fn new(tags: Tags) -> Self {
        Self { tags, told: HashMap::new() }
    }

    /// What is new in these readings.
    pub(super) fn of(&mut self, readings: &[Reading]) -> Vec<String> {
        let before = std::mem::take(&mut self.told);
        let mut lines = Vec::new();
        for reading in readings {
            for sample in &reading.samples {
                let key = (Arc::clone(&reading.client), sample.metric.name, sample.label.clone());
                let series = Series { tags: self.tags, client: &reading.client, sample };
                match &sample.reading {
                    Value::Total(total) => {
                        lines.extend(series.count("", *total, before.get(&key)));
                        self.told.insert(key, Told::Total(*total));
                    }
                    Value::Level(level) => series.level(&mut lines, "", *level),
                    Value::Spread(spread) => {
                        series.spread(&mut lines, spread, before.get(&key));
                        self.told.insert(key, Told::Spread(spread.clone()));
                    }
                    _ => {}
                }
            }
        }
        lines
    }
}

struct Series<'a> {
    tags: Tags,
    client: &'a str,
    sample: &'a Sample,
}

impl Series<'_> {
    fn count(&self, suffix: &str, total: u64, told: Option<&Told>) -> Option<String> {
        let before = match told {
            // A total that fell began anew.
            Some(Told::Total(before)) if *before <= total => *before,
            _ => 0,
        };
        (total > before).then(|| self.line(suffix, total - before, 'c'))
    }

    fn level(&self, lines: &mut Vec<String>, suffix: &str, level: f64) {
        if !level.is_finite() {
            return;
        }
        if level < 0.0 {
            // To StatsD a sign means "by so much", but not if it was zero before.
            lines.push(self.line(suffix, 0, 'g'));
        }
        lines.push(self.line(suffix, level, 'g'));
    }

    fn spread(&self, lines: &mut Vec<String>, spread: &Spread, told: Option<&Told>) {
        let new = match told {
            Some(Told::Spread(before)) => since(before, spread),
            _ => spread.clone(),
        };
        if new.count == 0 {
            return;
        }
        lines.extend(self.count(".count", new.count, None));
        let whole = (new.sum * parts(self.sample.metric)).round();
        // Past all numbers it is held at the largest.
        lines.extend(self.count(".sum", whole as u64, None));
        for (suffix, share) in [(".p50", 0.5), (".p90", 0.9), (".p99", 0.99)] {
            if let Some(bound) = quantile(&new, share) {
                self.level(lines, suffix, bound);
            }
        }
    }

    fn line(&self, suffix: &str, value: impl fmt::Display, kind: char) -> String {
        let metric = self.sample.metric;
        let mut line = String::new();
        // Writing to a string cannot fail.
        let _ = match self.tags {
            Tags::InName => {
                let _ = write!(line, "{}.{}{suffix}", Plain(self.client, '.'), metric.name);
                match &self.sample.label {
                    Some(label) => write!(line, ".{}:{value}|{kind}", Plain(label, '.')),
                    None => write!(line, ":{value}|{kind}"),
                }
            }
            Tags::Behind => {
                let client = Plain(self.client, ',');
                let _ = write!(line, "{}{suffix}:{value}|{kind}|#client:{client}", metric.name);
                match (metric.label, &self.sample.label) {
                    (Some(name), Some(label)) => write!(line, ",{name}:{}", Plain(label, ',')),
                    _ => Ok(()),
                }
            }
        };
        line
    }
}

/// A name without what means something in a line.
struct Plain<'a>(&'a str, char);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            let means_something =
                letter == self.1 || matches!(letter, ':' | '|' | '@' | '#') || letter.is_whitespace();
            f.write_char(if means_something || letter.is_control() { '_' } else { letter })?;
        }
        Ok(())
    }
}

/// In how many whole parts a unit is counted, for the sake of sums.
fn parts(metric: &MetricKind) -> f64 {
    if metric.unit == "s" { 1e6 } else { 1.0 }
}

/// What came on top of an earlier reading.
fn since(before: &Spread, now: &Spread) -> Spread {
    let began_anew = before.count > now.count || before.buckets.len() != now.buckets.len();
    let mut new = now.clone();
    if !began_anew {
        for (bucket, before) in new.buckets.iter_mut().zip(&before.buckets) {
            bucket.1 = bucket.1.saturating_sub(before.1);
        }
        new.count -= before.count;
        new.sum = (new.sum - before.sum).max(0.0);
    }
    new
}

/// The bound of the bucket in which this share is reached.
fn quantile(spread: &Spread, share: f64) -> Option<f64> {
    let wanted = (spread.count as f64 * share).ceil();
    let reached = spread.buckets.iter().find(|(_, count)| *count as f64 >= wanted);
    reached.map(|(bound, _)| *bound)
}

#[cfg(test)]
mod tests {
    use nova_telemetry::{Sizes, metric};

    use super::*;

    fn reading(client: &str, samples: Vec<Sample>) -> Vec<Reading> {
        vec![Reading { client: client.into(), samples }]
    }

    #[test]
    fn counters_travel_as_what_came_on_top() {
        let mut lines = Lines::new(Tags::InName);
        let mut of =
            |total| lines.of(&reading("a", vec![Sample::total(&metric::LOSSES, total).of("silent")]));
        assert_eq!(of(3), ["a.websocket.client.connection.losses.silent:3|c"]);
        assert_eq!(of(3), Vec::<String>::new());
        assert_eq!(of(5), ["a.websocket.client.connection.losses.silent:2|c"]);
        // The client was replaced by a fresh one.
        assert_eq!(of(1), ["a.websocket.client.connection.losses.silent:1|c"]);
    }

    #[test]
    fn spreads_become_counts_and_the_quantiles_of_what_is_new() {
        let mut lines = Lines::new(Tags::Behind);
        let mut sizes = Sizes::default();
        let mut of = |sizes: &Sizes| {
            lines.of(&reading("a", vec![Sample::spread(&metric::MESSAGE_SIZE, sizes.spread())]))
        };
        let expected = |values: [&str; 5]| {
            let names = ["count", "sum", "p50", "p90", "p99"];
            let line = |(name, value)| format!("websocket.client.message.size.{name}:{value}|#client:a");
            names.into_iter().zip(values).map(line).collect::<Vec<_>>()
        };
        (0..10).for_each(|_| sizes.add(3));
        assert_eq!(of(&sizes), expected(["10|c", "30|c", "4|g", "4|g", "4|g"]));
        (0..2).for_each(|_| sizes.add(1000));
        assert_eq!(of(&sizes), expected(["2|c", "2000|c", "1024|g", "1024|g", "1024|g"]));
        assert_eq!(of(&sizes), Vec::<String>::new());
    }

    #[test]
    fn levels_are_told_every_time_and_never_taken_for_a_change() {
        let mut lines = Lines::new(Tags::InName);
        let mut of = |level| lines.of(&reading("a", vec![Sample::level(&metric::SILENCE, level)]));
        assert_eq!(of(1.5), ["a.websocket.client.silence:1.5|g"]);
        assert_eq!(of(1.5), ["a.websocket.client.silence:1.5|g"]);
        assert_eq!(of(-2.0), ["a.websocket.client.silence:0|g", "a.websocket.client.silence:-2|g"]);
        assert_eq!(of(f64::NAN), Vec::<String>::new());
    }

    #[test]
    fn no_name_can_forge_a_line() {
        let nasty = "x:1|c\ny#@,.z";
        let samples = || vec![Sample::level(&metric::TOKENS, 1.0).of(nasty)];
        let named = Lines::new(Tags::InName).of(&reading(nasty, samples()));
        assert_eq!(named, ["x_1_c_y__,_z.websocket.client.rate_limit.tokens.x_1_c_y__,_z:1|g"]);
        let tagged = Lines::new(Tags::Behind).of(&reading(nasty, samples()));
        let value = "x_1_c_y___.z";
        let expected =
            format!("websocket.client.rate_limit.tokens:1|g|#client:{value},websocket.budget:{value}");
        assert_eq!(tagged, [expected]);
    }
}
