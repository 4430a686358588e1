//! Who we are to a server that asks: a certificate chain and its key.

use std::{fmt, sync::Arc};

use nova_transport::TlsError;
use rustls::{
    Error, InconsistentKeys,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use zeroize::Zeroize;

use super::{provider::signing_key, unusable};

#[derive(Clone)]
pub(super) struct Identity(Arc<CertifiedKey>);

impl Identity {
    pub(super) fn from_pem(chain: Vec<CertificateDer<'static>>, key: &[u8]) -> Result<Self, TlsError> {
        let mut der = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| unusable(format_args!("the client's private key is not PEM: {error}")))?;
        let loaded = signing_key(&der);
        der.zeroize();
        let identity = CertifiedKey::new(chain, loaded?);
        match identity.keys_match() {
            // Some kinds of key cannot tell their public half; the server will notice.
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(Self(Arc::new(identity))),
            Err(error) => Err(unusable(format_args!("the client certificate is not usable: {error}"))),
        }
    }

    pub(super) fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::new(SingleCertAndKey::from(Arc::clone(&self.0)))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.0.cert.len()).finish_non_exhaustive()
    }
}
