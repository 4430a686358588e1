//! What is asked, what is accepted, and what a refusal tells.

use std::{error::Error as StdError, io, time::Duration};

use h2::ext::Protocol;
use http::{Method, Version};
use nova_connect::{HttpChoice, ProxyChoice};
use nova_testkit::net::{
    Answer, Certificates, ConnectProxy, ConnectRules, EchoServer, GatewayRules, Peer, SocksProxy, SocksRules,
};
use nova_transport::{ConnectError, Phase, RetryAfter, UpgradeError};
use tokio::io::AsyncReadExt;

use super::{BOTH, Behind, CANCEL, HTTP_1_1_REQUIRED, by, over_tls, trusting_by};
use crate::support::{SOON, connect, endpoint, failure, hurried, is_timeout_of};

#[tokio::test]
async fn the_request_is_what_rfc_8441_asks_for() {
    let mut behind = Behind::new(GatewayRules::default()).await;
    let endpoint = endpoint(&format!("{}ws?a=1&b=%20|", behind.gateway.url()));
    let endpoint = endpoint.with_header("X-Api-Key", "k").unwrap().with_header("x-api-key", "l").unwrap();
    let endpoint = endpoint.with_header("Origin", "https://venue.test").unwrap();
    let endpoint = endpoint.with_subprotocol("v2").unwrap().with_subprotocol("v1").unwrap();
    let answer = |answer: Answer| {
        answer.with_header("Sec-WebSocket-Protocol", "v1").with_header("X-Node", "7").followed_by("first")
    };
    let (upgraded, _conn) = behind.attempt(&by(HttpChoice::Two), &endpoint, answer).await;
    let upgraded = upgraded.unwrap();
    let requests = behind.gateway.requests();
    let [request] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((request.method(), request.version()), (&Method::CONNECT, Version::HTTP_2));
    assert_eq!(request.extensions().get::<Protocol>().unwrap().as_str(), "websocket");
    assert_eq!(request.uri().scheme_str(), Some("http"));
    assert_eq!(request.uri().authority().unwrap().as_str(), endpoint.authority());
    assert_eq!(request.uri().path_and_query().unwrap().as_str(), "/ws?a=1&b=%20|");
    let headers: Vec<_> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let expected = [
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "v2, v1"),
        ("x-api-key", "k"),
        ("x-api-key", "l"),
        ("origin", "https://venue.test"),
    ];
    assert_eq!(headers, expected);
    let handshake = upgraded.handshake;
    assert_eq!(handshake.subprotocol.as_deref(), Some("v1"));
    assert_eq!(
        (handshake.headers["x-node"].as_bytes(), handshake.peer),
        (&b"7"[..], Some(behind.gateway.addr()))
    );
    let phases: Vec<Phase> = handshake.timings.iter().map(|(phase, _)| *phase).collect();
    assert_eq!(phases, [Phase::Tcp, Phase::Upgrade]);
    let (mut first, mut stream) = ([0; 5], upgraded.stream);
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"first");
}

#[tokio::test]
async fn over_tls_the_scheme_is_https() {
    let certificates = Certificates::generate();
    let mut behind = Behind::new(over_tls(&certificates, &BOTH)).await;
    let (upgraded, _conn) = behind.open(&trusting_by(&certificates, HttpChoice::Two)).await;
    assert_eq!(behind.gateway.requests()[0].uri().scheme_str(), Some("https"));
    let phases: Vec<Phase> = upgraded.handshake.timings.iter().map(|(phase, _)| *phase).collect();
    assert_eq!(phases, [Phase::Tcp, Phase::Tls, Phase::Upgrade]);
}

#[tokio::test]
async fn any_other_status_is_a_refusal_that_keeps_what_was_said() {
    let table = [(302, None), (401, None), (403, None), (429, Some("7")), (500, None), (503, Some("30"))];
    for (status, retry_after) in table {
        let mut answer = Answer::refusing(status).with_body("why not");
        if let Some(seconds) = retry_after {
            answer = answer.with_header("Retry-After", seconds);
        }
        let behind = Behind::new(GatewayRules::default().with_refusal(answer)).await;
        let error = failure(&by(HttpChoice::Two), &behind.gateway.url()).await;
        let ConnectError::Refused(refusal) = error else { panic!("{error:?}") };
        assert_eq!((refusal.status.as_u16(), &refusal.body_prefix[..]), (status, &b"why not"[..]));
        let expected =
            retry_after.map(|seconds| RetryAfter::Delay(Duration::from_secs(seconds.parse().unwrap())));
        assert_eq!(refusal.retry_after(), expected);
        behind.gateway.open(0).await;
    }
}

#[tokio::test]
async fn nothing_is_accepted_that_was_not_offered() {
    let mut behind = Behind::new(GatewayRules::default()).await;
    let endpoint = endpoint(&behind.gateway.url());
    let connector = by(HttpChoice::Two);
    let chosen = |name: &'static str| move |answer: Answer| answer.with_header(name, "made-up");
    let (error, _conn) = behind.attempt(&connector, &endpoint, chosen("Sec-WebSocket-Extensions")).await;
    assert!(matches!(error, Err(ConnectError::Upgrade(UpgradeError::UnofferedExtension(_)))), "{error:?}");
    let (error, _conn) = behind.attempt(&connector, &endpoint, chosen("Sec-WebSocket-Protocol")).await;
    assert!(matches!(error, Err(ConnectError::Upgrade(UpgradeError::UnofferedSubprotocol(_)))), "{error:?}");
}

#[tokio::test]
async fn without_the_servers_setting_nothing_is_asked() {
    let certificates = Certificates::generate();
    let plain = Behind::new(GatewayRules::default().without_extended_connect()).await;
    let error = failure(&by(HttpChoice::Two), &plain.gateway.url()).await;
    assert!(matches!(error, ConnectError::Upgrade(UpgradeError::NoExtendedConnect)), "{error:?}");
    let secure = Behind::new(over_tls(&certificates, &BOTH).without_extended_connect()).await;
    let error = failure(&trusting_by(&certificates, HttpChoice::Two), &secure.gateway.url()).await;
    assert!(matches!(error, ConnectError::Upgrade(UpgradeError::NoExtendedConnect)), "{error:?}");
    for gateway in [&plain.gateway, &secure.gateway] {
        assert!(gateway.requests().is_empty(), "{:?}", gateway.requests());
        assert_eq!(gateway.accepted(), 1, "nothing is tried twice");
    }
}

#[tokio::test]
async fn a_server_without_http_2_is_refused_where_it_is_required() {
    let certificates = Certificates::generate();
    let connector = trusting_by(&certificates, HttpChoice::Two);
    // One that chooses among protocols, and one that knows nothing of choosing.
    for protocols in [&["http/1.1"][..], &[]] {
        let config = certificates.server().server_config_offering(protocols);
        let server = EchoServer::start_tls_as(config).await.unwrap();
        let error = failure(&connector, &server.url()).await;
        assert!(matches!(error, ConnectError::Upgrade(UpgradeError::NoHttp2)), "{protocols:?}: {error:?}");
        assert_eq!((server.accepted(), server.handshakes()), (1, 0));
    }
    // Without TLS it shows in the answer.
    let server = Peer::serve(|mut conn| async move {
        conn.send_raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        let _ending = conn.ended().await;
    });
    let error = failure(&by(HttpChoice::Two), &server.await.unwrap().url()).await;
    assert!(matches!(error, ConnectError::Upgrade(UpgradeError::NoHttp2)), "{error:?}");
}

#[tokio::test]
async fn every_wait_of_the_upgrade_has_its_deadline() {
    let hurried = || hurried(Phase::Upgrade).with_http(HttpChoice::Two);
    // No settings.
    let mute = Peer::bind().await.unwrap();
    assert!(is_timeout_of(&failure(&hurried(), &mute.url()).await, Phase::Upgrade));
    // No leave to open a stream.
    let busy = Behind::new(GatewayRules::default().with_max_streams(0)).await;
    assert!(is_timeout_of(&failure(&hurried(), &busy.gateway.url()).await, Phase::Upgrade));
    // No answer.
    let silent = Behind::new(GatewayRules::default().with_silence()).await;
    assert!(is_timeout_of(&failure(&hurried(), &silent.gateway.url()).await, Phase::Upgrade));
    assert_eq!(SOON, Duration::from_millis(50));
}

#[tokio::test]
async fn a_stream_that_is_reset_before_its_answer_is_a_broken_connection() {
    for (code, kind) in [(CANCEL, io::ErrorKind::ConnectionReset), (0x7, io::ErrorKind::ConnectionReset)] {
        let behind = Behind::new(GatewayRules::default().with_reset(code)).await;
        let error = failure(&by(HttpChoice::Two), &behind.gateway.url()).await;
        let ConnectError::Upgrade(UpgradeError::Io(cause)) = &error else { panic!("{error:?}") };
        assert_eq!(cause.kind(), kind, "{error:?}");
    }
    let behind = Behind::new(GatewayRules::default().with_reset(HTTP_1_1_REQUIRED)).await;
    let error = failure(&by(HttpChoice::Two), &behind.gateway.url()).await;
    assert!(matches!(error, ConnectError::Upgrade(UpgradeError::NoExtendedConnect)), "{error:?}");
}

#[tokio::test]
async fn a_header_that_http_2_does_not_know_is_told_before_it_is_sent() {
    let behind = Behind::new(GatewayRules::default()).await;
    let endpoint = endpoint(&behind.gateway.url()).with_header("Keep-Alive", "timeout=5").unwrap();
    let error = by(HttpChoice::Two).connect(&endpoint, &|_| {}).await.unwrap_err();
    let ConnectError::Upgrade(UpgradeError::Io(cause)) = &error else { panic!("{error:?}") };
    assert_eq!(cause.kind(), io::ErrorKind::InvalidInput);
    assert!(behind.gateway.requests().is_empty());
}

#[tokio::test]
async fn the_way_may_lead_through_a_proxy() {
    let certificates = Certificates::generate();
    let mut behind = Behind::new(over_tls(&certificates, &BOTH)).await;
    let target = format!("localhost:{}", behind.gateway.addr().port());
    let endpoint = endpoint(&format!("wss://{target}/"));
    let http = ConnectProxy::start(ConnectRules::default().with_route(&target, behind.gateway.addr()));
    let http = http.await.unwrap();
    let socks = SocksProxy::start(SocksRules::default().with_route(&target, behind.gateway.addr()));
    let socks = socks.await.unwrap();
    for url in [http.url(), socks.url().replace("socks5:", "socks5h:")] {
        let proxy = ProxyChoice::Explicit(url.parse().unwrap());
        let connector = trusting_by(&certificates, HttpChoice::Two).with_proxy(proxy);
        let (upgraded, _conn) = behind.attempt(&connector, &endpoint, |answer| answer).await;
        upgraded.unwrap();
    }
    assert_eq!((http.targets(), socks.targets()), (vec![target.clone()], vec![target]));
}

/// In TLS 1.3 a server judges a client's certificate after the client's part of the handshake.
#[tokio::test]
async fn a_late_alert_is_the_fault_of_tls() {
    let certificates = Certificates::generate();
    let mut config = (*certificates.server().server_config_for_clients_of(&certificates)).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let behind = Behind::new(GatewayRules::default().with_tls(config.into())).await;
    let error =
        connect(&trusting_by(&certificates, HttpChoice::Two), &behind.gateway.url()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls(_)), "{error:?} {:?}", error.source());
}
