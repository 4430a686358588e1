//! One reading of one metric, as exporters take it.

use std::borrow::Cow;

use super::{Spread, kind::MetricKind};

/// One series of a metric, as it stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Sample {
    /// Which metric.
    pub metric: &'static MetricKind,
    /// The value of the metric's label, if it has one.
    pub label: Option<Cow<'static, str>>,
    /// What was read.
    pub reading: Reading,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reading {
    /// Of a counter.
    Total(u64),
    /// Of what rises and falls.
    Level(f64),
    /// Of a histogram.
    Spread(Spread),
}

impl Sample {
    /// A counter's reading.
    #[must_use]
    pub const fn total(metric: &'static MetricKind, total: u64) -> Self {
        Self { metric, label: None, reading: Reading::Total(total) }
    }

    /// The reading of what rises and falls.
    #[must_use]
    pub const fn level(metric: &'static MetricKind, level: f64) -> Self {
        Self { metric, label: None, reading: Reading::Level(level) }
    }

    /// A histogram's reading.
    #[must_use]
    pub const fn spread(metric: &'static MetricKind, spread: Spread) -> Self {
        Self { metric, label: None, reading: Reading::Spread(spread) }
    }

    /// Tells this series from the others of its metric.
    #[must_use]
    pub fn of(mut self, label: impl Into<Cow<'static, str>>) -> Self {
        self.label = Some(label.into());
        self
    }
}

/// Whatever can be read: a registry, or a client with all that it holds.
pub trait MetricSource: Send + Sync + 'static {
    /// Everything it counts, as it stands. Cheap enough to be asked every few seconds.
    fn samples(&self) -> Vec<Sample>;
}
