//! What an application can ask.

use nova_behaviour::Call;
use serde::{Deserialize, Serialize};

use crate::dialect::{Request, TulipDialect};

/// Places an order.
///
/// Not `Idempotent`: who does not know its fate has to ask for it by its reference, not to repeat it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlaceOrder {
    /// The client's own reference.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What is traded.
    pub instrument: String,
    /// Which way.
    pub side: Side,
    /// How much.
    pub lots: u64,
    /// The worst price, in ticks.
    pub price: u64,
}

/// Which way to trade.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// To have more.
    Buy,
    /// To have less.
    Sell,
}

impl PlaceOrder {
    /// Buys so many lots of an instrument at this price, in ticks, or better.
    #[must_use]
    pub fn buy(reference: impl Into<String>, instrument: impl Into<String>, lots: u64, price: u64) -> Self {
        let (reference, instrument) = (reference.into(), instrument.into());
        Self { reference, instrument, side: Side::Buy, lots, price }
    }

    /// The same, the other way.
    #[must_use]
    pub fn sell(reference: impl Into<String>, instrument: impl Into<String>, lots: u64, price: u64) -> Self {
        Self { side: Side::Sell, ..Self::buy(reference, instrument, lots, price) }
    }
}

/// The venue has taken an order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct Placed {
    /// The venue's number for it.
    pub order: u64,
    /// The client's own reference.
    #[serde(rename = "ref")]
    pub reference: String,
}

impl Call<TulipDialect> for PlaceOrder {
    type Reply = Placed;

    fn into_request(self) -> Request {
        Request::PlaceOrder(self)
    }
}
