//! What must always hold, whatever happens. Checked after every step.

use std::time::{Duration, Instant};

use nova_behaviour::{Behaviour, Body, KeepAlive, Policy};
use nova_frame_codec::OpCode;
use nova_session::State;
use nova_telemetry::Event;
use nova_transport::Generation;

use super::{Stream, World, ledger::Ledger, peer::Peer};

/// What the checker remembers of the past.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) dials: u64,
    pub(super) has_failed: bool,
    newest: Generation,
    /// When the session last heard a frame, or a link opened.
    heard: Option<Instant>,
    /// The link that is open according to events.
    connected: Option<Generation>,
    has_ended: bool,
    pub(super) steps: u64,
}

impl Memory {
    pub(super) fn dialled(&mut self, link: Generation) {
        self.dials += 1;
        self.newest = self.newest.max(link);
    }

    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// Each fact once, in an order that makes sense, and `Closed` last.
    pub(super) fn told(&mut self, event: &Event) -> Result<(), String> {
        if self.has_ended {
            return Err(format!("{} was told after the end", event.name()));
        }
        let is_sound = match event {
            Event::Connected { link, .. } => self.connected.replace(*link).is_none_or(|last| last < *link),
            Event::LoggedIn { link, .. } | Event::Ready { link, .. } => self.connected == Some(*link),
            Event::Lost { link, .. } => self.connected.take() == Some(*link),
            Event::Closed => {
                self.has_ended = true;
                true
            }
            _ => true,
        };
        if is_sound {
            Ok(())
        } else {
            Err(format!("{event:?} was told, but the open link is {:?}", self.connected))
        }
    }
}

impl Ledger {
    /// The number of the request in a data frame.
    pub(super) fn mark_of(&self, opcode: OpCode, payload: &[u8]) -> Option<u64> {
        match opcode {
            OpCode::Text => (self.marks.request)(Body::Text(str::from_utf8(payload).ok()?)),
            OpCode::Binary => (self.marks.request)(Body::Binary(payload)),
            _ => None,
        }
    }
}

/// To say what always holds.
pub(super) trait Always {
    /// Panics, with seed and trace, unless this holds.
    fn always(&mut self, holds: bool, what: &str);
    /// Panics, with seed and trace.
    fn fail(&mut self, what: &str) -> !;
}

impl<H: Behaviour, P: Policy, V: Peer> Always for World<H, P, V> {
    #[track_caller]
    fn always(&mut self, holds: bool, what: &str) {
        if !holds {
            self.fail(&format!("this must always hold: {what}"));
        }
    }

    #[track_caller]
    fn fail(&mut self, what: &str) -> ! {
        self.memory.has_failed = true;
        let (seed, at, state) = (self.seed, self.clock.elapsed(), self.session.state());
        panic!("seed {seed}, after {at:?}, {state:?}: {what}\n{}", self.trace.tail(60));
    }
}

impl<H: Behaviour, P: Policy, V: Peer> World<H, P, V> {
    pub(super) fn check(&mut self) {
        self.memory.steps += 1;
        let state = self.session.state();
        self.always(self.held() <= 1, "at most one socket is held");
        self.check_timers();
        self.check_deliveries();
        match state {
            State::Ready { link } => self.check_ready(link),
            State::Closed(_) => self.check_closed(),
            _ => {}
        }
        // Asking everybody is slow where thousands wait.
        if self.open.len() <= 32 || self.memory.steps.is_multiple_of(64) {
            let oversleeps = self.oversleeps();
            self.always(!oversleeps, "a caller is woken when its request has ended");
        }
    }

    /// A request of the application left the session.
    pub(super) fn handed(&mut self, mark: u64, link: Generation) {
        match self.ledger.handed(mark, link) {
            Ok(true) => {
                let is_open = self.is_open_to_users();
                self.always(is_open, "nothing of the application is sent before the session is ready");
            }
            Ok(false) => {}
            Err(wrong) => self.fail(&wrong),
        }
    }

    fn check_timers(&mut self) {
        let next = self.session.poll_timeout();
        let now = self.clock.now();
        self.always(next.is_none_or(|next| next > now), "no timer in the past is left undone");
        let sleeps_too_long = next.is_some_and(|next| self.sleep.is_none_or(|until| until > next));
        self.always(!sleeps_too_long, "the timekeeper is woken for an earlier timer");
    }

    fn check_deliveries(&mut self) {
        for index in 0..self.streams.len() {
            let id = self.streams[index].id;
            self.check_wakes(index);
            let Some(c) = self.session.delivery_counts(id) else { continue };
            let accounted = c.delivered + c.conflated + c.dropped + c.undecodable + c.queued;
            if c.received != accounted {
                self.fail(&format!("items are lost without a trace: {c:?}"));
            }
        }
    }

    /// A subscriber who waits is woken when there is something for him.
    fn check_wakes(&mut self, index: usize) {
        let Stream { id, next, confirmed } = &self.streams[index];
        let has_next = self.session.delivery_counts(*id).is_some_and(|counts| counts.queued > 0)
            || self.session.why_ended(*id).is_some();
        let sleeps_on = next.as_ref().is_some_and(|flag| has_next && !flag.is_raised());
        let waits_on = confirmed.as_ref().is_some_and(|flag| {
            !flag.is_raised() && self.session.poll_confirmed(*id, &flag.context()).is_ready()
        });
        self.always(!sleeps_on, "a subscriber is woken when there is something to take");
        self.always(!waits_on, "a subscriber is woken when the subscription is confirmed or never will be");
    }

    /// A session that says it is ready has a link that is open, and that was heard not long ago.
    fn check_ready(&mut self, link: Generation) {
        let Some(socket) = self.socket(link).and_then(|index| self.sockets[index].client.as_ref()) else {
            self.fail("a session that is ready holds the socket of its link");
        };
        let (is_open, is_paused) = (socket.is_open, socket.is_paused);
        self.always(is_open, "a session that is ready has an open link");
        let KeepAlive { every, deadline, misses } = self.session.settings().keep_alive;
        let now = self.clock.now();
        let heard = *self.memory.heard.get_or_insert(now);
        if !is_paused && every < FOREVER {
            let silence = now.saturating_duration_since(heard);
            let limit = every + deadline * (misses + 1) + Duration::from_secs(5);
            self.always(silence <= limit, "a silent peer is given up");
        }
    }

    /// After the end nothing remains.
    fn check_closed(&mut self) {
        self.always(self.session.live_requests() == 0, "no request outlives the session");
        self.always(self.session.poll_timeout().is_none(), "no timer outlives the session");
        self.always(self.held() == 0, "no socket outlives the session");
        self.always(self.memory.has_ended, "the last event is told");
        self.always(self.open.is_empty(), "no caller waits for a session that has ended");
    }
}

/// Longer than anybody waits.
const FOREVER: Duration = Duration::from_secs(1 << 32);
