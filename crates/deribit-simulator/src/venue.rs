//! The venue: the whole server as a state machine, without a socket or a clock.
//!
//! It is told the time in microseconds since the epoch. Connections, messages and faults go in, frames
//! and ends come out. Equal inputs at equal times give equal outputs and equal journals, byte for byte.
//! Sockets are in [`server`](crate::server); what instruments and orders do is the market's and
//! trading's.

mod acts;
mod auth;
mod buckets;
mod channel;
mod conn;
mod envelope;
mod faults;
mod heartbeat;
mod life;
mod method;
mod orders;
mod outside;
mod params;
mod pipeline;
mod platform;
mod request;
mod rewriting;
mod scope;
mod sending;
mod signature;
mod spreading;
mod subscribing;
mod tokens;
mod topics;

use std::{collections::BTreeMap, fmt};

use fastrand::Rng;

pub use self::conn::{Output, Reception};
use self::{
    buckets::Buckets,
    conn::{Conn, Pending, Phase},
    envelope::MemberOrder,
    faults::Faults,
    platform::Platform,
    tokens::Tokens,
    topics::Topics,
};
use crate::{
    config::{Config, micros},
    counters::Counters,
    fault::{Ending, Fault, Refusal},
    journal::{Event, Frame, FrameKind, Journal},
    market::{Market, Notice},
    trading::Trading,
};

/// The server as a state machine.
pub struct Venue {
    config: Config,
    /// The present, in microseconds since the epoch.
    clock: u64,
    started_at: u64,
    /// What the clock shown to clients is off.
    skew_us: i64,
    rng: Rng,
    market: Market,
    trading: Trading,
    /// What the market said and nobody was told yet.
    notices: Vec<Notice>,
    conns: BTreeMap<u64, Conn>,
    last_conn: u64,
    topics: Topics,
    tokens: Tokens,
    buckets: Buckets,
    /// When each nonce was used, by account.
    nonces: BTreeMap<(usize, String), u64>,
    faults: Faults,
    /// Faults that frames set off, with the connection of the frame.
    deferred: Vec<(u64, Option<u64>)>,
    platform: Platform,
    journal: Journal,
    /// Counters of connections that are gone.
    gone: BTreeMap<u64, Counters>,
    /// Connections there is something to do on.
    changed: Vec<u64>,
    serial: u64,
}

impl fmt::Debug for Venue {
    /// Shows nothing a client said or was told: tokens are among it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Venue")
            .field("clock", &self.clock)
            .field("connections", &self.conns.len())
            .finish_non_exhaustive()
    }
}

/// What comes in, and what goes out.
impl Venue {
    /// A venue that opens at this time, in microseconds since the epoch.
    #[must_use]
    pub fn new(config: Config, now: u64) -> Self {
        let mut rng = Rng::with_seed(config.seed);
        let market = Market::new(config.market.clone(), rng.u64(..), now);
        let trading = orders::trading(&config);
        let journal = Journal::new(config.journal_bytes);
        Self {
            clock: now,
            started_at: now,
            skew_us: 0,
            rng,
            market,
            trading,
            notices: Vec::new(),
            conns: BTreeMap::new(),
            last_conn: 0,
            topics: Topics::default(),
            tokens: Tokens::default(),
            buckets: Buckets::default(),
            nonces: BTreeMap::new(),
            faults: Faults::default(),
            deferred: Vec::new(),
            platform: Platform::default(),
            journal,
            gone: BTreeMap::new(),
            changed: Vec::new(),
            serial: 0,
            config,
        }
    }

    /// Somebody asks for a WebSocket. Gives the number of the connection; what becomes of it is told by
    /// [`reception`](Self::reception).
    pub fn handle_attempt(&mut self, now: u64, ip: &str) -> u64 {
        self.advance_to(now);
        self.last_conn += 1;
        let id = self.last_conn;
        let mut rng = Rng::with_seed(self.config.seed ^ id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let order = MemberOrder::draw(self.config.key_order, &mut rng);
        self.journal.record(self.clock, id, Event::Attempt { ip: ip.to_owned() });
        self.conns.insert(id, Conn::new(ip.to_owned(), self.clock, order, rng));
        let slow = self.hit(id, None, |fault| matches!(fault, Fault::SlowHandshake { .. }));
        match slow {
            Some(Fault::SlowHandshake { delay_ms }) => {
                if let Some(conn) = self.conns.get_mut(&id) {
                    conn.accept_at = Some(self.clock + delay_ms * 1_000);
                }
            }
            _ => self.accept(id),
        }
        self.settle();
        id
    }

    /// What becomes of an attempt to connect.
    #[must_use]
    pub fn reception(&self, conn: u64) -> Reception {
        self.conns.get(&conn).map_or(Reception::Reset, |conn| conn.reception)
    }

    /// A whole message or a control frame came.
    pub fn handle_frame(&mut self, now: u64, id: u64, frame: Frame) {
        self.advance_to(now);
        self.hear(id, frame);
        self.settle();
    }

    /// The client broke RFC 6455; the connection is closed with this code.
    pub fn handle_violation(&mut self, now: u64, id: u64, code: u16) {
        self.advance_to(now);
        self.close(id, code, "");
        self.finish(id);
        self.settle();
    }

    /// The TCP connection is gone.
    pub fn handle_gone(&mut self, now: u64, id: u64) {
        self.advance_to(now);
        self.lose_trading(id);
        let keys = self.conns.get(&id).map(|conn| conn.subscriptions.keys().cloned().collect::<Vec<_>>());
        keys.unwrap_or_default().iter().for_each(|key| self.drop_subscription(id, key));
        if let Some(conn) = self.conns.remove(&id) {
            self.journal.record(self.clock, id, Event::Gone);
            self.gone.insert(id, conn.counters);
            while self.gone.len() > MOST_GONE {
                self.gone.pop_first();
            }
        }
        self.tokens.connection_gone(id);
        self.settle();
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> u64 {
        let conns = self.conns.iter().filter_map(|(id, conn)| self.conn_due(*id, conn));
        let others = [self.faults.due(), self.platform.due(), self.topics.slot_due()];
        conns.chain(others.into_iter().flatten()).fold(self.market.next_due(), u64::min)
    }

    /// Does everything that is due up to this time, each thing at its own.
    pub fn handle_timeout(&mut self, now: u64) {
        self.advance_to(now);
    }

    /// The next thing to do on a connection.
    pub fn poll_output(&mut self, id: u64) -> Option<Output> {
        let conn = self.conns.get_mut(&id)?;
        let (_, output) = conn.queue.pop_front()?;
        conn.queue_bytes = conn.queue_bytes.saturating_sub(output.bytes());
        Some(output)
    }

    /// How a connection is to be ended at once, whatever is still being written, if it is.
    #[must_use]
    pub fn poll_cut(&self, id: u64) -> Option<Ending> {
        self.conns.get(&id)?.is_cut
    }

    /// The connections on which there is something to do since this was asked last.
    pub fn poll_changed(&mut self) -> Vec<u64> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// How many bytes a second a connection may carry, if that is limited.
    #[must_use]
    pub fn throttle(&self, id: u64) -> Option<u32> {
        self.faults.active(id, None).find_map(|fault| match fault {
            Fault::ThrottleSocket { bytes_per_second } => Some((*bytes_per_second).max(1)),
            _ => None,
        })
    }
}

/// The workings.
impl Venue {
    /// Does what is due up to this time, in order.
    fn advance_to(&mut self, now: u64) {
        loop {
            let due = self.poll_timeout();
            if due > now {
                break;
            }
            self.clock = self.clock.max(due);
            self.fire();
        }
        self.clock = self.clock.max(now);
        self.run_market();
    }

    fn fire(&mut self) {
        self.turn_faults();
        self.turn_platform();
        self.run_market();
        self.end_slots();
        let clock = self.clock;
        let due = |id: u64, conn: &Conn| self.conn_due(id, conn).is_some_and(|due| due <= clock);
        let due: Vec<u64> =
            self.conns.iter().filter(|(id, conn)| due(**id, conn)).map(|(id, _)| *id).collect();
        due.into_iter().for_each(|id| self.conn_timeout(id));
        self.settle();
    }

    /// Lets the market come up to the present.
    fn run_market(&mut self) {
        self.market.advance(self.clock, &mut self.notices);
        let events = self.trading.on_market(&mut self.market, &mut self.notices);
        self.spread_notices();
        self.spread_private(events);
    }

    /// What is left to do after anything was done.
    fn settle(&mut self) {
        self.spread_notices();
        self.do_deferred();
    }

    fn hear(&mut self, id: u64, frame: Frame) {
        let clock = self.clock;
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| conn.is_open() && !conn.is_over) else {
            return;
        };
        conn.counters.frames_in += 1;
        conn.counters.bytes_in += frame.payload.len() as u64;
        if conn.is_silent() {
            return self.journal.record(clock, id, Event::Swallowed(frame));
        }
        self.journal.record(clock, id, Event::In(frame.clone()));
        if matches!(frame.kind, FrameKind::Text | FrameKind::Binary) {
            conn.last_in = clock;
        }
        match frame.kind {
            FrameKind::Close => self.hear_close(id, frame),
            // The client was told that nothing will follow.
            _ if self.is_closing(id) => {}
            FrameKind::Text => self.handle_text(id, &frame.payload),
            FrameKind::Binary => self.close(id, 1003, ""),
            FrameKind::Ping => {
                let pong = Frame { kind: FrameKind::Pong, payload: frame.payload };
                self.send(id, Pending::Control(pong));
            }
            FrameKind::Pong => {}
        }
    }

    fn hear_close(&mut self, id: u64, frame: Frame) {
        if !self.is_closing(id) {
            let code = frame.close().map(|(code, _)| code).filter(|code| *code != 0);
            self.close(id, code, "");
        }
        self.finish(id);
    }

    /// Ends a connection behind what is on its way, which need not wait for its time any more.
    fn finish(&mut self, id: u64) {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.line.iter_mut().for_each(|(at, _)| *at = 0);
        }
        self.release_due(id);
        self.end(id, Ending::Fin);
    }

    /// Decides on an attempt to connect.
    fn accept(&mut self, id: u64) {
        let refusal = self.refusal(id);
        let (clock, pings) = (self.clock, self.ping_every(id));
        let Some(conn) = self.conns.get_mut(&id) else { return };
        conn.reception = match refusal {
            None => Reception::Accept,
            Some(Refusal::Status(status)) => Reception::Refuse(status),
            Some(Refusal::NoAnswer) => Reception::Ignore,
            Some(Refusal::TcpReset) => Reception::Reset,
        };
        let event = match conn.reception {
            Reception::Refuse(status) => Event::Answer { status },
            Reception::Ignore => Event::Ignored { how: "no_answer" },
            Reception::Reset => Event::Ignored { how: "tcp_reset" },
            _ => Event::Answer { status: 101 },
        };
        conn.opened_at = clock;
        conn.last_in = clock;
        conn.last_out = clock;
        conn.ping_at = pings.map(|every| clock + every);
        self.journal.record(clock, id, event);
        self.changed.push(id);
        if refusal.is_none() {
            self.change_phase(id, Phase::Unauth);
        }
    }

    fn refusal(&mut self, id: u64) -> Option<Refusal> {
        let fault = self.hit(id, None, |fault| matches!(fault, Fault::RefuseHandshake { .. }));
        if let Some(Fault::RefuseHandshake { how, .. }) = fault {
            return Some(how);
        }
        if self.platform.is_down() {
            return Some(Refusal::Status(503));
        }
        let ip = &self.conns.get(&id)?.ip;
        let open = self.conns.values().filter(|conn| conn.is_open() && conn.ip == *ip).count();
        (open >= self.config.max_connections_per_ip).then_some(Refusal::Status(429))
    }

    /// A time as clients are shown it.
    fn shown(&self, at: u64) -> u64 {
        at.saturating_add_signed(self.skew_us)
    }

    /// The time by which signatures are judged: that of clients, who do not live faster than real time.
    fn wall_us(&self) -> u64 {
        let elapsed = self.clock - self.started_at;
        let elapsed = match self.config.clock {
            crate::config::ClockKind::Real => micros(elapsed as f64 / 1e6 / self.config.time_scale),
            crate::config::ClockKind::Manual => elapsed,
        };
        self.shown(self.started_at + elapsed)
    }
}

/// For how many connections that are gone counters are kept.
const MOST_GONE: usize = 10_000;
