//! From h2's errors to IO errors. No text of the peer's (the debug data of a GOAWAY) is repeated.

use std::io;

use h2::Reason;

use super::line::Socket;

/// What the failure of a stream means: a reset is one, a GOAWAY an abort, and a connection that
/// ended under the stream is an unexpected end.
pub(super) fn named(error: h2::Error, socket: &Socket, over: Option<&Result<(), h2::Error>>) -> io::Error {
    // h2 keeps no more of an IO error than its kind.
    if let Some(original) = socket.take_failure() {
        return original;
    }
    // A server says why it goes away, and then the stream only sees the end.
    let told = over.and_then(|over| over.as_ref().err()).filter(|error| error.is_go_away());
    let cause = told.unwrap_or(&error);
    if cause.is_remote() {
        let reason = cause.reason().unwrap_or(Reason::NO_ERROR);
        return match cause.is_go_away() {
            true => {
                io::Error::new(io::ErrorKind::ConnectionAborted, format!("the server went away: {reason}"))
            }
            false => reset(reason),
        };
    }
    match cause.get_io().map(io::Error::kind) {
        // h2's word for the end of the connection; a socket's own would have been kept.
        Some(io::ErrorKind::BrokenPipe) => {
            io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended without ending the stream")
        }
        Some(kind) => io::Error::new(kind, error),
        None => io::Error::new(io::ErrorKind::InvalidData, error),
    }
}

/// A stream that the server reset (RST_STREAM), as a TCP connection is (RFC 8441 §5).
pub(super) fn reset(reason: Reason) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, format!("the server reset the stream: {reason}"))
}

/// Whether a failed read is no more than an end: some servers end a stream by a reset that blames
/// nobody.
pub(super) fn in_order(error: &h2::Error) -> bool {
    error.is_reset() && error.is_remote() && error.reason() == Some(Reason::NO_ERROR)
}

/// Why a request was not even sent: a header that HTTP/2 does not know, such as `Keep-Alive`
/// (RFC 9113 §8.2.2).
pub(super) fn of_request(error: h2::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}
