//! The venue as a state machine: told the time, messages in, messages out.
//!
//! What requests mean is in `requests.rs`, what is published in `publishing.rs`, what belongs to one
//! connection in `seat.rs`. Nothing here waits, and no clock is read.

mod publishing;
mod requests;
mod seat;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant, SystemTime},
};

pub use self::{requests::Placed, seat::Seat};
use super::{
    journal::{Entry, Heard, Journal},
    rules::{Reception, Rules},
};

/// The venue.
#[derive(Clone, Debug)]
pub struct Core {
    rules: Rules,
    /// The moment from which wall time is derived.
    epoch: (Instant, SystemTime),
    seats: BTreeMap<u64, Seat>,
    journal: Journal,
    complaints: Vec<String>,
    rate_errors: u64,
    orders: BTreeMap<String, Placed>,
    nonces: BTreeSet<(String, u64)>,
    sequences: BTreeMap<String, u64>,
    /// What is to be said later.
    later: BTreeMap<(Instant, u64), (u64, Output)>,
    serial: u64,
    /// When it publishes by itself next.
    publishes_at: Option<Instant>,
}

/// What the venue does on a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// Sends a text message.
    Text(String),
    /// Sends a pong.
    Pong(Vec<u8>),
    /// Sends a close frame.
    Close {
        /// Its code; `None` for an empty one.
        code: Option<u16>,
        /// Its reason.
        reason: String,
    },
    /// Ends the stream: in order, or by a reset. Nothing follows.
    Cut {
        /// Whether by a reset.
        resets: bool,
    },
}

impl Core {
    /// A venue that opens now.
    #[must_use]
    pub fn new(rules: Rules, now: Instant, wall: SystemTime) -> Self {
        Self {
            rules,
            epoch: (now, wall),
            seats: BTreeMap::new(),
            journal: Journal::default(),
            complaints: Vec::new(),
            rate_errors: 0,
            orders: BTreeMap::new(),
            nonces: BTreeSet::new(),
            sequences: BTreeMap::new(),
            later: BTreeMap::new(),
            serial: 0,
            publishes_at: None,
        }
    }

    /// The switches.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The switches, to turn them.
    pub const fn rules_mut(&mut self) -> &mut Rules {
        &mut self.rules
    }

    /// What came in, oldest first.
    pub fn journal(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.journal.entries.iter()
    }

    /// The requests that came in on one connection, oldest first, each as it was written.
    pub fn requests(&self, link: u64) -> impl Iterator<Item = (super::Op, &str)> {
        self.journal().filter(move |entry| entry.link == link).filter_map(|entry| match &entry.heard {
            Heard::Request { op, text } => Some((*op, text.as_str())),
            _ => None,
        })
    }

    /// What a client should not have done, in words.
    #[must_use]
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// How many requests were refused for lack of credits.
    #[must_use]
    pub const fn rate_errors(&self) -> u64 {
        self.rate_errors
    }

    /// The orders, by the client's own id.
    #[must_use]
    pub const fn orders(&self) -> &BTreeMap<String, Placed> {
        &self.orders
    }

    /// The open connections, oldest first, each with its number.
    pub fn seats(&self) -> impl DoubleEndedIterator<Item = (u64, &Seat)> {
        self.seats.iter().map(|(link, seat)| (*link, seat))
    }

    /// One open connection.
    #[must_use]
    pub fn seat(&self, link: u64) -> Option<&Seat> {
        self.seats.get(&link)
    }

    /// How many items a topic has had.
    #[must_use]
    pub fn published(&self, topic: &str) -> u64 {
        self.sequences.get(topic).copied().unwrap_or_default()
    }

    /// Somebody asks for a connection with this number; what becomes of it.
    pub fn handle_attempt(&mut self, now: Instant, link: u64) -> Reception {
        self.journal.record(now, link, Heard::Attempt);
        self.rules.receptions.pop_front().unwrap_or(self.rules.reception)
    }

    /// A connection is open, as this reception had it.
    pub fn handle_connected(&mut self, now: Instant, link: u64, reception: Reception) {
        self.journal.record(now, link, Heard::Connected);
        self.seats.insert(link, Seat::new(now));
        match reception {
            Reception::AcceptThenClose(code) => self.close(link, code, "come back later"),
            Reception::AcceptThenCut => self.cut(link, false),
            _ => {}
        }
    }

    /// A text message came.
    pub fn handle_text(&mut self, now: Instant, link: u64, text: &str) {
        if self.seats.contains_key(&link) {
            self.hear(now, link, text);
        }
    }

    /// A ping came.
    pub fn handle_ping(&mut self, now: Instant, link: u64, payload: &[u8]) {
        self.journal.record(now, link, Heard::Ping);
        if self.rules.answers_pings {
            self.say(link, Output::Pong(payload.to_vec()));
        }
    }

    /// A close frame came.
    pub fn handle_close(&mut self, now: Instant, link: u64, code: Option<u16>) {
        self.journal.record(now, link, Heard::Close(code));
        let Some(seat) = self.seats.get_mut(&link) else { return };
        if !self.rules.answers_close {
            return;
        }
        if !seat.is_closing {
            self.say(link, Output::Close { code, reason: String::new() });
        }
        self.end(link, Output::Cut { resets: false });
    }

    /// A connection has ended.
    pub fn handle_gone(&mut self, now: Instant, link: u64) {
        let Some(seat) = self.seats.remove(&link) else { return };
        self.journal.record(now, link, Heard::Gone);
        self.later.retain(|_, (on, _)| *on != link);
        if seat.cancels_on_drop {
            let left = self.orders.values_mut().filter(|order| order.link == link);
            left.for_each(|order| order.is_open = false);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let seats = self.seats.values().filter_map(Seat::timeout);
        let later = self.later.keys().map(|(at, _)| *at).next();
        seats.chain(later).chain(self.publishes_at()).min()
    }

    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(due) = self.later.first_entry().filter(|due| due.key().0 <= now) {
            let (link, output) = due.remove();
            self.say(link, output);
        }
        let due: Vec<_> =
            self.seats.iter().filter(|(_, seat)| seat.timeout().is_some_and(|at| at <= now)).collect();
        for link in due.into_iter().map(|(link, _)| *link).collect::<Vec<_>>() {
            self.seat_timeout(now, link);
        }
        self.publish_due(now);
    }

    /// The next thing to do on a connection.
    pub fn poll_output(&mut self, link: u64) -> Option<Output> {
        let seat = self.seats.get_mut(&link)?;
        let output = seat.outputs.pop_front()?;
        seat.pending_bytes -= weight(&output);
        Some(output)
    }

    /// Whether a connection is to be cut, whatever else waits for it.
    #[must_use]
    pub fn is_cut(&self, link: u64) -> bool {
        self.seats.get(&link).is_some_and(|seat| matches!(seat.outputs.front(), Some(Output::Cut { .. })))
    }

    /// Ends a connection abruptly: in order, or by a reset. What waited for it is dropped.
    pub fn cut(&mut self, link: u64, resets: bool) {
        if let Some(seat) = self.seats.get_mut(&link) {
            seat.outputs = VecDeque::from([Output::Cut { resets }]);
            seat.pending_bytes = 0;
            seat.is_over = true;
        }
    }

    /// As [`cut`](Self::cut), for all connections.
    pub fn cut_all(&mut self, resets: bool) {
        self.links().into_iter().for_each(|link| self.cut(link, resets));
    }

    /// Begins a closing handshake.
    pub fn close(&mut self, link: u64, code: u16, reason: &str) {
        self.say(link, Output::Close { code: Some(code), reason: reason.to_owned() });
        if let Some(seat) = self.seats.get_mut(&link) {
            seat.is_closing = true;
        }
    }

    /// As [`close`](Self::close), for all connections.
    pub fn close_all(&mut self, code: u16, reason: &str) {
        self.links().into_iter().for_each(|link| self.close(link, code, reason));
    }

    /// Lets all logins run out now.
    pub fn expire_logins(&mut self) {
        self.links().into_iter().for_each(|link| self.expire(link));
    }

    fn links(&self) -> Vec<u64> {
        self.seats.keys().copied().collect()
    }

    fn expire(&mut self, link: u64) {
        if self.seats.get_mut(&link).is_some_and(|seat| seat.login.take().is_some()) {
            self.say(link, Output::Text(r#"{"op":"expired"}"#.to_owned()));
        }
    }

    fn seat_timeout(&mut self, now: Instant, link: u64) {
        let patience = self.rules.alive_patience;
        let Some(seat) = self.seats.get_mut(&link) else { return };
        let is_expired = seat.login.as_ref().is_some_and(|login| login.until <= now);
        match seat.asked_until {
            Some(until) if until <= now => {
                seat.asked_until = None;
                seat.asks_at = None;
                self.close(link, 4008, "no answer to alive?");
            }
            None if seat.asks_at.is_some_and(|at| at <= now) => {
                seat.asked_until = Some(now + patience);
                self.say(link, Output::Text(r#"{"op":"alive?"}"#.to_owned()));
            }
            _ => {}
        }
        if is_expired {
            self.expire(link);
        }
    }

    /// Queues something for a connection, unless it is closing. One that does not read is cut.
    fn say(&mut self, link: u64, output: Output) {
        let most = self.rules.most_pending_bytes;
        let Some(seat) = self.seats.get_mut(&link).filter(|seat| !seat.is_closing && !seat.is_over) else {
            return;
        };
        seat.pending_bytes += weight(&output);
        seat.outputs.push_back(output);
        if seat.pending_bytes > most {
            self.complaints.push(format!("connection {link} does not read"));
            self.cut(link, true);
        }
    }

    /// Queues the last thing of a connection.
    fn end(&mut self, link: u64, output: Output) {
        if let Some(seat) = self.seats.get_mut(&link).filter(|seat| !seat.is_over) {
            seat.outputs.push_back(output);
            seat.is_over = true;
        }
    }

    fn say_after(&mut self, now: Instant, pause: Duration, link: u64, output: Output) {
        self.serial += 1;
        self.later.insert((now + pause, self.serial), (link, output));
    }

    fn wall(&self, now: Instant) -> SystemTime {
        self.epoch.1 + now.saturating_duration_since(self.epoch.0)
    }
}

const fn weight(output: &Output) -> usize {
    match output {
        Output::Text(text) => text.len(),
        Output::Pong(payload) => payload.len(),
        Output::Close { .. } | Output::Cut { .. } => 0,
    }
}
