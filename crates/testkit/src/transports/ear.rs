//! Reading a source as a session does, and keeping what was said.

use std::future::Future;

use nova_frame_codec::{Assembler, CloseFrame, Message, OpCode};
use nova_transport::{FrameSource, TransportError};

use crate::net::{PATIENCE, within};

/// A source, and the assembler behind it.
pub(super) struct Ear<S> {
    pub(super) source: S,
    assembler: Assembler,
}

/// A message that outlives the buffers it came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseFrame>),
}

impl<S: FrameSource> Ear<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, assembler: Assembler::new(64 << 20) }
    }

    /// The next message that is buffered already.
    pub(super) fn buffered(&mut self) -> Result<Option<Said>, TransportError> {
        while let Some(frame) = self.source.next_frame()? {
            if let Some(message) = self.assembler.push(frame)? {
                return Ok(Some(Said::from(message)));
            }
        }
        Ok(None)
    }

    /// The next message; panics if none comes for too long.
    pub(super) async fn next(&mut self) -> Result<Said, TransportError> {
        loop {
            if let Some(said) = self.buffered()? {
                return Ok(said);
            }
            within(PATIENCE, "bytes from the peer", self.source.fill()).await?;
        }
    }

    /// The next frame as it was sent.
    pub(super) async fn next_frame(&mut self) -> Result<(bool, OpCode, Vec<u8>), TransportError> {
        loop {
            if let Some(frame) = self.source.next_frame()? {
                return Ok((frame.fin, frame.opcode, frame.payload.to_vec()));
            }
            within(PATIENCE, "bytes from the peer", self.source.fill()).await?;
        }
    }
}

impl From<Message<'_>> for Said {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.to_owned()),
            Message::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Message::Ping(payload) => Self::Ping(payload.to_vec()),
            Message::Pong(payload) => Self::Pong(payload.to_vec()),
            Message::Close(frame) => Self::Close(frame),
        }
    }
}

/// Polls `future` so many times, letting the reactor work in between, then drops it; what it gave, if
/// it ended.
pub(super) async fn briefly<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let pause = async {
        for _ in 1..polls {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        output = future => Some(output),
        () = pause => None,
    }
}
