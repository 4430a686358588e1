//! Text or binary: what a codec's payloads travel in.

use std::fmt;

use super::error::DecodeError;
use crate::body::{Body, Kept};

/// The kind of message a payload travels in (RFC 6455 §5.6).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PayloadKind {
    /// Text messages, which are UTF-8.
    Text,
    /// Binary messages.
    Binary,
}

impl PayloadKind {
    /// The kind of this payload.
    #[must_use]
    pub const fn of(body: &Body<'_>) -> Self {
        match body {
            Body::Text(_) => Self::Text,
            Body::Binary(_) => Self::Binary,
        }
    }

    /// Lets payloads of this kind pass.
    ///
    /// # Errors
    ///
    /// The payload is of the other kind.
    pub fn check(self, body: &Kept) -> Result<(), DecodeError> {
        let got = Self::of(&body.as_body());
        if got == self { Ok(()) } else { Err(self.instead_of(got)) }
    }

    pub(super) const fn instead_of(self, got: Self) -> DecodeError {
        DecodeError::WrongKind { expected: self, got }
    }
}

impl fmt::Display for PayloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Binary => "binary",
        })
    }
}

impl Kept {
    /// The text.
    ///
    /// # Errors
    ///
    /// This is binary.
    pub fn as_text(&self) -> Result<&str, DecodeError> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Binary(_) => Err(PayloadKind::Text.instead_of(PayloadKind::Binary)),
        }
    }

    /// The bytes of a binary payload.
    ///
    /// # Errors
    ///
    /// This is text.
    pub fn as_binary(&self) -> Result<&[u8], DecodeError> {
        match self {
            Self::Binary(bytes) => Ok(bytes),
            Self::Text(_) => Err(PayloadKind::Binary.instead_of(PayloadKind::Text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_of_the_other_kind_is_refused_by_name() {
        let (text, bytes) = (Kept::from("a"), Kept::Binary(vec![b'a']));
        assert!(PayloadKind::Text.check(&text).is_ok() && PayloadKind::Binary.check(&bytes).is_ok());
        assert!(text.as_text().is_ok() && bytes.as_binary().is_ok());
        let said = PayloadKind::Text.check(&bytes).unwrap_err();
        assert_eq!(said.to_string(), "a binary message where a text one was expected");
        assert!(said.is_wrong_kind() && bytes.as_text().unwrap_err().is_wrong_kind());
        let said = text.as_binary().unwrap_err();
        assert_eq!(said.to_string(), "a text message where a binary one was expected");
    }
}
