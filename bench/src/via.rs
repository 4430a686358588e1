//! Over what a connection goes, and how each side of the bench opens one.

use std::{io, net::SocketAddr, sync::Arc};

use websockex_nova::{
    connect::{Connector, Entropy, ProxyChoice},
    transport::Endpoint,
};

use crate::memory::Script;

/// Over what a connection goes.
#[derive(Clone, Debug)]
pub(crate) enum Via {
    /// Loopback.
    #[cfg(feature = "peers")]
    Tcp(SocketAddr),
    /// Loopback, encrypted; with the certificate to trust.
    #[cfg(feature = "peers")]
    Tls(SocketAddr, String),
    /// No system at all.
    Memory(Script),
}

impl Via {
    /// What our transports connect with.
    pub(crate) fn connector(&self, read_ahead: usize) -> Connector {
        let connector = Connector::new().with_proxy(ProxyChoice::Direct);
        match self {
            #[cfg(feature = "peers")]
            Self::Tcp(_) => connector,
            #[cfg(feature = "peers")]
            Self::Tls(_, trusted) => {
                use websockex_nova::connect::{Roots, TlsOptions};
                let tls = TlsOptions::new().with_roots(Roots::ExtraOnly).with_read_ahead(read_ahead);
                let tls = tls.with_extra_roots_pem(trusted.as_bytes()).expect("the server's certificate");
                connector.with_tls(tls)
            }
            Self::Memory(script) => {
                let _ = read_ahead;
                connector.with_dialer(Arc::new(script.clone())).with_entropy(Arc::new(Always))
            }
        }
    }

    /// Where our transports connect to.
    pub(crate) fn endpoint(&self) -> Endpoint {
        let url = match self {
            #[cfg(feature = "peers")]
            Self::Tcp(address) => format!("ws://{address}/"),
            #[cfg(feature = "peers")]
            Self::Tls(address, _) => format!("wss://{address}/"),
            Self::Memory(_) => format!("ws://{}/", SocketAddr::from(([127, 0, 0, 1], 9))),
        };
        Endpoint::parse(&url).expect("an address makes a URL")
    }
}

/// The same bytes each time, so that a count is the same each time.
#[derive(Debug)]
struct Always;

impl Entropy for Always {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        bytes.fill(7);
        Ok(())
    }
}
