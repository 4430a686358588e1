//! Faults begin, act and end.

use bytes::Bytes;

use super::{
    Venue,
    conn::Phase,
    envelope::{TEST_REQUEST, notification},
    platform::Turn,
    rewriting,
    topics::{Listener, Listening, TopicKey},
};
use crate::{
    config::micros,
    fault::{Fault, Target},
    journal::Event,
    market::ChannelKey,
};

impl Venue {
    /// The first fault of a kind that acts here, used up as its plan says.
    pub(super) fn hit(
        &mut self,
        conn: u64,
        channel: Option<&str>,
        is: impl Fn(&Fault) -> bool,
    ) -> Option<Fault> {
        if self.faults.is_empty() {
            return None;
        }
        let hit = self.faults.hit(conn, channel, is)?;
        if hit.is_counted {
            let event = Event::Fault { id: hit.id, name: hit.fault.name(), phase: "hits" };
            self.journal.record(self.clock, conn, event);
        }
        Some(hit.fault)
    }

    /// Lets faults begin and end whose time has come.
    pub(super) fn turn_faults(&mut self) {
        while let Some(armed) = self.faults.take_ended(self.clock) {
            self.undo(armed.id, &armed.fault, &armed.target);
        }
        while let Some(id) = self.faults.take_beginning(self.clock) {
            self.begin_fault(id, None);
        }
        self.repeat_faults();
    }

    /// Does what frames brought about.
    pub(super) fn do_deferred(&mut self) {
        while let Some((fault, conn)) = self.deferred.pop() {
            if self.faults.get(fault).is_some_and(|armed| armed.is_frame_act()) {
                self.act(fault, conn);
            } else {
                self.begin_fault(fault, conn);
            }
        }
    }

    /// Takes a fault away.
    pub(super) fn clear(&mut self, id: u64) {
        if let Some(armed) = self.faults.clear(id)
            && armed.is_active()
        {
            self.undo(armed.id, &armed.fault, &armed.target);
        }
    }

    /// Does what the platform does now.
    pub(super) fn turn_platform(&mut self) {
        while let Some(turn) = self.platform.handle_timeout(self.clock) {
            let name = match turn {
                Turn::Refuses => "maintenance_refuses",
                Turn::GoesDown => "maintenance_goes_down",
                Turn::Returns => "maintenance_returns",
            };
            self.journal.record(self.clock, 0, Event::Timer { name });
            if turn == Turn::GoesDown {
                for conn in self.talking() {
                    self.close(conn, 1001, "");
                }
                self.tokens.revoke_all();
            }
        }
    }

    fn begin_fault(&mut self, id: u64, by_frame: Option<u64>) {
        if !self.resolve_target(id) {
            if let Some(armed) = self.faults.clear(id) {
                self.log(id, &armed.fault, "finds nothing");
            }
            return;
        }
        let Some(armed) = self.faults.get(id) else { return };
        let (fault, is_frame_act) = (armed.fault.clone(), armed.is_frame_act());
        self.log(id, &fault, "begins");
        match &fault {
            _ if is_frame_act => {}
            _ if fault.is_act() => self.act(id, by_frame),
            Fault::PublicDisabled {} => self.set_public_methods(false),
            Fault::LockIndex { index } => self.lock_index(index, true),
            Fault::ClockSkew { ms } => self.skew_us += ms.saturating_mul(1_000),
            Fault::ServerPingOnly {} => {
                for conn in self.talking() {
                    let every = self.ping_every(conn);
                    if let Some(conn) = self.conns.get_mut(&conn) {
                        conn.ping_at = every.map(|every| self.clock + every);
                    }
                }
            }
            _ => {}
        }
    }

    fn undo(&mut self, id: u64, fault: &Fault, target: &Target) {
        self.log(id, fault, "ends");
        match fault {
            Fault::PublicDisabled {} => self.set_public_methods(true),
            Fault::LockIndex { index } => self.lock_index(index, false),
            Fault::ClockSkew { ms } => self.skew_us -= ms.saturating_mul(1_000),
            Fault::HalfOpen { .. } => {
                for id in self.targets(target) {
                    if let Some(conn) = self.conns.get_mut(&id).filter(|conn| conn.is_silent()) {
                        conn.silent_until = Some(self.clock);
                    }
                }
            }
            _ => {}
        }
    }

    /// Performs a fault that acts once, and takes it away.
    fn act(&mut self, id: u64, by_frame: Option<u64>) {
        let Some(armed) = self.faults.get(id) else { return };
        let (fault, target, lasts_until) = (armed.fault.clone(), armed.target.clone(), armed.ends_at());
        if by_frame.is_some() {
            self.log(id, &fault, "hits");
        }
        let conns = by_frame.map_or_else(|| self.targets(&target), |conn| vec![conn]);
        match &fault {
            Fault::HalfOpen { duration_s } => {
                let until = duration_s.map(|seconds| self.clock + micros(seconds.max(0.0))).or(lasts_until);
                for id in conns {
                    if let Some(conn) = self.conns.get_mut(&id) {
                        conn.silent_until = Some(until.unwrap_or(u64::MAX));
                    }
                }
                // Without an end it stays set, so that it can be cleared.
                if until.is_none() {
                    return;
                }
            }
            Fault::Maintenance { warning_s, refusing_s, length_s } => {
                let [warning, refusing, length] =
                    [warning_s, refusing_s, length_s].map(|seconds| micros(seconds.max(0.0)));
                self.platform.announce(self.clock, warning, refusing, length);
                self.notify(None, "platform_state", &Bytes::from_static(br#"{"maintenance":true}"#));
            }
            Fault::Settlement { length_s } => {
                self.market.settle(micros(length_s.max(0.0)), &mut self.notices);
                self.spread_notices();
            }
            Fault::Notify { channel, data } => {
                let data = Bytes::from(data.to_string());
                match target {
                    Target::All => self.notify(None, channel, &data),
                    _ => conns.into_iter().for_each(|conn| self.notify(Some(conn), channel, &data)),
                }
            }
            Fault::StaleChange {} | Fault::SecondSnapshot {} => {
                for (key, listener) in self.books(&target, by_frame) {
                    self.repeat_book(&fault, key, &listener);
                }
            }
            _ => conns.into_iter().for_each(|conn| self.act_on(conn, &fault)),
        }
        self.faults.clear(id);
    }

    fn act_on(&mut self, conn: u64, fault: &Fault) {
        match fault {
            Fault::DropTcp { how } => self.cut(conn, *how),
            Fault::CloseFrame { code, reason } => self.close(conn, *code, reason),
            Fault::ExpireToken {} => self.expire_token(conn),
            Fault::MalformedJson { kind } => self.send_text(conn, rewriting::malformed(*kind)),
            Fault::HugeFrame { bytes } => self.send_text(conn, rewriting::huge(*bytes)),
            Fault::DeepJson { depth } => self.send_text(conn, rewriting::deep(*depth)),
            Fault::UnknownChannel {} => {
                let data = br#"{"timestamp":1,"novel":true}"#;
                self.send_text(conn, notification("novel.channel.raw", data, None, false));
            }
            Fault::UnknownMethod {} => {
                self.send_text(conn, r#"{"jsonrpc":"2.0","method":"novelty","params":{"type":"novel"}}"#);
            }
            Fault::Inject { text } => self.send_text(conn, text.clone()),
            _ => {}
        }
    }

    /// Sends an old change or a fresh snapshot of a book.
    fn repeat_book(&mut self, fault: &Fault, key: ChannelKey, listener: &Listener) {
        let data = match fault {
            Fault::SecondSnapshot {} => self.market.first(&key).into_iter().next(),
            _ => {
                let recent = self.topics.get_mut(&TopicKey::Market(key)).map(|topic| topic.recent.clone());
                recent.and_then(|[older, newer]| older.or(newer))
            }
        };
        let is_reversed = self.conns.get(&listener.connection).is_some_and(|conn| conn.order.is_reversed);
        if let Some(data) = data {
            let text = notification(&listener.name, &data, None, is_reversed);
            self.send_text(listener.connection, text);
        }
    }

    fn repeat_faults(&mut self) {
        let is_flood = |fault: &Fault| matches!(fault, Fault::HeartbeatFlood { .. });
        let due =
            self.faults.all_active().filter(|armed| is_flood(&armed.fault) && armed.next_at <= self.clock);
        let due: Vec<u64> = due.map(|armed| armed.id).collect();
        for id in due {
            let Some(armed) = self.faults.get_mut(id) else { continue };
            armed.schedule();
            let target = armed.target.clone();
            for conn in self.targets(&target) {
                if let Some(conn) = self.conns.get_mut(&conn) {
                    conn.counters.asked(self.clock);
                }
                self.send_text(conn, Bytes::from_static(TEST_REQUEST.as_bytes()));
            }
        }
    }

    /// Replaces a target that depends on the moment; false if there is none.
    fn resolve_target(&mut self, id: u64) -> bool {
        let target = match self.faults.get(id).map(|armed| &armed.target) {
            Some(Target::NewestConnection) => self.talking().last().map(|conn| Target::Connection(*conn)),
            Some(Target::RandomBook) => {
                let books = self.books(&Target::All, None);
                let place = if books.is_empty() { None } else { Some(self.rng.usize(..books.len())) };
                place.map(|place| Target::Channel(books[place].1.name.to_string()))
            }
            Some(target) => Some(target.clone()),
            None => None,
        };
        match (target, self.faults.get_mut(id)) {
            (Some(target), Some(armed)) => {
                armed.target = target;
                true
            }
            _ => false,
        }
    }

    /// The connections a fault acts on.
    fn targets(&self, target: &Target) -> Vec<u64> {
        let talking = self.talking();
        match target {
            Target::All => talking,
            Target::Connection(wanted) => talking.into_iter().filter(|conn| conn == wanted).collect(),
            Target::Channel(name) => {
                let topics = self.topics.iter().flat_map(|(_, topic)| &topic.listeners);
                let listeners = topics.filter(|listener| listener.name.eq_ignore_ascii_case(name));
                listeners.map(|listener| listener.connection).filter(|conn| talking.contains(conn)).collect()
            }
            Target::NewestConnection | Target::RandomBook => Vec::new(),
        }
    }

    /// The books that are listened to where a fault acts.
    fn books(&self, target: &Target, only: Option<u64>) -> Vec<(ChannelKey, Listener)> {
        let is_meant = |listener: &&Listener| {
            let is_target = match target {
                Target::All => true,
                Target::Connection(wanted) => listener.connection == *wanted,
                Target::Channel(name) => listener.name.eq_ignore_ascii_case(name),
                Target::NewestConnection | Target::RandomBook => false,
            };
            is_target
                && listener.state == Listening::Live
                && only.is_none_or(|only| only == listener.connection)
        };
        let books = self.topics.iter().filter_map(|(key, topic)| match key {
            TopicKey::Market(key @ ChannelKey::Book(..)) => Some((*key, topic)),
            _ => None,
        });
        books
            .flat_map(|(key, topic)| {
                topic.listeners.iter().filter(is_meant).map(move |one| (key, one.clone()))
            })
            .collect()
    }

    /// The connections that may be spoken to, oldest first.
    fn talking(&self) -> Vec<u64> {
        self.conns.iter().filter(|(_, conn)| conn.is_talking()).map(|(id, _)| *id).collect()
    }

    fn set_public_methods(&mut self, are_open: bool) {
        self.platform.is_login_needed = !are_open;
        let data = format!(r#"{{"allow_unauthenticated_public_requests":{are_open}}}"#);
        self.notify(None, "platform_state.public_methods_state", &data.into());
    }

    fn lock_index(&mut self, name: &str, is_locked: bool) {
        if let Some(index) = self.market.universe().find_index(name) {
            self.market.set_index_lock(index, is_locked, &mut self.notices);
            self.spread_notices();
        }
    }

    fn log(&mut self, id: u64, fault: &Fault, phase: &'static str) {
        self.journal.record(self.clock, 0, Event::Fault { id, name: fault.name(), phase });
    }

    /// Whether nothing may be expected of a connection any more.
    pub(super) fn is_closing(&self, id: u64) -> bool {
        self.conns.get(&id).is_none_or(|conn| conn.phase == Phase::Closing)
    }
}
