//! Opening a connection: TLS, the request, the answer.

use std::{io, sync::Arc};

use rustls::ServerConfig;

use super::Conn;
use crate::net::{answer::Answer, journal::Event, patience::within, request::Request};

impl Conn {
    /// Performs the server's side of a TLS handshake; see
    /// [`Identity::server_config`](crate::net::Identity::server_config).
    ///
    /// # Errors
    ///
    /// The client refuses the certificate, shows none where one is demanded, or hangs up.
    ///
    /// # Panics
    ///
    /// The handshake takes too long.
    ///
    /// # Cancel safety
    ///
    /// Dropping it closes the connection.
    pub async fn start_tls(mut self, config: Arc<ServerConfig>) -> io::Result<Self> {
        self.stream = within(self.patience, "a TLS handshake", self.stream.into_tls(config)).await?;
        Ok(self)
    }

    /// Reads the next request; `None` if the client hangs up before it is whole.
    ///
    /// # Panics
    ///
    /// It takes too long, or what comes is not HTTP.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn next_request(&mut self) -> Option<Request> {
        let read = Request::read(&mut self.stream, &mut self.unread);
        let request = match within(self.patience, "a request", read).await {
            Ok(request) => request,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => panic!("{error}"),
            Err(_) => None,
        };
        let event = request.clone().map_or(Event::Ended, Event::Request);
        self.journal.record(self.number, event);
        self.request.clone_from(&request);
        request
    }

    /// Reads the next request.
    ///
    /// # Panics
    ///
    /// It takes too long, what comes is not HTTP, or the client hangs up.
    ///
    /// # Cancel safety
    ///
    /// No byte is lost by dropping it.
    pub async fn read_request(&mut self) -> Request {
        self.next_request().await.expect("the client hung up instead of sending a request")
    }

    /// The request that was read last.
    ///
    /// # Panics
    ///
    /// None was read.
    #[must_use]
    pub fn request(&self) -> &Request {
        self.request.as_ref().expect("a request was read before it is asked for")
    }

    /// Answers an opening handshake as RFC 6455 §4.2.2 demands, reading the request first unless
    /// that was done.
    ///
    /// # Panics
    ///
    /// As [`read_request`](Self::read_request), or the client does not read.
    ///
    /// # Cancel safety
    ///
    /// The answer may be cut short by dropping it.
    pub async fn accept_upgrade(&mut self) {
        self.accept_upgrade_with(|right| right).await;
    }

    /// Like [`accept_upgrade`](Self::accept_upgrade), with the right answer changed at will: a
    /// header more, a header less, frames right behind it in the same write.
    ///
    /// # Panics
    ///
    /// As [`accept_upgrade`](Self::accept_upgrade).
    ///
    /// # Cancel safety
    ///
    /// The answer may be cut short by dropping it.
    pub async fn accept_upgrade_with(&mut self, change: impl FnOnce(Answer) -> Answer) {
        if self.request.is_none() {
            self.read_request().await;
        }
        let right = Answer::accepting(self.request());
        self.answer(&change(right)).await;
    }

    /// Answers anything; see [`Answer::refusing`].
    ///
    /// # Panics
    ///
    /// The client does not read.
    ///
    /// # Cancel safety
    ///
    /// The answer may be cut short by dropping it.
    pub async fn answer(&mut self, answer: &Answer) {
        self.send_raw(answer.to_bytes()).await;
    }
}
