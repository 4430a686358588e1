//! Hand-written loops over fastwebsockets.

use std::net::SocketAddr;

use bytes::Bytes;
use fastwebsockets::{Frame, OpCode, Payload, WebSocket, handshake};
use http_body_util::Empty;
use hyper::{
    Request,
    header::{CONNECTION, UPGRADE},
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use websockex_nova::deribit::items::{BookUpdate, TickerData, Trade};

use super::{
    contenders::{Count, Item, Notification, Tally, subscription},
    messages::Kind,
};

/// How a loop reads its items.
pub(super) trait Read {
    fn read<T: Item>(&mut self, payload: &mut [u8]) -> T;
}

pub(super) struct Serde;
pub(super) struct Sonic;
pub(super) struct Simd(simd_json::Buffers);

pub(super) const fn serde() -> Serde {
    Serde
}

pub(super) const fn sonic() -> Sonic {
    Sonic
}

pub(super) fn simd() -> Simd {
    Simd(simd_json::Buffers::new(1024))
}

impl Read for Serde {
    fn read<T: Item>(&mut self, payload: &mut [u8]) -> T {
        // fastwebsockets has checked the text already, when it assembled the message.
        let item: Notification<T> = serde_json::from_slice(payload).expect("it has the expected shape");
        item.params.data
    }
}

impl Read for Sonic {
    fn read<T: Item>(&mut self, payload: &mut [u8]) -> T {
        let item: Notification<T> = sonic_rs::from_slice(payload).expect("it has the expected shape");
        item.params.data
    }
}

impl Read for Simd {
    fn read<T: Item>(&mut self, payload: &mut [u8]) -> T {
        let item: Notification<T> = simd_json::serde::from_slice_with_buffers(payload, &mut self.0)
            .expect("it has the expected shape");
        item.params.data
    }
}

pub(super) async fn run<R: Read>(server: SocketAddr, kind: Kind, messages: u64, reader: fn() -> R) -> Tally {
    match kind {
        Kind::Ticker => take::<TickerData<f64>, R>(server, kind, messages, reader()).await,
        Kind::Book => take::<BookUpdate<f64>, R>(server, kind, messages, reader()).await,
        Kind::Trades => take::<Vec<Trade<f64>>, R>(server, kind, messages, reader()).await,
    }
}

async fn take<T: Item, R: Read>(server: SocketAddr, kind: Kind, messages: u64, mut reader: R) -> Tally {
    let mut socket = open(server).await;
    let text = Payload::Owned(subscription(kind).into_bytes());
    socket.write_frame(Frame::text(text)).await.expect("the server reads");
    socket.read_frame().await.expect("the server answers");
    let mut count = Count::of(messages);
    loop {
        let mut frame = socket.read_frame().await.expect("the server goes on");
        if frame.opcode != OpCode::Text {
            continue;
        }
        let item: T = reader.read(frame.payload.to_mut());
        if let Some(tally) = count.add(item.sum()) {
            return tally;
        }
    }
}

async fn open(server: SocketAddr) -> WebSocket<TokioIo<Upgraded>> {
    struct Spawn;
    impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Spawn {
        fn execute(&self, future: F) {
            tokio::spawn(future);
        }
    }
    let stream = TcpStream::connect(server).await.expect("the server listens");
    stream.set_nodelay(true).expect("a TCP socket has that option");
    let request = Request::builder()
        .uri("/")
        .header("Host", "bench")
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "upgrade")
        .header("Sec-WebSocket-Key", handshake::generate_key())
        .header("Sec-WebSocket-Version", "13")
        .body(Empty::<Bytes>::new())
        .expect("a request can be built");
    handshake::client(&Spawn, request, stream).await.expect("the server upgrades").0
}
