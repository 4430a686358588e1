//! The settings made into a client, once, and handshakes with it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use nova_transport::TlsError;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite, BufReader};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{TlsOptions, error, insecure::AcceptAll, provider::provider, unusable};
use crate::{http_choice::HttpChoice, stream::ByteStream};

/// Clones of a connector share this, and with it the sessions that TLS can resume.
#[derive(Default)]
pub(crate) struct TlsClient {
    options: TlsOptions,
    built: OnceLock<Result<Arc<ClientConfig>, TlsError>>,
}

impl TlsClient {
    pub(crate) const fn new(options: TlsOptions) -> Self {
        Self { options, built: OnceLock::new() }
    }

    pub(crate) const fn read_ahead_bytes(&self) -> usize {
        self.options.read_ahead_bytes
    }

    pub(crate) const fn is_insecure(&self) -> bool {
        self.options.is_insecure()
    }

    /// What handshakes need. The first call loads the trusted authorities, which reads files and
    /// takes some milliseconds.
    pub(crate) fn config(&self, http: HttpChoice) -> Result<Arc<ClientConfig>, TlsError> {
        let config = self.built.get_or_init(|| build(&self.options)).clone()?;
        if http == HttpChoice::One {
            return Ok(config);
        }
        // All that is large in it is shared.
        let mut config = ClientConfig::clone(&config);
        config.alpn_protocols = http.protocols();
        Ok(Arc::new(config))
    }
}

impl fmt::Debug for TlsClient {
    /// Shows the settings only: what rustls makes of them holds the private key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

/// A stream fit for HTTP, and what the server chose to speak on it (ALPN), if anything.
pub(crate) struct Secured {
    pub(crate) stream: ByteStream,
    #[cfg(feature = "http2")]
    pub(crate) protocol: Option<Vec<u8>>,
}

impl Secured {
    /// A stream that is not encrypted at all.
    pub(crate) const fn plain(stream: ByteStream) -> Self {
        Self {
            stream,
            #[cfg(feature = "http2")]
            protocol: None,
        }
    }
}

/// Performs a handshake with the host of that name, or of that address.
pub(crate) async fn secure(
    stream: ByteStream,
    config: Arc<ClientConfig>,
    read_ahead_bytes: usize,
    host: &str,
) -> Result<Secured, TlsError> {
    // An address is verified as one and, as RFC 6066 §3 wants it, not sent as a server name.
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| unusable(format_args!("\"{host}\" is not a name that a certificate can hold")))?;
    let connector = TlsConnector::from(config);
    let refused = |error| error::of_handshake(error, host);
    if read_ahead_bytes == 0 {
        return Ok(secured(connector.connect(name, stream).await.map_err(refused)?));
    }
    let ahead = BufReader::with_capacity(read_ahead_bytes, stream);
    Ok(secured(connector.connect(name, ahead).await.map_err(refused)?))
}

fn secured<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(tls: TlsStream<S>) -> Secured {
    Secured {
        #[cfg(feature = "http2")]
        protocol: tls.get_ref().1.alpn_protocol().map(<[u8]>::to_vec),
        stream: ByteStream::new(tls),
    }
}

fn build(options: &TlsOptions) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = provider()?;
    let verifier = match options.insecure {
        true => Arc::new(AcceptAll(Arc::clone(&provider))),
        false => options.roots.verifier(&options.extra_roots, Arc::clone(&provider))?,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        // The verifier of the chosen roots; "dangerous" only in that any could be given here.
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &options.identity {
        Some(identity) => config.with_client_cert_resolver(identity.resolver()),
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = HttpChoice::One.protocols();
    Ok(Arc::new(config))
}

#[cfg(all(test, not(any(feature = "rustls-aws-lc", feature = "rustls-ring"))))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_cryptography_says_which_feature_is_missing() {
        let Err(TlsError::Configuration(why)) = TlsClient::default().config(HttpChoice::One) else {
            panic!("no error")
        };
        assert!(why.contains("rustls-aws-lc") && why.contains("rustls-ring"), "{why}");
    }
}
