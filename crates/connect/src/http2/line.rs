//! The socket under the machine, with what the machine does not tell: whether it is full, and why
//! it failed.

use std::{
    io, mem,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::ByteStream;

/// What the machine reads from and writes to.
pub(super) struct Line {
    io: ByteStream,
    socket: Arc<Socket>,
}

/// What is known of the socket. It is also the waker the machine is polled with: reader and writer
/// move the same machine, and either may be the one that is still there when the socket is ready.
#[derive(Default)]
pub(super) struct Socket {
    is_full: AtomicBool,
    failure: Mutex<Option<io::Error>>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Line {
    pub(super) const fn new(io: ByteStream, socket: Arc<Socket>) -> Self {
        Self { io, socket }
    }

    /// Keeps the error itself, and gives the machine one of its kind.
    fn kept<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        polled.map_err(|error| {
            let kind = error.kind();
            self.socket.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            kind.into()
        })
    }

    /// Keeps in mind that bytes are held up here.
    fn written<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_pending() {
            self.socket.is_full.store(true, Ordering::Relaxed);
        }
        self.kept(polled)
    }
}

impl Socket {
    /// Whether the machine still holds bytes that the socket did not take.
    pub(super) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    pub(super) fn take_failure(&self) -> Option<io::Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Lets the reader be woken by whatever comes next.
    pub(super) fn wake_reader_by(&self, waker: &Waker) {
        remember(&mut self.waiting().reader, waker);
    }

    /// Lets the writer be woken by whatever comes next.
    pub(super) fn wake_writer_by(&self, waker: &Waker) {
        remember(&mut self.waiting().writer, waker);
    }

    /// Spares a writer that has what it wanted the next wake.
    pub(super) fn forget_writer(&self) {
        self.waiting().writer = None;
    }

    /// Tells the writer that bytes have left which it may wait for.
    pub(super) fn wake_writer(&self) {
        let writer = self.waiting().writer.take();
        wake(writer);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Socket {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Waiting { reader, writer } = mem::take(&mut *self.waiting());
        wake(reader);
        wake(writer);
    }
}

/// Cloning a waker costs two atomics, which a slot that holds the same one saves.
fn remember(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(known) => known.clone_from(waker),
        None => *slot = Some(waker.clone()),
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        self.kept(polled)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.written(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_flush(cx);
        // The machine flushes only when it holds nothing any more.
        if polled.is_ready() {
            self.socket.is_full.store(false, Ordering::Relaxed);
        }
        self.written(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_shutdown(cx);
        self.kept(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(cx, bytes);
        self.written(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
