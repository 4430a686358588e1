//! A server's answer that says no.

use std::fmt;

use crate::body::Kept;

/// The error a server sent instead of a result.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// The protocol's error number, where it has one.
    pub code: Option<i64>,
    /// What the server said, for people.
    pub message: String,
    /// Further data the server attached, undecoded.
    pub data: Option<Kept>,
}

impl Refusal {
    /// A refusal with a text only.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { code: None, message: message.into(), data: None }
    }

    /// Sets the protocol's error number.
    #[must_use]
    pub const fn with_code(mut self, code: i64) -> Self {
        self.code = Some(code);
        self
    }

    /// Attaches the server's further data.
    #[must_use]
    pub fn with_data(mut self, data: Kept) -> Self {
        self.data = Some(data);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The peer chose this text: escape it, so that it cannot forge lines of a log.
        write!(f, "{}", self.message.escape_debug())?;
        self.code.map_or(Ok(()), |code| write!(f, " (code {code})"))
    }
}

impl std::error::Error for Refusal {}
