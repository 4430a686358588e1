//! Frames as they arrive and as they leave; payloads are borrowed, never owned.

use std::fmt;

use crate::{control::ControlPayload, opcode::OpCode};

/// One frame from the peer, unmasked. The payload lies in the transport's buffer.
///
/// A transport may hand out a large frame in pieces, as several fragments: an intermediary on the
/// way could have done the same (RFC 6455 §5.4), so nothing above can tell the difference.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Frame<'a> {
    /// Whether this frame ends its message.
    pub fin: bool,
    /// What the frame carries.
    pub opcode: OpCode,
    /// The payload.
    pub payload: &'a [u8],
}

impl fmt::Debug for Frame<'_> {
    /// Shows the payload's length only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "Frame", self.fin, self.opcode, self.payload.len())
    }
}

/// How the payload of a message is coded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Coding {
    /// As it is.
    #[default]
    Identity,
    /// Compressed by permessage-deflate: RSV1 is set on the first frame (RFC 7692 §6).
    Deflate,
}

/// One frame for the peer. Only frames that obey RFC 6455 by themselves can be made.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct OutFrame<'a> {
    fin: bool,
    opcode: OpCode,
    coding: Coding,
    payload: &'a [u8],
}

impl<'a> OutFrame<'a> {
    const fn identity(fin: bool, opcode: OpCode, payload: &'a [u8]) -> Self {
        Self { fin, opcode, coding: Coding::Identity, payload }
    }

    /// A whole text message.
    #[must_use]
    pub const fn text(text: &'a str) -> Self {
        Self::identity(true, OpCode::Text, text.as_bytes())
    }

    /// A whole binary message.
    #[must_use]
    pub const fn binary(bytes: &'a [u8]) -> Self {
        Self::identity(true, OpCode::Binary, bytes)
    }

    /// The start of a fragmented text message. [Continuations](Self::continuation) must follow, the
    /// last of them final, with nothing but control frames in between (RFC 6455 §5.4); that order is
    /// the caller's duty.
    ///
    /// It takes bytes since a fragment may end inside a character; all fragments together must be
    /// UTF-8.
    #[must_use]
    pub const fn first_text(bytes: &'a [u8]) -> Self {
        Self::identity(false, OpCode::Text, bytes)
    }

    /// The start of a fragmented binary message. The order of what follows is the caller's duty, as
    /// for [`first_text`](Self::first_text).
    #[must_use]
    pub const fn first_binary(bytes: &'a [u8]) -> Self {
        Self::identity(false, OpCode::Binary, bytes)
    }

    /// The next part of a fragmented message; `fin` says that it is the last. Legal only after
    /// [`first_text`](Self::first_text), [`first_binary`](Self::first_binary) or a continuation that
    /// was not the last.
    #[must_use]
    pub const fn continuation(bytes: &'a [u8], fin: bool) -> Self {
        Self::identity(fin, OpCode::Continuation, bytes)
    }

    /// A ping.
    #[must_use]
    pub fn ping(payload: &'a ControlPayload) -> Self {
        Self::identity(true, OpCode::Ping, payload.as_bytes())
    }

    /// A pong.
    #[must_use]
    pub fn pong(payload: &'a ControlPayload) -> Self {
        Self::identity(true, OpCode::Pong, payload.as_bytes())
    }

    /// A close frame; build its payload from a [`CloseFrame`](crate::CloseFrame), or leave it empty.
    #[must_use]
    pub fn close(payload: &'a ControlPayload) -> Self {
        Self::identity(true, OpCode::Close, payload.as_bytes())
    }

    /// The same frame with its payload compressed (RFC 7692 §7.2.1), which must have been negotiated.
    /// The start of a message is marked so; a continuation goes unmarked, as it must.
    #[must_use]
    pub const fn compressed<'b>(&self, payload: &'b [u8]) -> OutFrame<'b> {
        let coding = match self.opcode {
            OpCode::Text | OpCode::Binary => Coding::Deflate,
            _ => Coding::Identity,
        };
        OutFrame { fin: self.fin, opcode: self.opcode, coding, payload }
    }

    /// Whether this frame ends its message.
    #[must_use]
    pub const fn fin(&self) -> bool {
        self.fin
    }

    /// What the frame carries.
    #[must_use]
    pub const fn opcode(&self) -> OpCode {
        self.opcode
    }

    /// Whether this frame is marked as the start of a compressed message.
    #[must_use]
    pub const fn coding(&self) -> Coding {
        self.coding
    }

    /// The payload, not yet masked.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl fmt::Debug for OutFrame<'_> {
    /// Shows the payload's length only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "OutFrame", self.fin, self.opcode, self.payload.len())
    }
}

fn show(f: &mut fmt::Formatter<'_>, name: &str, fin: bool, opcode: OpCode, len: usize) -> fmt::Result {
    f.debug_struct(name).field("fin", &fin).field("opcode", &opcode).field("payload_bytes", &len).finish()
}
