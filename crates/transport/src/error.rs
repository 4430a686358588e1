//! Why an open link ends.

use std::{io, sync::Arc};

use nova_frame_codec::ProtocolError;

/// A link that cannot go on.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The peer ended the byte stream. Whether that was clean depends on the close frames
    /// exchanged before, which the session knows.
    #[error("the peer ended the stream")]
    Eof,
    /// The socket failed.
    #[error("the socket failed")]
    Io(#[source] Arc<io::Error>),
    /// The peer broke RFC 6455; nothing more can be read.
    #[error("the peer broke the protocol")]
    Protocol(#[from] ProtocolError),
}

impl From<io::Error> for TransportError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Eof,
            _ => Self::Io(Arc::new(error)),
        }
    }
}
