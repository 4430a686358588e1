//! A connection without a system: what is read comes from memory, what is written goes nowhere.
//!
//! The same for every contender, so that what is counted over it is theirs and the runtime's alone.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use websockex_nova::connect::{ByteStream, Dial};

use crate::meter;

/// What a connection in memory serves, for ever.
#[derive(Clone)]
pub(crate) struct Script {
    /// Frames; a read gets as many of them as it has room for, up to the end. Without any, it waits.
    pub(crate) frames: Arc<[u8]>,
    /// Whether nothing is there between two rounds of them, as on a socket that is waited for.
    pub(crate) waits: bool,
    /// What the server's answer says of extensions, to a client that offers some.
    pub(crate) extensions: Option<&'static str>,
}

impl Script {
    pub(crate) fn new(frames: Vec<u8>) -> Self {
        Self { frames: frames.into(), waits: false, extensions: None }
    }

    pub(crate) const fn waiting(mut self) -> Self {
        self.waits = true;
        self
    }

    pub(crate) const fn with_extensions(mut self, extensions: &'static str) -> Self {
        self.extensions = Some(extensions);
        self
    }

    /// A stream that has been upgraded.
    #[cfg(feature = "peers")]
    pub(crate) fn upgraded(self) -> Memory {
        Memory { script: self, at: 0, waited: false, state: State::Open }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

/// For a connector: connections that answer the handshake first.
#[async_trait::async_trait]
impl Dial for Script {
    async fn dial(&self, _: SocketAddr) -> io::Result<ByteStream> {
        let state = State::Asked(Vec::new());
        Ok(ByteStream::new(Memory { script: self.clone(), at: 0, waited: false, state }))
    }
}

/// A connection.
pub(crate) struct Memory {
    script: Script,
    at: usize,
    waited: bool,
    state: State,
}

enum State {
    /// The request, as far as it has come.
    Asked(Vec<u8>),
    /// What is left of the answer.
    Answering(Vec<u8>),
    Open,
}

/// The server's answer, once the request is whole.
pub(crate) fn answer(request: &[u8], extensions: Option<&str>) -> Option<Vec<u8>> {
    let request = std::str::from_utf8(request).ok().filter(|request| request.ends_with("\r\n\r\n"))?;
    let lines = request.lines().filter_map(|line| line.split_once(": "));
    let mut keys = lines.filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
    let (_, key) = keys.next()?;
    let digest = Sha1::digest(format!("{}258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key.trim()));
    let accept = BASE64_STANDARD.encode(digest);
    let offered = request.to_ascii_lowercase().contains("sec-websocket-extensions:");
    let extensions =
        extensions.filter(|_| offered).map(|value| format!("Sec-WebSocket-Extensions: {value}\r\n"));
    let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    let answer = format!("{head}{}Sec-WebSocket-Accept: {accept}\r\n\r\n", extensions.unwrap_or_default());
    Some(answer.into_bytes())
}

impl AsyncRead for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match &mut this.state {
            State::Open => {}
            State::Asked(_) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            State::Answering(answer) => {
                let length = answer.len().min(buf.remaining());
                buf.put_slice(&answer[..length]);
                answer.drain(..length);
                if answer.is_empty() {
                    this.state = State::Open;
                }
                return Poll::Ready(Ok(()));
            }
        }
        if this.script.frames.is_empty() {
            return Poll::Pending;
        }
        meter::note_read();
        if this.script.waits && this.at == 0 && !this.waited {
            this.waited = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let rest = &this.script.frames[this.at..];
        let length = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..length]);
        this.at = (this.at + length) % this.script.frames.len();
        this.waited = false;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if let State::Asked(request) = &mut this.state {
            request.extend_from_slice(bytes);
            if let Some(answer) = answer(request, this.script.extensions) {
                this.state = State::Answering(answer);
            }
        } else {
            meter::note_write();
        }
        Poll::Ready(Ok(std::hint::black_box(bytes).len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        debug_assert!(matches!(self.state, State::Open), "a handshake is one write");
        let _ = cx;
        meter::note_write();
        Poll::Ready(Ok(std::hint::black_box(parts).iter().map(|part| part.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        matches!(self.state, State::Open)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
