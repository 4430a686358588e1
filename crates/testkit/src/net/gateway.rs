//! A gateway: HTTP/2 towards its clients (RFC 8441), HTTP/1.1 towards the server behind it.
//!
//! So every server and every script here can be reached over HTTP/2, and what only HTTP/2 knows
//! (settings, GOAWAY, RST_STREAM) is the gateway's own to do. A client that speaks HTTP/1.1 is
//! passed through unchanged.

mod bridge;
mod rules;

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use h2::{Reason, server};
use http::Request;
use tokio::{
    io::copy_bidirectional,
    net::TcpStream,
    sync::{broadcast, watch},
    task::JoinSet,
};

pub use self::rules::GatewayRules;
use super::{
    patience::{PATIENCE, within},
    service::Service,
    stream::Stream,
};

/// A gateway on 127.0.0.1.
pub struct Gateway {
    service: Service,
    shared: Arc<Shared>,
}

struct Shared {
    server: SocketAddr,
    rules: GatewayRules,
    requests: Mutex<Vec<Request<()>>>,
    passed_through: AtomicUsize,
    streams: watch::Sender<usize>,
    connections: watch::Sender<usize>,
    orders: broadcast::Sender<Order>,
}

/// What shall happen to everything that is open.
#[derive(Clone, Copy, Debug)]
enum Order {
    GoAway(Reason),
    Depart,
    Reset(Reason),
    Cut,
}

impl Gateway {
    /// Listens on a free port of 127.0.0.1, in front of `server`.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn start(server: SocketAddr, rules: GatewayRules) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            server,
            rules,
            requests: Mutex::default(),
            passed_through: AtomicUsize::new(0),
            streams: watch::Sender::new(0),
            connections: watch::Sender::new(0),
            orders: broadcast::Sender::new(16),
        });
        let of_links = Arc::clone(&shared);
        let service = Service::start(move |tcp, _| {
            let shared = Arc::clone(&of_links);
            // Subscribed before the task first runs, so that no order is missed.
            let orders = shared.orders.subscribe();
            async move {
                let _open = Open::one_more(&shared.connections);
                // A failure ends the connection, which is the client's to notice.
                let _ = serve(tcp, Arc::clone(&shared), orders).await;
            }
        });
        Ok(Self { service: service.await?, shared })
    }

    /// The address to connect to.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// The address as `ws://127.0.0.1:PORT/`, or with `wss` where it serves TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.shared.rules.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}/", self.addr())
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.service.accepted()
    }

    /// How many connections of clients that spoke HTTP/1.1 were passed through so far.
    #[must_use]
    pub fn passed_through(&self) -> usize {
        self.shared.passed_through.load(Ordering::Relaxed)
    }

    /// The requests so far, with all their headers; the protocol (`websocket`) is an extension of
    /// type [`h2::ext::Protocol`].
    #[must_use]
    pub fn requests(&self) -> Vec<Request<()>> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until so many WebSockets are open.
    ///
    /// # Panics
    ///
    /// It takes more than 5 s.
    ///
    /// # Cancel safety
    ///
    /// Nothing changes by dropping it.
    pub async fn open(&self, count: usize) {
        reaches(&self.shared.streams, count, "open WebSockets").await;
    }

    /// Waits until so many connections are open, those of HTTP/1.1 included.
    ///
    /// # Panics
    ///
    /// It takes more than 5 s.
    ///
    /// # Cancel safety
    ///
    /// Nothing changes by dropping it.
    pub async fn connections(&self, count: usize) {
        reaches(&self.shared.connections, count, "open connections").await;
    }

    /// Ends all connections with a GOAWAY of this code (RFC 9113 §7).
    pub fn go_away(&self, code: u32) {
        self.order(Order::GoAway(code.into()));
    }

    /// Announces by a GOAWAY that no new stream is welcome; those that are open go on.
    pub fn go_away_in_order(&self) {
        self.order(Order::Depart);
    }

    /// Ends all streams with a RST_STREAM of this code; their connections go on.
    pub fn reset_streams(&self, code: u32) {
        self.order(Order::Reset(code.into()));
    }

    /// Closes all connections under their streams, without a word of HTTP/2.
    pub fn cut(&self) {
        self.order(Order::Cut);
    }

    fn order(&self, order: Order) {
        // An error means that nothing is open.
        let _ = self.shared.orders.send(order);
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("addr", &self.addr()).finish_non_exhaustive()
    }
}

async fn serve(tcp: TcpStream, shared: Arc<Shared>, orders: broadcast::Receiver<Order>) -> io::Result<()> {
    let mut first = [0; 3];
    let mut is_http2 = tcp.peek(&mut first).await.is_ok() && &first == b"PRI";
    let mut stream = Stream::new(tcp)?;
    if let Some(tls) = &shared.rules.tls {
        stream = stream.into_tls(Arc::clone(tls)).await?;
        is_http2 = stream.protocol() == Some(b"h2");
    }
    if !is_http2 {
        shared.passed_through.fetch_add(1, Ordering::Relaxed);
        let mut server = TcpStream::connect(shared.server).await?;
        server.set_nodelay(true)?;
        copy_bidirectional(&mut stream, &mut server).await?;
        return Ok(());
    }
    converse(stream, shared, orders).await.map_err(io::Error::other)
}

/// One HTTP/2 connection. Its streams are tasks of their own, which end with it.
async fn converse(
    stream: Stream,
    shared: Arc<Shared>,
    mut orders: broadcast::Receiver<Order>,
) -> Result<(), h2::Error> {
    let mut connection: server::Connection<_, Bytes> = shared.rules.builder().handshake(stream).await?;
    let mut streams = JoinSet::new();
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(accepted) = accepted else { return Ok(()) };
                let (request, respond) = accepted?;
                let orders = shared.orders.subscribe();
                streams.spawn(bridge::serve(request, respond, Arc::clone(&shared), orders));
            }
            Some(_) = streams.join_next() => {}
            order = orders.recv() => match order {
                Ok(Order::GoAway(reason)) => connection.abrupt_shutdown(reason),
                Ok(Order::Depart) => connection.graceful_shutdown(),
                Ok(Order::Cut) | Err(_) => return Ok(()),
                Ok(Order::Reset(_)) => {}
            },
        }
    }
}

async fn reaches(number: &watch::Sender<usize>, wanted: usize, of_what: &str) {
    let mut number = number.subscribe();
    let what = format!("{wanted} {of_what}");
    let _ = within(PATIENCE, &what, number.wait_for(|now| *now == wanted)).await.expect("its sender lives");
}

/// Counts something for as long as it is open.
struct Open<'a>(&'a watch::Sender<usize>);

impl<'a> Open<'a> {
    fn one_more(number: &'a watch::Sender<usize>) -> Self {
        number.send_modify(|open| *open += 1);
        Self(number)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}
