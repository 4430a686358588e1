//! How attempts to connect end.

use std::{io, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, StatusCode, header};
use nova_transport::{ConnectError, Endpoint, Generation, HttpRefusal, Phase};

/// An attempt to connect, as it arrives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Incoming {
    /// The link.
    pub link: Generation,
    /// 0 for the first connect, then the number of the reconnection attempt.
    pub attempt: u32,
    /// Where to, if a handler chose it.
    pub endpoint: Option<Endpoint>,
    /// When, since the beginning.
    pub at: Duration,
}

/// How an attempt to connect ends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reception {
    /// The link opens.
    Accept,
    /// It fails like this, in the phase of the error.
    Refuse(ConnectError),
    /// This phase never ends; the simulated transport gives it up after its limit.
    Hang(Phase),
}

impl Reception {
    /// Nobody listens there.
    #[must_use]
    pub fn nobody() -> Self {
        let source = Arc::new(io::Error::from(io::ErrorKind::ConnectionRefused));
        Self::Refuse(ConnectError::Tcp { host: "peer.test".into(), port: 443, source })
    }

    /// The upgrade is answered with this status.
    ///
    /// # Panics
    ///
    /// On a number that is no HTTP status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::refusal(status, HeaderMap::new())
    }

    /// The upgrade is answered with this status and `Retry-After`.
    ///
    /// # Panics
    ///
    /// On a number that is no HTTP status.
    #[must_use]
    pub fn retry_after(status: u16, seconds: u32) -> Self {
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, HeaderValue::from(seconds))]);
        Self::refusal(status, headers)
    }

    fn refusal(status: u16, headers: HeaderMap) -> Self {
        let status = StatusCode::from_u16(status).expect("a status of HTTP");
        Self::Refuse(ConnectError::Refused(Box::new(HttpRefusal::new(status, headers, Vec::new()))))
    }
}
