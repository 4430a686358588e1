//! Whatever a server answers to the upgrade, in whatever pieces: nothing panics, and nothing is taken
//! for a yes that lacks the proof of the key.
//!
//! The fuzz target `handshake` tries the same.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use nova_connect::{ByteStream, Connector, Dial, Entropy, HttpChoice};
use nova_transport::Endpoint;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// The first byte says how long the pieces are, and whether the answer begins as it should. The rest
/// is the answer, behind that beginning.
pub(crate) fn check(input: &[u8], http: HttpChoice) {
    let Some((&choice, rest)) = input.split_first() else { return };
    let beginning: &[u8] = match (choice & 1, http) {
        (0, _) => b"",
        (_, HttpChoice::One) => RIGHT_SO_FAR,
        // Settings with extended CONNECT, and a 200.
        _ => b"\0\0\x06\x04\0\0\0\0\0\0\x08\0\0\0\x01\0\0\x01\x01\x04\0\0\0\x01\x88",
    };
    let answer = [beginning, rest].concat();
    let server = Server { answer: answer.clone(), piece: usize::from(choice >> 1) + 1 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime can be built").block_on(async {
        let server = Arc::new(server);
        let connector = Connector::new().with_http(http).with_entropy(Arc::new(Zero)).with_dialer(server);
        let endpoint = Endpoint::parse("ws://127.0.0.1/").expect("a good URL");
        let Ok(upgraded) = connector.connect(&endpoint, &|_| {}).await else { return };
        assert_eq!(upgraded.handshake.subprotocol, None, "none was offered");
        assert!(
            !upgraded.handshake.headers.contains_key("sec-websocket-extensions")
                || has_empty_extensions(&upgraded)
        );
        if http == HttpChoice::One {
            let text = String::from_utf8_lossy(&answer);
            assert!(text.contains(" 101"), "{text}");
            assert!(text.contains(ACCEPT), "{text}");
        }
        let mut stream = upgraded.stream;
        let mut heard = Vec::new();
        // It may well end by an error.
        let _end = stream.read_to_end(&mut heard).await;
        assert!(heard.len() <= answer.len(), "{} bytes out of {}", heard.len(), answer.len());
    });
}

/// A header that names no extension chooses none.
fn has_empty_extensions(upgraded: &nova_connect::Upgraded) -> bool {
    let mut lines = upgraded.handshake.headers.get_all("sec-websocket-extensions").iter();
    lines.all(|line| {
        line.as_bytes().split(|byte| *byte == b',').all(|item| {
            item.split(|byte| *byte == b';').next().is_none_or(|name| name.trim_ascii().is_empty())
        })
    })
}

/// What proves that a key of zeros was read.
const ACCEPT: &str = "ICX+Yqv66kxgM0FcWaLWlFLwTAI=";

const RIGHT_SO_FAR: &[u8] = b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n";

#[derive(Debug)]
struct Zero;

impl Entropy for Zero {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        bytes.fill(0);
        Ok(())
    }
}

#[derive(Debug)]
struct Server {
    answer: Vec<u8>,
    piece: usize,
}

#[async_trait::async_trait]
impl Dial for Server {
    async fn dial(&self, _: SocketAddr) -> io::Result<ByteStream> {
        Ok(ByteStream::new(Saying { answer: self.answer.clone(), said: 0, piece: self.piece, pauses: true }))
    }
}

/// Says a piece, pauses for a poll, says the next, and ends. What it is told it forgets.
struct Saying {
    answer: Vec<u8>,
    said: usize,
    piece: usize,
    pauses: bool,
}

impl AsyncRead for Saying {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.pauses = !this.pauses;
        if !this.pauses {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let rest = &this.answer[this.said..];
        let count = rest.len().min(this.piece).min(buf.remaining());
        buf.put_slice(&rest[..count]);
        this.said += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Saying {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
