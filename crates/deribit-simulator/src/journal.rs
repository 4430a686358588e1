//! What happened, in order: frames in and out, handshakes, ends, timers, states, faults.
//!
//! What can be asked of it beyond reading is in `journal/checks.rs`.

mod checks;
mod line;

use std::collections::VecDeque;

use bytes::Bytes;

pub use self::checks::CheckFailed;

/// The record of a simulator. It is bounded; the oldest entries go first.
#[derive(Clone, Debug)]
pub struct Journal {
    entries: VecDeque<Entry>,
    next: u64,
    bytes: usize,
    most_bytes: usize,
}

/// One thing that happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Its number; the first is 1.
    pub number: u64,
    /// The clock, in microseconds since the epoch.
    pub at: u64,
    /// The connection it concerns; 0 for none.
    pub connection: u64,
    /// What it is.
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Somebody connects.
    Attempt {
        /// From where.
        ip: String,
    },
    /// A handshake is answered, with 101 or a refusal.
    Answer {
        /// The HTTP status.
        status: u16,
    },
    /// A handshake is not answered: kept waiting for ever, or reset.
    Ignored {
        /// What happens instead.
        how: &'static str,
    },
    /// A frame from the client.
    In(Frame),
    /// A frame for the client, handed to its socket.
    Out(Frame),
    /// A frame from the client, read and dropped because the connection is silent.
    Swallowed(Frame),
    /// The connection changes its state.
    State {
        /// The old one.
        from: &'static str,
        /// The new one.
        to: &'static str,
    },
    /// A timer does something.
    Timer {
        /// What it is for.
        name: &'static str,
    },
    /// A bucket is lower than ever before, by a tenth of its size at least.
    Credits {
        /// Which.
        bucket: &'static str,
        /// What is left, in credits.
        level: u64,
    },
    /// A fault begins, acts or ends.
    Fault {
        /// Its number.
        id: u64,
        /// Its name.
        name: &'static str,
        /// What about it.
        phase: &'static str,
    },
    /// The server ends the TCP connection.
    Cut {
        /// How: `fin` or `rst`.
        how: &'static str,
    },
    /// The TCP connection is gone.
    Gone,
}

/// A frame, as it lies on the wire but for its header.
#[derive(Clone, Eq, PartialEq)]
pub struct Frame {
    /// What it carries.
    pub kind: FrameKind,
    /// The payload.
    pub payload: Bytes,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FrameKind {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// A ping.
    Ping,
    /// A pong.
    Pong,
    /// A close.
    Close,
}

impl Journal {
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self { entries: VecDeque::new(), next: 1, bytes: 0, most_bytes }
    }

    pub(crate) fn record(&mut self, at: u64, connection: u64, event: Event) {
        self.bytes += weight(&event);
        self.entries.push_back(Entry { number: self.next, at, connection, event });
        self.next += 1;
        while self.bytes > self.most_bytes {
            let Some(old) = self.entries.pop_front() else { break };
            self.bytes -= weight(&old.event);
        }
    }

    /// What is held, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// What is held from this number on, oldest first.
    pub fn since(&self, number: u64) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        let first = self.entries.front().map_or(self.next, |entry| entry.number);
        let skipped = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        self.entries.range(skipped.min(self.entries.len())..)
    }

    /// What concerns one connection, oldest first.
    pub fn of(&self, connection: u64) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.connection == connection)
    }

    /// The number the next entry will have.
    #[must_use]
    pub const fn next_number(&self) -> u64 {
        self.next
    }

    /// How many entries were forgotten.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.next - 1 - self.entries.len() as u64
    }

    /// The texts the clients sent, oldest first, each with its connection.
    pub fn received(&self) -> impl DoubleEndedIterator<Item = (u64, &str)> {
        self.entries.iter().filter_map(|entry| match &entry.event {
            Event::In(frame) => Some((entry.connection, frame.text()?)),
            _ => None,
        })
    }

    /// The texts that were sent to clients, oldest first, each with its connection.
    pub fn sent(&self) -> impl DoubleEndedIterator<Item = (u64, &str)> {
        self.entries.iter().filter_map(|entry| match &entry.event {
            Event::Out(frame) => Some((entry.connection, frame.text()?)),
            _ => None,
        })
    }

    /// How many requests of this method came, on any connection.
    #[must_use]
    pub fn requests(&self, method: &str) -> usize {
        self.entries.iter().filter(|entry| entry.method().is_some_and(|known| known == method)).count()
    }

    /// How many replies carried this error code.
    #[must_use]
    pub fn errors(&self, code: i64) -> usize {
        let is_it = |text: &str| {
            text.contains("\"error\"")
                && serde_json::from_str::<serde_json::Value>(text)
                    .is_ok_and(|reply| reply["error"]["code"].as_i64() == Some(code))
        };
        self.sent().filter(|(_, text)| is_it(text)).count()
    }

    /// How many handshakes were answered with this status.
    #[must_use]
    pub fn answers(&self, wanted: u16) -> usize {
        self.entries
            .iter()
            .filter(|entry| matches!(entry.event, Event::Answer { status } if status == wanted))
            .count()
    }
}

impl Entry {
    /// The method, if this is a request from a client.
    #[must_use]
    pub fn method(&self) -> Option<String> {
        let Event::In(frame) = &self.event else { return None };
        let request: serde_json::Value = serde_json::from_str(frame.text()?).ok()?;
        Some(request.get("method")?.as_str()?.to_owned())
    }

    /// The text, if this is a text frame of either direction.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.event {
            Event::In(frame) | Event::Out(frame) | Event::Swallowed(frame) => frame.text(),
            _ => None,
        }
    }

    /// The code and reason, if this is a close frame of either direction; code 0 for none.
    #[must_use]
    pub fn close(&self) -> Option<(u16, &str)> {
        match &self.event {
            Event::In(frame) | Event::Out(frame) | Event::Swallowed(frame) => frame.close(),
            _ => None,
        }
    }
}

impl Frame {
    /// The payload of a text frame, if it is UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        (self.kind == FrameKind::Text).then(|| std::str::from_utf8(&self.payload).ok()).flatten()
    }

    /// Code and reason of a close frame; code 0 for none.
    #[must_use]
    pub fn close(&self) -> Option<(u16, &str)> {
        match (self.kind, &*self.payload) {
            (FrameKind::Close, [high, low, reason @ ..]) => {
                Some((u16::from_be_bytes([*high, *low]), std::str::from_utf8(reason).unwrap_or_default()))
            }
            (FrameKind::Close, _) => Some((0, "")),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Frame {
    /// Shows the payload's length only: payloads may not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}({} bytes)", self.kind, self.payload.len())
    }
}

/// What an entry counts in the bound: its frame, and what any entry takes.
fn weight(event: &Event) -> usize {
    let payload = match event {
        Event::In(frame) | Event::Out(frame) | Event::Swallowed(frame) => frame.payload.len(),
        _ => 0,
    };
    payload + size_of::<Entry>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> Frame {
        Frame { kind: FrameKind::Text, payload: Bytes::from_static(text.as_bytes()) }
    }

    #[test]
    fn the_oldest_entries_go_first_and_numbers_stay() {
        let mut journal = Journal::new(4 * size_of::<Entry>());
        for _ in 0..10 {
            journal.record(5, 1, Event::Gone);
        }
        assert_eq!(journal.entries().map(|entry| entry.number).collect::<Vec<_>>(), [7, 8, 9, 10]);
        assert_eq!((journal.forgotten(), journal.next_number()), (6, 11));
        assert_eq!(journal.since(9).count(), 2);
        assert_eq!(journal.since(1).count(), 4);
        assert_eq!(journal.since(99).count(), 0);
    }

    #[test]
    fn requests_and_errors_are_counted_by_what_they_say() {
        let mut journal = Journal::new(1 << 20);
        journal.record(1, 1, Event::In(text(r#"{"method":"public/test","id":1}"#)));
        journal.record(2, 1, Event::Out(text(r#"{"error":{"code":10028,"message":"x"}}"#)));
        journal.record(3, 1, Event::In(text("not json")));
        assert_eq!((journal.requests("public/test"), journal.requests("public/auth")), (1, 0));
        assert_eq!((journal.errors(10028), journal.errors(13009)), (1, 0));
    }

    #[test]
    fn a_payload_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", text("secret")), "Text(6 bytes)");
    }
}
