//! Which HTTP opens a WebSocket.

/// The version of HTTP a link is opened by. What travels afterwards is the same: frames of RFC 6455,
/// masked, with the same extensions.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum HttpChoice {
    /// HTTP/1.1 and its upgrade (RFC 6455 §4). Over TLS nothing else is offered (ALPN), since some
    /// front ends choose HTTP/2 where they can and then know no WebSocket. The default.
    #[default]
    One,
    /// HTTP/2 and its extended CONNECT (RFC 8441), or nothing: over TLS only `h2` is offered, and
    /// `ws` begins with it unasked (RFC 9113 §3.3). A server that does not speak HTTP/2, or not
    /// WebSocket over it, is an error.
    #[cfg(feature = "http2")]
    Two,
    /// Over TLS both are offered, and the server chooses. Where it chooses HTTP/2 and then does not
    /// announce WebSocket over it, or asks for HTTP/1.1 (RFC 9113 §7), that connection is given up
    /// for a new one over HTTP/1.1, as RFC 8441 §3 leaves no other way; such an attempt may take
    /// twice its deadlines. A refusal is final either way. Without TLS there is nobody to choose,
    /// so `ws` is HTTP/1.1.
    #[cfg(feature = "http2")]
    Either,
}

impl HttpChoice {
    /// What is offered in the TLS handshake (RFC 7301).
    pub(crate) fn protocols(self) -> Vec<Vec<u8>> {
        match self {
            Self::One => vec![HTTP_1.to_vec()],
            #[cfg(feature = "http2")]
            Self::Two => vec![HTTP_2.to_vec()],
            #[cfg(feature = "http2")]
            Self::Either => vec![HTTP_2.to_vec(), HTTP_1.to_vec()],
        }
    }
}

const HTTP_1: &[u8] = b"http/1.1";

/// What the server has to choose for HTTP/2.
#[cfg(feature = "http2")]
pub(crate) const HTTP_2: &[u8] = b"h2";
