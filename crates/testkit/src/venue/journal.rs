//! What came in at the venue, and when.

use std::{collections::VecDeque, time::Instant};

use super::rules::Op;

/// One thing that came in.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// The connection; the first is 1.
    pub link: u64,
    /// What.
    pub heard: Heard,
}

/// What can come in.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Heard {
    /// Somebody asks for a connection.
    Attempt,
    /// The connection is open.
    Connected,
    /// A request that makes sense.
    Request {
        /// What it asks for.
        op: Op,
        /// The whole of it.
        text: String,
    },
    /// A message that makes none.
    Nonsense(String),
    /// The answer to `alive?`.
    Alive,
    /// A ping.
    Ping,
    /// A close frame, with its code if it has one.
    Close(Option<u16>),
    /// The connection has ended, whoever ended it.
    Gone,
}

/// The record: the newest 100 000 entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    pub(super) entries: VecDeque<Entry>,
}

impl Journal {
    pub(super) fn record(&mut self, at: Instant, link: u64, heard: Heard) {
        if self.entries.len() == MOST_ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { at, link, heard });
    }
}

const MOST_ENTRIES: usize = 100_000;
