//! Why a link did not open: one variant per cause, each knowing its phase.

use std::{error::Error as StdError, fmt, io, sync::Arc, time::Duration};

use http::{HeaderMap, StatusCode, header};

use crate::{phase::Phase, retry_after::RetryAfter};

/// Why an attempt to open a link failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The endpoint for this attempt could not be had: its source (a file, a service) failed.
    #[error("no endpoint for this attempt")]
    Endpoint(#[source] Cause),
    /// The host name has no address.
    #[error("could not resolve host \"{host}\"")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        #[source]
        source: Arc<io::Error>,
    },
    /// No address of the host accepted a TCP connection; tells the last failure.
    #[error("could not open a TCP connection to {host} port {port}")]
    Tcp {
        /// The host dialled: the proxy's, where one is used.
        host: String,
        /// The port dialled.
        port: u16,
        /// What the operating system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The proxy did not open a tunnel. There is never a direct dial instead.
    #[error("the proxy did not open a tunnel")]
    Proxy(#[source] ProxyError),
    /// The TLS handshake failed.
    #[error("the TLS handshake failed")]
    Tls(#[source] TlsError),
    /// The server answered the upgrade with another status than 101, or than 2xx over HTTP/2.
    #[error("the server refused the upgrade with {0}")]
    Refused(Box<HttpRefusal>),
    /// The answer to the upgrade is not a valid one.
    #[error("the upgrade failed")]
    Upgrade(#[source] UpgradeError),
    /// A phase took longer than its deadline.
    #[error("{phase} took longer than {limit:?}")]
    TimedOut {
        /// The phase that was running.
        phase: Phase,
        /// Its deadline.
        limit: Duration,
    },
}

impl ConnectError {
    /// The phase that failed.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Endpoint(_) | Self::Resolve { .. } => Phase::Resolve,
            Self::Tcp { .. } => Phase::Tcp,
            Self::Proxy(_) => Phase::Proxy,
            Self::Tls(_) => Phase::Tls,
            Self::Refused(_) | Self::Upgrade(_) => Phase::Upgrade,
            Self::TimedOut { phase, .. } => *phase,
        }
    }

    /// A short, stable name of the cause, fit for a metric's label.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Endpoint(_) => "endpoint",
            Self::Resolve { .. } => "resolve",
            Self::Tcp { .. } => "tcp",
            Self::Proxy(_) => "proxy",
            Self::Tls(_) => "tls",
            Self::Refused(_) => "refused",
            Self::Upgrade(_) => "upgrade",
            Self::TimedOut { .. } => "timeout",
        }
    }

    /// The HTTP status of a refusal, by the server or by a proxy.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused(refusal) | Self::Proxy(ProxyError::Refused(refusal)) => Some(refusal.status),
            _ => None,
        }
    }
}

/// An HTTP answer that says no. Kept whole, since its headers and body often say why.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpRefusal {
    /// The status.
    pub status: StatusCode,
    /// All headers. Values may be secret (cookies): `Debug` shows their names only.
    pub headers: HeaderMap,
    /// The first bytes of the body, at most [`BODY_PREFIX_BYTES`](Self::BODY_PREFIX_BYTES).
    pub body_prefix: Vec<u8>,
}

impl HttpRefusal {
    /// How much of a refusal's body is kept, in bytes.
    pub const BODY_PREFIX_BYTES: usize = 4096;

    /// A refusal from its parts.
    #[must_use]
    pub const fn new(status: StatusCode, headers: HeaderMap, body_prefix: Vec<u8>) -> Self {
        Self { status, headers, body_prefix }
    }

    /// When the server asks to be tried again, if its `Retry-After` can be read.
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter> {
        RetryAfter::parse(self.headers.get(header::RETRY_AFTER)?.to_str().ok()?)
    }
}

impl fmt::Debug for HttpRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRefusal")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_prefix_bytes", &self.body_prefix.len())
            .finish()
    }
}

impl fmt::Display for HttpRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)
    }
}

/// Why a proxy opened no tunnel.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The proxy's address cannot be used.
    #[error("the proxy's address is not usable: {0}")]
    Address(String),
    /// A kind of proxy that is not supported.
    #[error("proxies of kind \"{0}\" are not supported: use http or socks5")]
    Unsupported(String),
    /// The proxy wants a user name and password, or refused those given.
    #[error("the proxy refused the credentials")]
    Authentication,
    /// An HTTP proxy answered CONNECT with another status than 2xx.
    #[error("the proxy answered {0}")]
    Refused(Box<HttpRefusal>),
    /// A SOCKS5 proxy answered with this reply code (RFC 1928 §6).
    #[error("the SOCKS5 proxy answered: {0}")]
    Socks(String),
    /// The proxy did not speak its protocol, or hung up.
    #[error("the conversation with the proxy failed")]
    Io(#[source] Arc<io::Error>),
}

/// Why TLS failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// No trusted root vouches for the server's certificate.
    #[error("the server's certificate is not signed by a trusted authority")]
    UntrustedCertificate(#[source] Cause),
    /// The certificate is for other names.
    #[error("the server's certificate is not for host \"{host}\"")]
    WrongHost {
        /// The host that was dialled.
        host: String,
    },
    /// The certificate is not valid at this time.
    #[error("the server's certificate has expired or is not yet valid")]
    Expired(#[source] Cause),
    /// The certificate cannot be accepted for another reason.
    #[error("the server's certificate is not acceptable")]
    BadCertificate(#[source] Cause),
    /// The server refused, for instance because it wants a client certificate.
    #[error("the server ended the handshake with an alert")]
    Alert(#[source] Cause),
    /// Our own settings do not make a configuration: roots, client certificate, key.
    #[error("the TLS settings are not usable: {0}")]
    Configuration(String),
    /// The byte stream failed, or the server does not speak TLS.
    #[error("the TLS conversation failed")]
    Io(#[source] Cause),
}

/// A shared cause of any type.
pub type Cause = Arc<dyn StdError + Send + Sync>;

/// Why an answer to the upgrade is not valid (RFC 6455 §4.1, §4.2.2; RFC 8441 §5).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpgradeError {
    /// The stream ended or failed before the answer was complete.
    #[error("the connection ended before the upgrade was answered")]
    Io(#[source] Arc<io::Error>),
    /// The answer is not HTTP, or not the version that was spoken.
    #[error("the server's answer is not HTTP")]
    NotHttp(#[source] Cause),
    /// HTTP/2 was required, and the server does not speak it.
    #[error("the server does not speak HTTP/2, which is required")]
    NoHttp2,
    /// HTTP/2 was required, and the server does not announce extended CONNECT (RFC 8441 §3), or
    /// wants HTTP/1.1 for this request.
    #[error("the server speaks HTTP/2 but no WebSocket over it, which is required")]
    NoExtendedConnect,
    /// The answer lacks `Upgrade: websocket`.
    #[error("the answer lacks \"Upgrade: websocket\"")]
    MissingUpgrade,
    /// The answer lacks `Connection: upgrade`.
    #[error("the answer lacks \"Connection: upgrade\"")]
    MissingConnection,
    /// `Sec-WebSocket-Accept` is absent or wrong: the server did not understand the request, or a
    /// cache answered.
    #[error("Sec-WebSocket-Accept is missing or wrong")]
    WrongAccept,
    /// An extension nobody offered.
    #[error("the server chose extension \"{0}\", which was not offered")]
    UnofferedExtension(String),
    /// A subprotocol nobody offered, or more than one.
    #[error("the server chose subprotocol \"{0}\", which was not offered")]
    UnofferedSubprotocol(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_names_its_phase() {
        let io = || Arc::new(io::Error::from(io::ErrorKind::ConnectionRefused));
        let refusal = || Box::new(HttpRefusal::new(StatusCode::FORBIDDEN, HeaderMap::new(), Vec::new()));
        let table = [
            (ConnectError::Resolve { host: "h".into(), source: io() }, Phase::Resolve),
            (ConnectError::Tcp { host: "h".into(), port: 1, source: io() }, Phase::Tcp),
            (ConnectError::Proxy(ProxyError::Refused(refusal())), Phase::Proxy),
            (ConnectError::Tls(TlsError::WrongHost { host: "h".into() }), Phase::Tls),
            (ConnectError::Refused(refusal()), Phase::Upgrade),
            (ConnectError::Upgrade(UpgradeError::WrongAccept), Phase::Upgrade),
            (ConnectError::TimedOut { phase: Phase::Tls, limit: Duration::ZERO }, Phase::Tls),
        ];
        for (error, phase) in table {
            assert_eq!(error.phase(), phase, "{error}");
        }
    }

    #[test]
    fn a_refusal_shows_no_header_value() {
        let mut headers = HeaderMap::new();
        headers.insert("set-cookie", "hunter2".parse().unwrap());
        headers.insert("retry-after", "7".parse().unwrap());
        let refusal = HttpRefusal::new(StatusCode::TOO_MANY_REQUESTS, headers, b"hunter2".to_vec());
        assert!(!format!("{refusal:?} {refusal}").contains("hunter2"));
        assert_eq!(refusal.retry_after(), Some(RetryAfter::Delay(Duration::from_secs(7))));
    }
}
