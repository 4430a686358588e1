//! The venue on a real port.
//!
//! One task for each connection, and one that keeps time. All decisions are the core's; whoever
//! changed it tells the others by a mere nudge, and they look for themselves.

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use nova_transport::Endpoint;
use rustls::ServerConfig;
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle, time};

use super::{Core, Output, Reception, Rules, adapter::VenueAdapter};
use crate::net::{Answer, Certificates, Conn, Ending, PATIENCE, Peer, RawFrame, Served, within};

/// The venue, listening on a free port of 127.0.0.1.
pub struct Venue {
    served: Served,
    shared: Arc<Shared>,
    timekeeper: JoinHandle<()>,
    is_tls: bool,
}

struct Shared {
    core: Mutex<Core>,
    news: watch::Sender<()>,
}

impl Venue {
    /// Serves plain TCP.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn start(rules: Rules) -> io::Result<Self> {
        Self::start_as(rules, None).await
    }

    /// Serves TLS, with the right certificate.
    ///
    /// # Errors
    ///
    /// No socket or no port is left.
    ///
    /// # Cancel safety
    ///
    /// Nothing is left by dropping it.
    pub async fn start_tls(rules: Rules, certificates: &Certificates) -> io::Result<Self> {
        Self::start_as(rules, Some(certificates.server().server_config())).await
    }

    async fn start_as(rules: Rules, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let core = Mutex::new(Core::new(rules, now(), SystemTime::now()));
        let shared = Arc::new(Shared { core, news: watch::Sender::default() });
        let (of_links, is_tls) = (Arc::clone(&shared), tls.is_some());
        let served = Peer::serve(move |conn| serve(conn, Arc::clone(&of_links), tls.clone())).await?;
        let timekeeper = tokio::spawn(keep_time(Arc::clone(&shared)));
        Ok(Self { served, shared, timekeeper, is_tls })
    }

    /// The address to connect to.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.served.addr()
    }

    /// The address as `ws://127.0.0.1:PORT/`, or with `wss` where it serves TLS.
    #[must_use]
    pub fn url(&self) -> String {
        if self.is_tls { self.served.tls_url() } else { self.served.url() }
    }

    /// The address as an endpoint.
    ///
    /// # Panics
    ///
    /// Never: the address of a socket is a good one.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.url().parse().expect("the address of a socket makes a good URL")
    }

    /// An adapter for this venue, speaking as its rules are now, with the login of the client it
    /// knows from the start.
    #[must_use]
    pub fn adapter(&self) -> VenueAdapter {
        let adapter = VenueAdapter::at(self.endpoint()).with_credentials("alice", Rules::ALICES_SECRET);
        if self.look(|core| core.rules().replies_carry_ids) { adapter } else { adapter.without_ids() }
    }

    /// How many connections were accepted so far, refused upgrades included.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.served.accepted()
    }

    /// Looks at the venue.
    pub fn look<T>(&self, look: impl FnOnce(&Core) -> T) -> T {
        look(&self.shared.lock())
    }

    /// Does something to the venue; everybody concerned notices.
    pub fn change<T>(&self, change: impl FnOnce(&mut Core) -> T) -> T {
        self.shared.change(change)
    }

    /// Turns switches.
    pub fn rule(&self, change: impl FnOnce(&mut Rules)) {
        self.change(|core| change(core.rules_mut()));
    }

    /// Publishes an item and returns its position; see [`Core::publish`].
    pub fn publish(&self, topic: &str, data: &Value) -> u64 {
        self.change(|core| core.publish(topic, data))
    }

    /// Publishes so many items it makes up and returns the position of the last; see [`Core::tick`].
    pub fn tick(&self, topic: &str, count: u64) -> u64 {
        self.change(|core| (0..count).map(|_| core.tick(topic)).last().unwrap_or_default())
    }

    /// Ends all connections without a word.
    pub fn cut(&self, ending: Ending) {
        self.change(|core| core.cut_all(ending == Ending::Reset));
    }

    /// Closes all connections with this code.
    pub fn close(&self, code: u16, reason: &str) {
        self.change(|core| core.close_all(code, reason));
    }

    /// Lets all logins run out now.
    pub fn expire_logins(&self) {
        self.change(Core::expire_logins);
    }

    /// Waits until this holds of the venue, for 5 s at most.
    ///
    /// # Panics
    ///
    /// It does not in time; the text names `what` was awaited.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping it.
    pub async fn wait_for(&self, what: &str, holds: impl Fn(&Core) -> bool) {
        let mut news = self.shared.news.subscribe();
        let waiting = async {
            while !holds(&self.shared.lock()) {
                news.changed().await.expect("the sender lives as long as the venue");
            }
        };
        within(PATIENCE, what, waiting).await;
    }

    /// Ends all connections and stops listening. When this returns, connections are refused. What
    /// the venue knows of orders and positions stays.
    ///
    /// # Cancel safety
    ///
    /// Dropped too early, it may leave connections that end a little later.
    pub async fn stop(&mut self) {
        self.served.stop().await;
    }

    /// Listens again on the same port, after a [`stop`](Self::stop) if that was not called.
    ///
    /// # Errors
    ///
    /// No socket is left.
    ///
    /// # Cancel safety
    ///
    /// As [`stop`](Self::stop).
    pub async fn restart(&mut self) -> io::Result<()> {
        self.served.restart().await
    }
}

impl Drop for Venue {
    fn drop(&mut self) {
        self.timekeeper.abort();
    }
}

impl fmt::Debug for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Venue").field("addr", &self.addr()).finish_non_exhaustive()
    }
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut Core) -> T) -> T {
        let result = change(&mut self.lock());
        self.news.send_replace(());
        result
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // A test that panicked while it looked has changed nothing by halves.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves once a connection is to be cut.
    async fn cut(&self, link: u64) {
        let mut news = self.news.subscribe();
        while !self.lock().is_cut(link) {
            // An error would mean that the venue is gone, and with it this task.
            let _ = news.changed().await;
        }
    }
}

/// Tells the core the time whenever it wants to know.
async fn keep_time(shared: Arc<Shared>) {
    let mut news = shared.news.subscribe();
    loop {
        let next = shared.lock().poll_timeout();
        let due = async {
            match next {
                Some(at) => time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => shared.change(|core| core.handle_timeout(now())),
            Ok(()) = news.changed() => {}
        }
    }
}

/// Tells the core that a connection has ended, however that came.
struct Leaving {
    shared: Arc<Shared>,
    link: u64,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.shared.change(|core| core.handle_gone(now(), self.link));
    }
}

/// One connection, from TCP to its end.
async fn serve(conn: Conn, shared: Arc<Shared>, tls: Option<Arc<ServerConfig>>) {
    let mut conn = conn.with_patience(ENDLESS);
    let link = conn.number() as u64;
    if let Some(config) = tls {
        // A client that hangs up in its TLS handshake is none of the venue's business.
        let Ok(secure) = conn.start_tls(config).await else { return };
        conn = secure;
    }
    if conn.next_request().await.is_none() {
        return;
    }
    let reception = shared.change(|core| core.handle_attempt(now(), link));
    match reception {
        Reception::Refuse { status, retry_after } => {
            let mut answer = Answer::refusing(status);
            if let Some(seconds) = retry_after {
                answer = answer.with_header("Retry-After", &seconds.to_string());
            }
            conn.answer(&answer).await;
            return conn.end(Ending::Fin).await;
        }
        Reception::Vanish => return conn.end(Ending::Fin).await,
        Reception::Stall => match conn.stall().await {},
        Reception::Accept | Reception::AcceptThenClose(_) | Reception::AcceptThenCut => {}
    }
    conn.accept_upgrade().await;
    // Before the core knows of the connection, so that no nudge is missed.
    let news = shared.news.subscribe();
    shared.change(|core| core.handle_connected(now(), link, reception));
    let leaving = Leaving { shared: Arc::clone(&shared), link };
    if let Some(ending) = converse(&mut conn, &shared, link, news).await {
        // Gone as far as the venue is concerned; the socket may linger.
        drop(leaving);
        conn.end(ending).await;
    }
}

/// Hears and says, until the stream ends or the core wants it to.
async fn converse(
    conn: &mut Conn,
    shared: &Arc<Shared>,
    link: u64,
    mut news: watch::Receiver<()>,
) -> Option<Ending> {
    let mut unfinished = Vec::new();
    loop {
        let (bytes, ending) = outputs(&mut shared.lock(), link);
        let has_more = bytes.len() >= MOST_BYTES_AT_ONCE;
        if !bytes.is_empty() {
            tokio::select! {
                biased;
                () = conn.send_raw(&bytes) => {}
                // A client that does not read shall not keep it from being cut.
                () = shared.cut(link) => {}
            }
        }
        if ending.is_some() {
            return ending;
        }
        tokio::select! {
            biased;
            frame = conn.next() => hear(&frame?, &mut unfinished, shared, link),
            () = std::future::ready(()), if has_more => {}
            _ = news.changed() => {}
        }
    }
}

/// What there is to write now, and whether the stream ends then.
fn outputs(core: &mut Core, link: u64) -> (Vec<u8>, Option<Ending>) {
    let mut bytes = Vec::new();
    while bytes.len() < MOST_BYTES_AT_ONCE {
        let frame = match core.poll_output(link) {
            None => break,
            Some(Output::Text(text)) => RawFrame::text(text),
            Some(Output::Pong(payload)) => RawFrame::pong(payload),
            Some(Output::Close { code: Some(code), reason }) => RawFrame::close(code, &reason),
            Some(Output::Close { code: None, .. }) => RawFrame::new(0x8, []),
            Some(Output::Cut { resets }) => {
                return (bytes, Some(if resets { Ending::Reset } else { Ending::Fin }));
            }
        };
        bytes.extend(frame.to_bytes());
    }
    (bytes, None)
}

fn hear(frame: &RawFrame, unfinished: &mut Vec<u8>, shared: &Arc<Shared>, link: u64) {
    let at = now();
    match frame.opcode {
        0x8 => shared.change(|core| core.handle_close(at, link, frame.close_code())),
        0x9 => shared.change(|core| core.handle_ping(at, link, &frame.payload)),
        0xA => {}
        _ => {
            unfinished.extend_from_slice(&frame.payload);
            if frame.fin {
                let message = std::mem::take(unfinished);
                let text = String::from_utf8_lossy(&message);
                shared.change(|core| core.handle_text(at, link, &text));
            }
        }
    }
}

fn now() -> Instant {
    time::Instant::now().into_std()
}

/// Clients may be silent for as long as they like.
const ENDLESS: Duration = Duration::from_secs(24 * 3600);

/// What is written in one go before the client is listened to again.
const MOST_BYTES_AT_ONCE: usize = 64 * 1024;
