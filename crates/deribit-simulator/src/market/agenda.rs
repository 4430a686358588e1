//! What is due when. What is due at the same time happens in the order in which it was put down.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    channel::{ChannelKey, Interval, Resolution},
    instrument::InstrumentId,
};

/// Something that will happen.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Event {
    /// Indices and marks move.
    Second,
    /// Levels of a book change.
    Book(InstrumentId),
    /// Strangers trade with each other.
    Trade(InstrumentId),
    /// The events of an instrument's slot are gathered and sent.
    Slot(InstrumentId, Interval),
    /// The trades of a kind's slot are gathered and sent.
    KindSlot(ChannelKey),
    /// A ticker's changes are sent.
    Incremental(InstrumentId),
    /// A candle ends.
    Candle(InstrumentId, Resolution),
    /// The statistics of all indices are sent.
    Statistics,
    /// The state of some index is repeated.
    PlatformState,
    /// The daily settlement begins.
    Settlement,
    /// The settlement ends.
    SettlementEnd,
}

/// The list of what is due.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    entries: BinaryHeap<Reverse<(u64, u64, Event)>>,
    count: u64,
}

impl Agenda {
    pub(crate) fn put(&mut self, due_us: u64, event: Event) {
        self.count += 1;
        self.entries.push(Reverse((due_us, self.count, event)));
    }

    /// When something is due next. Never the end of time: the next second always is.
    pub(crate) fn next_due(&self) -> u64 {
        self.entries.peek().map_or(u64::MAX, |Reverse((due, _, _))| *due)
    }

    /// Takes the next event if it is due by then.
    pub(crate) fn take(&mut self, by_us: u64) -> Option<(u64, Event)> {
        if self.next_due() > by_us {
            return None;
        }
        self.entries.pop().map(|Reverse((due, _, event))| (due, event))
    }
}
