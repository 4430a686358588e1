//! What an application can ask.

use nova_behaviour::{Call, Idempotent};
use serde::{Deserialize, Serialize};

use super::dialect::{Request, VenueDialect};

/// Asks for the venue's time. Asking twice does no harm.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Time;

/// The venue's time.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub struct Clock {
    /// Milliseconds since 1970.
    pub time: u64,
}

impl Call<VenueDialect> for Time {
    type Reply = Clock;

    fn into_request(self) -> Request {
        Request::Time
    }
}

impl Idempotent for Time {}

/// Places an order. Not idempotent: who does not know its fate has to ask for it, not to repeat it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Order {
    /// The client's own id for it.
    pub client_id: String,
    /// What is traded.
    pub instrument: String,
    /// Which way.
    pub side: Side,
    /// How much.
    pub quantity: f64,
    /// The worst price; without one it is filled at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
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

impl Order {
    /// Buys one of an instrument at whatever price.
    #[must_use]
    pub fn buy(client_id: impl Into<String>, instrument: impl Into<String>) -> Self {
        let (client_id, instrument) = (client_id.into(), instrument.into());
        Self { client_id, instrument, side: Side::Buy, quantity: 1.0, price: None }
    }

    /// Waits in the book until this price can be had.
    #[must_use]
    pub const fn at(mut self, price: f64) -> Self {
        self.price = Some(price);
        self
    }
}

/// The venue has taken an order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct Accepted {
    /// The venue's number for it.
    pub order: u64,
    /// The client's own id for it.
    pub client_id: String,
}

impl Call<VenueDialect> for Order {
    type Reply = Accepted;

    fn into_request(self) -> Request {
        Request::Order(self)
    }
}
