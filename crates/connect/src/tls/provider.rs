//! The cryptography behind TLS, chosen when the program is built.

use std::sync::Arc;

use nova_transport::TlsError;
use rustls::{crypto::CryptoProvider, pki_types::PrivateKeyDer, sign::SigningKey};

/// aws-lc-rs where it is built in, since it is the one rustls itself prefers; ring otherwise.
#[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
pub(super) fn provider() -> Result<Arc<CryptoProvider>, TlsError> {
    Ok(Arc::new(library::default_provider()))
}

#[cfg(feature = "rustls-aws-lc")]
use rustls::crypto::aws_lc_rs as library;
#[cfg(all(feature = "rustls-ring", not(feature = "rustls-aws-lc")))]
use rustls::crypto::ring as library;

/// Loads a private key without taking it, so that its bytes can be wiped.
#[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
pub(super) fn signing_key(der: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, TlsError> {
    library::sign::any_supported_type(der).map_err(super::unusable)
}

#[cfg(not(any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
pub(super) fn provider() -> Result<Arc<CryptoProvider>, TlsError> {
    Err(super::unusable(WITHOUT))
}

#[cfg(not(any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
pub(super) fn signing_key(_: &PrivateKeyDer<'_>) -> Result<Arc<dyn SigningKey>, TlsError> {
    Err(super::unusable(WITHOUT))
}

#[cfg(not(any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
const WITHOUT: &str = "built without TLS: enable feature rustls-aws-lc or rustls-ring";
