//! The opening handshake: HTTP, and the upgrade where the venue grants it.

use std::{
    convert::Infallible,
    future,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Empty;
use hyper::{body::Incoming, server::conn::http1, service::service_fn, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use tokio::sync::Notify;

use super::{
    shared::Shared,
    socket::{Fuse, Socket},
    talk::talk,
};
use crate::venue::Reception;

/// A place at the venue; dropping it tells the venue that the connection is gone.
pub(super) struct Seat {
    pub(super) shared: Arc<Shared>,
    pub(super) conn: u64,
    pub(super) bell: Arc<Notify>,
}

impl Seat {
    fn take(shared: &Arc<Shared>, ip: &str) -> Self {
        let conn = shared.change(|venue, now| venue.handle_attempt(now, ip));
        let bell = shared.hang_bell(conn);
        Self { shared: Arc::clone(shared), conn, bell }
    }

    /// What becomes of the attempt, once that is decided.
    async fn reception(&self) -> Reception {
        loop {
            match self.shared.look(|venue| venue.reception(self.conn)) {
                Reception::Pending => self.bell.notified().await,
                decided => return decided,
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.take_bell_down(self.conn);
        self.shared.change(|venue, now| venue.handle_gone(now, self.conn));
    }
}

/// An upgrade that was granted.
type Granted = Arc<Mutex<Option<(Seat, OnUpgrade)>>>;

/// Serves one connection from its first byte to its end.
pub(super) async fn receive(socket: Socket, peer: SocketAddr, shared: Arc<Shared>) {
    let fuse = socket.fuse();
    let granted = Granted::default();
    let service = service_fn(|request| {
        let (shared, granted, fuse) = (Arc::clone(&shared), Arc::clone(&granted), fuse.clone());
        answer(request, peer.ip().to_string(), shared, granted, fuse)
    });
    let http = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(socket), service);
    // A client that breaks HTTP or hangs up is gone, which is all there is to say.
    let _ = http.with_upgrades().await;
    let Some((seat, upgrade)) = granted.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    let Ok(upgraded) = upgrade.await else { return };
    if let Ok(parts) = upgraded.downcast::<TokioIo<Socket>>() {
        talk(parts.io.into_inner(), &fuse, &parts.read_buf, seat).await;
    }
}

/// Hangs up without an answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
struct NoAnswer;

async fn answer(
    mut request: Request<Incoming>,
    ip: String,
    shared: Arc<Shared>,
    granted: Granted,
    fuse: Fuse,
) -> Result<Response<Empty<Bytes>>, NoAnswer> {
    if request.uri().path() != PATH {
        return Ok(status(StatusCode::NOT_FOUND));
    }
    let Some(accept) = accept_key(request.method(), request.headers()) else {
        return Ok(status(StatusCode::UPGRADE_REQUIRED));
    };
    let seat = Seat::take(&shared, &ip);
    match seat.reception().await {
        Reception::Accept => {
            let upgrade = hyper::upgrade::on(&mut request);
            *granted.lock().unwrap_or_else(PoisonError::into_inner) = Some((seat, upgrade));
            let mut response = status(StatusCode::SWITCHING_PROTOCOLS);
            let headers = response.headers_mut();
            headers.insert(header::UPGRADE, header::HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, header::HeaderValue::from_static("Upgrade"));
            if let Ok(accept) = accept.parse() {
                headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
            }
            Ok(response)
        }
        Reception::Refuse(code) => {
            Ok(status(StatusCode::from_u16(code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)))
        }
        Reception::Ignore => match future::pending::<Infallible>().await {},
        Reception::Pending | Reception::Reset => {
            fuse.light();
            Err(NoAnswer)
        }
    }
}

/// The answer to the key, if this is a request for a WebSocket (RFC 6455 §4.2.1).
fn accept_key(method: &Method, headers: &HeaderMap) -> Option<String> {
    let says = |name: header::HeaderName, word: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|value| value.trim().eq_ignore_ascii_case(word))
    };
    let is_upgrade = method == Method::GET
        && says(header::UPGRADE, "websocket")
        && says(header::CONNECTION, "upgrade")
        && says(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_upgrade)?;
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    Some(STANDARD.encode(hash.finalize()))
}

fn status(status: StatusCode) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    response
}

/// The one path there is.
const PATH: &str = "/ws/api/v2";
