//! One stream of a gateway: the request asked anew over HTTP/1.1, and then bytes both ways.

use std::{
    future::{self, poll_fn},
    io,
    sync::{Arc, PoisonError},
};

use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream, server::SendResponse};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header, request::Parts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp},
    sync::broadcast,
};

use super::{Open, Order, Shared};

/// Serves one request to the end of its stream.
pub(super) async fn serve(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    shared: Arc<Shared>,
    mut orders: broadcast::Receiver<Order>,
) {
    let (head, recv) = request.into_parts();
    let kept = Request::from_parts(head.clone(), ());
    shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
    if let Some(reason) = shared.rules.reset {
        return respond.send_reset(reason);
    }
    if shared.rules.is_silent {
        return future::pending().await;
    }
    let opened = match &shared.rules.refusal {
        Some(answer) => Reply::read(&mut answer.to_bytes().as_slice()).await.map(|reply| (reply, None)),
        None => ask(shared.server, &head).await.map(|(reply, tcp)| (reply, Some(tcp))),
    };
    let Ok((reply, tcp)) = opened else { return respond.send_reset(Reason::INTERNAL_ERROR) };
    // Errors mean that the client is gone.
    let Some(tcp) = tcp.filter(|_| reply.status == StatusCode::SWITCHING_PROTOCOLS) else {
        if let Ok(mut send) = respond.send_response(reply.response(), reply.rest.is_empty()) {
            let _ = send.send_data(reply.rest.into(), true);
        }
        return;
    };
    let Ok(mut send) = respond.send_response(reply.response(), false) else { return };
    let _open = Open::one_more(&shared.streams);
    let (read, write) = tcp.into_split();
    let pumping = async {
        let down = down(read, &mut send, reply.rest, shared.rules.data_frame_bytes);
        tokio::try_join!(up(recv, write), down).map(drop)
    };
    let reason = tokio::select! {
        pumped = pumping => pumped.err().map(|_| Reason::CANCEL),
        reason = told_to_reset(&mut orders) => Some(reason),
    };
    if let Some(reason) = reason {
        send.send_reset(reason);
    }
}

/// What the server answers, and the connection to it.
async fn ask(server: std::net::SocketAddr, head: &Parts) -> io::Result<(Reply, TcpStream)> {
    let mut tcp = TcpStream::connect(server).await?;
    tcp.set_nodelay(true)?;
    let host = head.uri.authority().map(ToString::to_string).unwrap_or_default();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut text = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    .into_bytes();
    for (name, value) in &head.headers {
        text.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    text.extend_from_slice(b"\r\n");
    tcp.write_all(&text).await?;
    let reply = Reply::read(&mut tcp).await?;
    Ok((reply, tcp))
}

/// An answer over HTTP/1.1.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    /// What was read behind the head.
    rest: Vec<u8>,
}

impl Reply {
    async fn read(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<Self> {
        let mut buffer = Vec::new();
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let mut reply = Self::parse(&buffer[..end]).ok_or(io::ErrorKind::InvalidData)?;
        reply.rest = buffer.split_off(end + 4);
        let length =
            reply.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        while length.is_some_and(|length: usize| reply.rest.len() < length) {
            if stream.read_buf(&mut reply.rest).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(reply)
    }

    fn parse(head: &[u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            headers.append(name, HeaderValue::from_str(value.trim()).ok()?);
        }
        Some(Self { status, headers, rest: Vec::new() })
    }

    /// The same over HTTP/2: a 101 becomes a 200, and what belongs to one connection only is left
    /// out (RFC 8441 §5, RFC 9113 §8.2.2).
    fn response(&self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = match self.status {
            StatusCode::SWITCHING_PROTOCOLS => StatusCode::OK,
            other => other,
        };
        let mut headers = self.headers.clone();
        for name in [header::CONNECTION, header::UPGRADE, header::SEC_WEBSOCKET_ACCEPT] {
            headers.remove(name);
        }
        *response.headers_mut() = headers;
        response
    }
}

/// From the client to the server.
async fn up(mut recv: RecvStream, mut write: tcp::OwnedWriteHalf) -> io::Result<()> {
    while let Some(data) = recv.data().await {
        let data = data.map_err(io::Error::other)?;
        write.write_all(&data).await?;
        recv.flow_control().release_capacity(data.len()).map_err(io::Error::other)?;
    }
    write.shutdown().await
}

/// From the server to the client.
async fn down(
    mut read: tcp::OwnedReadHalf,
    send: &mut SendStream<Bytes>,
    mut buffer: Vec<u8>,
    longest: usize,
) -> io::Result<()> {
    loop {
        let mut rest = Bytes::from(std::mem::take(&mut buffer));
        while !rest.is_empty() {
            send.reserve_capacity(rest.len().min(longest));
            let room = poll_fn(|cx| match send.capacity() {
                0 => send.poll_capacity(cx),
                room => std::task::Poll::Ready(Some(Ok(room))),
            });
            let room = room.await.ok_or(io::ErrorKind::BrokenPipe)?.map_err(io::Error::other)?;
            let piece = rest.split_to(room.min(longest).min(rest.len()));
            send.send_data(piece, false).map_err(io::Error::other)?;
        }
        buffer.reserve(16 << 10);
        if read.read_buf(&mut buffer).await? == 0 {
            return send.send_data(Bytes::new(), true).map_err(io::Error::other);
        }
    }
}

async fn told_to_reset(orders: &mut broadcast::Receiver<Order>) -> Reason {
    loop {
        match orders.recv().await {
            Ok(Order::Reset(reason)) => return reason,
            Ok(_) => {}
            Err(_) => future::pending().await,
        }
    }
}
