//! The byte stream under a connection: TCP, or TLS over it.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How an abrupt end looks to the other side.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// The stream ends in order (FIN), but in the midst of whatever was being said.
    Fin,
    /// The connection is reset (RST).
    Reset,
}

/// The server's end of a connection.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Takes a freshly accepted connection. Writes go out as they are made: what a script writes
    /// piece by piece shall arrive piece by piece.
    pub(crate) fn new(tcp: TcpStream) -> io::Result<Self> {
        tcp.set_nodelay(true)?;
        Ok(Self::Plain(tcp))
    }

    /// Performs the server's side of a TLS handshake.
    pub(crate) async fn into_tls(self, config: Arc<ServerConfig>) -> io::Result<Self> {
        match self {
            Self::Plain(tcp) => {
                let tls = TlsAcceptor::from(config).accept(tcp).await?;
                Ok(Self::Tls(Box::new(tls)))
            }
            Self::Tls(_) => Err(io::Error::other("the connection speaks TLS already")),
        }
    }

    pub(crate) fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().peer_addr()
    }

    /// The name the client asked for in its TLS handshake, if any.
    pub(crate) fn server_name(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(tls) => tls.get_ref().1.server_name(),
        }
    }

    /// Whether the client proved who it is with a certificate.
    pub(crate) fn has_client_certificate(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(tls) => tls.get_ref().1.peer_certificates().is_some(),
        }
    }

    /// What was agreed to be spoken (ALPN), if anything.
    #[cfg(feature = "http2")]
    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(tls) => tls.get_ref().1.alpn_protocol(),
        }
    }

    /// Ends the connection in order, over TLS with its farewell.
    pub(crate) async fn close(mut self) {
        // A failure means that the connection has ended by itself.
        let _ = time::timeout(LINGER, self.shutdown()).await;
        self.end(Ending::Fin).await;
    }

    /// Ends the connection abruptly: no close frame, and no farewell of TLS.
    pub(crate) async fn end(self, ending: Ending) {
        let mut tcp = match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.into_inner().0,
        };
        end_tcp(&mut tcp, ending).await;
    }

    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }
}

/// Ends a TCP connection; the caller drops it thereafter.
pub(crate) async fn end_tcp(tcp: &mut TcpStream, ending: Ending) {
    // Failures mean that the connection has ended by itself, which is what was wanted.
    match ending {
        Ending::Reset => {
            let _ = tcp.set_zero_linger();
        }
        Ending::Fin => {
            let _ = tcp.shutdown().await;
            // A socket that is closed with unread bytes sends a reset after all: read them.
            let _ = time::timeout(LINGER, drain(tcp)).await;
        }
    }
}

/// Reads and discards up to the end of the stream.
async fn drain(tcp: &mut TcpStream) -> io::Result<()> {
    let mut discarded = [0; 4096];
    while tcp.read(&mut discarded).await? > 0 {}
    Ok(())
}

/// How long a stream that ended in order waits for the other side to end too.
const LINGER: Duration = Duration::from_secs(1);

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
