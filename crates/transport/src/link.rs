//! A transport opens links; a link is a source of frames and a sink for frames.
//!
//! The traits are batch-shaped: everything one wake of the executor brought is handled before the
//! next, with one lock and one clock read. They lend their bytes and own no policy: no retry, no
//! keep-alive, no automatic pong or close.

use std::future::Future;

use nova_frame_codec::{Frame, OutFrame};

use crate::{
    connect_error::ConnectError, endpoint::Endpoint, error::TransportError, handshake::Handshake,
    phase::Phase,
};

/// Opens links to endpoints, one attempt per call. It never retries: the session does.
pub trait Transport: Send + Sync + 'static {
    /// The receiving half of a link.
    type Source: FrameSource + 'static;
    /// The sending half of a link.
    type Sink: FrameSink + 'static;

    /// Opens a link, telling `progress` each phase as it begins.
    ///
    /// # Errors
    ///
    /// The phase that failed and why, at once; never later than the deadline of that phase.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future abandons the attempt and closes its socket.
    fn connect(
        &self,
        endpoint: &Endpoint,
        progress: Progress<'_>,
    ) -> impl Future<Output = Result<Link<Self::Source, Self::Sink>, ConnectError>> + Send;
}

/// Told each [`Phase`] as it begins.
pub type Progress<'a> = &'a (dyn Fn(Phase) + Send + Sync);

/// An open WebSocket. A plain value: whoever holds it drives it, and moving it hands it over.
#[derive(Debug)]
pub struct Link<R, W> {
    /// Frames from the peer.
    pub source: R,
    /// Frames to the peer.
    pub sink: W,
    /// What was agreed while opening.
    pub handshake: Handshake,
}

/// Frames from the peer.
pub trait FrameSource: Send {
    /// Says how many bytes a message may have once it is reassembled and inflated: what the session is set
    /// to refuse beyond. Called at most once, before the first [`fill`](Self::fill). A source refuses what
    /// can only become a longer message as early as it can: a frame when its header has come, a compressed
    /// message while it is inflated. A bound of its own that is smaller stays.
    ///
    /// Whoever wraps a source hands it on. By default nothing is made of it, and longer messages are
    /// refused by the session alone, once they are there.
    fn bound_messages(&mut self, message_bytes: usize) {
        let _ = message_bytes;
    }

    /// Waits until something arrived: a whole frame, or a piece of a large one. It may return while
    /// there is nothing to take yet, to tell that the peer lives.
    ///
    /// # Errors
    ///
    /// The stream ended, failed, or broke the protocol. Frames buffered before remain readable.
    ///
    /// # Cancel safety
    ///
    /// Required: a dropped call loses no byte, and the next one goes on where it stopped.
    fn fill(&mut self) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// The next buffered frame, or `None` when another [`fill`](Self::fill) is needed. Its payload
    /// is borrowed where the bytes lie.
    ///
    /// # Errors
    ///
    /// The peer broke the protocol; the source is dead from here on and repeats the error.
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, TransportError>;
}

/// Frames to the peer.
pub trait FrameSink: Send {
    /// Whether the bounded output buffer takes another frame. One frame may exceed the bound.
    fn has_room(&self) -> bool;

    /// Encodes and masks a frame into the output buffer; no IO.
    ///
    /// # Errors
    ///
    /// The sink has failed before.
    fn feed(&mut self, frame: OutFrame<'_>) -> Result<(), TransportError>;

    /// Hands everything that was fed to the socket.
    ///
    /// # Errors
    ///
    /// The socket failed; the sink is dead from here on.
    ///
    /// # Cancel safety
    ///
    /// Required: a dropped call keeps its place, and the next one goes on with the next byte.
    fn flush(&mut self) -> impl Future<Output = Result<(), TransportError>> + Send;

    /// Flushes, then ends the sending direction (over TLS with a `close_notify`). Called after
    /// the closing handshake; dropping the link instead is legal and abrupt.
    ///
    /// # Errors
    ///
    /// The socket failed.
    fn finish(&mut self) -> impl Future<Output = Result<(), TransportError>> + Send;
}
