//! Certificates made for one test run, right and wrong ones.
//!
//! Nothing is read from or written to disk, no certificate is shared between runs, and no crypto
//! provider is installed for the process: it is always passed explicitly.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};

/// A certificate authority that nobody else knows, and what it signs.
pub struct Certificates {
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Certificates {
    /// Makes a new authority.
    ///
    /// # Panics
    ///
    /// The system gives no random bytes.
    #[must_use]
    pub fn generate() -> Self {
        let key = new_key();
        // Two authorities of one name would differ in their signatures only, which verifiers report
        // as a broken signature instead of an unknown issuer.
        let end_of_key: String =
            key.public_key_raw().iter().rev().take(8).map(|byte| format!("{byte:02x}")).collect();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("test authority {end_of_key}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = CertifiedIssuer::self_signed(params, key);
        Self { authority: authority.expect("a fresh key signs") }
    }

    /// The authority's certificate: the one root that makes the rest valid.
    #[must_use]
    pub fn root(&self) -> CertificateDer<'static> {
        self.authority.der().clone()
    }

    /// [`root`](Self::root) as PEM.
    #[must_use]
    pub fn root_pem(&self) -> String {
        self.authority.pem()
    }

    /// A server that is what it says: `localhost` and 127.0.0.1.
    #[must_use]
    pub fn server(&self) -> Identity {
        self.server_for(&["localhost", "127.0.0.1"])
    }

    /// A server with these names or addresses; a wildcard such as `*.venue.test` is one too.
    ///
    /// # Panics
    ///
    /// A name is not ASCII.
    #[must_use]
    pub fn server_for(&self, names: &[&str]) -> Identity {
        self.sign(server_params(names))
    }

    /// A server that would be right, had its certificate not expired in 2001.
    #[must_use]
    pub fn expired(&self) -> Identity {
        let mut params = server_params(&["localhost", "127.0.0.1"]);
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        self.sign(params)
    }

    /// A valid server, but another one.
    #[must_use]
    pub fn wrong_host(&self) -> Identity {
        self.server_for(&["somebody-else.test"])
    }

    /// A server that vouches for itself; [`root`](Self::root) knows nothing of it.
    ///
    /// # Panics
    ///
    /// The system gives no random bytes.
    #[must_use]
    pub fn self_signed(&self) -> Identity {
        let key = new_key();
        let certificate = server_params(&["localhost", "127.0.0.1"]).self_signed(&key);
        Identity::new(certificate.expect("a fresh key signs"), &key)
    }

    /// A client with this name, for [`Identity::server_config_for_clients_of`].
    #[must_use]
    pub fn client(&self, name: &str) -> Identity {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Identity {
        let key = new_key();
        let certificate = params.signed_by(&key, &self.authority);
        Identity::new(certificate.expect("a fresh key is signed by the authority"), &key)
    }
}

/// A certificate with its private key.
#[derive(Debug)]
pub struct Identity {
    certificate: rcgen::Certificate,
    key_pem: String,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    fn new(certificate: rcgen::Certificate, key: &KeyPair) -> Self {
        let der = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Self { certificate, key_pem: key.serialize_pem(), key: der }
    }

    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    /// The certificate as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// The private key.
    #[must_use]
    pub fn key(&self) -> PrivateKeyDer<'static> {
        self.key.clone_key()
    }

    /// The private key as PEM (PKCS #8).
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key_pem.clone()
    }

    /// How a server with this identity does TLS, offering `http/1.1`.
    ///
    /// # Panics
    ///
    /// Never with what [`Certificates`] makes.
    #[must_use]
    pub fn server_config(&self) -> Arc<ServerConfig> {
        let config = server_config_builder().with_no_client_auth();
        self.finish(config.with_single_cert(vec![self.certificate()], self.key()))
    }

    /// Like [`server_config`](Self::server_config), offering these protocols (ALPN), most preferred
    /// first.
    ///
    /// # Panics
    ///
    /// Never with what [`Certificates`] makes.
    #[must_use]
    pub fn server_config_offering(&self, protocols: &[&str]) -> Arc<ServerConfig> {
        let mut config = ServerConfig::clone(&self.server_config());
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    /// Like [`server_config`](Self::server_config), but only clients with a certificate from
    /// `authority` may enter.
    ///
    /// # Panics
    ///
    /// Never with what [`Certificates`] makes.
    #[must_use]
    pub fn server_config_for_clients_of(&self, authority: &Certificates) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.root()).expect("the authority's certificate is a root");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        let config = server_config_builder()
            .with_client_cert_verifier(verifier.expect("one root is enough to verify"));
        self.finish(config.with_single_cert(vec![self.certificate()], self.key()))
    }

    fn finish(&self, config: Result<ServerConfig, rustls::Error>) -> Arc<ServerConfig> {
        let mut config = config.expect("the key belongs to the certificate");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

fn server_params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names are ASCII");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn server_config_builder() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has cipher suites for the default versions")
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("the system gives random bytes")
}
