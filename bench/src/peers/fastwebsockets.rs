//! fastwebsockets: "For concanated frames, use `FragmentCollector`" (its README). It has no setting for
//! buffers, and neither a flush nor a way to send several messages at once.

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};

use super::{Peer, Stream};
use crate::socket::{Socket, Taker, Text};

pub(crate) struct FastWebSockets;

impl Peer for FastWebSockets {
    async fn over<S: Stream>(stream: S) -> impl Socket {
        FragmentCollector::new(WebSocket::after_handshake(stream, Role::Client))
    }
}

impl<S: Stream> Socket for FragmentCollector<S> {
    async fn receive(&mut self, taker: &mut Taker) {
        loop {
            let frame = self.read_frame().await.expect("the server goes on");
            if frame.opcode == OpCode::Text && taker.take(&frame.payload) {
                return;
            }
        }
    }

    async fn send(&mut self, text: &Text, messages: u64, _batch: u64) {
        for _ in 0..messages {
            // It masks in place what it owns, and copies what it only borrows.
            let text = Payload::Owned(text.bytes().to_vec());
            self.write_frame(Frame::text(text)).await.expect("the server reads");
        }
    }
}
