//! Sizes of messages, as a histogram that is fed when the SDK collects.
//!
//! The API has no observable histogram, and to record each message as it passes would cost more than the
//! message. What the client counts is a spread over buckets; at each collection what is new in it is
//! recorded, as values that lie in the same buckets and have the same sum. Of a busy client that would
//! still be a record for each message: beyond [`MOST`] the values stand for several messages each, so that
//! shares, quantiles and the mean hold, and a collection costs the same however many messages there were.
//! How many there were is told by `websocket.client.frames`.

use std::{collections::BTreeMap, sync::Arc};

use nova_telemetry::{MetricKind, Reading as Value, Spread, metric};
use opentelemetry::metrics::{Histogram, Meter};

use super::instruments::attributes;
use crate::watchlist::Reading;

/// The histogram, and what of each series was recorded before.
pub(super) struct Sizes {
    histogram: Histogram<u64>,
    recorded: BTreeMap<(Arc<str>, String), Spread>,
}

impl Sizes {
    pub(super) fn new(meter: &Meter) -> Self {
        let builder = meter.u64_histogram(SIZES.name).with_unit(SIZES.unit);
        let builder = builder.with_description(SIZES.about).with_boundaries(bounds());
        Self { histogram: builder.build(), recorded: BTreeMap::new() }
    }

    /// Records what is new.
    pub(super) fn feed(&mut self, readings: &[Reading]) {
        for reading in readings {
            for sample in reading.samples.iter().filter(|sample| sample.metric.name == SIZES.name) {
                let Value::Spread(spread) = &sample.reading else { continue };
                let key = (Arc::clone(&reading.client), sample.label.clone().unwrap_or_default().into());
                let before = self.recorded.insert(key, spread.clone());
                let attributes = attributes(reading, sample);
                for (value, times) in values(&since(before.as_ref(), spread)) {
                    (0..times).for_each(|_| self.histogram.record(value, &attributes));
                }
            }
        }
    }
}

/// What is new: how many in each bucket, and their sum.
struct New {
    buckets: Vec<Bucket>,
    sum: u64,
}

/// Values from `least` to `most`, and how many of them.
struct Bucket {
    least: u64,
    most: u64,
    count: u64,
}

/// A spread without what was seen before. If that is not a part of it, another client has taken the name.
fn since(before: Option<&Spread>, now: &Spread) -> New {
    let is_part = |before: &&Spread| {
        let pairs = before.buckets.iter().zip(&now.buckets);
        before.sum <= now.sum && pairs.into_iter().all(|(old, new)| old.1 <= new.1)
    };
    let before = before.filter(is_part);
    // Spreads count up: each bucket with all below it.
    let (mut least, mut below) = (0, 0);
    let bucket = |(index, (most, up_to)): (usize, &(f64, u64))| {
        let known = before.and_then(|before| before.buckets.get(index)).map_or(0, |(_, count)| *count);
        let new = up_to - known;
        let bucket = Bucket { least, most: *most as u64, count: new - below };
        (least, below) = (bucket.most + 1, new);
        bucket
    };
    let buckets = now.buckets.iter().enumerate().map(bucket).filter(|bucket| bucket.count > 0).collect();
    New { buckets, sum: (now.sum - before.map_or(0.0, |before| before.sum)) as u64 }
}

/// Values that lie in these buckets and add up to this sum, each with how often it is to be recorded.
fn values(new: &New) -> Vec<(u64, u64)> {
    let total = |of: fn(&Bucket) -> u64| {
        new.buckets.iter().map(|bucket| u128::from(of(bucket)) * u128::from(bucket.count)).sum::<u128>()
    };
    let (least, most) = (total(|bucket| bucket.least), total(|bucket| bucket.most));
    // All values lie equally far on the way from the least of their bucket to its most.
    let way = u128::from(new.sum).clamp(least, most) - least;
    let length = (most - least).max(1);
    let mut rest = u128::from(new.sum).clamp(least, most);
    let placed = new.buckets.iter().map(|bucket| {
        let value = bucket.least + (u128::from(bucket.most - bucket.least) * way / length) as u64;
        rest -= u128::from(value) * u128::from(bucket.count);
        (value, bucket)
    });
    let placed: Vec<_> = placed.collect();
    let count: u64 = new.buckets.iter().map(|bucket| bucket.count).sum();
    let mut values = Vec::with_capacity(placed.len() * 2);
    for (value, bucket) in placed {
        // Whole numbers fall short of the sum by less than one each.
        let larger =
            if value < bucket.most { u64::try_from(rest).unwrap_or(u64::MAX).min(bucket.count) } else { 0 };
        rest -= u128::from(larger);
        values.extend([(value, bucket.count - larger), (value + 1, larger)]);
    }
    let mut seen = 0;
    for (_, times) in &mut values {
        // What is left over by one is given to the next, so that together they are as many as they may be.
        let before = scaled(seen, count);
        seen += *times;
        *times = scaled(seen, count) - before;
    }
    values.retain(|(_, times)| *times > 0);
    values
}

/// So many out of all, if all are to be no more than [`MOST`].
fn scaled(number: u64, all: u64) -> u64 {
    if all <= MOST { number } else { (u128::from(number) * u128::from(MOST) / u128::from(all)) as u64 }
}

/// The bounds of the buckets in which sizes are counted, but the last, beyond which nothing is told apart.
fn bounds() -> Vec<f64> {
    let mut bounds: Vec<_> = nova_telemetry::Sizes::default().spread().buckets;
    bounds.pop();
    bounds.into_iter().map(|(bound, _)| bound).collect()
}

static SIZES: &MetricKind = &metric::MESSAGE_SIZE;

/// How many values of a series are recorded in one collection.
const MOST: u64 = 1_024;

#[cfg(test)]
mod tests {
    use nova_telemetry::Sizes as Counted;

    use super::*;

    fn counted(sizes: impl IntoIterator<Item = u64>) -> Counted {
        let mut counted = Counted::default();
        sizes.into_iter().for_each(|size| counted.add(size));
        counted
    }

    /// Counts the values, as if they were recorded.
    fn recorded(values: &[(u64, u64)]) -> Spread {
        let all = values.iter().flat_map(|(value, times)| std::iter::repeat_n(*value, *times as usize));
        counted(all).spread()
    }

    #[test]
    fn what_is_recorded_has_the_counts_and_the_sum_of_what_was_counted() {
        let cases: [&[u64]; 6] =
            [&[], &[0], &[0, 1, 1, 2, 3], &[350; 100], &[1, 5, 7, 8, 300, 300, 65_537], &[1 << 20, 0, 0, 9]];
        for sizes in cases {
            let spread = counted(sizes.iter().copied()).spread();
            assert_eq!(recorded(&values(&since(None, &spread))), spread, "{sizes:?}");
        }
    }

    #[test]
    fn only_what_is_new_is_recorded_and_another_client_is_new_altogether() {
        let mut sizes = counted([3, 300]);
        let before = sizes.spread();
        sizes.add(5);
        assert_eq!(values(&since(Some(&before), &sizes.spread())), [(5, 1)]);
        assert_eq!(values(&since(Some(&sizes.spread()), &sizes.spread())), []);
        let other = counted([300, 300]).spread();
        assert_eq!(recorded(&values(&since(Some(&before), &other))), other);
    }

    #[test]
    fn of_very_many_the_shares_and_the_mean_are_recorded() {
        let many = (0..1_000_000).map(|number| if number % 1_000 == 0 { 60_000 } else { 350 + number % 100 });
        let spread = counted(many).spread();
        let recorded = recorded(&values(&since(None, &spread)));
        assert_eq!(recorded.count, MOST);
        let mean = |spread: &Spread| spread.sum / spread.count as f64;
        let (true_mean, its_mean) = (mean(&spread), mean(&recorded));
        assert!((its_mean / true_mean - 1.0).abs() < 0.15, "{its_mean} for {true_mean}");
        let share = |spread: &Spread| spread.buckets[9].1 as f64 / spread.count as f64;
        assert!((share(&recorded) - share(&spread)).abs() < 0.005);
    }
}
