//! The stream of events, for applications.

use nova_telemetry::{Event, Record};
use tokio::sync::broadcast::{self, error::RecvError};

/// One receiver of a client's events. It holds as many as the settings' `events`; a receiver that
/// falls behind is told how many it missed.
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Record>,
    last: Option<std::time::Instant>,
    has_ended: bool,
}

impl Events {
    pub(crate) const fn new(receiver: broadcast::Receiver<Record>) -> Self {
        Self { receiver, last: None, has_ended: false }
    }

    /// The next event. [`Event::Closed`] is the last one; after it, and once the client is gone, `None`
    /// for ever.
    ///
    /// # Cancel safety
    ///
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Record> {
        if self.has_ended {
            return None;
        }
        match self.receiver.recv().await {
            Ok(record) => {
                self.last = Some(record.at);
                self.has_ended = matches!(record.event, Event::Closed);
                Some(record)
            }
            Err(RecvError::Lagged(count)) => {
                let at = self.last.unwrap_or_else(crate::shared::now);
                Some(Record { at, event: Event::EventsDropped { count } })
            }
            Err(RecvError::Closed) => None,
        }
    }
}
