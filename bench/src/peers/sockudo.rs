//! sockudo-ws, unified (its split halves share a lock), with its timers off: with them on it reads the clock
//! for each message. Batches by "`feed` followed by `flush` at batch boundaries" (`Config::write_coalescing`).

use futures_util::{SinkExt, StreamExt};
use sockudo_ws::{Config, Message, WebSocketStream};

use super::{Peer, Stream};
use crate::socket::{Socket, Taker, Text};

pub(crate) struct Sockudo;

impl Peer for Sockudo {
    async fn over<S: Stream>(stream: S) -> impl Socket {
        let config = Config::builder().auto_ping(false).idle_timeout(0).build();
        WebSocketStream::client(stream, config)
    }
}

impl<S: Stream> Socket for WebSocketStream<S> {
    async fn receive(&mut self, taker: &mut Taker) {
        loop {
            let message = self.next().await.expect("the server goes on").expect("the server goes on");
            if let Message::Text(text) = message
                && taker.take(&text)
            {
                return;
            }
        }
    }

    async fn send(&mut self, text: &Text, messages: u64, batch: u64) {
        for _ in 0..messages / batch {
            for _ in 0..batch {
                let text = Message::Text(text.bytes().clone());
                self.feed(text).await.expect("the server reads");
            }
            self.flush().await.expect("the server reads");
        }
    }
}
