//! The messages of one book at one interval: each follows on the one before.

use bytes::Bytes;
use fastrand::Rng;

use super::{Book, Touched};
use crate::market::{instrument::Instrument, ladder::Side, number::NumberStyle, object::Json};

/// One stream of book messages.
#[derive(Debug)]
pub(crate) struct Chain {
    /// The `change_id` of the last message, or of the book when the stream began.
    change_id: u64,
    timestamp_ms: u64,
    /// What was touched since.
    pending: Touched,
}

impl Chain {
    pub(crate) fn new(book: &Book) -> Self {
        let timestamp_ms = book.changed_us / 1_000;
        Self { change_id: book.change_id, timestamp_ms, pending: Touched::default() }
    }

    pub(crate) fn touch(&mut self, touched: &Touched) {
        self.pending.merge(touched);
    }

    /// The change since the last message, if there is any.
    pub(crate) fn emit(&mut self, book: &Book, instrument: &Instrument, style: NumberStyle) -> Option<Bytes> {
        if self.pending.is_empty(book) {
            self.pending.clear();
            return None;
        }
        let previous = std::mem::replace(&mut self.change_id, book.change_id);
        self.timestamp_ms = book.changed_us / 1_000;
        let mut json = self.head("change", instrument, style, self.change_id);
        for (name, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
            json.key(name);
            json.begin_array();
            for (touch, now) in self.pending.entries(book, side) {
                let action = match (touch.before, now) {
                    (0, _) => "new",
                    (_, 0) => "delete",
                    _ => "change",
                };
                entry(&mut json, instrument, action, touch.ticks, now);
            }
            json.end_array();
        }
        json.integer("prev_change_id", previous);
        self.pending.clear();
        Some(json.into_bytes())
    }

    /// The book as of the last message.
    pub(crate) fn emitted(&self, book: &Book) -> Book {
        let mut emitted = book.before(&self.pending);
        emitted.change_id = self.change_id;
        emitted.changed_us = self.timestamp_ms * 1_000;
        emitted
    }

    /// The snapshot on which the next message follows.
    pub(crate) fn snapshot(&self, book: &Book, instrument: &Instrument, style: NumberStyle) -> Bytes {
        let emitted = self.emitted(book);
        let mut json = self.head("snapshot", instrument, style, self.change_id);
        for (name, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
            json.key(name);
            json.begin_array();
            for level in emitted.side(side).levels() {
                entry(&mut json, instrument, "new", level.ticks, level.steps);
            }
            json.end_array();
        }
        json.into_bytes()
    }

    /// A change that a snapshot sent now contains already. It takes the best bid away and halves the
    /// best ask, so that whoever applies it has a wrong book.
    pub(crate) fn outdated(
        &self,
        book: &Book,
        instrument: &Instrument,
        style: NumberStyle,
        rng: &mut Rng,
    ) -> Bytes {
        let emitted = self.emitted(book);
        let change_id = self.change_id - rng.u64(0..500);
        let mut json = self.head("change", instrument, style, change_id);
        json.key("bids");
        json.begin_array();
        if let Some(bid) = emitted.best(Side::Bid) {
            entry(&mut json, instrument, "delete", bid.ticks, 0);
        }
        json.end_array();
        json.key("asks");
        json.begin_array();
        if let Some(ask) = emitted.best(Side::Ask) {
            entry(&mut json, instrument, "change", ask.ticks, (ask.steps / 2).max(1));
        }
        json.end_array();
        json.integer("prev_change_id", change_id - rng.u64(1..=6_000));
        json.into_bytes()
    }

    fn head(&self, kind: &str, instrument: &Instrument, style: NumberStyle, change_id: u64) -> Json {
        let mut json = Json::object(style);
        json.integer("timestamp", self.timestamp_ms);
        json.word("type", kind);
        json.integer("change_id", change_id);
        json.word("instrument_name", &instrument.name);
        json
    }
}

fn entry(json: &mut Json, instrument: &Instrument, action: &str, ticks: i64, steps: i64) {
    json.begin_array();
    json.word_element(action);
    json.price_element(instrument.price(ticks));
    json.number_element(instrument.amount(steps));
    json.end_array();
}
