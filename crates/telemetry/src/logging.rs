//! From events to log lines.

mod format;
mod levels;
mod line;
mod tracing;

use crate::event::{Category, Record};

pub use self::{format::Format, levels::Levels, line::LineLogger, tracing::TracingLogger};

/// Decides what of the event stream becomes log lines, at which level and in which format.
///
/// Called for every event, in order, on the task that drives the session and outside its lock. Either
/// [`log`](Self::log) is written, which sees everything, or some of the other three, which see one
/// category each.
pub trait LoggingHandler: Send + 'static {
    /// Sees one event. Default: hands it to the method for its category.
    fn log(&mut self, record: &Record) {
        match record.event.category() {
            Category::Connection => self.log_connection_event(record),
            Category::Message => self.log_message_event(record),
            Category::Error => self.log_error_event(record),
        }
    }

    /// Sees an event of the life of links and of the session. Default: logs nothing.
    fn log_connection_event(&mut self, _record: &Record) {}

    /// Sees an event of requests and traffic. Default: logs nothing.
    fn log_message_event(&mut self, _record: &Record) {}

    /// Sees that something went wrong. Default: logs nothing.
    fn log_error_event(&mut self, _record: &Record) {}
}

/// Logs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLogging;

impl LoggingHandler for NoLogging {
    fn log(&mut self, _record: &Record) {}
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::event::Event;

    #[derive(Default)]
    struct ByCategory(Vec<(&'static str, &'static str)>);

    impl LoggingHandler for ByCategory {
        fn log_connection_event(&mut self, record: &Record) {
            self.0.push(("connection", record.event.name()));
        }

        fn log_message_event(&mut self, record: &Record) {
            self.0.push(("message", record.event.name()));
        }

        fn log_error_event(&mut self, record: &Record) {
            self.0.push(("error", record.event.name()));
        }
    }

    #[test]
    fn each_category_has_its_method() {
        let mut logged = ByCategory::default();
        let span = Duration::from_secs(1);
        for event in [Event::Closing, Event::HeldBack { span }, Event::GaveUp { attempts: 1 }] {
            logged.log(&Record { at: Instant::now(), event });
        }
        let expected = [("connection", "closing"), ("message", "held_back"), ("error", "gave_up")];
        assert_eq!(logged.0, expected);
    }
}
