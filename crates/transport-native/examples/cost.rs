//! What a message costs between the socket and the session, without a socket.
//!
//! ```sh
//! cargo run --release -p nova-transport-native --example cost
//! ```
//!
//! prints nanoseconds, and calls of the (made-up) system for each message. Instruction counts repeat
//! exactly and so tell a change from noise: divide what callgrind collects by the number of messages.
//!
//! ```sh
//! valgrind --tool=callgrind --toggle-collect='*::receive_loop*' \
//!     target/release/examples/cost receive 300 20000
//! ```

#![allow(clippy::print_stdout, reason = "a program that reports")]

use std::{
    env, fmt,
    hint::black_box,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Instant,
};

use nova_connect::{ByteStream, Connector, Dial};
use nova_frame_codec::{Assembler, Encoder, Message, OutFrame, Server};
use nova_testkit::net::accept_key;
use nova_transport::{Endpoint, FrameSink, FrameSource, Link, Transport};
use nova_transport_native::{Native, Sink, Source};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse().ok());
    let Some(name) = arguments.first() else {
        for length in [64, 100, 300, 1_000] {
            WAYS.iter().for_each(|(name, way, pace)| report(name, length, 1_000_000, *way, *pace));
        }
        return ExitCode::SUCCESS;
    };
    match (WAYS.iter().find(|(known, ..)| known == name), number(1), number(2)) {
        (Some((name, way, pace)), Some(length), Some(count)) => report(name, length, count, *way, *pace),
        _ => {
            println!("usage: cost [receive|wake|send <bytes> <messages>]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

type Way = fn(&mut Link<Source, Sink>, &str, usize);

const WAYS: [(&str, Way, Pace); 3] = [
    ("receive", receive_loop, Pace::Flood),
    ("wake", receive_loop, Pace::OneByOne),
    ("send", send_loop, Pace::Flood),
];

/// How much a read brings.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// As much as there is room for.
    Flood,
    /// One message, and nothing the next time.
    OneByOne,
}

fn report(name: &str, length: usize, count: usize, way: Way, pace: Pace) {
    let text = "a tick of the market, in seven-bit characters; ".repeat(length / 40 + 1);
    let text = &text[..length];
    let mut encoder = Encoder::<Server>::new();
    let messages = if matches!(pace, Pace::Flood) { (64 << 10) / (length + 4) } else { 1 };
    (0..messages).for_each(|_| encoder.push(OutFrame::text(text)));
    let calls = Arc::new(AtomicUsize::new(0));
    let mock = Mock { burst: encoder.pending().to_vec(), pace, calls: Arc::clone(&calls) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut link = runtime.block_on(async {
        let transport = Native::new(Connector::new().with_dialer(Arc::new(mock)));
        let endpoint = Endpoint::parse("ws://127.0.0.1:9/").expect("a good URL");
        transport.connect(&endpoint, &|_| {}).await.expect("the mock accepts")
    });
    way(&mut link, text, count / 20);
    let before = calls.load(Ordering::Relaxed);
    let start = Instant::now();
    way(&mut link, text, count);
    let nanos = start.elapsed().as_nanos() as f64 / count as f64;
    let calls = (calls.load(Ordering::Relaxed) - before) as f64 / count as f64;
    println!("{name:8} {length:5} B of text: {nanos:6.1} ns, {calls:.4} calls");
}

/// Polls until it is ready, as an executor would that has nothing else to do.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

#[inline(never)]
fn receive_loop(link: &mut Link<Source, Sink>, _text: &str, count: usize) {
    let mut assembler = Assembler::new(16 << 20);
    let mut received = 0;
    while received < count {
        run(link.source.fill()).expect("the mock never ends");
        while let Some(frame) = link.source.next_frame().expect("legal frames") {
            if let Some(Message::Text(text)) = assembler.push(frame).expect("legal messages") {
                black_box(text);
                received += 1;
            }
        }
    }
}

#[inline(never)]
fn send_loop(link: &mut Link<Source, Sink>, text: &str, count: usize) {
    for sent in 0..count {
        link.sink.feed(OutFrame::text(black_box(text))).expect("the link is open");
        if sent % 16 == 15 {
            run(link.sink.flush()).expect("the mock takes everything");
        }
    }
}

/// Opens connections that answer the handshake and then send a burst for ever.
#[derive(Clone)]
struct Mock {
    burst: Vec<u8>,
    pace: Pace,
    calls: Arc<AtomicUsize>,
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mock")
    }
}

#[async_trait::async_trait]
impl Dial for Mock {
    async fn dial(&self, _: SocketAddr) -> io::Result<ByteStream> {
        let mock = self.clone();
        Ok(ByteStream::new(Conversation { mock, request: Vec::new(), answer: None, at: 0, waits: false }))
    }
}

struct Conversation {
    mock: Mock,
    request: Vec<u8>,
    /// What is sent before the burst; `None` until the request has come.
    answer: Option<Vec<u8>>,
    at: usize,
    waits: bool,
}

impl Conversation {
    fn accept(&mut self) {
        let request = String::from_utf8_lossy(&self.request);
        let lines = request.lines().filter_map(|line| line.split_once(": "));
        let mut keys = lines.filter(|(name, _)| name.eq_ignore_ascii_case("Sec-WebSocket-Key"));
        if let (true, Some((_, key))) = (request.ends_with("\r\n\r\n"), keys.next()) {
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {}\r\n\r\n",
                accept_key(key)
            );
            self.answer = Some(answer.into_bytes());
        }
    }
}

impl AsyncRead for Conversation {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match &mut this.answer {
            Some(answer) if answer.is_empty() => {}
            Some(answer) => {
                buf.put_slice(answer);
                answer.clear();
                return Poll::Ready(Ok(()));
            }
            None => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        this.mock.calls.fetch_add(1, Ordering::Relaxed);
        this.waits = matches!(this.mock.pace, Pace::OneByOne) && !this.waits;
        if this.waits {
            return Poll::Pending;
        }
        let rest = &this.mock.burst[this.at..];
        let length = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..length]);
        this.at = if length == rest.len() { 0 } else { this.at + length };
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Conversation {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.answer.is_none() {
            self.request.extend_from_slice(bytes);
            self.accept();
        }
        self.mock.calls.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(black_box(bytes).len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
