//! What a peer can do wrong, and the close code that answers it (RFC 6455 §7.4.1).

use crate::close::CloseCode;

/// A violation of RFC 6455 by the peer. The stream's position is undefined after one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit is set although no extension was negotiated (§5.2).
    #[error("a reserved bit is set without a negotiated extension")]
    ReservedBit,
    /// An opcode the RFC reserves (§5.2).
    #[error("opcode {0:#x} is reserved")]
    ReservedOpCode(u8),
    /// A control frame without FIN (§5.5).
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A control frame over 125 bytes (§5.5).
    #[error("a control frame carries more than 125 bytes")]
    ControlTooLong,
    /// A length not in its shortest form (§5.2).
    #[error("a payload length is not in its shortest form")]
    NonMinimalLength,
    /// A 64-bit length with its top bit set (§5.2).
    #[error("a payload length has its top bit set")]
    LengthOverflow,
    /// A server masked a frame (§5.1).
    #[error("a frame from the server is masked")]
    MaskedByServer,
    /// A client did not mask a frame (§5.1).
    #[error("a frame from the client is not masked")]
    UnmaskedByClient,
    /// A continuation without a message to continue (§5.4).
    #[error("a continuation frame continues nothing")]
    UnexpectedContinuation,
    /// A new data frame while a fragmented message is open (§5.4).
    #[error("a new message starts inside a fragmented one")]
    InterruptedMessage,
    /// Text, or the reason of a close, that is not UTF-8 (§8.1).
    #[error("text is not UTF-8")]
    InvalidUtf8,
    /// A close payload of one byte (§5.5.1).
    #[error("a close frame carries half a code")]
    TruncatedCloseCode,
    /// A close code that may not travel (§7.4).
    #[error("close code {0} may not be sent")]
    InvalidCloseCode(u16),
    /// A compressed message that is no such thing (RFC 7692 §7.2.2).
    #[error("compressed data cannot be inflated")]
    InvalidDeflate,
    /// A frame or message above the configured bound.
    #[error("a message is larger than the limit of {limit} bytes")]
    TooBig {
        /// The bound, in bytes.
        limit: usize,
    },
}

impl ProtocolError {
    /// The code to close with: 1007 for bad text and bad compression, 1009 for too much, 1002 for the rest.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidUtf8 | Self::InvalidDeflate => CloseCode::INVALID_DATA,
            Self::TooBig { .. } => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}
