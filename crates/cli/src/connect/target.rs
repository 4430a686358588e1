//! Where to go and how, read once from the command line.

use websockex_nova::{
    connect::{Connector, Proxy, ProxyChoice, TlsOptions},
    prelude::Endpoint,
    transport::{EndpointError, ProxyError},
};

use crate::args::Connect;

pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    pub(super) connector: Connector,
}

/// A part of the command line that cannot be understood. No text repeats a header's value or a
/// login: they may be secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum Mistake {
    #[error("the URL cannot be used")]
    Url(#[source] EndpointError),
    #[error("header number {0} has no colon: write it as \"Name: value\"")]
    HeaderForm(usize),
    #[error("header number {number} cannot be used")]
    Header {
        number: usize,
        #[source]
        source: EndpointError,
    },
    #[error("a subprotocol cannot be used")]
    Subprotocol(#[source] EndpointError),
    #[error("the proxy cannot be used")]
    Proxy(#[source] ProxyError),
}

impl Target {
    pub(super) fn of(wish: &Connect) -> Result<Self, Mistake> {
        let mut endpoint = Endpoint::parse(&wish.url).map_err(Mistake::Url)?;
        for (number, header) in (1..).zip(&wish.headers) {
            let (name, value) = header.split_once(':').ok_or(Mistake::HeaderForm(number))?;
            endpoint = endpoint
                .with_header(name.trim(), value.trim())
                .map_err(|source| Mistake::Header { number, source })?;
        }
        for name in &wish.subprotocols {
            endpoint = endpoint.with_subprotocol(name).map_err(Mistake::Subprotocol)?;
        }
        let mut connector = Connector::new();
        if let Some(url) = &wish.proxy {
            let proxy = Proxy::parse(url).map_err(Mistake::Proxy)?;
            connector = connector.with_proxy(ProxyChoice::Explicit(proxy));
        }
        if wish.insecure {
            connector = connector.with_tls(TlsOptions::new().danger_accept_invalid_certificates());
        }
        Ok(Self { endpoint, connector })
    }
}
