//! The language: what can be asked, as it is written.

use nova_behaviour::{Dialect, Json};
use serde::Serialize;

use super::calls::Order;

/// The language of the venue.
#[derive(Clone, Copy, Debug)]
pub struct VenueDialect;

impl Dialect for VenueDialect {
    type Request = Request;
    type Codec = Json;
}

/// What can be asked of the venue.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
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
        sign: String,
    },
    /// To be asked for a sign of life.
    #[serde(rename = "set")]
    Heartbeat {
        /// How often, in milliseconds.
        heartbeat: u64,
    },
    /// To let orders end with the connection.
    #[serde(rename = "set")]
    CancelOnDrop {
        /// Whether.
        cancel_on_drop: bool,
    },
    /// To be sent topics.
    Subscribe {
        /// Which, at most ten.
        topics: Vec<String>,
    },
    /// To be sent topics no more.
    Unsubscribe {
        /// Which, at most ten.
        topics: Vec<String>,
    },
    /// To place an order.
    Order(Order),
    /// To tell the time.
    Time,
}
