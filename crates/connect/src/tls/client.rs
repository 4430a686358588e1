//! The settings made into a client, once, and handshakes with it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use nova_transport::TlsError;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::BufReader;
use tokio_rustls::TlsConnector;

use super::{TlsOptions, error, insecure::AcceptAll, provider::provider, unusable};
use crate::stream::ByteStream;

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
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, TlsError> {
        self.built.get_or_init(|| build(&self.options)).clone()
    }
}

impl fmt::Debug for TlsClient {
    /// Shows the settings only: what rustls makes of them holds the private key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.options.fmt(f)
    }
}

/// Performs a handshake with the host of that name, or of that address.
pub(crate) async fn secure(
    stream: ByteStream,
    config: Arc<ClientConfig>,
    read_ahead_bytes: usize,
    host: &str,
) -> Result<ByteStream, TlsError> {
    // An address is verified as one and, as RFC 6066 §3 wants it, not sent as a server name.
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| unusable(format_args!("\"{host}\" is not a name that a certificate can hold")))?;
    let connector = TlsConnector::from(config);
    let refused = |error| error::of_handshake(error, host);
    if read_ahead_bytes == 0 {
        return Ok(ByteStream::new(connector.connect(name, stream).await.map_err(refused)?));
    }
    let ahead = BufReader::with_capacity(read_ahead_bytes, stream);
    Ok(ByteStream::new(connector.connect(name, ahead).await.map_err(refused)?))
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
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(all(test, not(any(feature = "rustls-aws-lc", feature = "rustls-ring"))))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_cryptography_says_which_feature_is_missing() {
        let Err(TlsError::Configuration(why)) = TlsClient::default().config() else { panic!("no error") };
        assert!(why.contains("rustls-aws-lc") && why.contains("rustls-ring"), "{why}");
    }
}
