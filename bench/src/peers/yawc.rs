//! yawc, as its README measured it: "a 128 KiB read buffer, a 64 KiB write backpressure threshold", batches
//! by `feed` and `flush`. `simd` and `with_utf8` are on: without them it does not look at text at all.

use futures_util::SinkExt;
use yawc::{Frame, OpCode, Options, Role, WebSocket};

use super::{Peer, Stream};
use crate::socket::{Socket, Taker, Text};

pub(crate) struct Yawc;

impl Peer for Yawc {
    async fn over<S: Stream>(stream: S) -> impl Socket {
        let options = Options::default()
            .without_compression()
            .with_limits(64 << 20, 64 << 20)
            .with_read_buffer_capacity(128 << 10)
            .with_backpressure_boundary(64 << 10)
            .with_utf8();
        WebSocket::from_stream(stream, Role::Client, options).expect("it needs no extension")
    }
}

impl<S: Stream> Socket for WebSocket<S> {
    async fn receive(&mut self, taker: &mut Taker) {
        loop {
            let frame = self.next_frame().await.expect("the server goes on");
            if frame.opcode() == OpCode::Text && taker.take(frame.payload()) {
                return;
            }
        }
    }

    async fn send(&mut self, text: &Text, messages: u64, batch: u64) {
        for _ in 0..messages / batch {
            for _ in 0..batch {
                self.feed(Frame::text(text.bytes().clone())).await.expect("the server reads");
            }
            self.flush().await.expect("the server reads");
        }
    }
}
