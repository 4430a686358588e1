//! A byte stream in both directions, whatever it runs over.
//!
//! One type for each stage: a dialled socket, the tunnel through a proxy, TLS, and the upgraded
//! stream. Bytes that an earlier stage read too far are given back and come out first.

mod halves;

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

pub use self::halves::{ReadHalf, WriteHalf};

/// A connected stream of bytes. Dropping it closes the socket.
pub struct ByteStream {
    /// Read already, but by the wrong reader: delivered before anything else.
    ahead: Bytes,
    io: Io,
}

/// What the bytes travel over.
enum Io {
    Tcp(TcpStream),
    Other(Box<dyn AnyIo>),
}

trait AnyIo: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> AnyIo for T {}

impl ByteStream {
    /// Wraps a stream that is not TCP of this operating system, such as a simulated one.
    pub fn new(io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self { ahead: Bytes::new(), io: Io::Other(Box::new(io)) }
    }

    /// Separates the directions. The socket closes when both halves are gone.
    #[must_use]
    pub fn into_split(self) -> (ReadHalf, WriteHalf) {
        match self.io {
            Io::Tcp(tcp) => halves::of_tcp(self.ahead, tcp),
            Io::Other(io) => halves::of_other(self.ahead, io),
        }
    }

    /// Gives back bytes that were read too far. Only while none are waiting.
    pub(crate) fn unread(&mut self, bytes: Bytes) {
        debug_assert!(self.ahead.is_empty(), "bytes given back would overtake earlier ones");
        // An empty slice would still hold the whole buffer it was cut from.
        self.ahead = if bytes.is_empty() { Bytes::new() } else { bytes };
    }

    /// Sends small writes at once instead of waiting for more (Nagle's algorithm off).
    pub(crate) fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        match &self.io {
            Io::Tcp(tcp) => tcp.set_nodelay(nodelay),
            Io::Other(_) => Ok(()),
        }
    }
}

impl From<TcpStream> for ByteStream {
    fn from(tcp: TcpStream) -> Self {
        Self { ahead: Bytes::new(), io: Io::Tcp(tcp) }
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream").field("ahead_bytes", &self.ahead.len()).finish_non_exhaustive()
    }
}

impl AsyncRead for ByteStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if take_ahead(&mut self.ahead, buf) {
            return Poll::Ready(Ok(()));
        }
        match &mut self.io {
            Io::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Io::Other(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for ByteStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Tcp(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Io::Other(io) => Pin::new(io).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Tcp(tcp) => Pin::new(tcp).poll_flush(cx),
            Io::Other(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Io::Other(io) => Pin::new(io).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Tcp(tcp) => Pin::new(tcp).poll_write_vectored(cx, bytes),
            Io::Other(io) => Pin::new(io).poll_write_vectored(cx, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Tcp(tcp) => tcp.is_write_vectored(),
            Io::Other(io) => io.is_write_vectored(),
        }
    }
}

/// Moves waiting bytes into `buf`; tells whether there were any.
fn take_ahead(ahead: &mut Bytes, buf: &mut ReadBuf<'_>) -> bool {
    if ahead.is_empty() {
        return false;
    }
    let count = ahead.len().min(buf.remaining());
    buf.put_slice(&ahead[..count]);
    ahead.advance(count);
    if ahead.is_empty() {
        // Lets go of the buffer: see `unread`.
        *ahead = Bytes::new();
    }
    true
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn bytes_given_back_come_first() {
        let mut stream = ByteStream::new(tokio::io::join(&b" world"[..], tokio::io::sink()));
        stream.unread(Bytes::from_static(b"hello"));
        let mut text = String::new();
        let (mut read, _write) = stream.into_split();
        read.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello world");
    }
}
