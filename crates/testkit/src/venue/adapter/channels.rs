//! What an application can listen to.

use nova_behaviour::{Channel, Conflate, Topic};
use serde::Deserialize;

use super::{calls::Side, dialect::VenueDialect};

/// The best prices of an instrument.
#[derive(Clone, Debug)]
pub struct Prices<T = &'static str>(pub T);

/// The best prices there are now; replaces all earlier ones.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub struct Price {
    /// The position of the item in its topic.
    pub n: u64,
    /// What buyers offer.
    pub bid: f64,
    /// What sellers want.
    pub ask: f64,
}

impl Conflate for Price {}

impl<T: AsRef<str> + Send + 'static> Channel for Prices<T> {
    type Dialect = VenueDialect;
    type Item = Price;

    fn topic(&self) -> Topic {
        Topic::from(format!("prices.{}", self.0.as_ref()))
    }
}

/// The changes of an instrument's book.
#[derive(Clone, Debug)]
pub struct Deltas<T = &'static str>(pub T);

/// A change of a book. Whoever misses one has lost the book, so these are not [`Conflate`].
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub struct Delta {
    /// The position of the item in its topic.
    pub n: u64,
    /// Which side changed.
    pub side: Side,
    /// At which price.
    pub price: f64,
    /// What is there now.
    pub quantity: f64,
}

impl<T: AsRef<str> + Send + 'static> Channel for Deltas<T> {
    type Dialect = VenueDialect;
    type Item = Delta;

    fn topic(&self) -> Topic {
        Topic::from(format!("deltas.{}", self.0.as_ref()))
    }
}

/// What was traded on one's own account.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fills;

/// An order was filled.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Fill {
    /// The position of the item in its topic.
    pub n: u64,
    /// The client's own id for the order.
    pub client_id: String,
    /// At which price.
    pub price: f64,
    /// How much.
    pub quantity: f64,
}

impl Channel for Fills {
    type Dialect = VenueDialect;
    type Item = Fill;

    fn topic(&self) -> Topic {
        Topic::from("fills")
    }
}
