//! Histograms whose buckets double: of durations and of sizes.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Durations counted in buckets whose upper bounds double from 1 µs to about 18 minutes.
#[derive(Clone, Debug, Default)]
pub struct Histogram(Octaves);

/// Sizes counted in buckets whose upper bounds double from 1 byte to 1 GiB.
#[derive(Clone, Debug, Default)]
pub struct Sizes(Octaves);

impl Histogram {
    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.count()
    }

    /// Their sum.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        Duration::from_micros(self.0.sum)
    }

    /// The upper bound of the bucket in which this share (0 to 1) of the durations is reached;
    /// `None` while nothing was counted.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        self.0.quantile(share).map(Duration::from_micros)
    }

    /// As a spread in seconds.
    #[must_use]
    pub fn spread(&self) -> Spread {
        self.0.spread(1e6)
    }
}

impl Sizes {
    /// Counts one.
    pub fn add(&mut self, bytes: u64) {
        self.0.counts[bucket(bytes)] += 1;
        self.0.sum = self.0.sum.saturating_add(bytes);
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.count()
    }

    /// Their sum, in bytes.
    #[must_use]
    pub const fn sum(&self) -> u64 {
        self.0.sum
    }

    /// The upper bound, in bytes, of the bucket in which this share (0 to 1) of the sizes is reached;
    /// `None` while nothing was counted.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<u64> {
        self.0.quantile(share)
    }

    /// As a spread in bytes.
    #[must_use]
    pub fn spread(&self) -> Spread {
        self.0.spread(1.0)
    }
}

/// A histogram in the base unit of its metric, as exporters need it.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Spread {
    /// The upper bound of each bucket with the number of values in it and in all below. The last
    /// bucket has no upper bound in truth: what is larger than all bounds is counted there.
    pub buckets: Vec<(f64, u64)>,
    /// The sum of all values.
    pub sum: f64,
    /// How many values there are.
    pub count: u64,
}

/// Whole numbers counted by their power of two.
#[derive(Clone, Debug, Default)]
struct Octaves {
    counts: [u64; BUCKETS],
    sum: u64,
}

impl Octaves {
    fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn quantile(&self, share: f64) -> Option<u64> {
        let wanted = (self.count() as f64 * share.clamp(0.0, 1.0)).ceil().max(1.0) as u64;
        let mut seen = 0;
        self.counts.iter().enumerate().find_map(|(index, count)| {
            seen += count;
            (seen >= wanted).then(|| 1 << index)
        })
    }

    /// As a spread in a unit of which one holds so many of what was counted. It divides, since a quotient
    /// is the nearest number to its decimal form: exporters print bounds such as 0.016384.
    fn spread(&self, parts: f64) -> Spread {
        let mut count = 0;
        let buckets = self.counts.iter().enumerate().map(|(index, held)| {
            count += held;
            ((1_u64 << index) as f64 / parts, count)
        });
        Spread { buckets: buckets.collect(), sum: self.sum as f64 / parts, count }
    }
}

/// The bucket of a number: the first whose bound is not below it.
fn bucket(number: u64) -> usize {
    let index = (u64::BITS - number.saturating_sub(1).leading_zeros()) as usize;
    index.min(BUCKETS - 1)
}

const BUCKETS: usize = 31;

/// A histogram of durations that is filled and read at the same time.
#[derive(Debug)]
pub(super) struct Durations {
    counts: [AtomicU64; BUCKETS],
    sum_micros: AtomicU64,
}

impl Default for Durations {
    fn default() -> Self {
        Self { counts: [const { AtomicU64::new(0) }; BUCKETS], sum_micros: AtomicU64::new(0) }
    }
}

impl Durations {
    pub(super) fn add(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(micros)].fetch_add(1, Relaxed);
        self.sum_micros.fetch_add(micros, Relaxed);
    }

    pub(super) fn read(&self) -> Histogram {
        Histogram(Octaves {
            counts: std::array::from_fn(|index| self.counts[index].load(Relaxed)),
            sum: self.sum_micros.load(Relaxed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_bounds_of_their_buckets() {
        let durations = Durations::default();
        assert_eq!(durations.read().quantile(0.5), None);
        for micros in [1, 2, 3, 4, 1000] {
            durations.add(Duration::from_micros(micros));
        }
        let read = durations.read();
        assert_eq!(read.count(), 5);
        assert_eq!(read.sum(), Duration::from_micros(1010));
        assert_eq!(read.quantile(0.0), Some(Duration::from_micros(1)));
        assert_eq!(read.quantile(0.6), Some(Duration::from_micros(4)));
        assert_eq!(read.quantile(1.0), Some(Duration::from_micros(1024)));
    }

    #[test]
    fn a_spread_counts_up_in_the_base_unit() {
        let mut sizes = Sizes::default();
        for bytes in [0, 1, 2, 300, u64::MAX] {
            sizes.add(bytes);
        }
        let spread = sizes.spread();
        let up_to = |bound: f64| spread.buckets.iter().find(|(at, _)| *at == bound).map(|(_, count)| *count);
        assert_eq!((up_to(1.0), up_to(2.0), up_to(512.0), spread.count), (Some(2), Some(3), Some(4), 5));
        assert_eq!(sizes.quantile(0.5), Some(2));

        let durations = Durations::default();
        durations.add(Duration::from_millis(1));
        assert!((durations.read().spread().sum - 0.001).abs() < 1e-12);
    }
}
