//! One connection of a scripted peer, driven step by step.
//!
//! The client is not trusted to be right, so frames are read without judging them. Writing to a
//! client that is gone is not an error: that it is gone is seen by reading.

mod opening;
mod reading;
mod writing;

use std::{convert::Infallible, future, io, net::SocketAddr, time::Duration};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{
    journal::{Event, Journal},
    patience::{PATIENCE, within},
    raw_frame::RawFrame,
    request::Request,
    stream::{Ending, Stream},
};

/// A connection that does what it is told. Every wait panics after 5 s, unless
/// [`with_patience`](Self::with_patience) says otherwise. Dropping it closes the socket.
#[derive(Debug)]
pub struct Conn {
    stream: Stream,
    number: usize,
    journal: Journal,
    patience: Duration,
    request: Option<Request>,
    /// Bytes that were read and not yet taken.
    unread: Vec<u8>,
    /// The fragments so far of an unfinished message.
    unfinished: Option<RawFrame>,
}

impl Conn {
    pub(crate) fn new(tcp: TcpStream, number: usize, journal: Journal) -> io::Result<Self> {
        journal.record(number, Event::Accepted);
        let stream = Stream::new(tcp)?;
        Ok(Self {
            stream,
            number,
            journal,
            patience: PATIENCE,
            request: None,
            unread: Vec::new(),
            unfinished: None,
        })
    }

    /// Waits this long for anything before it panics. Default: 5 s.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The number of this connection; the first that was accepted is 1.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// The client's address.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }

    /// The name the client asked for in its TLS handshake (SNI), if any.
    #[must_use]
    pub fn server_name(&self) -> Option<&str> {
        self.stream.server_name()
    }

    /// Whether the client proved who it is with a certificate.
    #[must_use]
    pub fn has_client_certificate(&self) -> bool {
        self.stream.has_client_certificate()
    }
}

/// Ending, or not.
impl Conn {
    /// Ends the sending direction in order; reading goes on.
    ///
    /// # Panics
    ///
    /// The client does not read for too long.
    ///
    /// # Cancel safety
    ///
    /// The end may not have been sent when it is dropped.
    pub async fn half_close(&mut self) {
        // An error means that the client is gone, which is seen by reading.
        let _ = within(self.patience, "the client to read", self.stream.shutdown()).await;
    }

    /// Ends the connection without a word: in order, or by a reset.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the socket.
    pub async fn end(self, ending: Ending) {
        self.stream.end(ending).await;
    }

    /// Resets the connection (RST).
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the socket.
    pub async fn reset(self) {
        self.end(Ending::Reset).await;
    }

    /// Keeps the connection open and does nothing more, until the task that waits here is ended.
    /// A test that drives the connection itself only has to hold it.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the socket.
    pub async fn stall(self) -> Infallible {
        let _open = self;
        future::pending().await
    }
}
