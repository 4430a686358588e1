//! The one stream of a connection, read and written like a socket (RFC 8441 §5): DATA frames are
//! its bytes, END_STREAM is its end, and RST_STREAM its reset.
//!
//! Reading moves the machine when there is nothing to read, writing when there is no room, flushing
//! always. So a link that is read, as every link is, also answers pings and opens its window.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes};
use h2::{Reason, RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Machine, SEND_BUFFER_BYTES, Stream, fault::reset, in_order};

pub(super) struct Http2Stream {
    machine: Machine,
    /// The socket as the waker of everybody who waits here.
    everybody: Waker,
    /// The rest of a DATA frame that was read.
    chunk: Bytes,
    /// `None` only while this is dropped.
    stream: Option<Stream>,
    sending: Sending,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Sending {
    Open,
    /// Our END_STREAM was handed to the machine.
    Ended,
}

impl Http2Stream {
    pub(super) fn new(machine: Machine, send: SendStream<Bytes>, recv: RecvStream) -> Self {
        let everybody = Waker::from(Arc::clone(&machine.socket));
        let stream = Some(Stream { send, recv });
        Self { machine, everybody, chunk: Bytes::new(), stream, sending: Sending::Open }
    }

    /// Moves the machine as far as it goes.
    fn drive(&mut self) {
        self.machine.poll(&mut Context::from_waker(&self.everybody));
    }

    /// Moves what has come into `buf`.
    fn take(&mut self, buf: &mut ReadBuf<'_>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(Stream { recv, .. }) = &mut self.stream else { return Poll::Ready(Ok(())) };
        let mut taken = 0;
        let outcome = loop {
            let count = self.chunk.len().min(buf.remaining());
            buf.put_slice(&self.chunk[..count]);
            self.chunk.advance(count);
            taken += count;
            if buf.remaining() == 0 {
                break Poll::Ready(Ok(()));
            }
            match recv.poll_data(cx) {
                Poll::Ready(Some(Ok(data))) => self.chunk = data,
                // Whatever else there is waits until what was taken has been seen.
                _ if taken > 0 => break Poll::Ready(Ok(())),
                Poll::Ready(Some(Err(error))) if !in_order(&error) => {
                    break Poll::Ready(Err(self.machine.named(error)));
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => break Poll::Pending,
            }
        };
        if taken > 0 {
            // An error means that the stream is over, which the next read tells.
            let _over = recv.flow_control().release_capacity(taken);
        }
        outcome
    }

    /// Why nothing can be sent any more.
    fn not_sending(&mut self, cx: &mut Context<'_>) -> io::Error {
        let Some(Stream { send, .. }) = &mut self.stream else { return io::ErrorKind::BrokenPipe.into() };
        match send.poll_reset(cx) {
            Poll::Ready(Ok(Reason::NO_ERROR)) | Poll::Pending => io::ErrorKind::BrokenPipe.into(),
            Poll::Ready(Ok(reason)) => reset(reason),
            Poll::Ready(Err(error)) => self.machine.named(error),
        }
    }

    /// Waits until the socket has taken everything.
    ///
    /// Only what the server's window admits is ever handed to the machine, so that all the machine
    /// holds is held up by the socket.
    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Known before the machine moves: the socket may be ready again while it does.
        self.machine.socket.wake_writer_by(cx.waker());
        self.drive();
        let (is_full, is_over) = (self.machine.socket.is_full(), self.machine.over.is_some());
        if is_over && (is_full || self.sending == Sending::Open) {
            return Poll::Ready(Err(self.not_sending(cx)));
        }
        if is_full {
            return Poll::Pending;
        }
        self.machine.socket.forget_writer();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Http2Stream {
    /// Closes the stream as a socket closes, and takes leave of the server (RFC 9113 §6.8), both as
    /// far as the socket takes it at once. What the socket did not take before is cut off, which is
    /// a cancelled stream.
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The machine may have been left half-way, and a second panic would end the process.
            return;
        }
        let mut nobody = Context::from_waker(Waker::noop());
        // The server's own end of the stream may have come already.
        self.machine.poll(&mut nobody);
        if let Some(mut stream) = self.stream.take()
            && !self.machine.socket.is_full()
        {
            if self.sending == Sending::Open {
                // An error means that there is nothing to end.
                let _over = stream.send.send_data(Bytes::new(), true);
                self.machine.poll(&mut nobody);
            }
            // What the server still says is not heard, and nobody is to blame.
            stream.send.send_reset(Reason::NO_ERROR);
        }
        self.machine.poll(&mut nobody);
        // Only when the stream is gone does the machine find that it has none.
        self.machine.poll(&mut nobody);
    }
}

impl AsyncRead for Http2Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        // Were the reader's own waker known to the machine now, moving it would wake the reader
        // that is here already, once for each batch.
        let mut nobody = Context::from_waker(Waker::noop());
        if let Poll::Ready(taken) = this.take(buf, &mut nobody) {
            return Poll::Ready(taken);
        }
        let was_full = this.machine.socket.is_full();
        this.machine.socket.wake_reader_by(cx.waker());
        this.drive();
        if was_full && !this.machine.socket.is_full() {
            this.machine.socket.wake_writer();
        }
        if let Poll::Ready(taken) = this.take(buf, &mut nobody) {
            return Poll::Ready(taken);
        }
        // Known now: a writer that moves the machine may find what is to be read.
        this.take(buf, cx)
    }
}

impl AsyncWrite for Http2Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let this = &mut *self;
        loop {
            let send = match &mut this.stream {
                Some(stream) if this.sending == Sending::Open => &mut stream.send,
                _ => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            };
            send.reserve_capacity(bytes.len().min(SEND_BUFFER_BYTES));
            let count = send.capacity().min(bytes.len());
            if count > 0 {
                let data = Bytes::copy_from_slice(&bytes[..count]);
                return Poll::Ready(match send.send_data(data, false) {
                    Ok(()) => Ok(count),
                    Err(_) => Err(this.not_sending(cx)),
                });
            }
            // No room: let bytes leave, and see whether the server opened its window.
            this.machine.socket.wake_writer_by(cx.waker());
            this.drive();
            let Some(Stream { send, .. }) = &mut this.stream else { continue };
            match send.poll_capacity(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(_) => return Poll::Ready(Err(this.not_sending(cx))),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_drained(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(Stream { send, .. }) = &mut this.stream
            && this.sending == Sending::Open
        {
            if send.send_data(Bytes::new(), true).is_err() {
                return Poll::Ready(Err(this.not_sending(cx)));
            }
            this.sending = Sending::Ended;
        }
        this.poll_drained(cx)
    }
}
