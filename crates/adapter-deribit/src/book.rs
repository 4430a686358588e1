//! An order book, kept from snapshots and changes.
//!
//! How the changes come is not known here: whoever takes them from a subscription calls
//! [`OrderBook::apply`] for each item and [`OrderBook::gap`] for each gap.

mod side;

use side::Side;

use crate::{
    items::{BookUpdate, Extent, InstrumentName, Level, LevelAction, LevelChange, Timestamp},
    number::{Decimal, Number},
};

/// The order book of one instrument, which shows either what the venue has or nothing.
///
/// It is live from a snapshot on. Once a change does not follow the one before it, or a gap is told, it
/// is empty and [`Broken`](BookState::Broken) until the next snapshot: no level of before can be
/// mistaken for one that is there. The session looks for missing changes as well, and asks for a new
/// snapshot; the book relies on nobody.
///
/// ```
/// # use nova_adapter_deribit::{Applied, OrderBook, items::BookUpdate};
/// # let snapshot: BookUpdate = serde_json::from_str(r#"{"type":"snapshot","timestamp":1,"change_id":7,
/// #     "instrument_name":"BTC-PERPETUAL","bids":[["new",70000.5,10]],"asks":[["new",70001,20]]}"#)?;
/// # let change: BookUpdate = serde_json::from_str(r#"{"type":"change","timestamp":2,"change_id":9,
/// #     "prev_change_id":7,"instrument_name":"BTC-PERPETUAL","bids":[["new",70000.7,5]],"asks":[]}"#)?;
/// let mut book = OrderBook::new();
/// assert_eq!(book.apply(&snapshot)?, Applied::Snapshot);
/// assert_eq!(book.apply(&change)?, Applied::Change);
/// let best = book.best_bid().ok_or("there is one")?;
/// assert_eq!(best.price, "70000.7".parse()?);
///
/// book.gap();
/// assert!(!book.is_live() && book.best_bid().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct OrderBook<N = Decimal> {
    state: BookState,
    base: Option<Base>,
    bids: Side<N>,
    asks: Side<N>,
}

/// What the levels are the state of.
#[derive(Clone, Debug)]
struct Base {
    instrument: InstrumentName,
    change_id: u64,
    timestamp: Timestamp,
}

/// Whether a book shows what the venue has.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum BookState {
    /// No snapshot has come yet.
    Empty,
    /// It does.
    Live,
    /// It did, until something was missing. A snapshot makes it live again.
    Broken,
}

/// What an update did to a book.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Applied {
    /// The book is the snapshot's now.
    Snapshot,
    /// The book was changed.
    Change,
    /// Nothing: the book has that change already. The venue sends such ones after a snapshot.
    Stale,
}

/// Why an update cannot be applied.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// There is nothing to be changed: no snapshot has come, or none since the book broke.
    #[error("a change without a snapshot before it")]
    NoBase,

    /// Changes are missing before this one. The book is broken now.
    #[error("a change does not follow state {have} of the book")]
    NotContinuous {
        /// The state the book is in.
        have: u64,
        /// The state this is a change of, if that was told.
        follows: Option<u64>,
    },

    /// The update is of another instrument. The book stays as it is.
    #[error("an update of {other} for the book of {own}")]
    OtherInstrument {
        /// Whose book this is.
        own: InstrumentName,
        /// Whose update this is.
        other: InstrumentName,
    },

    /// The update says something this version does not know. The book is broken now.
    #[error("an update with an unknown word")]
    UnknownWord(Box<str>),
}

impl<N: Number> OrderBook<N> {
    /// A book that waits for its first snapshot.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: BookState::Empty, base: None, bids: Side::bids(), asks: Side::asks() }
    }

    /// Takes over the next update of the book's channel.
    ///
    /// # Errors
    ///
    /// The update does not fit; [`BookError`] says what has become of the book.
    pub fn apply(&mut self, update: &BookUpdate<N>) -> Result<Applied, BookError> {
        match (&self.base, &update.extent) {
            (Some(Base { instrument, .. }), _) if *instrument != update.instrument_name => {
                let (own, other) = (instrument.clone(), update.instrument_name.clone());
                return Err(BookError::OtherInstrument { own, other });
            }
            (_, Extent::Snapshot) => self.clear(),
            (None, Extent::Change) => return Err(BookError::NoBase),
            (Some(base), Extent::Change) if update.change_id <= base.change_id => return Ok(Applied::Stale),
            (Some(base), Extent::Change) if update.prev_change_id == Some(base.change_id) => (),
            (Some(base), Extent::Change) => {
                let (have, follows) = (base.change_id, update.prev_change_id);
                self.gap();
                return Err(BookError::NotContinuous { have, follows });
            }
            (_, Extent::Other(word)) => {
                self.gap();
                return Err(BookError::UnknownWord(word.clone()));
            }
        }
        if let Some(LevelAction::Other(word)) = update.actions().find(|action| is_unknown(action)) {
            self.gap();
            return Err(BookError::UnknownWord(word.clone()));
        }
        let (bids, asks) =
            (update.bids.iter().map(LevelChange::level), update.asks.iter().map(LevelChange::level));
        let is_snapshot = update.extent == Extent::Snapshot;
        if is_snapshot {
            self.bids.load(bids);
            self.asks.load(asks);
        } else {
            bids.for_each(|level| self.bids.set(level));
            asks.for_each(|level| self.asks.set(level));
        }
        let BookUpdate { change_id, timestamp, .. } = *update;
        match &mut self.base {
            Some(base) => (base.change_id, base.timestamp) = (change_id, timestamp),
            none => *none = Some(Base { instrument: update.instrument_name.clone(), change_id, timestamp }),
        }
        self.state = BookState::Live;
        Ok(if is_snapshot { Applied::Snapshot } else { Applied::Change })
    }

    /// Something is missing: empties the book until the next snapshot.
    pub fn gap(&mut self) {
        self.clear();
        if self.state == BookState::Live {
            self.state = BookState::Broken;
        }
    }

    /// Whether the book shows what the venue has.
    #[must_use]
    pub const fn state(&self) -> BookState {
        self.state
    }

    /// Whether the book shows what the venue has; it is empty where not.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.state, BookState::Live)
    }

    /// Whether somebody bids as much as somebody asks, or more, which a live book can show for a moment
    /// before a trade, or in an auction.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        let best = self.best_bid().zip(self.best_ask());
        best.is_some_and(|(bid, ask)| bid.price.order(&ask.price).is_ge())
    }

    /// The instrument, once there was a snapshot.
    #[must_use]
    pub fn instrument_name(&self) -> Option<&InstrumentName> {
        self.base.as_ref().map(|base| &base.instrument)
    }

    /// The number of the state the book is in.
    #[must_use]
    pub fn change_id(&self) -> Option<u64> {
        self.base.as_ref().map(|base| base.change_id)
    }

    /// When the venue's book last changed.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.base.as_ref().map(|base| base.timestamp)
    }

    /// The highest bid.
    #[must_use]
    pub fn best_bid(&self) -> Option<Level<N>> {
        self.bids.best()
    }

    /// The lowest ask.
    #[must_use]
    pub fn best_ask(&self) -> Option<Level<N>> {
        self.asks.best()
    }

    /// The bids, highest first.
    pub fn bids(&self) -> impl DoubleEndedIterator<Item = Level<N>> + ExactSizeIterator {
        self.bids.best_first()
    }

    /// The asks, lowest first.
    pub fn asks(&self) -> impl DoubleEndedIterator<Item = Level<N>> + ExactSizeIterator {
        self.asks.best_first()
    }

    /// How much is bid at a price.
    #[must_use]
    pub fn bid_at(&self, price: N) -> Option<N> {
        self.bids.amount_at(price)
    }

    /// How much is asked at a price.
    #[must_use]
    pub fn ask_at(&self, price: N) -> Option<N> {
        self.asks.amount_at(price)
    }

    fn clear(&mut self) {
        self.base = None;
        self.bids.clear();
        self.asks.clear();
    }
}

impl<N: Number> Default for OrderBook<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<N> BookUpdate<N> {
    fn actions(&self) -> impl Iterator<Item = &LevelAction> {
        self.bids.iter().chain(&self.asks).map(|change| &change.action)
    }
}

impl<N: Number> LevelChange<N> {
    /// The level as it is now; one of nothing is none.
    fn level(&self) -> Level<N> {
        let amount = if self.action == LevelAction::Delete { N::ZERO } else { self.amount };
        Level::new(self.price, amount)
    }
}

const fn is_unknown(action: &LevelAction) -> bool {
    matches!(action, LevelAction::Other(_))
}

#[cfg(test)]
mod tests;
