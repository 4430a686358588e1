//! What became of each call, as its caller learnt it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use websockex_nova::{session::RequestError, telemetry::Outcome};

/// The number of a call; every message carries that of its call.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Number(u64);

impl Number {
    /// The number at the start of a text such as `#17 hello`, or in JSON such as `{"call":17}`.
    pub(super) fn in_text(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').or_else(|| text.strip_prefix(JSON_START))?;
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse().ok().map(Self)
    }

    /// The number in the first eight bytes.
    pub(super) fn in_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|number| Self(u64::from_be_bytes(*number)))
    }

    pub(super) const fn get(self) -> u64 {
        self.0
    }

    pub(super) const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// How a call ended, for its caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// By its own echo.
    Answered,
    /// By something else than its echo: never, or the audit says so.
    Mistaken,
    /// By a refusal of the server, which an echo server never makes.
    Refused,
    /// Before anything was handed to the socket.
    NotSent,
    /// By the end of the link, after it was handed to the socket.
    SentUnknown,
    /// By its deadline.
    TimedOut {
        /// Whether it had been handed to the socket.
        sent: bool,
    },
    /// Because the caller stopped waiting, after it was handed to the socket.
    Cancelled,
}

impl From<&RequestError> for End {
    fn from(error: &RequestError) -> Self {
        match error {
            RequestError::TimedOut { sent } => Self::TimedOut { sent: *sent },
            error => match error.outcome() {
                Outcome::NotSent => Self::NotSent,
                Outcome::SentUnknown => Self::SentUnknown,
                Outcome::Cancelled => Self::Cancelled,
                Outcome::Refused => Self::Refused,
                _ => Self::Mistaken,
            },
        }
    }
}

/// A call in the ledger.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) number: Number,
    /// Whether it may be sent again by itself.
    pub(super) replays: bool,
    /// `None` while it is under way.
    pub(super) end: Option<End>,
}

/// All calls. Clones are the same ledger.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl Ledger {
    /// Opens an entry.
    pub(super) fn open(&self, replays: bool) -> Number {
        self.with(|entries| {
            let number = Number(entries.len() as u64 + 1);
            entries.push(Entry { number, replays, end: None });
            number
        })
    }

    /// Closes an entry.
    pub(super) fn close(&self, number: Number, end: End) {
        self.with(|entries| {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.number == number) {
                entry.end = Some(end);
            }
        });
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.with(|entries| entries.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Entry>) -> T) -> T {
        // Nothing in here panics half way.
        work(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How a call as JSON begins.
pub(super) const JSON_START: &str = "{\"call\":";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_message_carries_its_number() {
        let number = Number(17);
        assert_eq!(Number::in_text(&format!("{number} hello")), Some(number));
        assert_eq!(Number::in_text("{\"call\":17,\"of\":\"json\"}"), Some(number));
        assert_eq!(Number::in_bytes(&number.to_bytes()), Some(number));
        assert_eq!(Number::in_text("hello"), None);
        assert_eq!(Number::in_bytes(b"short"), None);
    }
}
