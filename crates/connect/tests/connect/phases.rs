//! Each phase is announced, timed, bounded, and named in its error.

use std::{
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use nova_connect::{Connector, Resolve};
use nova_testkit::net::{Certificates, Peer, Port};
use nova_transport::{ConnectError, Phase};

use crate::support::{Silence, connect, endpoint, failure, hurried, is_timeout_of, with_names};
use crate::tls::trusting;

#[tokio::test]
async fn phases_are_told_as_they_begin_and_timed() {
    let certificates = Certificates::generate();
    let mut peer = Peer::bind().await.unwrap();
    let url = format!("wss://localhost:{}/", peer.addr().port());
    let connector = with_names(trusting(&certificates), &["localhost"]);
    let told = Mutex::new(Vec::new());
    let client = async {
        let record = |phase| told.lock().unwrap().push(phase);
        connector.connect(&endpoint(&url), &record).await.unwrap()
    };
    let server = async {
        let config = certificates.server().server_config();
        let mut conn = peer.accept().await.start_tls(config).await.unwrap();
        conn.accept_upgrade().await;
        conn
    };
    let (upgraded, _conn) = tokio::join!(client, server);
    let phases = [Phase::Resolve, Phase::Tcp, Phase::Tls, Phase::Upgrade];
    assert_eq!(*told.lock().unwrap(), phases);
    let timed: Vec<Phase> = upgraded.handshake.timings.iter().map(|(phase, _)| *phase).collect();
    assert_eq!(timed, phases);
    assert_eq!(upgraded.handshake.peer, Some(peer.addr()));
}

#[tokio::test]
async fn a_silent_resolver_is_given_up() {
    let connector = hurried(Phase::Resolve).with_resolver(Arc::new(Silence));
    let error = failure(&connector, "ws://venue.test").await;
    assert!(is_timeout_of(&error, Phase::Resolve), "{error:?}");
}

#[tokio::test]
async fn an_unknown_host_is_told_at_once() {
    let connector = with_names(Connector::new(), &[]);
    let error = failure(&connector, "ws://venue.test").await;
    assert!(matches!(&error, ConnectError::Resolve { host, .. } if host == "venue.test"), "{error:?}");
}

#[tokio::test]
async fn a_host_without_addresses_is_an_unknown_host() {
    #[derive(Debug)]
    struct Nowhere;

    #[async_trait]
    impl Resolve for Nowhere {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Ok(Vec::new())
        }
    }

    let error = failure(&Connector::new().with_resolver(Arc::new(Nowhere)), "ws://venue.test").await;
    assert!(matches!(error, ConnectError::Resolve { .. }), "{error:?}");
}

#[tokio::test]
async fn the_operating_system_resolves_by_default() {
    let mut peer = Peer::bind().await.unwrap();
    let url = format!("ws://localhost:{}/", peer.addr().port());
    let connector = Connector::new();
    let server = async {
        let mut conn = peer.accept().await;
        conn.accept_upgrade().await;
        conn
    };
    let (upgraded, _conn) = tokio::join!(connect(&connector, &url), server);
    assert_eq!(upgraded.unwrap().handshake.timings[0].0, Phase::Resolve);
}

#[tokio::test]
async fn an_unroutable_address_is_given_up() {
    let connector = hurried(Phase::Tcp).with_dialer(Arc::new(Silence));
    let error = failure(&connector, "ws://10.255.255.1").await;
    assert!(is_timeout_of(&error, Phase::Tcp), "{error:?}");
}

#[tokio::test]
async fn a_closed_port_is_told_at_once() {
    let port = Port::reserve().unwrap();
    let error = failure(&Connector::new(), &format!("ws://{}/", port.addr())).await;
    let ConnectError::Tcp { host, port: dialled, source } = error else { panic!("{error:?}") };
    assert_eq!((host.as_str(), dialled), ("127.0.0.1", port.addr().port()));
    assert_eq!(source.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_peer_that_never_speaks_tls_is_given_up() {
    let peer = Peer::bind().await.unwrap();
    let certificates = Certificates::generate();
    let connector = trusting(&certificates)
        .with_deadlines(nova_connect::Deadlines::default().with(Phase::Tls, crate::support::SOON));
    let error = failure(&connector, &peer.tls_url()).await;
    assert!(is_timeout_of(&error, Phase::Tls), "{error:?}");
}

#[tokio::test]
async fn a_peer_that_never_upgrades_is_given_up() {
    let peer = Peer::bind().await.unwrap();
    let error = failure(&hurried(Phase::Upgrade), &peer.url()).await;
    assert!(is_timeout_of(&error, Phase::Upgrade), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_trickles_in_is_given_up_too() {
    let mut peer = Peer::bind().await.unwrap();
    let url = peer.url();
    let trickle = async {
        let mut conn = peer.accept().await;
        conn.read_request().await;
        conn.send_slowly("HTTP/1.1 101 Switching Protocols\r\n".repeat(9), Duration::from_millis(5)).await;
    };
    let connector = hurried(Phase::Upgrade);
    tokio::select! {
        error = failure(&connector, &url) => assert!(is_timeout_of(&error, Phase::Upgrade), "{error:?}"),
        () = trickle => panic!("the attempt outlived its deadline"),
    }
}

#[tokio::test]
async fn an_abandoned_attempt_closes_its_socket() {
    let mut peer = Peer::bind().await.unwrap();
    let url = peer.url();
    let connector = Connector::new();
    let mut attempt = Box::pin(connect(&connector, &url));
    let mut conn = tokio::select! {
        _ = &mut attempt => panic!("nobody answered"),
        conn = async {
            let mut conn = peer.accept().await;
            conn.read_request().await;
            conn
        } => conn,
    };
    drop(attempt);
    conn.expect_eof().await;
}
