//! What happens to links, told on standard error.

use websockex_nova::{
    client::Events,
    telemetry::{Event, Severity},
    transport::LostReason,
};

use super::sending::LastHanded;
use crate::{logs, told};

/// How much is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Status {
    /// Only what went wrong for good, and what was lost.
    Quiet,
    /// The life of links.
    Usual,
    /// That, and the log.
    Verbose,
}

impl Status {
    pub(super) const fn of(is_quiet: bool, is_verbose: bool) -> Self {
        match (is_quiet, is_verbose) {
            (true, _) => Self::Quiet,
            (_, true) => Self::Verbose,
            _ => Self::Usual,
        }
    }

    /// Begins to log, if that is wanted.
    pub(super) fn init(self) {
        if self == Self::Verbose {
            logs::init();
        }
    }

    /// Tells a line, unless nothing shall be told.
    pub(super) fn tell(self, line: &str) {
        if self != Self::Quiet {
            eprintln!("nova: {}", told::plain(line));
        }
    }

    /// Tells of events until the client is closed. Returns whether it ever was ready.
    pub(super) async fn follow(self, mut events: Events, last: LastHanded) -> bool {
        let mut was_ready = false;
        while let Some(record) = events.next().await {
            let event = &record.event;
            match event {
                // The first attempt is announced with its address, and its failure told at length.
                Event::ConnectFailed { .. } | Event::Connecting { .. } if !was_ready => {}
                Event::Ready { .. } => {
                    was_ready = true;
                    self.tell(&event.to_string());
                }
                Event::Lost { reason, .. } => {
                    self.tell(&event.to_string());
                    let number = last.number();
                    if number > 0 && !matches!(reason, LostReason::Shutdown) {
                        self.tell(&format!("line {number} was the last one handed to a socket"));
                    }
                }
                // Only a conversation makes so many events that some are missed here.
                Event::EventsDropped { .. } => was_ready = true,
                Event::Connecting { .. } | Event::ReconnectScheduled { .. } => self.tell(&event.to_string()),
                Event::Closed => break,
                _ if event.severity() >= Severity::Warn => self.tell(&event.to_string()),
                _ => {}
            }
        }
        was_ready
    }
}
