//! The receiving half.
//!
//! fastwebsockets' `read_frame` must not be dropped half-way: it has taken a header out of its
//! buffer by then, and the next call would read payload as a header. So one future that never
//! ends reads for the whole life of the link. `fill` polls it, and whoever drops a `fill` drops
//! nothing of it.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt,
    future::{Future, Ready, poll_fn, ready},
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use fastwebsockets::{Role, WebSocketRead, after_handshake_split};
use nova_connect::ReadHalf;
use nova_frame_codec::Frame;
use nova_transport::{FrameSource, TransportError};
use tokio::io::{AsyncRead, ReadBuf};

use crate::{
    error,
    inbox::{Inbox, Received},
};

/// Frames from the peer.
pub struct Source {
    reader: Pin<Box<dyn Future<Output = TransportError> + Send>>,
    inbox: Inbox,
    frames: VecDeque<Received>,
    /// Lent out last; kept until the next one is asked for.
    current: Option<Received>,
    ended: Option<TransportError>,
    /// Whether bytes have arrived since `fill` last returned.
    heard: Arc<AtomicBool>,
    /// The longest frame accepted, looked at when reading begins.
    frame_bytes: Arc<AtomicUsize>,
}

impl Source {
    pub(crate) fn new(read: ReadHalf, frame_bytes: usize) -> Self {
        let inbox = Inbox::default();
        let heard = Arc::new(AtomicBool::new(false));
        let read = Listening { read, heard: Arc::clone(&heard) };
        let frame_bytes = Arc::new(AtomicUsize::new(frame_bytes));
        let reader = Box::pin(read_all(read, Arc::clone(&frame_bytes), inbox.clone()));
        Self { reader, inbox, frames: VecDeque::new(), current: None, ended: None, heard, frame_bytes }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.frames.is_empty() && self.ended.is_none() {
            if let Poll::Ready(error) = self.reader.as_mut().poll(cx) {
                self.ended = Some(error);
            }
            self.inbox.take(&mut self.frames);
        }
        // Relaxed: both sides run in this task.
        let was_heard = self.heard.swap(false, Ordering::Relaxed);
        match &self.ended {
            _ if !self.frames.is_empty() => Poll::Ready(Ok(())),
            Some(error) => Poll::Ready(Err(error.clone())),
            // A part of a large frame: the peer lives.
            None if was_heard => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    }
}

impl FrameSource for Source {
    fn bound_messages(&mut self, message_bytes: usize) {
        // Relaxed: whoever reads is polled by `fill`, in the same task.
        self.frame_bytes.fetch_min(message_bytes, Ordering::Relaxed);
    }

    async fn fill(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| self.poll_fill(cx)).await
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, TransportError> {
        self.current = self.frames.pop_front();
        match (&self.current, &self.ended) {
            (Some(Received { fin, opcode, payload }), _) => {
                Ok(Some(Frame { fin: *fin, opcode: *opcode, payload }))
            }
            (None, Some(error @ TransportError::Protocol(_))) => Err(error.clone()),
            (None, _) => Ok(None),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("buffered_frames", &self.frames.len())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Reads until the link ends, and says why it did.
async fn read_all(read: Listening<ReadHalf>, frame_bytes: Arc<AtomicUsize>, inbox: Inbox) -> TransportError {
    let frame_bytes = frame_bytes.load(Ordering::Relaxed);
    // The sending half is ours: see `Sink`.
    let (mut reader, _) = after_handshake_split(read, tokio::io::sink(), Role::Client);
    reader.set_auto_pong(false);
    reader.set_auto_close(false);
    // The crate refuses what is as long as its limit.
    reader.set_max_message_size(frame_bytes.saturating_add(1));
    let mut batch = VecDeque::new();
    loop {
        let mut batch_bytes = 0;
        while batch.len() < AHEAD_FRAMES && batch_bytes < AHEAD_BYTES {
            match next(&mut reader, frame_bytes, &mut batch, &inbox).await {
                Ok(frame) => {
                    batch_bytes += frame.payload.len();
                    batch.push_back(frame);
                }
                Err(error) => {
                    inbox.put(&mut batch);
                    return error;
                }
            }
        }
        inbox.put(&mut batch);
        // Nobody needs to wake this: `fill` polls it once the frames are taken.
        poll_fn(|_| if inbox.is_empty() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

/// Reads a frame. Before it waits for the socket it hands over what was read so far.
async fn next(
    reader: &mut WebSocketRead<Listening<ReadHalf>>,
    frame_bytes: usize,
    batch: &mut VecDeque<Received>,
    inbox: &Inbox,
) -> Result<Received, TransportError> {
    let mut no_answer = |_| -> Ready<Result<(), Infallible>> { ready(Ok(())) };
    let mut reading = pin!(reader.read_frame(&mut no_answer));
    let frame = poll_fn(|cx| {
        let polled = reading.as_mut().poll(cx);
        if polled.is_pending() && !batch.is_empty() {
            inbox.put(batch);
        }
        polled
    })
    .await;
    let frame = frame.map_err(|error| error::of_read(error, frame_bytes))?;
    Ok(Received::check(frame)?)
}

/// Notes that bytes arrive: the crate shows a frame only once it is complete.
struct Listening<R> {
    read: R,
    heard: Arc<AtomicBool>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Listening<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.read).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.heard.store(true, Ordering::Relaxed);
        }
        polled
    }
}

/// How far reading may run ahead of whoever takes the frames.
const AHEAD_FRAMES: usize = 64;

/// As [`AHEAD_FRAMES`], in bytes; one frame may exceed it.
const AHEAD_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use nova_connect::ByteStream;
    use proptest::prelude::*;

    use super::*;

    /// Everything that comes out of these bytes, and how it ends.
    fn read(bytes: Vec<u8>) -> (Vec<(u8, usize)>, TransportError) {
        let stream = ByteStream::new(tokio::io::join(std::io::Cursor::new(bytes), tokio::io::sink()));
        let mut source = Source::new(stream.into_split().0, 1000);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without IO");
        let mut frames = Vec::new();
        let ended = runtime.block_on(async {
            loop {
                match source.next_frame() {
                    Ok(Some(frame)) => frames.push((frame.opcode.bits(), frame.payload.len())),
                    Err(error) => return error,
                    Ok(None) => match source.fill().await {
                        Ok(()) => {}
                        Err(error) => return error,
                    },
                }
            }
        });
        (frames, ended)
    }

    proptest! {
        #[test]
        fn whatever_a_peer_sends_is_frames_and_an_end(
            bytes in proptest::collection::vec(any::<u8>(), 0..2000),
            headers in proptest::collection::vec((any::<bool>(), 0_u8..16, 0_u8..128), 0..9),
        ) {
            let likely: Vec<u8> = headers.iter().flat_map(|(fin, opcode, len)| {
                let head = [u8::from(*fin) << 7 | opcode, *len];
                [&head[..], &bytes[..usize::from(*len).min(bytes.len())]].concat()
            }).collect();
            for input in [bytes, likely] {
                let (frames, ended) = read(input);
                let is_bounded = frames.iter().all(|(opcode, len)| *len <= if *opcode < 8 { 1000 } else { 125 });
                prop_assert!(is_bounded, "{frames:?}");
                prop_assert!(matches!(ended, TransportError::Eof | TransportError::Protocol(_)), "{ended:?}");
            }
        }
    }
}
