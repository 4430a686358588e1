//! TLS with generated certificates: who is trusted, and who is not.

use std::sync::Arc;

use nova_testkit::net::{Certificates, EchoServer, Identity, Peer};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::{io::AsyncReadExt, net::TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::client::Client;

/// What a client that trusts only `certificates` makes of a server that is this `identity`.
async fn verdict(certificates: &Certificates, identity: Identity, name: &'static str) -> Result<(), Error> {
    let server = EchoServer::start_tls_as(identity.server_config()).await.unwrap();
    let stream = dial(server.addr(), name, client_config(certificates, None)).await?;
    let mut client = Client::over(stream);
    client.upgrade("/").await;
    client.echo("hello over TLS").await;
    Ok(())
}

async fn dial(
    addr: std::net::SocketAddr,
    name: &'static str,
    config: ClientConfig,
) -> Result<TlsStream<TcpStream>, Error> {
    let tcp = TcpStream::connect(addr).await.unwrap();
    let name = ServerName::try_from(name).unwrap();
    let connected = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
    connected.map_err(|error| error.into_inner().unwrap().downcast_ref::<Error>().unwrap().clone())
}

fn client_config(certificates: &Certificates, identity: Option<&Identity>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificates.root_pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let certificate = CertificateDer::from_pem_slice(identity.certificate_pem().as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
            config.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    }
}

#[tokio::test]
async fn right_certificates_are_trusted() {
    let certificates = Certificates::generate();
    assert_eq!(verdict(&certificates, certificates.server(), "localhost").await, Ok(()));
    assert_eq!(verdict(&certificates, certificates.server(), "127.0.0.1").await, Ok(()));
    let wildcard = certificates.server_for(&["*.venue.test"]);
    assert_eq!(verdict(&certificates, wildcard, "api.venue.test").await, Ok(()));
}

#[tokio::test]
async fn wrong_certificates_are_refused_each_for_its_reason() {
    let certificates = Certificates::generate();
    let refusal = |identity, name| {
        let certificates = &certificates;
        async move {
            match verdict(certificates, identity, name).await {
                Err(Error::InvalidCertificate(reason)) => reason,
                other => panic!("the certificate was judged {other:?}"),
            }
        }
    };
    let expired = refusal(certificates.expired(), "localhost").await;
    assert!(matches!(expired, CertificateError::ExpiredContext { .. }), "{expired:?}");
    let wrong_host = refusal(certificates.wrong_host(), "localhost").await;
    assert!(matches!(wrong_host, CertificateError::NotValidForNameContext { .. }), "{wrong_host:?}");
    let too_deep = refusal(certificates.server_for(&["*.venue.test"]), "a.b.venue.test").await;
    assert!(matches!(too_deep, CertificateError::NotValidForNameContext { .. }), "{too_deep:?}");
    let stranger = refusal(Certificates::generate().server(), "localhost").await;
    assert_eq!(stranger, CertificateError::UnknownIssuer);
    let self_signed = refusal(certificates.self_signed(), "localhost").await;
    assert_eq!(self_signed, CertificateError::UnknownIssuer);
}

#[tokio::test]
async fn only_clients_with_a_certificate_of_the_authority_enter() {
    let certificates = Certificates::generate();
    let config = certificates.server().server_config_for_clients_of(&certificates);
    let mut peer = Peer::bind().await.unwrap();
    assert_eq!(peer.tls_url(), format!("wss://{}/", peer.addr()));

    let known = certificates.client("trader");
    let dialling = dial(peer.addr(), "localhost", client_config(&certificates, Some(&known)));
    let (stream, conn) =
        tokio::join!(dialling, async { peer.accept().await.start_tls(config.clone()).await });
    let mut conn = conn.unwrap();
    assert!(conn.has_client_certificate());
    assert_eq!(conn.server_name(), Some("localhost"));
    let mut client = Client::over(stream.unwrap());
    tokio::join!(conn.accept_upgrade(), client.upgrade("/"));

    let strangers = Certificates::generate();
    for unknown in [None, Some(strangers.client("trader"))] {
        let dialling = dial(peer.addr(), "localhost", client_config(&certificates, unknown.as_ref()));
        let (stream, conn) =
            tokio::join!(dialling, async { peer.accept().await.start_tls(config.clone()).await });
        conn.expect_err("a client without the right certificate was let in");
        // In TLS 1.3 the client learns of it only with its first read.
        let error = stream.unwrap().read_u8().await.unwrap_err();
        let alert = error.into_inner().unwrap().downcast_ref::<Error>().unwrap().clone();
        let expected = match unknown {
            None => AlertDescription::CertificateRequired,
            Some(_) => AlertDescription::UnknownCA,
        };
        assert_eq!(alert, Error::AlertReceived(expected));
    }
}

#[tokio::test]
async fn the_echo_server_serves_tls() {
    let certificates = Certificates::generate();
    let server = EchoServer::start_tls(&certificates).await.unwrap();
    assert_eq!(server.url(), format!("wss://{}/", server.addr()));
    let stream = dial(server.addr(), "127.0.0.1", client_config(&certificates, None)).await.unwrap();
    let mut client = Client::over(stream);
    client.upgrade("/").await;
    client.echo(&"x".repeat(100_000)).await;
}
