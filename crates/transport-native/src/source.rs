//! The receiving half: bytes into the decoder's buffer, frames lent from there.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use nova_connect::ReadHalf;
#[cfg(feature = "deflate")]
use nova_frame_codec::ProtocolError;
use nova_frame_codec::{Client, Decoder, Frame};
use nova_transport::{FrameSource, TransportError};
use tokio::io::{AsyncRead, ReadBuf};

#[cfg(feature = "deflate")]
use crate::deflate::Inflater;
use crate::{memory, turn::Turn};

/// Frames from the peer.
///
/// All state lives in this value, so a call of [`fill`](FrameSource::fill) may be dropped at any time. After some
/// 256 KiB or a thousand frames without a pause, [`next_frame`](FrameSource::next_frame) says `None` although there are
/// more, and `fill` lets other tasks have a turn first.
pub struct Source {
    read: ReadHalf,
    decoder: Decoder<Client>,
    turn: Turn,
    /// Whether the decoder may hold a whole frame. Nothing is read until it was asked.
    untaken: bool,
    ended: Option<TransportError>,
    #[cfg(feature = "deflate")]
    inflater: Option<Box<Inflater>>,
}

impl Source {
    pub(crate) fn new(read: ReadHalf, frame_bytes: usize) -> Self {
        Self {
            read,
            decoder: Decoder::new(frame_bytes),
            turn: Turn::new(),
            untaken: false,
            ended: None,
            #[cfg(feature = "deflate")]
            inflater: None,
        }
    }

    /// Inflates what says that it is compressed.
    #[cfg(feature = "deflate")]
    pub(crate) fn inflating(mut self, inflater: Inflater) -> Self {
        self.decoder = self.decoder.with_compression();
        self.inflater = Some(Box::new(inflater));
        self
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.turn.is_spent() {
            ready!(self.turn.poll_next(cx));
        }
        if self.untaken {
            return Poll::Ready(Ok(()));
        }
        if let Some(error) = &self.ended {
            return Poll::Ready(Err(error.clone()));
        }
        if self.decoder.capacity() < memory::BUFFER_BYTES {
            self.decoder.lend_memory(memory::borrow());
        }
        let mut room = ReadBuf::new(self.decoder.spare_mut(1));
        let polled = Pin::new(&mut self.read).poll_read(cx, &mut room);
        let read = room.filled().len();
        let error = match polled {
            Poll::Ready(Ok(())) if read > 0 => {
                self.decoder.commit(read);
                self.untaken = true;
                return Poll::Ready(Ok(()));
            }
            Poll::Ready(Ok(())) => Some(TransportError::Eof),
            Poll::Ready(Err(error)) => Some(error.into()),
            // A peer that pauses within text is not heard out once it has said nonsense.
            Poll::Pending => self.decoder.check_unfinished().err().map(TransportError::from),
        };
        self.let_memory_go();
        let Some(error) = error else {
            self.turn.renew();
            return Poll::Pending;
        };
        self.ended = Some(error.clone());
        Poll::Ready(Err(error))
    }

    fn let_memory_go(&mut self) {
        if let Some(buffer) = self.decoder.take_memory() {
            memory::give_back(buffer);
        }
        #[cfg(feature = "deflate")]
        if let Some(inflater) = &mut self.inflater {
            memory::give_back(inflater.take_memory());
        }
    }
}

impl FrameSource for Source {
    fn bound_messages(&mut self, message_bytes: usize) {
        #[cfg(feature = "deflate")]
        if let Some(inflater) = &mut self.inflater {
            inflater.lower_message_limit(message_bytes);
            return self.decoder.lower_frame_limit(most_packed_bytes(message_bytes));
        }
        self.decoder.lower_frame_limit(message_bytes);
    }

    async fn fill(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| self.poll_fill(cx)).await
    }

    #[inline]
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, TransportError> {
        if self.turn.is_spent() {
            return Ok(None);
        }
        #[cfg(feature = "deflate")]
        let next = match &mut self.inflater {
            None => self.decoder.next_frame(),
            Some(inflater) => next_inflated(&mut self.decoder, inflater),
        };
        #[cfg(not(feature = "deflate"))]
        let next = self.decoder.next_frame();
        match next {
            Ok(Some(frame)) => {
                self.turn.spend(frame.payload.len());
                Ok(Some(frame))
            }
            Ok(None) => {
                self.untaken = false;
                Ok(None)
            }
            Err(error) => {
                self.untaken = false;
                self.ended = Some(error.into());
                Err(error.into())
            }
        }
    }
}

/// What a message of that many bytes may take when it is compressed in vain: the fixed code of deflate
/// spends up to nine bits on each byte (RFC 1951 §3.2.6), and blocks that store have headers.
#[cfg(feature = "deflate")]
const fn most_packed_bytes(message_bytes: usize) -> usize {
    message_bytes.saturating_add(message_bytes / 8).saturating_add(64)
}

/// The next frame where some may be compressed.
#[cfg(feature = "deflate")]
fn next_inflated<'a>(
    decoder: &'a mut Decoder<Client>,
    inflater: &'a mut Inflater,
) -> Result<Option<Frame<'a>>, ProtocolError> {
    let Some((frame, coding)) = decoder.next_coded()? else { return Ok(None) };
    if !inflater.has_memory() {
        inflater.lend_memory(memory::borrow());
    }
    inflater.unpack(frame, coding).map(Some)
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("decoder", &self.decoder)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        io,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use nova_connect::ByteStream;
    use nova_frame_codec::{Encoder, OutFrame, ProtocolError, Server};

    use super::*;

    /// Gives these pieces, each in one read at most, and `Pending` between any two. Counts reads.
    struct Script {
        pieces: VecDeque<Vec<u8>>,
        reads: Arc<AtomicUsize>,
        waits: bool,
    }

    impl AsyncRead for Script {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            self.waits = !self.waits;
            if self.waits {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(piece) = self.pieces.front_mut() {
                let length = piece.len().min(buf.remaining());
                buf.put_slice(&piece[..length]);
                piece.drain(..length);
                if piece.is_empty() {
                    self.pieces.pop_front();
                }
            }
            Poll::Ready(Ok(()))
        }
    }

    fn source(pieces: Vec<Vec<u8>>) -> (Source, Arc<AtomicUsize>) {
        let reads = Arc::new(AtomicUsize::new(0));
        let script = Script { pieces: pieces.into(), reads: Arc::clone(&reads), waits: false };
        let stream = ByteStream::new(tokio::io::join(script, tokio::io::sink()));
        (Source::new(stream.into_split().0, 1 << 20), reads)
    }

    fn frames(count: usize, bytes: usize) -> Vec<u8> {
        let mut encoder = Encoder::<Server>::new();
        for _ in 0..count {
            encoder.push(OutFrame::binary(&vec![7; bytes]));
        }
        encoder.pending().to_vec()
    }

    #[tokio::test]
    async fn a_burst_of_64_kib_is_one_read() {
        let burst = frames(64 * 1024 / 304, 300);
        let (mut source, reads) = source(vec![burst; 10]);
        let mut taken = 0;
        while source.fill().await.is_ok() {
            while source.next_frame().unwrap().is_some() {
                taken += 1;
            }
        }
        assert_eq!(taken, 10 * (64 * 1024 / 304));
        // Each once in vain, by the script.
        assert_eq!(reads.load(Ordering::Relaxed), 2 * 11);
    }

    #[tokio::test]
    async fn memory_is_held_only_while_bytes_wait() {
        let stream = frames(3, 300);
        let (one, two) = stream.split_at(350);
        let (mut source, _) = source(vec![one.to_vec(), two.to_vec()]);
        assert_eq!(source.decoder.capacity(), 0);
        for left in [46, 0] {
            source.fill().await.unwrap();
            assert!(source.decoder.capacity() >= memory::BUFFER_BYTES);
            while source.next_frame().unwrap().is_some() {}
            let polled = poll_fn(|cx| Poll::Ready(source.poll_fill(cx).is_pending())).await;
            assert!(polled, "the script waits between two pieces");
            assert_eq!(source.decoder.capacity(), left, "only the start of a frame is kept");
        }
    }

    #[tokio::test]
    async fn after_a_thousand_small_frames_others_have_a_turn() {
        let (mut source, _) = source(vec![frames(15_000, 0)]);
        let (mut taken, mut longest) = (0, 0);
        while taken < 15_000 {
            let mut turns = 0;
            let filled = poll_fn(|cx| {
                turns += 1;
                source.poll_fill(cx)
            });
            filled.await.unwrap();
            assert!(turns == 2, "it yields once, as the script does");
            let before = taken;
            while source.next_frame().unwrap().is_some() {
                taken += 1;
            }
            longest = longest.max(taken - before);
        }
        assert_eq!(longest, 1_024);
    }

    #[tokio::test]
    async fn bad_text_is_refused_while_the_rest_of_its_frame_is_still_to_come() {
        let mut start = vec![0x81, 100];
        start.extend(b"so far so good \xF0\x90\x80");
        for (more, is_fine) in [(b"\x80", true), (b"x", false)] {
            let (mut source, _) = source(vec![start.clone(), more.to_vec()]);
            for _ in 0..2 {
                source.fill().await.unwrap();
                assert!(source.next_frame().unwrap().is_none());
            }
            let waits = poll_fn(|cx| Poll::Ready(source.poll_fill(cx))).await;
            assert_eq!(waits.is_pending(), is_fine);
            if !is_fine {
                for _ in 0..2 {
                    let ends = source.fill().await;
                    assert!(
                        matches!(ends, Err(TransportError::Protocol(ProtocolError::InvalidUtf8))),
                        "{ends:?}"
                    );
                    assert!(source.next_frame().is_err());
                }
            }
        }
    }

    #[tokio::test]
    async fn nothing_is_read_while_frames_wait_to_be_taken() {
        let (mut source, reads) = source(vec![frames(1, 10); 3]);
        source.fill().await.unwrap();
        let before = reads.load(Ordering::Relaxed);
        for _ in 0..10 {
            source.fill().await.unwrap();
        }
        assert_eq!(reads.load(Ordering::Relaxed), before);
    }
}
