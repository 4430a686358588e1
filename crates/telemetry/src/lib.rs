//! What happened, as typed events, and what becomes of them: log lines, metrics, or whatever an
//! observer makes of them.
//!
//! Reading order: [`Event`] and the [`Record`] that dates it; [`Observer`], the general receiver;
//! [`LoggingHandler`] with [`TracingLogger`] and [`LineLogger`]; [`MetricsCollector`] with [`Registry`].
//!
//! The core only emits events. Text and numbers are made here, outside the session's lock, and no
//! event holds a payload or a secret.

mod catalogue;
mod event;
mod health;
mod logging;
mod metrics;
mod observer;

pub use catalogue::{EventKind, FactKind, Unit, Value};
pub use event::{CATALOGUE, Category, Event, Lane, Outcome, Record, Severity};
pub use health::{Patient, Vitals};
pub use logging::{Format, Levels, LineLogger, LoggingHandler, NoLogging, TracingLogger};
pub use metrics::{
    Histogram, Instrument, METRICS, MetricKind, MetricSource, MetricsCollector, NoMetrics, Reading, Registry,
    Sample, Sizes, Snapshot, Spread, metric,
};
pub use observer::{NoObserver, Observer};
