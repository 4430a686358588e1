//! Why a payload cannot be read, or a value not be written.

use std::{error::Error as StdError, fmt};

use super::{kind::PayloadKind, reason::Reason};

/// A payload that cannot be read. The texts name the place and what was expected, never the payload.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It does not have the expected shape.
    #[error("the payload does not have the expected shape")]
    Shape(#[source] Box<dyn StdError + Send + Sync>),
    /// It came in the other kind of message.
    #[error("a {got} message where a {expected} one was expected")]
    WrongKind {
        /// What the codec uses.
        expected: PayloadKind,
        /// What came.
        got: PayloadKind,
    },
}

impl DecodeError {
    /// Wraps what the codec said. It must not say what stands in the payload; see
    /// [`of_serde`](Self::of_serde).
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Shape(cause.into())
    }

    /// Takes over what `serde` said, without the values of the payload that it quotes.
    pub fn of_serde(said: &dyn fmt::Display) -> Self {
        Self::new(Reason::of(&said.to_string()))
    }

    /// Whether the payload came in the other kind of message.
    #[must_use]
    pub const fn is_wrong_kind(&self) -> bool {
        matches!(self, Self::WrongKind { .. })
    }
}

/// A value that cannot be turned into a payload.
#[derive(Debug, thiserror::Error)]
#[error("the value cannot be encoded")]
pub struct EncodeError(#[source] Box<dyn StdError + Send + Sync>);

impl EncodeError {
    /// Wraps what the codec said.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}
