//! The one timer table: when the session wants to be called, and what it does then.

use std::{
    task::Context,
    time::{Duration, Instant},
};

use nova_behaviour::{Behaviour, Policy};
use nova_frame_codec::ControlPayload;
use nova_transport::LostReason;

use super::{Life, Session, wait};
use crate::{
    beat::Beating,
    link::{Outgoing, Payload, SentPing},
    request_error::{NotSent, RequestError},
    requests::Stage,
};

impl<H: Behaviour, P: Policy> Session<H, P> {
    /// When [`handle_timeout`](Self::handle_timeout) wants to be called next, if at all.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let life = match &self.life {
            Life::Waiting { until, .. } | Life::Closing { until, .. } => Some(*until),
            Life::Opening { deadline, .. } => Some(*deadline),
            Life::Linking { .. } | Life::Ready { .. } | Life::Closed(_) => None,
        };
        let links = self.slots.iter().filter_map(|slot| slot.link.as_ref()?.timeout());
        let others =
            [life, self.requests.timeout(), self.limited_until, self.deliveries.timeout(), self.topics_at()];
        others.into_iter().flatten().chain(links).min()
    }

    /// Tells the timekeeper how long to sleep; it is woken should something become due earlier.
    pub fn poll_timekeeper(&mut self, cx: &Context<'_>) -> Sleep {
        if matches!(self.life, Life::Closed(_)) {
            return Sleep::Ended;
        }
        wait(&mut self.timekeeper, cx);
        self.armed = self.poll_timeout();
        self.armed.map_or(Sleep::UntilWoken, Sleep::Until)
    }

    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.life_timeout(now);
        (0..self.slots.len()).for_each(|index| self.link_timeout(now, index));
        while let Some(id) = self.requests.due(now) {
            let Some(entry) = self.requests.live_mut(id) else { break };
            let outcome = match entry.stage {
                Stage::Queued if entry.deadline > now => RequestError::NotSent(NotSent::WaitedInVain),
                Stage::Queued => RequestError::TimedOut { sent: false },
                _ => RequestError::TimedOut { sent: true },
            };
            self.settle(now, id, Err(outcome));
        }
        if self.limited_until.is_some_and(|at| at <= now) {
            self.limited_until = None;
            self.wake_active_writer();
        }
        if let Some(paused) = self.deliveries.handle_timeout(now) {
            self.resume_reading(paused);
        }
        if self.topics_at().is_some_and(|at| at <= now) {
            self.topics.end_pauses(now);
            self.look_for_silence(now);
        }
        self.arm();
    }

    /// Wakes the timekeeper if something became due earlier than it sleeps.
    pub(super) fn arm(&mut self) {
        let next = self.poll_timeout();
        if next.is_some_and(|next| self.armed.is_none_or(|armed| next < armed)) {
            let timekeeper = self.timekeeper.take();
            self.wakes.add(timekeeper);
        }
    }

    /// Reading goes on after a pause of ours, which is not held against the peer.
    pub(super) fn resume_reading(&mut self, paused: Duration) {
        for slot in &mut self.slots {
            if let Some(link) = &mut slot.link {
                link.beat.forgive(paused);
            }
            let reader = slot.reader.take();
            self.wakes.add(reader);
        }
    }

    /// Topics are asked for again, and looked after, only on a link that can be asked.
    fn topics_at(&self) -> Option<Instant> {
        self.active().and_then(|_| self.topics.timeout())
    }

    fn life_timeout(&mut self, now: Instant) {
        match &self.life {
            Life::Waiting { until, .. } if *until <= now => self.dial(now),
            Life::Opening { deadline, link, step } if *deadline <= now => {
                let why = format!("{step:?} took longer than {:?}", self.settings.opening_deadline);
                if let Some(index) = self.index(*link) {
                    self.not_established(now, index, why);
                }
            }
            Life::Closing { until, cause } if *until <= now => {
                let cause = cause.clone();
                match (0..self.slots.len()).find(|index| self.link(*index).is_some()) {
                    Some(index) => self.lose(now, index, LostReason::Shutdown),
                    None => self.end(now, cause),
                }
            }
            _ => {}
        }
    }

    fn link_timeout(&mut self, now: Instant, index: usize) {
        let Some(link) = self.slots[index].link.as_mut() else { return };
        if let Some(closing) = &link.closing {
            if closing.until <= now {
                self.lose(now, index, LostReason::Shutdown);
            }
            return;
        }
        if link.login.renew_at.is_some_and(|at| at <= now) {
            self.renew(now, index);
        }
        let Some(link) = self.slots[index].link.as_mut() else { return };
        match link.beat.handle_timeout(now) {
            Beating::Rest => {}
            Beating::Probe => {
                self.ping_link(now, index, None);
                self.events.nudge(&mut self.wakes);
            }
            // At once and without a closing handshake: nobody would answer it.
            Beating::Silent => self.lose(now, index, LostReason::Silent),
        }
    }

    /// Queues a ping with a payload of its own.
    pub(super) fn ping_link(&mut self, now: Instant, index: usize, owner: Option<nova_behaviour::RequestId>) {
        let nonce = self.chance.u64(..).to_be_bytes();
        let Ok(payload) = ControlPayload::new(&nonce) else { return };
        let Some(link) = self.slots[index].link.as_mut() else { return };
        // Probes nobody answered are forgotten; those of callers end with their deadline.
        if link.pings.len() >= MOST_PINGS
            && let Some(oldest) = link.pings.iter().position(|ping| ping.owner.is_none())
        {
            link.pings.remove(oldest);
        }
        link.pings.push_back(SentPing { payload, owner, at: None });
        let outgoing = Outgoing { owner, ..Outgoing::control(Payload::Ping(payload)) };
        self.push_control(now, index, outgoing);
    }
}

/// How many of our own probes are remembered.
const MOST_PINGS: usize = 16;

/// How long the timekeeper sleeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sleep {
    /// Until this instant, or until woken.
    Until(Instant),
    /// Until woken.
    UntilWoken,
    /// For good: the session is closed.
    Ended,
}
