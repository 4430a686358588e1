//! Log lines through `tracing`.

use super::{Format, Levels, LoggingHandler};
use crate::event::{Record, Severity};

/// Logs events through `tracing`, target `websockex_nova`, with the fields `event` and `category`.
///
/// Each event has its own level (see [`Event::severity`](crate::Event::severity)); what the
/// [`Levels`] leave out never reaches `tracing`. No line holds a payload or a secret.
#[derive(Clone, Debug, Default)]
pub struct TracingLogger {
    levels: Levels,
    format: Format,
}

impl TracingLogger {
    /// Drops events below this severity. Default: [`Severity::Debug`], so that traffic is not even
    /// formatted.
    #[must_use]
    pub fn with_least(self, least: Severity) -> Self {
        self.with_levels(Levels::all(least))
    }

    /// Chooses which events get a line.
    #[must_use]
    pub fn with_levels(mut self, levels: Levels) -> Self {
        self.levels = levels;
        self
    }

    /// Chooses how the message of a line reads. Default: [`Format::Plain`].
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }
}

impl LoggingHandler for TracingLogger {
    fn log(&mut self, record: &Record) {
        let event = &record.event;
        if !self.levels.admit(event) {
            return;
        }
        let (name, category, format) = (event.name(), event.category(), &self.format);
        // A macro, because `tracing` wants the level to be a constant at each call site. The text is not
        // made unless somebody listens.
        macro_rules! line {
            ($level:ident) => {
                match format {
                    Format::Plain => tracing::$level!(
                        target: "websockex_nova", event = name, category = ?category, "{event}"
                    ),
                    format => tracing::$level!(
                        target: "websockex_nova", event = name, category = ?category, "{}", format.text(record)
                    ),
                }
            };
        }
        match event.severity() {
            Severity::Error => line!(error),
            Severity::Warn => line!(warn),
            Severity::Info => line!(info),
            Severity::Debug => line!(debug),
            Severity::Trace => line!(trace),
        }
    }
}
