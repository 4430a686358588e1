//! TLS: who is trusted, and how each way not to be has its own error.

use std::sync::Arc;

use nova_connect::{Connector, Roots, TlsOptions, Upgraded};
use nova_testkit::net::{Certificates, Conn, Identity, Peer, RawFrame};
use nova_transport::{ConnectError, TlsError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{connect, failure, with_names};

/// A connector that trusts this authority and no other.
pub(crate) fn trusting(certificates: &Certificates) -> Connector {
    Connector::new().with_tls(options(certificates))
}

fn options(certificates: &Certificates) -> TlsOptions {
    let options = TlsOptions::new().with_roots(Roots::ExtraOnly);
    options.with_extra_roots_pem(certificates.root_pem().as_bytes()).expect("the authority makes a good root")
}

/// Connects to a server with this identity, called `host`.
async fn attempt(
    connector: &Connector,
    host: &str,
    server: &Identity,
) -> (Result<Upgraded, ConnectError>, Option<Conn>) {
    let mut peer = Peer::bind().await.expect("a port is free");
    let url = format!("wss://{host}:{}/", peer.addr().port());
    let serve = async {
        let mut conn = peer.accept().await.start_tls(server.server_config()).await.ok()?;
        // The client may have turned away by now.
        conn.next_request().await?;
        let answer = nova_testkit::net::Answer::accepting(conn.request());
        conn.answer(&answer).await;
        Some(conn)
    };
    tokio::join!(connect(connector, &url), serve)
}

async fn refused(connector: &Connector, host: &str, server: &Identity) -> TlsError {
    match attempt(connector, host, server).await.0 {
        Err(ConnectError::Tls(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_of_a_trusted_authority_is_accepted_by_name_and_by_address() {
    let certificates = Certificates::generate();
    let connector = with_names(trusting(&certificates), &["localhost"]);
    let (upgraded, conn) = attempt(&connector, "localhost", &certificates.server()).await;
    upgraded.unwrap();
    assert_eq!(conn.unwrap().server_name(), Some("localhost"));
    let (upgraded, conn) = attempt(&connector, "127.0.0.1", &certificates.server()).await;
    upgraded.unwrap();
    assert_eq!(conn.unwrap().server_name(), None, "an address is no server name (RFC 6066 §3)");
}

#[tokio::test]
async fn reading_ahead_loses_and_changes_nothing_in_either_direction() {
    let certificates = Certificates::generate();
    let connector = Connector::new().with_tls(options(&certificates).with_read_ahead(256 * 1024));
    let (upgraded, conn) = attempt(&connector, "127.0.0.1", &certificates.server()).await;
    let (mut stream, mut conn) = (upgraded.unwrap().stream, conn.unwrap());
    let sent: Vec<u8> = (0..1_000_000_u32).map(|index| (index % 251) as u8).collect();
    let send = async {
        conn.send_raw(&sent).await;
        conn.half_close().await;
    };
    let mut received = Vec::new();
    let (_, read) = tokio::join!(send, stream.read_to_end(&mut received));
    read.unwrap();
    assert!(received == sent);
    stream.write_all(&RawFrame::text("and back").with_mask([1, 2, 3, 4]).to_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(conn.recv_text().await, "and back");
}

#[tokio::test]
async fn a_wildcard_stands_for_one_label() {
    let certificates = Certificates::generate();
    let connector = with_names(trusting(&certificates), &["a.venue.test", "a.b.venue.test"]);
    let wildcard = certificates.server_for(&["*.venue.test"]);
    attempt(&connector, "a.venue.test", &wildcard).await.0.unwrap();
    let error = refused(&connector, "a.b.venue.test", &wildcard).await;
    assert!(matches!(error, TlsError::WrongHost { .. }), "{error:?}");
}

#[tokio::test]
async fn each_bad_certificate_has_its_error() {
    let certificates = Certificates::generate();
    let connector = trusting(&certificates);
    let error = refused(&connector, "127.0.0.1", &certificates.self_signed()).await;
    assert!(matches!(error, TlsError::UntrustedCertificate(_)), "{error:?}");
    let error = refused(&connector, "127.0.0.1", &Certificates::generate().server()).await;
    // The other authority has the same name, but signs with another key.
    assert!(matches!(error, TlsError::UntrustedCertificate(_)), "{error:?}");
    let error = refused(&connector, "127.0.0.1", &certificates.wrong_host()).await;
    assert!(matches!(&error, TlsError::WrongHost { host } if host == "127.0.0.1"), "{error:?}");
    let error = refused(&connector, "127.0.0.1", &certificates.expired()).await;
    assert!(matches!(error, TlsError::Expired(_)), "{error:?}");
}

#[tokio::test]
async fn only_the_loud_switch_accepts_anyone() {
    let certificates = Certificates::generate();
    let connector = Connector::new().with_tls(TlsOptions::new().danger_accept_invalid_certificates());
    assert!(connector.is_insecure() && !Connector::new().is_insecure());
    attempt(&connector, "127.0.0.1", &certificates.self_signed()).await.0.unwrap();
    attempt(&connector, "127.0.0.1", &certificates.expired()).await.0.unwrap();
}

#[tokio::test]
async fn the_platform_trusts_an_extra_root_as_well() {
    let certificates = Certificates::generate();
    let options = TlsOptions::new().with_roots(Roots::Platform);
    let options = options.with_extra_root_der(certificates.root().as_ref()).unwrap();
    let connector = Connector::new().with_tls(options);
    attempt(&connector, "127.0.0.1", &certificates.server()).await.0.unwrap();
    let error = refused(&connector, "127.0.0.1", &certificates.self_signed()).await;
    assert!(matches!(error, TlsError::UntrustedCertificate(_)), "{error:?}");
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_asked_for() {
    let certificates = Certificates::generate();
    let mut peer = Peer::bind().await.unwrap();
    let url = peer.tls_url();
    let config = certificates.server().server_config_for_clients_of(&certificates);
    let client = certificates.client("trader");
    let (chain, key) = (client.certificate_pem(), client.key_pem());
    let with_it =
        options(&certificates).with_client_certificate_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    let connector = Connector::new().with_tls(with_it);
    let serve = async {
        let mut conn = peer.accept().await.start_tls(Arc::clone(&config)).await.unwrap();
        assert!(conn.has_client_certificate());
        conn.accept_upgrade().await;
        conn
    };
    let (upgraded, _conn) = tokio::join!(connect(&connector, &url), serve);
    upgraded.unwrap();

    let connector = trusting(&certificates);
    let serve = async { peer.accept().await.start_tls(config).await.map(drop).unwrap_err() };
    let (error, _refusal) = tokio::join!(failure(&connector, &url), serve);
    assert!(matches!(error, ConnectError::Tls(TlsError::Alert(_))), "{error:?}");
}

#[tokio::test]
async fn only_http_1_is_offered() {
    let certificates = Certificates::generate();
    let mut peer = Peer::bind().await.unwrap();
    let url = peer.tls_url();
    let connector = trusting(&certificates);
    let speaking = |protocols: &[&[u8]]| {
        let mut config = (*certificates.server().server_config()).clone();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    };
    let both = async {
        let conn = peer.accept().await.start_tls(speaking(&[b"h2", b"http/1.1"])).await;
        let mut conn = conn.unwrap();
        conn.accept_upgrade().await;
        conn
    };
    let (upgraded, _conn) = tokio::join!(connect(&connector, &url), both);
    upgraded.unwrap();
    let only_two = async { peer.accept().await.start_tls(speaking(&[b"h2"])).await.map(drop).unwrap_err() };
    let (error, _refusal) = tokio::join!(failure(&connector, &url), only_two);
    assert!(matches!(error, ConnectError::Tls(TlsError::Alert(_))), "{error:?}");
}

#[tokio::test]
async fn a_server_without_tls_is_an_error_of_the_stream() {
    let certificates = Certificates::generate();
    let mut peer = Peer::bind().await.unwrap();
    let url = peer.tls_url();
    let serve = async {
        let mut conn = peer.accept().await;
        conn.send_raw("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        conn
    };
    let connector = trusting(&certificates);
    let (error, _conn) = tokio::join!(failure(&connector, &url), serve);
    assert!(matches!(error, ConnectError::Tls(TlsError::Io(_))), "{error:?}");
}

#[tokio::test]
async fn settings_that_cannot_work_are_told_before_anything_is_dialled() {
    let mut peer = Peer::bind().await.unwrap();
    let url = peer.tls_url();
    let connector = Connector::new().with_tls(TlsOptions::new().with_roots(Roots::ExtraOnly));
    let error = failure(&connector, &url).await;
    let ConnectError::Tls(TlsError::Configuration(why)) = &error else { panic!("{error:?}") };
    assert!(why.contains("no authority is trusted"), "{why}");
    peer.stop();
    assert!(peer.journal().entries().is_empty());
}

#[test]
fn a_key_is_checked_and_never_shown() {
    let certificates = Certificates::generate();
    let (client, other) = (certificates.client("a"), certificates.client("b"));
    let chain = client.certificate_pem();
    let with = |key: &str| TlsOptions::new().with_client_certificate_pem(chain.as_bytes(), key.as_bytes());
    assert!(matches!(with(&other.key_pem()), Err(TlsError::Configuration(_))));
    assert!(matches!(with("no key"), Err(TlsError::Configuration(_))));
    let shown = format!("{:?}", Connector::new().with_tls(with(&client.key_pem()).unwrap()));
    let secret = client.key_pem().lines().nth(1).unwrap().to_owned();
    assert!(!shown.contains(&secret) && shown.contains("Identity { certificates: 1, .. }"), "{shown}");
}
