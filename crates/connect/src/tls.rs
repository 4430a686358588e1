//! How TLS is spoken: whom to trust, and who we are.
//!
//! No type of the TLS library stands in the public surface, and no crypto provider is installed
//! for the process: two of them would quarrel, so ours is always passed explicitly.

mod client;
mod error;
mod identity;
mod insecure;
mod provider;
mod roots;

use nova_transport::TlsError;
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

#[cfg(feature = "http2")]
pub(crate) use self::error::is_unknown_protocol;
use self::identity::Identity;
pub use self::roots::Roots;
pub(crate) use self::{
    client::{Secured, TlsClient, secure},
    error::alert_in,
};

/// Settings of TLS. The default verifies the server against [`Roots::default`] and shows no client
/// certificate. What is offered (ALPN) follows from [`HttpChoice`](crate::HttpChoice).
#[derive(Clone, Debug, Default)]
pub struct TlsOptions {
    roots: Roots,
    extra_roots: Vec<CertificateDer<'static>>,
    identity: Option<Identity>,
    insecure: bool,
    read_ahead_bytes: usize,
}

impl TlsOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which authorities are trusted; those added one by one are trusted in any case.
    #[must_use]
    pub fn with_roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// Trusts the authorities in a PEM text as well.
    ///
    /// # Errors
    ///
    /// [`TlsError::Configuration`]: not PEM, no certificate in it, or one that cannot be a root.
    pub fn with_extra_roots_pem(mut self, pem: &[u8]) -> Result<Self, TlsError> {
        for root in certificates(pem)? {
            self = self.with_extra_root_der(root.as_ref())?;
        }
        Ok(self)
    }

    /// Trusts an authority as well.
    ///
    /// # Errors
    ///
    /// [`TlsError::Configuration`]: not a certificate that can be a root.
    pub fn with_extra_root_der(mut self, der: &[u8]) -> Result<Self, TlsError> {
        let root = CertificateDer::from(der.to_vec());
        RootCertStore::empty()
            .add(root.clone())
            .map_err(|error| unusable(format_args!("an extra root is not a certificate: {error}")))?;
        self.extra_roots.push(root);
        Ok(self)
    }

    /// Shows a client certificate where the server asks for one: its chain, leaf first, and its
    /// private key (PKCS #8, PKCS #1 or SEC 1), both as PEM. The bytes of the key are wiped once
    /// it is loaded; `Debug` output never shows it.
    ///
    /// # Errors
    ///
    /// [`TlsError::Configuration`]: not PEM, no certificate or no key in it, a kind of key that is
    /// not supported, a key of another certificate, or a build without TLS.
    pub fn with_client_certificate_pem(mut self, chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        self.identity = Some(Identity::from_pem(certificates(chain)?, key)?);
        Ok(self)
    }

    /// Reads up to so many bytes from the socket at once. TLS alone asks for one record of at most
    /// 16 KiB at a time, so a flood costs a system call for each; with 256 KiB it costs a fraction of
    /// them, a copy, and that much memory for each link for as long as it lives. Default: 0, no
    /// reading ahead.
    #[must_use]
    pub const fn with_read_ahead(mut self, bytes: usize) -> Self {
        self.read_ahead_bytes = bytes;
        self
    }

    /// Accepts **any** certificate, from anyone, for any host.
    ///
    /// # Warning
    ///
    /// The link is still encrypted, but nobody knows to whom: whoever sits on the way can read and
    /// change everything, logins and orders included. For experiments on one's own machine only;
    /// to trust a private authority use [`with_extra_roots_pem`](Self::with_extra_roots_pem).
    #[must_use]
    pub fn danger_accept_invalid_certificates(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// Whether any certificate is accepted, so that an application can warn or refuse.
    #[must_use]
    pub const fn is_insecure(&self) -> bool {
        self.insecure
    }
}

/// The certificates of a PEM text, at least one.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(format_args!("a certificate is not PEM: {error}")))?;
    if found.is_empty() {
        return Err(unusable("the PEM text holds no certificate"));
    }
    Ok(found)
}

fn unusable(why: impl ToString) -> TlsError {
    TlsError::Configuration(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(result: Result<TlsOptions, TlsError>) -> String {
        match result {
            Err(TlsError::Configuration(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused_at_once() {
        let options = TlsOptions::new;
        assert_eq!(why(options().with_extra_roots_pem(b"")), "the PEM text holds no certificate");
        let garbage = b"-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n";
        assert!(why(options().with_extra_roots_pem(garbage)).starts_with("a certificate is not PEM"));
        let no_certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(why(options().with_extra_roots_pem(no_certificate)).contains("not a certificate"));
        assert!(why(options().with_extra_root_der(b"der")).contains("not a certificate"));
    }

    #[test]
    fn only_the_loud_switch_makes_it_insecure() {
        assert!(!TlsOptions::default().is_insecure());
        assert!(TlsOptions::default().danger_accept_invalid_certificates().is_insecure());
    }
}
