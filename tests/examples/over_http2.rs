//! What HTTP/2 costs under a WebSocket: instructions for one message received, and for one sent, by
//! which HTTP opened the link.
//!
//! The socket serves and takes bytes from memory, so that what is counted is ours, the runtime's and
//! the HTTP machine's. `cargo build --release -p nova-tests --example over_http2`, then
//! `valgrind --tool=callgrind over_http2 HTTP WAY COUNT` with two counts: their difference is the cost
//! of the messages alone. `HTTP` is `one` or `two`; `WAY` is `in` or `out`.

use std::{
    env,
    error::Error,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use websockex_nova::{
    connect::{ByteStream, Connector, Dial, Entropy, HttpChoice},
    frame_codec::OutFrame,
    transport::{Endpoint, FrameSink, FrameSource, Transport},
    transport_native::Native,
};

const BYTES: usize = 350;
/// Messages that one wake brings, and that one flush sends.
const PER_WAKE: usize = 64;

/// A server in memory: its opening, and then the same messages in every wake.
struct Memory {
    opening: Vec<u8>,
    batch: Vec<u8>,
    taken: usize,
    /// Whether the next read finds nothing yet.
    pauses: bool,
    /// Whether the request is still to come.
    waits: bool,
    /// Whether it sends anything but its opening.
    speaks: bool,
}

impl Memory {
    fn new(Fixed { http, speaks }: Fixed) -> Self {
        let frame = [&[0x81, 126, 1, 94][..], &[b'x'; BYTES]].concat();
        let frames = frame.repeat(PER_WAKE);
        let (opening, batch) = match http {
            HttpChoice::One => (ANSWER.to_vec(), frames),
            _ => (
                // Settings with extended CONNECT.
                vec![0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1],
                // As many DATA frames as their longest allows.
                frames
                    .chunks(16 << 10)
                    .flat_map(|data| [&head(data.len(), 0, 1)[..], data].concat())
                    .collect(),
            ),
        };
        Self { opening, batch, taken: 0, pauses: false, waits: true, speaks }
    }
}

/// Whether HEADERS are among these frames.
fn asks(mut frames: &[u8]) -> bool {
    if frames.starts_with(b"PRI") {
        frames = &frames[24..];
    }
    while let [high, middle, low, kind, ..] = *frames {
        if kind == 1 {
            return true;
        }
        let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        frames = frames.get(9 + length..).unwrap_or_default();
    }
    false
}

/// The head of an HTTP/2 frame.
fn head(bytes: usize, kind: u8, stream: u8) -> [u8; 9] {
    let [.., high, middle, low] = bytes.to_be_bytes();
    [high, middle, low, kind, 0, 0, 0, 0, stream]
}

/// To the key of which every byte is zero.
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";

impl AsyncRead for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.pauses {
            this.pauses = false;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let is_early = this.waits && this.batch[0] != 0;
        if !this.opening.is_empty() && !is_early {
            let count = buf.remaining().min(this.opening.len());
            buf.put_slice(&this.opening[..count]);
            this.opening.drain(..count);
            this.pauses = this.opening.is_empty();
            return Poll::Ready(Ok(()));
        }
        if this.waits || !this.speaks {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let count = buf.remaining().min(this.batch.len() - this.taken);
        buf.put_slice(&this.batch[this.taken..this.taken + count]);
        this.taken = (this.taken + count) % this.batch.len();
        this.pauses = this.taken == 0;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let is_http2 = self.batch[0] == 0;
        if self.waits && is_http2 && asks(bytes) {
            self.waits = false;
            // `:status: 200`.
            self.opening.extend([0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88]);
        }
        self.waits &= is_http2;
        // The server opens its window again for all that was sent, and a little more.
        if is_http2 && !self.waits && !self.speaks {
            let [.., a, b, c, d] = bytes.len().to_be_bytes();
            for stream in [0, 1] {
                let update = [&head(4, 8, stream)[..], &[a, b, c, d]].concat();
                self.opening.extend(update);
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[derive(Clone, Copy, Debug)]
struct Fixed {
    http: HttpChoice,
    speaks: bool,
}

#[async_trait::async_trait]
impl Dial for Fixed {
    async fn dial(&self, _: SocketAddr) -> io::Result<ByteStream> {
        Ok(ByteStream::new(Memory::new(*self)))
    }
}

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        bytes.fill(0);
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [http, way, count] = &words[..] else { return Err("usage: over_http2 one|two in|out COUNT".into()) };
    let http = if http == "two" { HttpChoice::Two } else { HttpChoice::One };
    let count: usize = count.parse()?;
    let server = Arc::new(Fixed { http, speaks: way == "in" });
    let connector = Connector::new().with_http(http).with_dialer(server.clone()).with_entropy(server);
    let endpoint = Endpoint::parse("ws://127.0.0.1/")?;
    let mut link = Native::new(connector).connect(&endpoint, &|_| {}).await?;
    let begun = Instant::now();
    let mut done = 0;
    while done < count {
        if way == "in" {
            link.source.fill().await?;
            while link.source.next_frame()?.is_some() {
                done += 1;
            }
        } else {
            for _ in 0..PER_WAKE {
                link.sink.feed(OutFrame::text(TEXT))?;
            }
            done += PER_WAKE;
            link.sink.flush().await?;
        }
    }
    let each = begun.elapsed().as_nanos() / done as u128;
    #[allow(clippy::print_stdout, reason = "this is a program")]
    {
        println!("{done} messages, {each} ns each");
    }
    Ok(())
}

const TEXT: &str = match std::str::from_utf8(&[b'x'; BYTES]) {
    Ok(text) => text,
    Err(_) => "",
};
