//! A transport of one's own, in a few lines: our codec over whatever bytes the connector opens.
//!
//! `cargo run --example own_transport -- ws://127.0.0.1:9001/` says hello to an echo service.

use std::{env, io};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use websockex_nova::{
    connect::{Connector, ReadHalf, WriteHalf},
    frame_codec::{Client as ClientRole, Decoder, Encoder, Frame, MaskKey, OutFrame},
    prelude::*,
    transport::{ConnectError, FrameSink, FrameSource, Link, Progress, Transport, TransportError},
};

/// Opens links with the usual connector, and moves frames itself.
#[derive(Default)]
pub struct Plain(pub Connector);

/// Bytes in, frames out.
pub struct Source(ReadHalf, Decoder<ClientRole>);

/// Frames in, bytes out.
pub struct Sink(WriteHalf, Encoder<ClientRole>);

impl Transport for Plain {
    type Source = Source;
    type Sink = Sink;

    async fn connect(&self, to: &Endpoint, tell: Progress<'_>) -> Result<Link<Source, Sink>, ConnectError> {
        let upgraded = self.0.connect(to, tell).await?;
        let (read, write) = upgraded.stream.into_split();
        let (source, sink) = (Source(read, Decoder::new(16 << 20)), Sink(write, Encoder::new()));
        Ok(Link { source, sink, handshake: upgraded.handshake })
    }
}

impl FrameSource for Source {
    fn bound_messages(&mut self, message_bytes: usize) {
        self.1.lower_frame_limit(message_bytes);
    }

    async fn fill(&mut self) -> Result<(), TransportError> {
        let count = self.0.read(self.1.spare_mut(1)).await?;
        self.1.commit(count);
        if count == 0 { Err(TransportError::Eof) } else { Ok(()) }
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, TransportError> {
        Ok(self.1.next_frame()?)
    }
}

impl FrameSink for Sink {
    fn has_room(&self) -> bool {
        self.1.pending().len() < 64 << 10
    }

    fn feed(&mut self, frame: OutFrame<'_>) -> Result<(), TransportError> {
        let mut key = [0; 4];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        self.1.push(frame, MaskKey::from(key));
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        while !self.1.pending().is_empty() {
            let count = self.0.write(self.1.pending()).await?;
            self.1.advance(count);
        }
        Ok(self.0.flush().await?)
    }

    async fn finish(&mut self) -> Result<(), TransportError> {
        self.flush().await?;
        Ok(self.0.shutdown().await?)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:9001/".to_owned());
    let client = Connect::new(Echo::at(&url)?, Plain::default()).connect().await?;
    let reply = client.call("hello").await?;
    tokio::io::stdout().write_all(reply.as_bytes()).await.ok();
    Ok(client.shutdown(secs(1)).await?)
}
