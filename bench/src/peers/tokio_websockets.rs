//! tokio-websockets: `simdutf8` and its own masking are always on; masks by `fastrand`, the cheapest of the
//! generators its README offers (no cryptographic one, as RFC 6455 §10.3 wants). The threshold of its
//! output buffer is raised from 8 to 64 KiB (`Config::flush_threshold`). Its input buffer cannot be set.

use futures_util::{SinkExt, StreamExt};
use tokio_websockets::{ClientBuilder, Config, Limits, Message, Payload, WebSocketStream};

use super::{Peer, Stream};
use crate::socket::{Socket, Taker, Text};

pub(crate) struct TokioWebSockets;

impl Peer for TokioWebSockets {
    async fn over<S: Stream>(stream: S) -> impl Socket {
        let config = Config::default().flush_threshold(64 << 10);
        ClientBuilder::new().config(config).limits(Limits::default()).take_over(stream)
    }
}

impl<S: Stream> Socket for WebSocketStream<S> {
    async fn receive(&mut self, taker: &mut Taker) {
        loop {
            let message = self.next().await.expect("the server goes on").expect("the server goes on");
            if message.is_text() && taker.take(message.as_payload()) {
                return;
            }
        }
    }

    async fn send(&mut self, text: &Text, messages: u64, batch: u64) {
        for _ in 0..messages / batch {
            for _ in 0..batch {
                let text = Payload::from(text.bytes().clone());
                self.feed(Message::text(text)).await.expect("the server reads");
            }
            self.flush().await.expect("the server reads");
        }
    }
}
