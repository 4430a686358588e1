//! The phases of opening a link, in their order.

use std::fmt;

/// A step between an endpoint and an open WebSocket. Each has its own deadline.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Phase {
    /// Turning a host name into addresses.
    Resolve,
    /// Opening the TCP connection.
    Tcp,
    /// Asking a proxy for a tunnel.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// The HTTP upgrade (RFC 6455 §4.1).
    Upgrade,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 5] = [Self::Resolve, Self::Tcp, Self::Proxy, Self::Tls, Self::Upgrade];

    /// A short, stable name, fit for a metric's label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Upgrade => "upgrade",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
