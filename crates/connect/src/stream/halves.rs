//! The two directions of a [`ByteStream`](super::ByteStream), to be held apart.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, tcp},
};

use super::{AnyIo, take_ahead};

/// The receiving direction.
pub struct ReadHalf {
    ahead: Bytes,
    io: Read,
}

/// The sending direction.
pub struct WriteHalf {
    io: Write,
}

// TCP is full duplex by itself. The rest shares one stream behind a lock that is held per poll:
// TLS needs both directions for either.
enum Read {
    Tcp(tcp::OwnedReadHalf),
    Other(tokio::io::ReadHalf<Box<dyn AnyIo>>),
}

enum Write {
    Tcp(tcp::OwnedWriteHalf),
    Other(tokio::io::WriteHalf<Box<dyn AnyIo>>),
}

pub(super) fn of_tcp(ahead: Bytes, tcp: TcpStream) -> (ReadHalf, WriteHalf) {
    let (read, write) = tcp.into_split();
    (ReadHalf { ahead, io: Read::Tcp(read) }, WriteHalf { io: Write::Tcp(write) })
}

pub(super) fn of_other(ahead: Bytes, io: Box<dyn AnyIo>) -> (ReadHalf, WriteHalf) {
    let (read, write) = tokio::io::split(io);
    (ReadHalf { ahead, io: Read::Other(read) }, WriteHalf { io: Write::Other(write) })
}

impl AsyncRead for ReadHalf {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if take_ahead(&mut self.ahead, buf) {
            return Poll::Ready(Ok(()));
        }
        match &mut self.io {
            Read::Tcp(io) => Pin::new(io).poll_read(cx, buf),
            Read::Other(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for WriteHalf {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Write::Tcp(io) => Pin::new(io).poll_write(cx, bytes),
            Write::Other(io) => Pin::new(io).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Write::Tcp(io) => Pin::new(io).poll_flush(cx),
            Write::Other(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Write::Tcp(io) => Pin::new(io).poll_shutdown(cx),
            Write::Other(io) => Pin::new(io).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Write::Tcp(io) => Pin::new(io).poll_write_vectored(cx, bytes),
            Write::Other(io) => Pin::new(io).poll_write_vectored(cx, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Write::Tcp(io) => io.is_write_vectored(),
            Write::Other(io) => io.is_write_vectored(),
        }
    }
}

impl fmt::Debug for ReadHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").field("ahead_bytes", &self.ahead.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for WriteHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}
