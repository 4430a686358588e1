//! WebSocket over HTTP/2 (RFC 8441): one extended CONNECT on a connection of its own.
//!
//! hyper's own HTTP/2 machine, h2, is used without hyper around it: hyper needs an executor for
//! three tasks of each link and a channel before each write, and takes a reset stream for one that
//! ended in order. Here the machine only moves while somebody polls the link, so that nothing is
//! spawned and dropping the link closes its socket.
//!
//! Not here: several WebSockets on one connection. They would share one socket, one flow control
//! and one end, and who owns them belongs above.

mod fault;
mod line;
mod stream;

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use h2::{
    Reason, RecvStream, SendStream,
    client::{Builder, Connection, SendRequest},
};
use http::{Request, response::Parts};
use nova_transport::{HttpRefusal, UpgradeError};
use tokio::time::timeout;

use self::{
    fault::{in_order, named, of_request},
    line::{Line, Socket},
    stream::Http2Stream,
};
use crate::{
    exchange::{BODY_PATIENCE, detached},
    stream::ByteStream,
};

/// How the request was answered.
pub(crate) enum Answer {
    /// By a 2xx: the stream speaks WebSocket from here on.
    Accepted(Parts, ByteStream),
    /// By another status, with a body that says why.
    Refused(Box<Refused>),
    /// Not at all: the server speaks HTTP/2 but no WebSocket over it, or wants HTTP/1.1 for it.
    Unable,
}

/// A refusal whose body has not been read yet.
pub(crate) struct Refused {
    head: Parts,
    body: RecvStream,
    machine: Machine,
}

/// Sends `request` once the server's settings allow it, and waits for the head of the answer, of at
/// most `head_bytes`.
pub(crate) async fn ask(
    stream: ByteStream,
    request: Request<()>,
    head_bytes: usize,
) -> Result<Answer, UpgradeError> {
    let socket = Arc::new(Socket::default());
    let line = Line::new(stream, Arc::clone(&socket));
    let opened = builder(head_bytes).handshake(line).await;
    let (sender, connection) = opened.map_err(|error| io_failed(named(error, &socket, None)))?;
    let mut machine = Machine { connection, socket, over: None };
    machine.settle(&sender).await?;
    if !sender.is_extended_connect_protocol_enabled() {
        return Ok(Answer::Unable);
    }
    let mut sender = sender;
    let (response, send) =
        sender.send_request(request, false).map_err(|error| io_failed(of_request(error)))?;
    let answered = machine.during(response).await;
    // Without a sender the machine knows that nothing else will be asked.
    drop(sender);
    let (mut head, body) = match answered {
        Ok(response) => response.into_parts(),
        Err(error) if error.reason() == Some(Reason::HTTP_1_1_REQUIRED) => return Ok(Answer::Unable),
        Err(error) if error.is_library() => return Err(UpgradeError::NotHttp(Arc::new(error))),
        Err(error) => return Err(io_failed(machine.named(error))),
    };
    head.headers = detached(&head.headers);
    if !head.status.is_success() {
        return Ok(Answer::Refused(Box::new(Refused { head, body, machine })));
    }
    Ok(Answer::Accepted(head, ByteStream::new(Http2Stream::new(machine, send, body))))
}

impl Refused {
    /// Reads what the body has to say, as over HTTP/1.1.
    pub(crate) async fn finish(mut self) -> HttpRefusal {
        let mut prefix = Vec::new();
        let reading = async {
            while prefix.len() < HttpRefusal::BODY_PREFIX_BYTES {
                let Some(Ok(data)) = self.body.data().await else { break };
                let room = HttpRefusal::BODY_PREFIX_BYTES - prefix.len();
                prefix.extend_from_slice(&data[..data.len().min(room)]);
            }
        };
        // Running out of time keeps what was read by then.
        let _elapsed = timeout(BODY_PATIENCE, self.machine.during(reading)).await;
        HttpRefusal::new(self.head.status, self.head.headers, prefix)
    }
}

/// The connection, which only moves while it is polled.
struct Machine {
    connection: Connection<Line, Bytes>,
    socket: Arc<Socket>,
    /// How it ended. It must not be polled after that.
    over: Option<Result<(), h2::Error>>,
}

impl Machine {
    fn poll(&mut self, cx: &mut Context<'_>) {
        if self.over.is_none()
            && let Poll::Ready(result) = Pin::new(&mut self.connection).poll(cx)
        {
            self.over = Some(result);
        }
    }

    /// Runs the machine while waiting for `wanted`, which it feeds.
    async fn during<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = pin!(wanted);
        poll_fn(|cx| {
            self.poll(cx);
            wanted.as_mut().poll(cx)
        })
        .await
    }

    /// Waits for the server's first settings (RFC 9113 §3.4) and for its leave to open a stream.
    async fn settle(&mut self, sender: &SendRequest<Bytes>) -> Result<(), UpgradeError> {
        let ended = poll_fn(|cx| {
            self.poll(cx);
            // No stream may be opened before the settings have come: see `builder`.
            if sender.current_max_send_streams() > 0 {
                return Poll::Ready(None);
            }
            self.over.take().map_or(Poll::Pending, |over| Poll::Ready(Some(over)))
        });
        match ended.await {
            None => Ok(()),
            Some(Err(error)) if error.is_library() => Err(UpgradeError::NoHttp2),
            Some(Err(error)) => Err(io_failed(named(error, &self.socket, None))),
            Some(Ok(())) => Err(io_failed(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// Why the stream failed, in the words of an IO error.
    fn named(&self, error: h2::Error) -> io::Error {
        named(error, &self.socket, self.over.as_ref())
    }
}

/// Both halves of the stream, until both have ended.
struct Stream {
    send: SendStream<Bytes>,
    recv: RecvStream,
}

fn io_failed(error: io::Error) -> UpgradeError {
    UpgradeError::Io(Arc::new(error))
}

fn builder(head_bytes: usize) -> Builder {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        // Zero until the server's settings replace it, which is how their arrival shows.
        .initial_max_send_streams(0)
        .initial_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .data_frame_budget(FRAMING_BUDGET_BYTES)
        .max_send_buffer_size(SEND_BUFFER_BYTES)
        .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX));
    builder
}

/// What a server may send ahead of the reader, for the stream and for the connection, which carries
/// nothing else. It lets 80 Mbit/s through at 100 ms there and back, and is held only while the
/// reader is slower than the server. The standard's 64 KiB would let 5 Mbit/s through.
const WINDOW_BYTES: u32 = 1 << 20;

/// Each waiting DATA frame of less than 256 bytes counts as what it lacks of them against this, and
/// beyond it the server is taken for hostile. A feed sends one for each of its small messages, so
/// that the library's own choice, half the window, would end a link over 2 500 prices in one burst.
/// This is a full window of frames of 8 bytes, whose bookkeeping takes some 16 MiB.
const FRAMING_BUDGET_BYTES: usize = WINDOW_BYTES as usize / 8 * 256;

/// What is taken from the writer and not yet by the socket. As much as a socket's buffer, so that
/// a full one is felt at once.
const SEND_BUFFER_BYTES: usize = 64 << 10;
