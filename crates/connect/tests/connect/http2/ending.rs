//! How a stream ends, and what is left of it.

use std::io;

use nova_connect::HttpChoice;
use nova_testkit::net::{EchoServer, Gateway, GatewayRules, PATIENCE, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Behind, CANCEL, ENHANCE_YOUR_CALM, NO_ERROR, by};
use crate::support::connect;

/// What reading and writing say after the gateway did this to an open stream.
async fn after(act: impl FnOnce(&Gateway)) -> (io::Result<usize>, io::Error) {
    let mut behind = Behind::new(GatewayRules::default()).await;
    let (mut upgraded, _conn) = behind.open(&by(HttpChoice::Two)).await;
    act(&behind.gateway);
    let mut buffer = [0; 8];
    let read = within(PATIENCE, "an end", upgraded.stream.read(&mut buffer)).await;
    // Told every time.
    let again = upgraded.stream.read(&mut buffer).await;
    assert_eq!(again.is_ok(), read.is_ok(), "{again:?} after {read:?}");
    let writing = async {
        loop {
            if let Err(error) = upgraded.stream.write_all(b"anyone?").await {
                return error;
            }
            tokio::task::yield_now().await;
        }
    };
    (read, within(PATIENCE, "an error", writing).await)
}

#[tokio::test]
async fn each_end_has_its_kind() {
    let (read, write) = after(|gateway| gateway.reset_streams(CANCEL)).await;
    let error = read.unwrap_err();
    assert_eq!(
        (error.kind(), write.kind()),
        (io::ErrorKind::ConnectionReset, io::ErrorKind::ConnectionReset)
    );
    assert!(error.to_string().contains("reset the stream"), "{error}");

    let (read, _write) = after(|gateway| gateway.go_away(ENHANCE_YOUR_CALM)).await;
    let error = read.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionAborted, "{error:?}");
    assert!(error.to_string().contains("went away"), "{error}");

    let (read, _write) = after(Gateway::cut).await;
    assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);

    // Some servers end a stream like this.
    let (read, _write) = after(|gateway| gateway.reset_streams(NO_ERROR)).await;
    assert_eq!(read.unwrap(), 0);
}

/// RFC 9113 §6.8: streams that are open may go on.
#[tokio::test]
async fn a_goaway_that_blames_nobody_ends_no_stream() {
    let server = EchoServer::start().await.unwrap();
    let gateway = Gateway::start(server.addr(), GatewayRules::default()).await.unwrap();
    let mut stream = connect(&by(HttpChoice::Two), &gateway.url()).await.unwrap().stream;
    gateway.go_away_in_order();
    for _ in 0..100 {
        // A masked text, and its echo.
        stream.write_all(b"\x81\x82\0\0\0\0hi").await.unwrap();
        stream.flush().await.unwrap();
        let mut echo = [0; 4];
        within(PATIENCE, "an echo", stream.read_exact(&mut echo)).await.unwrap();
        assert_eq!(&echo, b"\x81\x02hi");
    }
    stream.shutdown().await.unwrap();
    assert_eq!(within(PATIENCE, "the end", stream.read(&mut [0; 8])).await.unwrap(), 0);
}

#[tokio::test]
async fn a_dropped_stream_closes_its_connection() {
    let mut behind = Behind::new(GatewayRules::default()).await;
    for _ in 0..3 {
        let (upgraded, mut conn) = behind.open(&by(HttpChoice::Two)).await;
        behind.gateway.open(1).await;
        drop(upgraded);
        let _ending = conn.ended().await;
        behind.gateway.open(0).await;
    }
}

/// At whatever step it was: settings, request, answer.
#[tokio::test]
async fn an_attempt_dropped_at_any_poll_closes_its_connection() {
    let server = EchoServer::start().await.unwrap();
    let gateway = Gateway::start(server.addr(), GatewayRules::default()).await.unwrap();
    let connector = by(HttpChoice::Two);
    let mut polls = 1;
    loop {
        let accepted = gateway.accepted();
        let pause = async {
            for _ in 0..polls {
                tokio::task::yield_now().await;
            }
        };
        let url = gateway.url();
        let opened = tokio::select! {
            biased;
            upgraded = connect(&connector, &url) => Some(upgraded.unwrap()),
            () = pause => None,
        };
        if opened.is_some() {
            assert!(polls > 1, "no attempt was ever dropped");
            return;
        }
        // The kernel may have it, and the gateway not yet.
        while gateway.accepted() == accepted {
            tokio::task::yield_now().await;
        }
        gateway.connections(0).await;
        server.wait_for_open_links(0).await;
        polls += 1;
    }
}

/// The peers live in a runtime of their own, so that every task of this one is ours.
#[test]
fn no_task_is_ever_spawned() {
    let theirs = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (_server, gateway) = theirs.block_on(async {
        let server = EchoServer::start().await.unwrap();
        let gateway = Gateway::start(server.addr(), GatewayRules::default()).await.unwrap();
        (server, gateway)
    });
    let ours = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    ours.block_on(async {
        let mut stream = connect(&by(HttpChoice::Two), &gateway.url()).await.unwrap().stream;
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        assert_eq!(tasks(), 0);
        stream.write_all(b"\x81\x82\0\0\0\0hi").await.unwrap();
        stream.flush().await.unwrap();
        stream.read_exact(&mut [0; 4]).await.unwrap();
        assert_eq!(tasks(), 0);
    });
}
