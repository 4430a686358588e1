//! Bytes on their way: flow control each way, and the halves held apart.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use nova_connect::{ByteStream, Dial, HttpChoice, Upgraded};
use nova_testkit::net::{GatewayRules, PATIENCE, RawFrame, within};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

use super::{Behind, by};
use crate::support::endpoint;

/// A venue sends a DATA frame for each price, and many of them while its client is busy.
#[tokio::test]
async fn a_burst_of_tiny_data_frames_is_no_offence() {
    let mut behind = Behind::new(GatewayRules::default().with_data_frames_of(12)).await;
    let (mut upgraded, mut conn) = behind.open(&by(HttpChoice::Two)).await;
    let burst: Vec<u8> = (0..40_000 * 12).map(|index| (index % 251) as u8).collect();
    let send = tokio::spawn({
        let burst = burst.clone();
        async move {
            conn.send_raw(&burst).await;
            conn
        }
    });
    let mut got = vec![0; burst.len()];
    // Nothing is read before all of it is under way.
    let _conn = send.await.unwrap();
    within(PATIENCE, "the burst", upgraded.stream.read_exact(&mut got)).await.unwrap();
    assert!(got == burst);
}

/// 1 MiB of window, and what the sockets hold.
#[tokio::test]
async fn a_reader_that_pauses_holds_the_server_back() {
    let mut behind = Behind::new(GatewayRules::default()).await;
    let (upgraded, conn) = behind.open(&by(HttpChoice::Two)).await;
    let (mut read, mut write) = upgraded.stream.into_split();
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&sent);
    let server = tokio::spawn(async move {
        let mut conn = conn.with_patience(60 * PATIENCE);
        for _ in 0..1_024 {
            conn.send_raw([7; 64 << 10]).await;
            counter.fetch_add(64 << 10, std::sync::atomic::Ordering::Relaxed);
        }
        conn
    });
    // The machine is moved by the writer, and yet takes no more than its window.
    let (mut before, mut still) = (0, 0);
    while still < 2_000 {
        write.write_all(b"x").await.unwrap();
        write.flush().await.unwrap();
        tokio::task::yield_now().await;
        let now = sent.load(std::sync::atomic::Ordering::Relaxed);
        still = if now == before { still + 1 } else { 0 };
        before = now;
    }
    assert!(before < 24 << 20, "{before} bytes were taken that nobody read");
    let mut rest = vec![0; 64 << 20];
    within(4 * PATIENCE, "the rest", read.read_exact(&mut rest)).await.unwrap();
    let _conn = server.await.unwrap();
}

/// Each half in a task of its own, and the machine moved by whoever is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_directions_flow_at_once_from_two_tasks() {
    let mut behind = Behind::new(GatewayRules::default()).await;
    let (upgraded, mut conn) = behind.open(&by(HttpChoice::Two)).await;
    let (mut read, mut write) = upgraded.stream.into_split();
    let total = 300;
    let echoing = tokio::spawn(async move {
        for _ in 0..total {
            let message = conn.recv_message().await;
            conn.send(RawFrame::binary(message.payload)).await;
        }
        conn
    });
    let frame = [&b"\x82\xff\0\0\0\0\0\x01\0\0\0\0\0\0"[..], &[7; 65_536]].concat();
    let writing = tokio::spawn(async move {
        for _ in 0..total {
            write.write_all(&frame).await.unwrap();
            write.flush().await.unwrap();
        }
        write
    });
    let mut got = vec![0; total * (65_536 + 10)];
    within(4 * PATIENCE, "the echoes", read.read_exact(&mut got)).await.unwrap();
    assert!(got.chunks(65_546).all(|frame| frame[10..] == [7; 65_536]));
    writing.await.unwrap();
    echoing.await.unwrap();
}

/// A flush must not leave bytes that only a reader could move.
#[tokio::test]
async fn what_was_flushed_arrives_though_nobody_reads() {
    let mut behind = Behind::new(GatewayRules::default()).await;
    let (upgraded, mut conn) = behind.open(&by(HttpChoice::Two)).await;
    let (_read, mut write) = upgraded.stream.into_split();
    let frame = [&b"\x82\xff\0\0\0\0\0\x40\0\0\0\0\0\0"[..], &vec![7; 4 << 20]].concat();
    let send = async {
        write.write_all(&frame).await.unwrap();
        write.flush().await.unwrap();
    };
    let receive = async { assert!(conn.recv().await.payload == vec![7; 4 << 20]) };
    both(send, receive).await;
}

/// A socket that holds 4 KiB, and a server that does not read it for a while.
#[tokio::test]
async fn a_flush_waits_until_the_socket_has_taken_everything() {
    let (ours, theirs) = tokio::io::duplex(4_096);
    let (upgraded, mut connection, mut body) = over(ByteStream::new(ours), theirs).await;
    let (_read, mut write) = upgraded.stream.into_split();
    write.write_all(&[7; 32 << 10]).await.unwrap();
    let flushed = tokio::time::timeout(Duration::from_millis(20), write.flush()).await;
    assert!(flushed.is_err(), "what the socket did not take is not flushed");
    both(async { write.flush().await.unwrap() }, read_by(&mut connection, &mut body, 32 << 10)).await;
}

/// As sockets of tokio do when a task has had its turn: not ready, and ready again at once.
#[tokio::test]
async fn a_socket_that_is_ready_again_at_once_wakes_the_writer() {
    let (ours, theirs) = tokio::io::duplex(4_096);
    let hesitant = Hesitant { io: ours, reads: false, writes: false };
    let (upgraded, mut connection, mut body) = over(ByteStream::new(hesitant), theirs).await;
    let (_read, mut write) = upgraded.stream.into_split();
    let send = async {
        write.write_all(&vec![7; 4 << 20]).await.unwrap();
        write.flush().await.unwrap();
    };
    both(send, read_by(&mut connection, &mut body, 4 << 20)).await;
}

type Server = h2::server::Connection<DuplexStream, Bytes>;

/// A stream over this socket, and a server at its other end that reads when it is told to.
async fn over(socket: ByteStream, theirs: DuplexStream) -> (Upgraded, Server, h2::RecvStream) {
    let connector = by(HttpChoice::Two).with_dialer(Arc::new(Given(Mutex::new(Some(socket)))));
    let endpoint = endpoint("ws://127.0.0.1/");
    let mut connecting = pin!(connector.connect(&endpoint, &|_| {}));
    let serving = async {
        let mut builder = h2::server::Builder::new();
        builder
            .enable_connect_protocol()
            .initial_window_size(1 << 20)
            .initial_connection_window_size(1 << 20);
        let mut connection: Server = builder.handshake(theirs).await.unwrap();
        let (request, mut respond) = connection.accept().await.unwrap().unwrap();
        // Its end of the stream stays open for as long as the body is held.
        let _send = respond.send_response(http::Response::new(()), false).unwrap();
        (connection, request.into_body())
    };
    let (mut connection, body) = tokio::select! {
        biased;
        _ = &mut connecting => panic!("nothing was answered yet"),
        served = serving => served,
    };
    let upgraded = tokio::select! {
        upgraded = connecting => upgraded.unwrap(),
        _ = connection.accept() => panic!("the connection goes on"),
    };
    (upgraded, connection, body)
}

/// Lets the server read so many bytes.
async fn read_by(connection: &mut Server, body: &mut h2::RecvStream, bytes: usize) {
    let reading = async {
        let mut got = 0;
        while got < bytes {
            let data = body.data().await.unwrap().unwrap();
            body.flow_control().release_capacity(data.len()).unwrap();
            got += data.len();
        }
    };
    tokio::select! {
        () = reading => {}
        _ = connection.accept() => panic!("the connection goes on"),
    }
}

/// Every second poll finds it not ready, though it is.
struct Hesitant {
    io: DuplexStream,
    reads: bool,
    writes: bool,
}

impl AsyncRead for Hesitant {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.reads = !self.reads;
        if self.reads {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Hesitant {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes = !self.writes;
        if self.writes {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Dials what it was given.
#[derive(Debug)]
struct Given(Mutex<Option<ByteStream>>);

#[async_trait::async_trait]
impl Dial for Given {
    async fn dial(&self, _: SocketAddr) -> io::Result<ByteStream> {
        Ok(self.0.lock().unwrap().take().unwrap())
    }
}

async fn both(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    within(PATIENCE, "both", async { tokio::join!(one, other) }).await;
}
