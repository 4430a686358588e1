//! The sending half: frames masked into the encoder's buffer, bytes to the socket from there.

use std::{
    fmt,
    future::poll_fn,
    io,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use nova_connect::WriteHalf;
use nova_frame_codec::{Client, Encoder, OpCode, OutFrame};
use nova_transport::{FrameSink, TransportError};
use tokio::io::AsyncWrite;

#[cfg(feature = "deflate")]
use crate::deflate::Deflater;
use crate::{
    masks::Masks,
    memory,
    policy::{EndOfTurn, FlushPolicy},
};

/// Frames to the peer.
///
/// All state lives in this value, so a call of [`flush`](FrameSink::flush) may be dropped at any byte. After a close
/// frame was fed, nothing may follow it (RFC 6455 §5.5.1): control frames are dropped, since they ask for
/// nothing any more, and a data frame is an error, since it would otherwise count as sent.
pub struct Sink<F: FlushPolicy = EndOfTurn> {
    write: WriteHalf,
    encoder: Encoder<Client>,
    masks: Masks,
    closed: bool,
    failed: Option<TransportError>,
    policy: PhantomData<F>,
    #[cfg(feature = "deflate")]
    deflater: Option<Box<Deflater>>,
}

impl<F: FlushPolicy> Sink<F> {
    pub(crate) fn new(write: WriteHalf, masks: Masks) -> Self {
        Self {
            write,
            encoder: Encoder::new(),
            masks,
            closed: false,
            failed: None,
            policy: PhantomData,
            #[cfg(feature = "deflate")]
            deflater: None,
        }
    }

    /// Compresses what is long enough.
    #[cfg(feature = "deflate")]
    pub(crate) fn deflating(mut self, deflater: Deflater) -> Self {
        self.deflater = Some(Box::new(deflater));
        self
    }

    fn check(&self) -> Result<(), TransportError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn fail(&mut self, error: io::Error) -> TransportError {
        let error = TransportError::Io(Arc::new(error));
        self.failed = Some(error.clone());
        self.let_memory_go();
        error
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.encoder.pending().is_empty() {
            let written = ready!(Pin::new(&mut self.write).poll_write(cx, self.encoder.pending()))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.encoder.advance(written);
        }
        self.let_memory_go();
        // TLS may still hold what it was given.
        Pin::new(&mut self.write).poll_flush(cx)
    }

    fn let_memory_go(&mut self) {
        if let Some(buffer) = self.encoder.take_memory() {
            memory::give_back(buffer);
        }
        #[cfg(feature = "deflate")]
        if let Some(deflater) = &mut self.deflater {
            deflater.rest();
        }
    }
}

impl<F: FlushPolicy> FrameSink for Sink<F> {
    fn has_room(&self) -> bool {
        self.encoder.pending().len() < F::ROOM_BYTES
    }

    #[inline]
    fn feed(&mut self, frame: OutFrame<'_>) -> Result<(), TransportError> {
        self.check()?;
        if self.closed {
            if frame.opcode().is_control() {
                return Ok(());
            }
            let late = io::Error::new(io::ErrorKind::BrokenPipe, "a data frame may not follow a close frame");
            return Err(TransportError::Io(Arc::new(late)));
        }
        self.closed = frame.opcode() == OpCode::Close;
        if self.encoder.capacity() == 0 {
            self.encoder.lend_memory(memory::borrow());
        }
        let key = self.masks.draw();
        #[cfg(feature = "deflate")]
        if let Some(deflater) = &mut self.deflater {
            self.encoder.push(deflater.pack(frame), key);
            return Ok(());
        }
        self.encoder.push(frame, key);
        Ok(())
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

impl<F: FlushPolicy> fmt::Debug for Sink<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink")
            .field("encoder", &self.encoder)
            .field("closed", &self.closed)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use nova_connect::{ByteStream, SystemEntropy};
    use nova_frame_codec::ControlPayload;
    use tokio::io::{AsyncRead, ReadBuf};

    use super::*;
    use crate::policy::{Explicit, Immediate};

    /// Takes at most `most` bytes at a time and notes how many came.
    #[derive(Clone)]
    struct Noting {
        most: usize,
        writes: Arc<Mutex<Vec<usize>>>,
    }

    impl AsyncRead for Noting {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Noting {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(self.most);
            self.writes.lock().unwrap().push(taken);
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn sink<F: FlushPolicy>(most: usize) -> (Sink<F>, Arc<Mutex<Vec<usize>>>) {
        let noting = Noting { most, writes: Arc::default() };
        let writes = Arc::clone(&noting.writes);
        let masks = Masks::seeded_by(&SystemEntropy).unwrap();
        (Sink::new(ByteStream::new(noting).into_split().1, masks), writes)
    }

    /// Drives a sink as a client does: feeds while there is room and something to send, then flushes.
    async fn send<F: FlushPolicy>(sink: &mut Sink<F>, mut frames: usize) {
        while frames > 0 {
            while frames > 0 && sink.has_room() {
                sink.feed(OutFrame::binary(&[7; 94])).unwrap();
                frames -= 1;
            }
            sink.flush().await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_policy_says_how_many_frames_share_a_write() {
        let (mut immediate, writes) = sink::<Immediate>(usize::MAX);
        send(&mut immediate, 16).await;
        assert_eq!(*writes.lock().unwrap(), [100; 16]);
        let (mut end_of_turn, writes) = sink::<EndOfTurn>(usize::MAX);
        send(&mut end_of_turn, 16).await;
        assert_eq!(*writes.lock().unwrap(), [1_600]);
        send(&mut end_of_turn, 1_000).await;
        assert_eq!(*writes.lock().unwrap(), [1_600, 65_600, 34_400]);
        let (mut explicit, writes) = sink::<Explicit>(usize::MAX);
        send(&mut explicit, 10_000).await;
        assert_eq!(*writes.lock().unwrap(), [1_000_000]);
    }

    #[tokio::test]
    async fn a_socket_that_takes_nothing_is_an_error_and_not_a_loop() {
        let (mut sink, _) = sink::<EndOfTurn>(0);
        sink.feed(OutFrame::text("a")).unwrap();
        let failed = sink.flush().await;
        assert!(
            matches!(&failed, Err(TransportError::Io(error)) if error.kind() == io::ErrorKind::WriteZero)
        );
        assert!(sink.feed(OutFrame::text("b")).is_err() && sink.finish().await.is_err());
    }

    #[tokio::test]
    async fn an_idle_sink_holds_no_buffer() {
        let (mut sink, writes) = sink::<EndOfTurn>(1_000);
        for length in [0, 100, 64 * 1024, 1 << 20] {
            sink.feed(OutFrame::binary(&vec![0; length])).unwrap();
            sink.feed(OutFrame::ping(&ControlPayload::EMPTY)).unwrap();
            assert!(sink.encoder.capacity() > length);
            sink.flush().await.unwrap();
            assert_eq!(sink.encoder.capacity(), 0);
        }
        let written: usize = writes.lock().unwrap().iter().sum();
        assert_eq!(written, 100 + (64 << 10) + (1 << 20) + 6 * 6 + 2 * 14);
    }
}
