//! From fastwebsockets' errors to ours.

use std::io;

use fastwebsockets::WebSocketError;
use nova_frame_codec::ProtocolError;
use nova_transport::TransportError;

/// `limit` is the longest frame accepted, in bytes.
pub(crate) fn of_read(error: WebSocketError, limit: usize) -> TransportError {
    let protocol = match error {
        WebSocketError::UnexpectedEOF | WebSocketError::ConnectionClosed => return TransportError::Eof,
        WebSocketError::IoError(error) => return error.into(),
        WebSocketError::ReservedBitsNotZero => ProtocolError::ReservedBit,
        WebSocketError::InvalidValue => ProtocolError::ReservedOpCode(UNTOLD_OPCODE),
        WebSocketError::ControlFrameFragmented => ProtocolError::FragmentedControl,
        WebSocketError::PingFrameTooLarge => ProtocolError::ControlTooLong,
        WebSocketError::FrameTooLarge => ProtocolError::TooBig { limit },
        WebSocketError::InvalidUTF8 => ProtocolError::InvalidUtf8,
        // The rest speaks of handshakes and of collected fragments, which this crate does not use.
        other => return TransportError::from(io::Error::other(other)),
    };
    protocol.into()
}

/// fastwebsockets does not tell which reserved opcode came; no frame can hold this one.
const UNTOLD_OPCODE: u8 = u8::MAX;
