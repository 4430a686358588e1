//! The opening handshake: what is sent, what is accepted, and what a refusal tells.

use std::{sync::Arc, time::Duration};

use nova_connect::{Connector, Entropy, Upgraded};
use nova_testkit::net::{Answer, Conn, Peer};
use nova_transport::{ConnectError, Endpoint, HttpRefusal, RetryAfter, UpgradeError};
use tokio::io::AsyncReadExt;

use crate::support::{connect, endpoint};

/// One attempt against a peer that does `script` with the connection.
async fn attempt(
    endpoint: impl FnOnce(Endpoint) -> Endpoint,
    script: impl AsyncFnOnce(&mut Conn),
) -> Result<Upgraded, ConnectError> {
    attempt_by(&Connector::new(), endpoint, script).await
}

async fn attempt_by(
    connector: &Connector,
    change: impl FnOnce(Endpoint) -> Endpoint,
    script: impl AsyncFnOnce(&mut Conn),
) -> Result<Upgraded, ConnectError> {
    let mut peer = Peer::bind().await.expect("a port is free");
    let endpoint = change(endpoint(&format!("{}ws?a=1&b=%20|", peer.url())));
    let server = async {
        let mut conn = peer.accept().await;
        script(&mut conn).await;
        conn
    };
    let (outcome, mut conn) = tokio::join!(connector.connect(&endpoint, &|_| {}), server);
    if outcome.is_err() {
        // A failed attempt leaves no socket behind.
        conn.ended().await;
    }
    outcome
}

fn same(endpoint: Endpoint) -> Endpoint {
    endpoint
}

async fn refused(script: impl AsyncFnOnce(&mut Conn)) -> HttpRefusal {
    match attempt(same, script).await {
        Err(ConnectError::Refused(refusal)) => *refusal,
        other => panic!("{other:?}"),
    }
}

async fn invalid(script: impl AsyncFnOnce(&mut Conn)) -> UpgradeError {
    match attempt(same, script).await {
        Err(ConnectError::Upgrade(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn invalid_after(change: impl FnOnce(Answer) -> Answer) -> UpgradeError {
    invalid(async |conn| conn.accept_upgrade_with(change).await).await
}

#[tokio::test]
async fn the_request_is_what_the_rfc_asks_for() {
    let with_all = |endpoint: Endpoint| {
        let endpoint = endpoint.with_header("X-Api-Key", "k").unwrap().with_header("x-api-key", "l").unwrap();
        endpoint.with_subprotocol("v2").unwrap().with_subprotocol("v1").unwrap()
    };
    let upgraded = attempt(with_all, async |conn| {
        let request = conn.read_request().await;
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/ws?a=1&b=%20|"));
        let names: Vec<_> = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        let expected = [
            "host",
            "upgrade",
            "connection",
            "sec-websocket-key",
            "sec-websocket-version",
            "sec-websocket-protocol",
            "x-api-key",
            "x-api-key",
        ];
        assert_eq!(names, expected);
        assert!(request.header("host").unwrap().starts_with("127.0.0.1:"));
        assert_eq!(request.header("upgrade"), Some("websocket"));
        assert_eq!(request.header("connection"), Some("Upgrade"));
        assert_eq!(request.header("sec-websocket-version"), Some("13"));
        assert_eq!(request.header("sec-websocket-protocol"), Some("v2, v1"));
        assert_eq!(request.values("x-api-key").collect::<Vec<_>>(), ["k", "l"]);
        let chosen = Answer::accepting(&request).with_header("Sec-WebSocket-Protocol", "v1");
        conn.answer(&chosen.with_header("X-Node", "7")).await;
    });
    let handshake = upgraded.await.unwrap().handshake;
    assert_eq!(handshake.subprotocol.as_deref(), Some("v1"));
    assert_eq!(handshake.headers["x-node"], "7");
}

#[tokio::test]
async fn two_attempts_differ_in_their_key_only() {
    let mut peer = Peer::bind().await.unwrap();
    let endpoint = endpoint(&format!("{}a?b=c", peer.url()));
    let endpoint = endpoint.with_header("authorization", "secret").unwrap();
    let endpoint = endpoint.with_subprotocol("v1").unwrap().with_header("cookie", "a=b").unwrap();
    let connector = Connector::new();
    let mut requests = Vec::new();
    for _ in 0..2 {
        let server = async {
            let mut conn = peer.accept().await;
            conn.accept_upgrade().await;
            conn.request().clone()
        };
        let (upgraded, request) = tokio::join!(connector.connect(&endpoint, &|_| {}), server);
        upgraded.unwrap();
        let key = request.header("sec-websocket-key").unwrap().to_owned();
        let text = String::from_utf8(request.raw).unwrap();
        requests.push((text.replace(&key, "KEY"), key));
    }
    let ((first, first_key), (second, second_key)) = (&requests[0], &requests[1]);
    assert_eq!(first, second);
    assert_ne!(first_key, second_key);
    assert_eq!(first_key.len(), 24, "16 bytes in base64");
}

#[tokio::test]
async fn the_key_comes_from_the_given_entropy() {
    #[derive(Debug)]
    struct Sample;

    impl Entropy for Sample {
        fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
            bytes.copy_from_slice(b"the sample nonce");
            Ok(())
        }
    }

    let connector = Connector::new().with_entropy(Arc::new(Sample));
    let upgraded = attempt_by(&connector, same, async |conn| {
        conn.accept_upgrade().await;
        // The key of RFC 6455 §1.3.
        assert_eq!(conn.request().header("sec-websocket-key"), Some("dGhlIHNhbXBsZSBub25jZQ=="));
    });
    upgraded.await.unwrap();
}

#[tokio::test]
async fn bytes_behind_the_answer_are_in_the_stream() {
    let upgraded = attempt(same, async |conn| {
        conn.accept_upgrade_with(|answer| answer.followed_by(b"\x81\x02hi").followed_by([7; 5000])).await;
        conn.send_raw(b"later").await;
        conn.half_close().await;
    });
    let (mut read, _write) = upgraded.await.unwrap().stream.into_split();
    let mut bytes = Vec::new();
    read.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, [&b"\x81\x02hi"[..], &[7; 5000], b"later"].concat());
}

#[tokio::test]
async fn hints_before_the_answer_are_passed_over() {
    let upgraded = attempt(same, async |conn| {
        let request = conn.read_request().await;
        conn.send_raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").await;
        conn.answer(&Answer::accepting(&request)).await;
    });
    upgraded.await.unwrap();
}

#[tokio::test]
async fn a_refusal_keeps_status_headers_body_and_when_to_come_back() {
    let refusal = refused(async |conn| {
        conn.read_request().await;
        conn.answer(&Answer::refusing(429).with_header("Retry-After", "7").with_body("slow down")).await;
    });
    let refusal = refusal.await;
    assert_eq!(refusal.status, 429);
    assert_eq!(refusal.body_prefix, b"slow down");
    assert_eq!(refusal.retry_after(), Some(RetryAfter::Delay(Duration::from_secs(7))));
}

#[tokio::test]
async fn a_redirect_and_a_plain_page_are_refusals() {
    let refusal = refused(async |conn| {
        conn.read_request().await;
        conn.answer(&Answer::refusing(302).with_header("Location", "wss://elsewhere.test")).await;
    });
    let refusal = refusal.await;
    assert_eq!(refusal.status, 302);
    assert_eq!(refusal.headers["location"], "wss://elsewhere.test");
    let refusal = refused(async |conn| {
        conn.read_request().await;
        conn.answer(&Answer::with_status(200).followed_by("<html>")).await;
        conn.half_close().await;
    });
    let refusal = refusal.await;
    assert_eq!((refusal.status.as_u16(), &refusal.body_prefix[..]), (200, &b"<html>"[..]));
}

#[tokio::test]
async fn of_a_long_body_only_the_beginning_is_kept() {
    let refusal = refused(async |conn| {
        conn.read_request().await;
        conn.answer(&Answer::refusing(503).with_body(&"a".repeat(100_000))).await;
    });
    assert_eq!(refusal.await.body_prefix, [b'a'; HttpRefusal::BODY_PREFIX_BYTES]);
}

#[tokio::test]
async fn a_body_that_never_ends_delays_a_refusal_only_a_little() {
    let begun = std::time::Instant::now();
    let refusal = refused(async |conn| {
        conn.read_request().await;
        conn.answer(&Answer::with_status(503).with_header("Content-Length", "100").followed_by("some")).await;
    });
    assert_eq!(refusal.await.body_prefix, b"some");
    assert!(begun.elapsed() < Duration::from_secs(3), "took {:?}", begun.elapsed());
}

#[tokio::test]
async fn each_missing_or_wrong_word_has_its_error() {
    let error = invalid_after(|answer| answer.without_header("Upgrade")).await;
    assert!(matches!(error, UpgradeError::MissingUpgrade), "{error:?}");
    let error = invalid_after(|answer| answer.without_header("Connection")).await;
    assert!(matches!(error, UpgradeError::MissingConnection), "{error:?}");
    let error = invalid_after(|answer| answer.without_header("Sec-WebSocket-Accept")).await;
    assert!(matches!(error, UpgradeError::WrongAccept), "{error:?}");
    let error = invalid_after(|answer| answer.with_header("Sec-WebSocket-Protocol", "v9")).await;
    assert!(matches!(&error, UpgradeError::UnofferedSubprotocol(name) if name == "v9"), "{error:?}");
    let error =
        invalid_after(|answer| answer.with_header("Sec-WebSocket-Extensions", "permessage-deflate")).await;
    assert!(
        matches!(&error, UpgradeError::UnofferedExtension(name) if name == "permessage-deflate"),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_is_not_http_is_told_from_a_stream_that_ended() {
    for garbage in ["SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\0", "HTTP/1.0 101 Old\r\nUpgrade: websocket\r\n\r\n"] {
        let error = invalid(async |conn| {
            conn.read_request().await;
            conn.send_raw(garbage).await;
        });
        let error = error.await;
        assert!(matches!(error, UpgradeError::NotHttp(_)), "{garbage:?}: {error:?}");
    }
    for beginning in ["", "HTTP/1.1 101 Switch"] {
        let error = invalid(async |conn| {
            conn.read_request().await;
            conn.send_raw(beginning).await;
            conn.half_close().await;
        });
        let error = error.await;
        assert!(matches!(error, UpgradeError::Io(_)), "{beginning:?}: {error:?}");
    }
}

#[tokio::test]
async fn an_endless_head_is_cut_off() {
    let error = invalid(async |conn| {
        conn.read_request().await;
        conn.send_raw("HTTP/1.1 101 Switching Protocols\r\nX: ").await;
        conn.send_raw("a".repeat(70_000)).await;
    });
    let error = error.await;
    assert!(matches!(error, UpgradeError::NotHttp(_)), "{error:?}");
    let connector = Connector::new().with_max_head_bytes(200);
    let attempt = attempt_by(&connector, same, async |conn| {
        conn.accept_upgrade_with(|answer| answer.with_header("X", &"a".repeat(200))).await;
    });
    let error = attempt.await.unwrap_err();
    assert!(matches!(error, ConnectError::Upgrade(UpgradeError::NotHttp(_))), "{error:?}");
}

#[tokio::test]
async fn an_extension_can_be_offered_by_whoever_speaks_it() {
    let mut peer = Peer::bind().await.unwrap();
    let endpoint = endpoint(&peer.url());
    let connector = Connector::new();
    let client =
        connector.connect_offering(&endpoint, &["permessage-deflate; server_no_context_takeover"], &|_| {});
    let server = async {
        let mut conn = peer.accept().await;
        conn.accept_upgrade_with(|answer| {
            answer.with_header("Sec-WebSocket-Extensions", "permessage-deflate")
        })
        .await;
        let offered = conn.request().header("sec-websocket-extensions").map(str::to_owned);
        assert_eq!(offered.as_deref(), Some("permessage-deflate; server_no_context_takeover"));
        conn
    };
    let (upgraded, _conn) = tokio::join!(client, server);
    assert_eq!(upgraded.unwrap().handshake.headers["sec-websocket-extensions"], "permessage-deflate");
}

#[tokio::test]
async fn a_clone_connects_like_its_original() {
    let mut peer = Peer::bind().await.unwrap();
    let url = peer.url();
    let connector = Connector::new().with_max_head_bytes(1).clone();
    let server = async { peer.accept().await.accept_upgrade().await };
    let (upgraded, ()) = tokio::join!(connect(&connector, &url), server);
    assert!(matches!(upgraded, Err(ConnectError::Upgrade(UpgradeError::NotHttp(_)))));
}
