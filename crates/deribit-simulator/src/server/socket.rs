//! A TCP connection with or without TLS, which can be ended in order or by a reset.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A socket. Whoever holds its [`Fuse`] decides how it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Stream,
    fuse: Fuse,
}

/// Whether a socket ends by a reset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fuse(Arc<AtomicBool>);

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Socket {
    /// Takes a connection, and performs the handshake of TLS where that is spoken.
    pub(crate) async fn open(tcp: TcpStream, tls: Option<TlsAcceptor>) -> Option<Self> {
        let stream = match tls {
            None => Stream::Plain(tcp),
            // A client that hangs up in it is none of the venue's business.
            Some(acceptor) => match time::timeout(TLS_PATIENCE, acceptor.accept(tcp)).await {
                Ok(Ok(stream)) => Stream::Tls(Box::new(stream)),
                _ => return None,
            },
        };
        Some(Self { stream, fuse: Fuse::default() })
    }

    pub(crate) fn fuse(&self) -> Fuse {
        self.fuse.clone()
    }
}

impl Fuse {
    /// From now on the socket ends by a reset.
    pub(crate) fn light(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.fuse.0.load(Ordering::Relaxed) {
            let tcp = match &self.stream {
                Stream::Plain(tcp) => tcp,
                Stream::Tls(tls) => tls.get_ref().0,
            };
            // It fails only where the connection has ended by itself.
            let _ = tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Stream::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}

const TLS_PATIENCE: Duration = Duration::from_secs(10);
