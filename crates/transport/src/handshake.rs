//! What was agreed while a link was opened.

use std::{net::SocketAddr, time::Duration};

use http::HeaderMap;

use crate::phase::Phase;

/// The outcome of a successful opening handshake.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Handshake {
    /// The subprotocol the server chose among those offered (RFC 6455 §1.9).
    pub subprotocol: Option<String>,
    /// The headers of the 101 answer, or of the 2xx over HTTP/2. Values may be secret (cookies): never log them.
    pub headers: HeaderMap,
    /// The address at the other end of the socket; of the proxy, where one is used.
    pub peer: Option<SocketAddr>,
    /// How long each phase took, in the order they ran; phases that did not run are absent. A phase
    /// stands here twice where a second connection was needed.
    pub timings: Vec<(Phase, Duration)>,
}
