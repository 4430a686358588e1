//! Why a link is gone, in one vocabulary for errors, events and handlers.

use nova_frame_codec::CloseFrame;

use crate::{connect_error::ConnectError, error::TransportError};

/// Why a link ended, or never came to be.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LostReason {
    /// It could not be opened.
    #[error("the link could not be opened")]
    Connect(#[source] ConnectError),
    /// The peer closed it by the closing handshake; `None` if it gave no code.
    #[error("the peer closed the link{}", shown(.0.as_ref()))]
    ClosedByPeer(Option<CloseFrame>),
    /// The byte stream ended or failed, or the peer broke the protocol.
    #[error("the link broke")]
    Broken(#[source] TransportError),
    /// Nothing was heard before the deadline of a probe.
    #[error("the peer fell silent")]
    Silent,
    /// Logging in, or another step of re-establishment, failed or took too long.
    #[error("the session could not be re-established: {0}")]
    NotEstablished(String),
    /// A handler asked for it.
    #[error("a handler closed the link")]
    ClosedByHandler,
    /// The application asked for a fresh link.
    #[error("the application asked for a new link")]
    Reconnect,
    /// The application shut the client down.
    #[error("the client was shut down")]
    Shutdown,
}

impl LostReason {
    /// A short, stable name of the cause, fit for a metric's label.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Connect(error) => error.kind(),
            Self::ClosedByPeer(_) => "closed_by_peer",
            Self::Broken(TransportError::Eof) => "eof",
            Self::Broken(TransportError::Io(_)) => "io",
            Self::Broken(TransportError::Protocol(_)) => "protocol",
            Self::Silent => "silent",
            Self::NotEstablished(_) => "not_established",
            Self::ClosedByHandler => "closed_by_handler",
            Self::Reconnect => "reconnect",
            Self::Shutdown => "shutdown",
        }
    }
}

fn shown(frame: Option<&CloseFrame>) -> String {
    frame.map_or_else(String::new, |frame| format!(" with {frame}"))
}
