//! What is no WebSocket over HTTP/2 is told as what it is, and nothing goes around it.

use nova_testkit::net::{Answer, Certificates, EchoServer, Gateway};
use nova_tests::Wire;
use websockex_nova::{
    client::Connect,
    connect::HttpChoice,
    prelude::*,
    session::EndCause,
    transport::{ConnectError, LostReason, UpgradeError},
};

use super::{over_tls, wire};

/// Why a client that fails fast could not connect.
async fn refused(wire: Wire, url: &str) -> ConnectError {
    match Connect::new(Echo::at(url).unwrap(), wire).connect().await {
        Err(EndCause::Failed(LostReason::Connect(error))) => error,
        other => panic!("{:?}", other.err()),
    }
}

#[tokio::test]
async fn a_server_without_http_2_is_not_asked_where_it_is_required() {
    let certificates = Certificates::generate();
    let server = EchoServer::start_tls(&certificates).await.unwrap();
    let error = refused(wire(&certificates, HttpChoice::Two), &server.url()).await;
    assert!(matches!(error, ConnectError::Upgrade(UpgradeError::NoHttp2)), "{error:?}");
    assert_eq!(server.handshakes(), 0);
    // The same server serves a client that leaves the choice to it.
    let echo = Echo::at(&server.url()).unwrap();
    let client = Connect::new(echo, wire(&certificates, HttpChoice::Either)).connect().await.unwrap();
    assert_eq!(client.call("hello").await.unwrap(), "hello");
}

#[tokio::test]
async fn a_server_without_the_setting_is_not_asked_where_it_is_required() {
    let certificates = Certificates::generate();
    let server = EchoServer::start().await.unwrap();
    let rules = over_tls(&certificates).without_extended_connect();
    let gateway = Gateway::start(server.addr(), rules).await.unwrap();
    let error = refused(wire(&certificates, HttpChoice::Two), &gateway.url()).await;
    assert!(matches!(error, ConnectError::Upgrade(UpgradeError::NoExtendedConnect)), "{error:?}");
    assert_eq!((gateway.requests().len(), server.handshakes()), (0, 0));
    let echo = Echo::at(&gateway.url()).unwrap();
    let client = Connect::new(echo, wire(&certificates, HttpChoice::Either)).connect().await.unwrap();
    assert_eq!(client.call("hello").await.unwrap(), "hello");
    assert_eq!((gateway.requests().len(), gateway.passed_through()), (0, 1));
}

#[tokio::test]
async fn a_refusal_is_told_with_its_status_and_when_to_come_back() {
    let certificates = Certificates::generate();
    let server = EchoServer::start().await.unwrap();
    let busy = Answer::refusing(503).with_header("Retry-After", "7").with_body("later");
    let gateway = Gateway::start(server.addr(), over_tls(&certificates).with_refusal(busy)).await.unwrap();
    let error = refused(wire(&certificates, HttpChoice::Two), &gateway.url()).await;
    let ConnectError::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!((refusal.status.as_u16(), &refusal.body_prefix[..]), (503, &b"later"[..]));
    assert!(refusal.retry_after().is_some());
}
