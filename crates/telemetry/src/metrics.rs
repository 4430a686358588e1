//! From events to numbers.

mod histogram;
mod kind;
mod registry;
mod sample;

use crate::event::Record;

pub use histogram::{Histogram, Sizes, Spread};
pub use kind::{Instrument, METRICS, MetricKind, metric};
pub use registry::{Registry, Snapshot};
pub use sample::{MetricSource, Reading, Sample};

/// Turns the event stream into counters, gauges and histograms.
///
/// Called for every event, in order, on the task that drives the session and outside its lock.
pub trait MetricsCollector: Send + 'static {
    /// Sees one event.
    fn collect(&mut self, record: &Record);

    /// The in-process registry it feeds, for the client's own reading. Default: none.
    fn registry(&self) -> Option<Registry> {
        None
    }
}

/// Collects nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMetrics;

impl MetricsCollector for NoMetrics {
    fn collect(&mut self, _record: &Record) {}
}
