//! The sending half.
//!
//! fastwebsockets' own writer is one write per frame, cannot be cancelled between two bytes, and
//! never flushes. Its framing and masking are used here without it: a frame is encoded into a
//! buffer at once, and the buffer leaves in as few writes as the socket allows.

use std::{
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use fastwebsockets::{Frame, Payload, unmask};
use nova_connect::WriteHalf;
use nova_frame_codec::{OpCode, OutFrame};
use nova_transport::{FrameSink, TransportError};
use tokio::io::AsyncWrite;

use crate::inbox::LONGEST_HEAD_BYTES;

/// Frames to the peer.
///
/// After a close frame was fed, nothing may follow it (RFC 6455 §5.5.1): control frames are
/// dropped, since they ask for nothing any more, and a data frame is an error, since it would
/// otherwise count as sent.
pub struct Sink {
    write: WriteHalf,
    /// Encoded frames, the first `written` bytes of which have left.
    out: Vec<u8>,
    written: usize,
    closed: bool,
    failed: Option<TransportError>,
}

impl Sink {
    pub(crate) const fn new(write: WriteHalf) -> Self {
        Self { write, out: Vec::new(), written: 0, closed: false, failed: None }
    }

    fn check(&self) -> Result<(), TransportError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: io::Error) -> TransportError {
        let error = TransportError::Io(Arc::new(error));
        self.failed = Some(error.clone());
        error
    }

    fn encode(&mut self, frame: OutFrame<'_>) {
        if self.written * 2 >= self.out.len() {
            self.out.drain(..self.written);
            self.written = 0;
        }
        let opcode = match frame.opcode() {
            OpCode::Continuation => fastwebsockets::OpCode::Continuation,
            OpCode::Text => fastwebsockets::OpCode::Text,
            OpCode::Binary => fastwebsockets::OpCode::Binary,
            OpCode::Close => fastwebsockets::OpCode::Close,
            OpCode::Ping => fastwebsockets::OpCode::Ping,
            OpCode::Pong => fastwebsockets::OpCode::Pong,
        };
        // Masking an empty frame draws a mask without copying the payload; the header shows it.
        let mut encoded = Frame::new(frame.fin(), opcode, None, Payload::Borrowed(&[]));
        encoded.mask();
        encoded.payload = Payload::Borrowed(frame.payload());
        let mut head = [0; LONGEST_HEAD_BYTES];
        let head_bytes = encoded.fmt_head(&mut head);
        let head = &head[..head_bytes];
        let mask = *head.last_chunk().expect("a masked header ends with its four mask bytes");

        self.out.reserve(head.len() + frame.payload().len());
        self.out.extend_from_slice(head);
        let start = self.out.len();
        self.out.extend_from_slice(frame.payload());
        unmask(&mut self.out[start..], mask);
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            let count = ready!(Pin::new(&mut self.write).poll_write(cx, &self.out[self.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        if self.out.capacity() > KEPT_BYTES {
            self.out = Vec::new();
        }
        self.out.clear();
        self.written = 0;
        // TLS may still hold what it was given.
        Pin::new(&mut self.write).poll_flush(cx)
    }
}

impl FrameSink for Sink {
    fn has_room(&self) -> bool {
        self.out.len() - self.written < ROOM_BYTES
    }

    fn feed(&mut self, frame: OutFrame<'_>) -> Result<(), TransportError> {
        self.check()?;
        if !self.closed {
            self.closed = frame.opcode() == OpCode::Close;
            self.encode(frame);
            return Ok(());
        }
        if frame.opcode().is_control() {
            return Ok(());
        }
        let late = io::Error::new(io::ErrorKind::BrokenPipe, "a data frame may not follow a close frame");
        Err(TransportError::Io(Arc::new(late)))
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        self.check()?;
        let flushed = poll_fn(|cx| self.poll_flush(cx)).await;
        flushed.map_err(|error| self.fail(error))
    }

    async fn finish(&mut self) -> Result<(), TransportError> {
        self.flush().await?;
        let finished = poll_fn(|cx| Pin::new(&mut self.write).poll_shutdown(cx)).await;
        finished.map_err(|error| self.fail(error))
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink")
            .field("buffered_bytes", &(self.out.len() - self.written))
            .field("closed", &self.closed)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// From how many waiting bytes on no further frame is wanted.
const ROOM_BYTES: usize = 64 * 1024;

/// How much buffer an idle link keeps; thousands of links are idle most of the time.
const KEPT_BYTES: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use nova_connect::ByteStream;
    use nova_frame_codec::ControlPayload;
    use tokio::io::ReadBuf;

    use super::*;

    /// Takes nothing of what it is given.
    struct Full;

    impl tokio::io::AsyncRead for Full {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Full {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(0))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn sink(io: impl tokio::io::AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Sink {
        Sink::new(ByteStream::new(io).into_split().1)
    }

    #[tokio::test]
    async fn edge_12_a_socket_that_takes_nothing_is_an_error_and_not_a_loop() {
        let mut sink = sink(Full);
        sink.feed(OutFrame::text("a")).unwrap();
        let failed = sink.flush().await;
        assert!(
            matches!(&failed, Err(TransportError::Io(error)) if error.kind() == io::ErrorKind::WriteZero)
        );
        assert!(sink.feed(OutFrame::text("b")).is_err() && sink.finish().await.is_err());
    }

    #[tokio::test]
    async fn an_idle_link_keeps_little_buffer() {
        let mut sink = sink(tokio::io::join(tokio::io::empty(), tokio::io::sink()));
        assert_eq!(sink.out.capacity(), 0);
        sink.feed(OutFrame::binary(&[0; ROOM_BYTES])).unwrap();
        assert!(!sink.has_room());
        sink.flush().await.unwrap();
        assert!(sink.has_room());
        assert!(sink.out.capacity() <= KEPT_BYTES);
        sink.feed(OutFrame::ping(&ControlPayload::EMPTY)).unwrap();
        sink.flush().await.unwrap();
        assert!(sink.out.capacity() > 0, "a small buffer is kept, not made anew for each frame");
    }
}
