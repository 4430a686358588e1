//! From events to log lines.

use crate::event::{Record, Severity};

/// Decides what of the event stream becomes log lines, at which level and in which format.
///
/// Called for every event, in order, on the task that drives the session and outside its lock.
pub trait LoggingHandler: Send + 'static {
    /// Sees one event.
    fn log(&mut self, record: &Record);
}

/// Logs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLogging;

impl LoggingHandler for NoLogging {
    fn log(&mut self, _record: &Record) {}
}

/// Logs events through `tracing`, target `websockex_nova`, with the fields `event` and `category`.
///
/// Each event has its own level (see [`Event::severity`](crate::Event::severity)); those below
/// [`with_least`](Self::with_least) never reach `tracing`. No line holds a payload or a secret.
#[derive(Clone, Debug)]
pub struct TracingLogger {
    least: Severity,
}

impl TracingLogger {
    /// Drops events below this severity. Default: [`Severity::Debug`], so that traffic is not even
    /// formatted.
    #[must_use]
    pub const fn with_least(mut self, least: Severity) -> Self {
        self.least = least;
        self
    }
}

impl Default for TracingLogger {
    fn default() -> Self {
        Self { least: Severity::Debug }
    }
}

impl LoggingHandler for TracingLogger {
    fn log(&mut self, record: &Record) {
        let event = &record.event;
        let severity = event.severity();
        if severity < self.least {
            return;
        }
        let (name, category) = (event.name(), event.category());
        // A macro, because `tracing` wants the level to be a constant at each call site.
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(target: "websockex_nova", event = name, category = ?category, "{event}")
            };
        }
        match severity {
            Severity::Error => line!(error),
            Severity::Warn => line!(warn),
            Severity::Info => line!(info),
            Severity::Debug => line!(debug),
            Severity::Trace => line!(trace),
        }
    }
}
