//! Order books as they travel: changes of a whole book, and windows of a grouped one.

use std::{fmt, marker::PhantomData};

use nova_behaviour::Conflate;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, SeqAccess, Visitor},
};

use super::{name::InstrumentName, ticker::Extent, time::Timestamp, word::words};
use crate::number::{Decimal, Number};

words! {
    /// What becomes of a level.
    LevelAction {
        /// There was none at this price.
        New = "new",
        /// Its amount is a different one.
        Change = "change",
        /// It is gone.
        Delete = "delete",
    }
}

/// A snapshot or a change of a whole order book; [`OrderBook`](crate::OrderBook) keeps the book.
///
/// Not [`Conflate`]: whoever misses a change has lost the book.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct BookUpdate<N = Decimal> {
    /// Whether this is the whole book, or what is different now.
    #[serde(rename = "type")]
    pub extent: Extent,
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// When the book last changed, which is not when this was sent.
    pub timestamp: Timestamp,
    /// The number of this state of the book. It grows from one message to the next, not by one.
    pub change_id: u64,
    /// The number of the state this is a change of. A snapshot has none.
    pub prev_change_id: Option<u64>,
    /// What becomes of bids.
    pub bids: Vec<LevelChange<N>>,
    /// What becomes of asks.
    pub asks: Vec<LevelChange<N>>,
}

/// What becomes of one level of a book. On the wire it is `[action, price, amount]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LevelChange<N = Decimal> {
    /// What.
    pub action: LevelAction,
    /// Which level.
    pub price: N,
    /// How much there is at it now.
    pub amount: N,
}

/// The best levels of an order book, grouped by price. It replaces all that came before it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct BookWindow<N = Decimal> {
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// When the book last changed.
    pub timestamp: Timestamp,
    /// The number of this state of the book.
    pub change_id: u64,
    /// The bids, highest first.
    pub bids: Vec<Level<N>>,
    /// The asks, lowest first.
    pub asks: Vec<Level<N>>,
}

// Every message is the whole window, whatever was lost before it.
impl<N> Conflate for BookWindow<N> {}

/// How much is offered at a price. On the wire it is `[price, amount]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Level<N = Decimal> {
    /// The price.
    pub price: N,
    /// How much.
    pub amount: N,
}

impl<N> Level<N> {
    pub(crate) const fn new(price: N, amount: N) -> Self {
        Self { price, amount }
    }
}

impl<'de, N: Number> Deserialize<'de> for LevelChange<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ChangeVisitor(PhantomData))
    }
}

impl<'de, N: Number> Deserialize<'de> for Level<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(LevelVisitor(PhantomData))
    }
}

struct ChangeVisitor<N>(PhantomData<N>);

impl<'de, N: Number> Visitor<'de> for ChangeVisitor<N> {
    type Value = LevelChange<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an action, a price and an amount")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let action = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let price = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        let amount = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(2, &self))?;
        skip_rest(seq)?;
        Ok(LevelChange { action, price, amount })
    }
}

struct LevelVisitor<N>(PhantomData<N>);

impl<'de, N: Number> Visitor<'de> for LevelVisitor<N> {
    type Value = Level<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a price and an amount")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let price = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let amount = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        skip_rest(seq)?;
        Ok(Level { price, amount })
    }
}

/// Arrays may grow at their end, as objects may gain members.
fn skip_rest<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}
