//! One HTTP/1.1 request over a stream that is ours alone, answered by a switch or by a refusal.
//!
//! The HTTP machine runs inside the caller's future: nothing is spawned, so dropping that future
//! closes the socket.

use std::{
    error::Error as StdError,
    future::{Future, poll_fn},
    io,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, response::Parts};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::Incoming,
    client::conn::http1::{Builder, Connection},
};
use hyper_util::rt::TokioIo;
use nova_transport::HttpRefusal;
use tokio::time::timeout;

use crate::stream::ByteStream;

/// How a request was answered.
pub(crate) enum Answer {
    /// HTTP ends here: the stream now speaks something else. Bytes that came right behind the
    /// answer are still in it.
    Switched(Parts, ByteStream),
    /// HTTP goes on, with a body that says why.
    Refused(Refused),
}

/// A refusal whose body has not been read yet.
pub(crate) struct Refused {
    /// The status line and headers.
    pub(crate) head: Parts,
    body: Incoming,
    machine: Box<Machine>,
}

/// Sends `request` and waits for the head of the answer, of at most `head_bytes`.
pub(crate) async fn exchange(
    stream: ByteStream,
    request: Request<Empty<Bytes>>,
    head_bytes: usize,
) -> Result<Answer, hyper::Error> {
    let (mut sender, connection) = Builder::new()
        // HTTP does not care, but hand-written servers do.
        .title_case_headers(true)
        .max_header_size(head_bytes)
        .max_buf_size(head_bytes.max(SMALLEST_BUFFER_BYTES))
        .handshake(TokioIo::new(stream))
        .await?;
    let is_connect = request.method() == http::Method::CONNECT;
    let mut machine = Machine { connection, ended: false };
    let (mut head, body) = machine.during(sender.send_request(request)).await?.into_parts();
    head.headers = detached(&head.headers);
    let switched = match is_connect {
        true => head.status.is_success(),
        false => head.status == StatusCode::SWITCHING_PROTOCOLS,
    };
    if !switched {
        return Ok(Answer::Refused(Refused { head, body, machine: Box::new(machine) }));
    }
    // Without a sender no request can follow, for which the machine would wait after a 204.
    drop(sender);
    machine.end().await;
    let parts = machine.connection.into_parts();
    let mut stream = parts.io.into_inner();
    stream.unread(parts.read_buf);
    Ok(Answer::Switched(head, stream))
}

impl Refused {
    /// Reads what the body has to say: at most the first
    /// [`BODY_PREFIX_BYTES`](HttpRefusal::BODY_PREFIX_BYTES), and not for longer than
    /// [`BODY_PATIENCE`]. A refusal is known from its head; a slow body must not delay it.
    pub(crate) async fn finish(mut self) -> HttpRefusal {
        let mut prefix = Vec::new();
        let reading = async {
            while prefix.len() < HttpRefusal::BODY_PREFIX_BYTES {
                let Some(Ok(frame)) = self.body.frame().await else { break };
                let data = frame.into_data().unwrap_or_default();
                let room = HttpRefusal::BODY_PREFIX_BYTES - prefix.len();
                prefix.extend_from_slice(&data[..data.len().min(room)]);
            }
        };
        // Running out of time keeps what was read by then.
        let _elapsed = timeout(BODY_PATIENCE, self.machine.during(reading)).await;
        HttpRefusal::new(self.head.status, self.head.headers, prefix)
    }
}

/// The IO error behind one of hyper's; a stream that ended early counts as one.
pub(crate) fn into_io(error: hyper::Error) -> io::Error {
    let cause = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    let kind = match cause {
        Some(cause) => cause.kind(),
        None if error.is_incomplete_message() => io::ErrorKind::UnexpectedEof,
        None => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// Copies headers out of hyper's read buffer, all 8 KiB of which they would keep alive: they stay
/// for as long as the link does.
pub(crate) fn detached(headers: &HeaderMap) -> HeaderMap {
    let mut copies = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            copies.append(name, value);
        }
    }
    copies
}

/// hyper's state machine, which only moves while it is polled.
struct Machine {
    connection: Connection<TokioIo<ByteStream>, Empty<Bytes>>,
    ended: bool,
}

impl Machine {
    /// Runs the machine while waiting for `wanted`, which it feeds.
    async fn during<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = pin!(wanted);
        poll_fn(|cx| {
            let _ended = self.poll(cx);
            wanted.as_mut().poll(cx)
        })
        .await
    }

    /// Runs the machine to its end.
    async fn end(&mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // An error also reaches whoever waits for the answer or its body, with its cause.
        self.ended = self.ended || self.connection.poll_without_shutdown(cx).is_ready();
        if self.ended { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// How long to wait for a refusal's body.
pub(crate) const BODY_PATIENCE: Duration = Duration::from_millis(500);

/// hyper panics below this.
const SMALLEST_BUFFER_BYTES: usize = 8192;
