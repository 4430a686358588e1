//! Whole messages: what a peer said, once fragments are joined and text is proven UTF-8.

use std::fmt;

use crate::close::CloseFrame;

/// A message, borrowed from the transport's or the assembler's buffer.
#[derive(Clone, Eq, PartialEq)]
pub enum Message<'a> {
    /// UTF-8 text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
    /// A probe; answer it with a pong of the same payload.
    Ping(&'a [u8]),
    /// The answer to a ping, or an unsolicited heartbeat.
    Pong(&'a [u8]),
    /// The peer closes; `None` if it gave no code.
    Close(Option<CloseFrame>),
}

impl fmt::Debug for Message<'_> {
    /// Shows lengths only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
            Self::Ping(bytes) => write!(f, "Ping({} bytes)", bytes.len()),
            Self::Pong(bytes) => write!(f, "Pong({} bytes)", bytes.len()),
            Self::Close(frame) => f.debug_tuple("Close").field(frame).finish(),
        }
    }
}
