//! What can be said to a service: requests that are answered, and channels that stream.
//!
//! Calls and channels are keyed on a dialect rather than on an adapter, so that swapping a handler
//! keeps them working.

use std::fmt;

use crate::{codec::Decode, topic::Topic};

/// The language of a service.
pub trait Dialect: 'static {
    /// What the message handler turns into bytes.
    type Request: Send + 'static;
    /// How payloads are read; see [`Decode`].
    type Codec: 'static;
}

/// Something to ask a service that speaks `D`, and the type of its answer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a call of dialect `{D}`",
    label = "this cannot be asked of the service",
    note = "the adapter's documentation lists its calls; `send_text`, `send_json` and `send_binary` send anything"
)]
pub trait Call<D: Dialect>: Send {
    /// What the service answers.
    type Reply: Decode<D::Codec> + Send + 'static;

    /// The request in the dialect's own form.
    fn into_request(self) -> D::Request;
}

/// A call that may be repeated without harm.
///
/// Only such a call can be `.replay_on_reconnect()`: whether a lost link had delivered the first
/// copy is unknown, so a repeated order could be executed twice.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not idempotent, so it cannot be replayed",
    label = "a replay could make the service act twice",
    note = "implement `Idempotent` for calls that are safe to repeat; for others, ask the service what became of them"
)]
pub trait Idempotent {}

/// A stream a service publishes, and the type of its items.
pub trait Channel: Send + 'static {
    /// The language it is published in.
    type Dialect: Dialect;
    /// What each message means.
    type Item: Decode<<Self::Dialect as Dialect>::Codec> + Send + 'static;

    /// The stream's name.
    fn topic(&self) -> Topic;
}

/// An item that replaces all earlier ones of its topic, such as a ticker.
///
/// Only subscriptions to such items can be `.conflated()`: leaving out a change of an order book
/// would corrupt the book.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be conflated",
    label = "leaving out items of this type would lose information",
    note = "implement `Conflate` for items that replace all earlier ones of their topic"
)]
pub trait Conflate {}

/// The number of a request within its session. Never used twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RequestId(u64);

impl RequestId {
    /// The id with this number, as read back from an answer.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number; it stays below 2^53, so that JSON carries it exactly.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
