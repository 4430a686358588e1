//! Log lines without a logging framework.

use std::io::{self, Write};

use super::{Format, Levels, LoggingHandler};
use crate::event::Record;

/// Writes each event as one line, to standard error or wherever it is told.
///
/// A line is written in one piece, on the task that carries the events: a writer that blocks delays
/// other observers, though never the link. A line that cannot be written is gone.
#[derive(Debug)]
pub struct LineLogger<W = io::Stderr> {
    to: W,
    levels: Levels,
    format: Format,
}

impl Default for LineLogger {
    fn default() -> Self {
        Self::to(io::stderr())
    }
}

impl<W: Write + Send + 'static> LineLogger<W> {
    /// Writes here.
    #[must_use]
    pub fn to(writer: W) -> Self {
        Self { to: writer, levels: Levels::default(), format: Format::default() }
    }

    /// Chooses which events get a line.
    #[must_use]
    pub const fn with_levels(mut self, levels: Levels) -> Self {
        self.levels = levels;
        self
    }

    /// Chooses how a line reads. Default: [`Format::Plain`].
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }
}

impl<W: Write + Send + 'static> LoggingHandler for LineLogger<W> {
    fn log(&mut self, record: &Record) {
        if self.levels.admit(&record.event) {
            let line = self.format.line(record);
            let _ = self.to.write_all(line.as_bytes()).and_then(|()| self.to.flush());
        }
    }
}
