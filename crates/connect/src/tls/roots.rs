//! Which certificate authorities are trusted.

use std::sync::Arc;

use nova_transport::TlsError;
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::CertificateDer,
};

use super::unusable;

/// A set of trusted authorities. Each of the first three needs the feature it names; without it,
/// connecting fails with a text that says so.
///
/// The default is the first whose feature is built in, in the order they stand here.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Roots {
    /// What the operating system trusts, by its own verifier where it has one, which also knows of
    /// revocations (feature `roots-platform`).
    Platform,
    /// Mozilla's list, bundled into the program: for containers without certificates (feature
    /// `roots-webpki`).
    Bundled,
    /// The certificate files of the system, verified by rustls (feature `roots-native`).
    Native,
    /// None but those given as extra roots.
    ExtraOnly,
}

impl Default for Roots {
    fn default() -> Self {
        if cfg!(feature = "roots-platform") {
            Self::Platform
        } else if cfg!(feature = "roots-webpki") {
            Self::Bundled
        } else if cfg!(feature = "roots-native") {
            Self::Native
        } else {
            Self::ExtraOnly
        }
    }
}

impl Roots {
    /// Who judges a server's certificate.
    pub(super) fn verifier(
        self,
        extra: &[CertificateDer<'static>],
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
        if self == Self::Platform {
            return platform(extra, provider);
        }
        let mut store = RootCertStore::empty();
        self.fill(&mut store)?;
        for root in extra {
            store.add(root.clone()).map_err(unusable)?;
        }
        if store.is_empty() {
            return Err(unusable("no authority is trusted: enable a roots feature, or give extra roots"));
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider);
        Ok(verifier.build().map_err(unusable)?)
    }

    fn fill(self, store: &mut RootCertStore) -> Result<(), TlsError> {
        match self {
            Self::Platform | Self::ExtraOnly => Ok(()),
            Self::Bundled => bundled(store),
            Self::Native => native(store),
        }
    }
}

#[cfg(feature = "roots-platform")]
fn platform(
    extra: &[CertificateDer<'static>],
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra.to_vec(), provider);
    Ok(Arc::new(verifier.map_err(unusable)?))
}

#[cfg(not(feature = "roots-platform"))]
fn platform(
    _: &[CertificateDer<'static>],
    _: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    Err(unusable("built without the platform's verifier: enable feature roots-platform"))
}

#[cfg(feature = "roots-webpki")]
fn bundled(store: &mut RootCertStore) -> Result<(), TlsError> {
    store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    Ok(())
}

#[cfg(not(feature = "roots-webpki"))]
fn bundled(_: &mut RootCertStore) -> Result<(), TlsError> {
    Err(unusable("built without bundled roots: enable feature roots-webpki"))
}

#[cfg(feature = "roots-native")]
fn native(store: &mut RootCertStore) -> Result<(), TlsError> {
    let found = rustls_native_certs::load_native_certs();
    // Systems carry odd certificates; each one that can be read counts.
    let (added, _ignored) = store.add_parsable_certificates(found.certs);
    match found.errors.first() {
        Some(error) if added == 0 => Err(unusable(error)),
        _ => Ok(()),
    }
}

#[cfg(not(feature = "roots-native"))]
fn native(_: &mut RootCertStore) -> Result<(), TlsError> {
    Err(unusable("built without the system's root files: enable feature roots-native"))
}

#[cfg(all(test, any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
mod tests {
    use super::*;
    use crate::tls::provider::provider;

    fn verifier(roots: Roots) -> Result<(), String> {
        match roots.verifier(&[], provider().expect("this build has one")) {
            Ok(_) => Ok(()),
            Err(TlsError::Configuration(why)) => Err(why),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn roots_that_are_not_built_in_name_their_feature() {
        let table = [
            (Roots::Platform, cfg!(feature = "roots-platform"), "roots-platform"),
            (Roots::Bundled, cfg!(feature = "roots-webpki"), "roots-webpki"),
            (Roots::Native, cfg!(feature = "roots-native"), "roots-native"),
        ];
        for (roots, is_built_in, feature) in table {
            if !is_built_in {
                let why = verifier(roots).unwrap_err();
                assert!(why.contains(feature), "{why}");
            }
        }
    }

    #[test]
    fn trusting_nobody_is_no_setting() {
        assert!(verifier(Roots::ExtraOnly).unwrap_err().contains("no authority is trusted"));
    }

    #[cfg(feature = "roots-webpki")]
    #[test]
    fn bundled_roots_need_no_system() {
        verifier(Roots::Bundled).unwrap();
    }
}
