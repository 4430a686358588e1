//! tokio-tungstenite: "For high read load scenarios a larger buffer, e.g. 128 KiB, improves performance",
//! which is its default (`WebSocketConfig::read_buffer_size`), and so is a write buffer of as much. Batches
//! by `feed` and `flush`.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, Utf8Bytes,
        protocol::{Role, WebSocketConfig},
    },
};

use super::{Peer, Stream};
use crate::socket::{Socket, Taker, Text};

pub(crate) struct Tungstenite;

impl Peer for Tungstenite {
    async fn over<S: Stream>(stream: S) -> impl Socket {
        WebSocketStream::from_raw_socket(stream, Role::Client, Some(WebSocketConfig::default())).await
    }
}

impl<S: Stream> Socket for WebSocketStream<S> {
    async fn receive(&mut self, taker: &mut Taker) {
        loop {
            let message = self.next().await.expect("the server goes on").expect("the server goes on");
            if let Message::Text(text) = message
                && taker.take(text.as_bytes())
            {
                return;
            }
        }
    }

    async fn send(&mut self, text: &Text, messages: u64, batch: u64) {
        let text = Utf8Bytes::try_from(text.bytes().clone()).expect("it is text");
        for _ in 0..messages / batch {
            for _ in 0..batch {
                self.feed(Message::Text(text.clone())).await.expect("the server reads");
            }
            self.flush().await.expect("the server reads");
        }
    }
}
