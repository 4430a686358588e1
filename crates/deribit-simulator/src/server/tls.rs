//! What is needed to speak TLS, from a certificate and a key.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::config::{ConfigError, Tls};

/// What performs the server's side of handshakes.
pub(crate) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, ConfigError> {
    let (certificates, key) = match tls {
        Tls::Pem { certificates, key } => {
            let chain = CertificateDer::pem_slice_iter(certificates.as_bytes());
            (
                chain.collect::<Result<Vec<_>, _>>().map_err(bad)?,
                PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(bad)?,
            )
        }
        Tls::Der { certificates, key } => {
            let chain = certificates.iter().cloned().map(CertificateDer::from).collect();
            (chain, PrivateKeyDer::try_from(key.clone()).map_err(bad)?)
        }
    };
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(bad)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(bad)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The cause as text: it may hold no key material, and these errors do not.
fn bad(error: impl std::fmt::Display) -> ConfigError {
    ConfigError::Tls(error.to_string())
}
