//! The language: what can be asked, as it is written.

use nova_behaviour::{Dialect, Json, Topic};
use serde::Serialize;

use crate::calls::PlaceOrder;

/// The language of the venue.
#[derive(Clone, Copy, Debug)]
pub struct TulipDialect;

impl Dialect for TulipDialect {
    type Request = Request;
    type Codec = Json;
}

/// What can be asked of the venue.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Request {
    /// To log in.
    Login {
        /// Who.
        key: String,
        /// When, in milliseconds since 1970.
        time: u64,
        /// A number used once; as text, since it may be beyond what JSON numbers carry.
        nonce: String,
        /// The proof.
        sig: String,
    },
    /// To be asked for signs of life.
    Beat {
        /// How often, in seconds.
        every: u64,
    },
    /// To be sent topics.
    Listen {
        /// Which, at most five.
        topics: Vec<Topic>,
    },
    /// To be sent topics no more.
    Leave {
        /// Which, at most five.
        topics: Vec<Topic>,
    },
    /// To place an order.
    PlaceOrder(PlaceOrder),
}
