//! What time does to connections: heartbeats, pings, idleness, age, closes that are due.

use super::{
    Venue,
    conn::{Conn, Pending, Phase},
    envelope::{Body, HEARTBEAT, TEST_REQUEST},
    heartbeat::{Beat, Heartbeat},
    params::Params,
};
use crate::{
    config::micros,
    fault::{Ending, Fault},
    journal::{Event, Frame, FrameKind},
    market::ParamError,
};
use bytes::Bytes;
use serde_json::Value;

impl Venue {
    /// `public/set_heartbeat`.
    pub(super) fn set_heartbeat(&mut self, id: u64, params: &Params) -> Result<Body, Body> {
        let seconds = match params.get("interval") {
            None | Some(Value::Null) => return Err(super::auth::invalid(ParamError::Required("interval"))),
            Some(value) => {
                value.as_f64().ok_or_else(|| super::auth::invalid(ParamError::Format("interval")))?
            }
        };
        if seconds < LEAST_INTERVAL_S {
            return Err(super::auth::invalid(ParamError::TooLow("interval")));
        }
        let interval_us = micros(seconds.min(MOST_INTERVAL_S));
        let (clock, grace) = (self.clock, self.config.heartbeat_grace);
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.heartbeat = Some(Heartbeat::new(interval_us, grace, clock, &mut conn.rng));
        }
        Ok(Body::ok())
    }

    /// `public/disable_heartbeat`.
    pub(super) fn disable_heartbeat(&mut self, id: u64) -> Body {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.heartbeat = None;
            conn.counters.asked_at = None;
        }
        Body::ok()
    }

    /// When something is due on a connection.
    pub(super) fn conn_due(&self, id: u64, conn: &Conn) -> Option<u64> {
        if conn.is_over {
            return None;
        }
        let on_the_way = conn.line.front().map(|(at, _)| *at);
        let loose = conn.loose.first_key_value().map(|((at, _), _)| *at);
        let mut due = [on_the_way, loose, conn.accept_at, conn.cut_at].into_iter().flatten().min();
        let mut also = |at: Option<u64>| due = [due, at].into_iter().flatten().min();
        also(conn.silent_until.filter(|until| *until != u64::MAX));
        if !conn.is_talking() {
            return due;
        }
        also(conn.close_at.map(|(at, ..)| at));
        also(conn.awaited.first().map(|(at, _)| *at));
        also(self.expiry_of(conn));
        if !conn.is_silent() {
            also(conn.heartbeat.as_ref().map(Heartbeat::due));
            also(conn.ping_at);
            also(conn.idle_at(micros(self.config.idle_drop_s)));
            also(self.queue_age_due(id));
        }
        also(self.age_limit(conn));
        due
    }

    /// Does what is due on a connection.
    pub(super) fn conn_timeout(&mut self, id: u64) {
        self.answer_slow_handshake(id);
        self.wake(id);
        self.release_due(id);
        self.first_due(id);
        self.beat(id);
        self.ping(id);
        self.check_queue_age(id);
        let Some(conn) = self.conns.get(&id) else { return };
        if conn.cut_at.is_some_and(|at| at <= self.clock) {
            return self.end_abruptly(id, "closing");
        }
        if !conn.is_talking() {
            return;
        }
        if let Some((_, code, reason)) = conn.close_at.filter(|(at, ..)| *at <= self.clock) {
            self.close(id, code, reason);
        } else if conn.idle_at(micros(self.config.idle_drop_s)).is_some_and(|at| at <= self.clock) {
            self.end_abruptly(id, "idle");
        } else if self.age_limit(conn).is_some_and(|at| at <= self.clock) {
            self.end_abruptly(id, "age");
        } else if self.expiry_of(conn).is_some_and(|at| at <= self.clock) {
            self.journal.record(self.clock, id, Event::Timer { name: "expiry" });
            self.expired(id);
        }
    }

    fn end_abruptly(&mut self, id: u64, name: &'static str) {
        self.journal.record(self.clock, id, Event::Timer { name });
        self.cut(id, Ending::Fin);
    }

    fn answer_slow_handshake(&mut self, id: u64) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        if conn.accept_at.take_if(|at| *at <= self.clock).is_some() {
            self.accept(id);
        }
    }

    /// Ends a silence.
    fn wake(&mut self, id: u64) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        if conn.silent_until.take_if(|until| *until <= self.clock).is_some() {
            let now = self.clock;
            conn.last_in = now;
            if let Some(heartbeat) = &mut conn.heartbeat {
                heartbeat.skip(now, &mut conn.rng);
            }
            self.journal.record(now, id, Event::Timer { name: "awake" });
        }
    }

    fn beat(&mut self, id: u64) {
        let clock = self.clock;
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| conn.is_talking() && !conn.is_silent()) else {
            return;
        };
        let Some(heartbeat) = conn.heartbeat.as_mut().filter(|heartbeat| heartbeat.due() <= clock) else {
            return;
        };
        let is_quiet = conn.last_out + heartbeat.interval_us() <= clock;
        if self.faults.active(id, None).any(|fault| matches!(fault, Fault::SkipHeartbeat {})) {
            return heartbeat.skip(clock, &mut conn.rng);
        }
        match heartbeat.handle_timeout(clock, &mut conn.rng) {
            Beat::Rest => {}
            Beat::Ask => {
                conn.counters.asked(clock);
                self.journal.record(clock, id, Event::Timer { name: "test_request" });
                self.send_text(id, Bytes::from_static(TEST_REQUEST.as_bytes()));
                if is_quiet {
                    self.send_text(id, Bytes::from_static(HEARTBEAT.as_bytes()));
                }
            }
            Beat::GiveUp => {
                self.journal.record(clock, id, Event::Timer { name: "heartbeat" });
                self.close(id, 4000, "heartbeat close");
                self.lose_trading(id);
            }
        }
    }

    fn ping(&mut self, id: u64) {
        let (clock, every) = (self.clock, self.ping_every(id));
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| conn.is_talking()) else { return };
        if conn.ping_at.take_if(|at| *at <= clock).is_none() {
            return;
        }
        conn.ping_at = every.map(|every| clock + every);
        let payload = Bytes::from(format!("{:x}", conn.rng.u32(..)));
        self.send(id, Pending::Control(Frame { kind: FrameKind::Ping, payload }));
    }

    /// The span between the server's own pings.
    pub(super) fn ping_every(&self, id: u64) -> Option<u64> {
        let pings_only = |fault: &Fault| matches!(fault, Fault::ServerPingOnly {});
        if !self.faults.is_empty() && self.faults.active(id, None).any(pings_only) {
            return Some(1_000_000);
        }
        Some(micros(self.config.server_ping_s)).filter(|every| *every > 0)
    }

    fn age_limit(&self, conn: &Conn) -> Option<u64> {
        let most = micros(self.config.max_age_s);
        (most > 0).then(|| conn.opened_at + most)
    }

    fn expiry_of(&self, conn: &Conn) -> Option<u64> {
        let grant = conn.grant.filter(|_| conn.phase == Phase::Auth)?;
        Some(self.tokens.grant(grant)?.expires_at)
    }
}

const LEAST_INTERVAL_S: f64 = 10.0;

/// A century; more would overflow sums of times.
const MOST_INTERVAL_S: f64 = 3.2e9;
