//! Opcodes (RFC 6455 §5.2).
//!
//! Only opcodes the RFC defines exist here; a reserved one is refused while the header is read.

/// What a frame carries.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum OpCode {
    /// The next part of a fragmented message (0x0).
    Continuation,
    /// UTF-8 text (0x1).
    Text,
    /// Bytes (0x2).
    Binary,
    /// The start of, or the answer to, the closing handshake (0x8).
    Close,
    /// A probe that asks for a pong (0x9).
    Ping,
    /// The answer to a ping, or an unsolicited heartbeat (0xA).
    Pong,
}

impl OpCode {
    /// The opcode with this wire value, or `None` for the reserved ones.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xA => Some(Self::Pong),
            _ => None,
        }
    }

    /// The wire value, a number below 16.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    /// Whether this is close, ping or pong: never fragmented, at most 125 bytes (§5.5).
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}
