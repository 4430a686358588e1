//! Everybody else: each library is given a stream that was upgraded already, and is set up as its
//! documentation says is fastest.

mod fastwebsockets;
mod floor;
mod sockudo;
mod stream;
mod tokio_websockets;
mod tungstenite;
mod yawc;

pub(crate) use self::{
    fastwebsockets::FastWebSockets, floor::Floor, sockudo::Sockudo, stream::with,
    tokio_websockets::TokioWebSockets, tungstenite::Tungstenite, yawc::Yawc,
};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::socket::Socket;

/// A library that makes a WebSocket of a stream that was upgraded.
pub(crate) trait Peer {
    async fn over<S: Stream>(stream: S) -> impl Socket;
}

/// A stream to be upgraded, or that was.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for T {}
