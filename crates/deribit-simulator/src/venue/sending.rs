//! The way out: latency, order, faults on frames, bounded queues, the end.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;

use super::{
    Venue,
    conn::{Conn, Output, Pending, Phase},
    envelope::{Reply, TOO_SLOW},
};
use crate::{
    config::{ClockKind, micros},
    fault::{Ending, Fault},
    journal::{Event, Frame, FrameKind},
};

impl Venue {
    /// Sends something, behind all that was sent before.
    pub(super) fn send(&mut self, id: u64, pending: Pending) {
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| conn.is_talking()) else { return };
        let mut late = late_by(&self.config.latency_ms, conn);
        if !self.faults.is_empty() {
            for fault in self.faults.active(id, pending.channel()) {
                match fault {
                    Fault::Delay { ms } => late += micros(ms.max(0.0) / 1e3),
                    Fault::Jitter { ms } => late += conn.rng.u64(..=micros(ms.max(0.0) / 1e3)),
                    _ => {}
                }
            }
        }
        let behind = conn.line.back().map_or(0, |(at, _)| *at);
        let leaves_at = behind.max(self.clock.saturating_add(late));
        if leaves_at <= self.clock && conn.line.is_empty() {
            self.release(id, pending);
        } else {
            conn.line_bytes += pending.bytes();
            conn.line.push_back((leaves_at, pending));
            // What is on its way counts as well, or it would grow without bound.
            if conn.line_bytes + conn.queue_bytes > self.queue_limits(id).0 {
                self.give_up_slow(id);
            }
        }
    }

    /// Sends a text that belongs to no channel.
    pub(super) fn send_text(&mut self, id: u64, text: impl Into<Bytes>) {
        self.send(id, Pending::Text { payload: text.into(), channel: None });
    }

    /// Sends a reply late; others may overtake it.
    pub(super) fn send_loose(&mut self, id: u64, reply: Reply, late_us: u64) {
        self.serial += 1;
        let (at, serial) = (self.clock.saturating_add(late_us), self.serial);
        if let Some(conn) = self.conns.get_mut(&id).filter(|conn| conn.is_talking()) {
            conn.loose.insert((at, serial), Pending::Reply(reply));
        }
    }

    /// Closes in order; nothing else is sent after what is on its way.
    pub(super) fn close(&mut self, id: u64, code: impl Into<Option<u16>>, reason: &str) {
        self.send(id, Pending::Close(Frame::closing(code.into(), reason)));
        let (clock, is_closing) = (self.clock, self.conns.get(&id).is_some_and(Conn::is_talking));
        if is_closing && let Some(conn) = self.conns.get_mut(&id) {
            conn.cut_at = Some(clock + CLOSING_US);
            conn.close_at = None;
            conn.loose.clear();
        }
        self.change_phase(id, Phase::Closing);
    }

    /// Ends the TCP connection; what waits to be sent is dropped.
    pub(super) fn cut(&mut self, id: u64, ending: Ending) {
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| !conn.is_over) else { return };
        conn.line.clear();
        conn.queue.clear();
        conn.is_cut = Some(ending);
        self.end(id, ending);
        self.change_phase(id, Phase::Closing);
        self.lose_trading(id);
    }

    /// Ends the TCP connection once all that waits was sent.
    pub(super) fn end(&mut self, id: u64, ending: Ending) {
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| !conn.is_over) else { return };
        conn.is_over = true;
        conn.cut_at = None;
        conn.loose.clear();
        conn.queue.push_back((self.clock, Output::Cut(ending)));
        let how = match ending {
            Ending::Rst => "rst",
            Ending::Fin => "fin",
        };
        self.journal.record(self.clock, id, Event::Cut { how });
        self.changed.push(id);
    }

    /// Lets go what is due on a connection.
    pub(super) fn release_due(&mut self, id: u64) {
        loop {
            let clock = self.clock;
            let Some(conn) = self.conns.get_mut(&id) else { return };
            if let Some(entry) = conn.loose.first_entry().filter(|entry| entry.key().0 <= clock) {
                let pending = entry.remove();
                self.release(id, pending);
            } else if conn.line.front().is_some_and(|(at, _)| *at <= clock) {
                let Some((_, pending)) = conn.line.pop_front() else { return };
                conn.line_bytes = conn.line_bytes.saturating_sub(pending.bytes());
                self.release(id, pending);
            } else {
                return;
            }
        }
    }

    /// Gives up a connection whose oldest message waits too long.
    pub(super) fn check_queue_age(&mut self, id: u64) {
        if self.queue_age_due(id).is_some_and(|due| due <= self.clock) {
            self.give_up_slow(id);
        }
    }

    /// When the oldest message of a connection has waited too long.
    pub(super) fn queue_age_due(&self, id: u64) -> Option<u64> {
        let conn = self.conns.get(&id).filter(|conn| conn.is_talking())?;
        let (since, _) = conn.queue.front()?;
        Some(since.saturating_add(self.queue_limits(id).1))
    }

    fn release(&mut self, id: u64, pending: Pending) {
        let (odd_out, testnet) = (self.shown(self.clock), self.config.testnet);
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| !conn.is_over && !conn.is_silent()) else {
            return;
        };
        let (frame, channel) = match pending {
            Pending::Reply(reply) => (Frame::text_of(reply.to_text(odd_out, testnet, conn.order)), None),
            Pending::Text { payload, channel } => (Frame::text_of(payload), channel),
            Pending::Control(frame) | Pending::Close(frame) => (frame, None),
        };
        if frame.kind != FrameKind::Text || self.faults.is_empty() {
            return self.enqueue(id, Output::Frame(frame), channel.is_some());
        }
        self.release_under_faults(id, frame, channel);
    }

    fn release_under_faults(&mut self, id: u64, frame: Frame, channel: Option<Arc<str>>) {
        let name = channel.as_deref();
        let pings_only = |fault: &Fault| matches!(fault, Fault::ServerPingOnly {});
        if self.faults.active(id, name).any(pings_only) {
            return;
        }
        let is_form = |fault: &Fault| matches!(fault, Fault::BinaryFrame {} | Fault::Fragmented { .. });
        let output = match self.hit(id, name, is_form) {
            Some(Fault::BinaryFrame {}) => {
                Output::Frame(Frame { kind: FrameKind::Binary, payload: frame.payload })
            }
            Some(Fault::Fragmented { pieces, control_between }) => {
                Output::Fragments { frame, pieces: pieces.max(1), control_between }
            }
            _ => Output::Frame(frame),
        };
        self.enqueue(id, output, channel.is_some());
        let begun = self.faults.count_frame(id, channel.as_deref(), self.clock);
        begun.into_iter().for_each(|fault| self.deferred.push((fault, Some(id))));
        let due = self.faults.acts_on_frame(id, channel.as_deref());
        due.into_iter().for_each(|fault| self.deferred.push((fault, Some(id))));
    }

    fn enqueue(&mut self, id: u64, output: Output, is_notification: bool) {
        let (most_bytes, _) = self.queue_limits(id);
        let Some(conn) = self.conns.get_mut(&id) else { return };
        let frame = match &output {
            Output::Frame(frame) | Output::Fragments { frame, .. } => frame.clone(),
            Output::Cut(_) => return,
        };
        conn.counters.frames_out += 1;
        conn.counters.bytes_out += frame.payload.len() as u64;
        conn.counters.notifications += u64::from(is_notification);
        if frame.kind == FrameKind::Text {
            conn.last_out = self.clock;
        }
        self.journal.record(self.clock, id, Event::Out(frame));
        conn.queue_bytes += output.bytes();
        conn.queue.push_back((self.clock, output));
        let is_too_much = conn.queue_bytes > most_bytes && conn.is_talking();
        self.changed.push(id);
        if is_too_much {
            self.give_up_slow(id);
        }
    }

    fn give_up_slow(&mut self, id: u64) {
        let clock = self.clock;
        let Some(conn) = self.conns.get_mut(&id).filter(|conn| conn.is_talking()) else { return };
        conn.line.clear();
        conn.loose.clear();
        conn.line_bytes = 0;
        conn.queue = VecDeque::new();
        conn.queue_bytes = 0;
        conn.cut_at = Some(clock + CLOSING_US);
        self.journal.record(clock, id, Event::Timer { name: "too_slow" });
        for frame in [Frame::text_of(TOO_SLOW), Frame::closing(Some(1000), "")] {
            self.journal.record(clock, id, Event::Out(frame.clone()));
            conn.queue.push_back((clock, Output::Frame(frame)));
        }
        self.change_phase(id, Phase::Closing);
        self.changed.push(id);
    }

    /// How much may wait for a connection, in bytes and microseconds.
    fn queue_limits(&self, id: u64) -> (usize, u64) {
        // A manual clock jumps, and what waits meanwhile is nobody's fault.
        let patience = match self.config.clock {
            ClockKind::Real => micros(self.config.send_queue_s),
            ClockKind::Manual => u64::MAX,
        };
        let mut limits = (self.config.send_queue_bytes, patience);
        if !self.faults.is_empty() {
            for fault in self.faults.active(id, None) {
                if let Fault::SlowReaderLimit { bytes, seconds } = fault {
                    limits.0 = bytes.unwrap_or(limits.0);
                    limits.1 = seconds.map_or(limits.1, |seconds| micros(seconds.max(0.0)));
                }
            }
        }
        limits
    }
}

impl Pending {
    fn channel(&self) -> Option<&str> {
        match self {
            Self::Text { channel, .. } => channel.as_deref(),
            _ => None,
        }
    }

    /// About what it will take.
    fn bytes(&self) -> usize {
        match self {
            Self::Reply(reply) => reply.bytes(),
            Self::Text { payload, .. } => payload.len(),
            Self::Control(frame) | Self::Close(frame) => frame.payload.len(),
        }
    }
}

fn late_by(latency: &crate::config::Latency, conn: &mut Conn) -> u64 {
    let (mean, jitter) = (micros(latency.mean / 1e3), micros(latency.jitter / 1e3));
    if jitter == 0 { mean } else { (mean + conn.rng.u64(..=2 * jitter)).saturating_sub(jitter) }
}

/// How long a client has to answer a close.
const CLOSING_US: u64 = 5_000_000;
