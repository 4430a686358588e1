//! Dial, lose, plan, end: the one scheduler of reconnection (laws L1, L4, L10, L14).

use std::{
    task::{Context, Poll},
    time::{Duration, Instant},
};

use nova_behaviour::{
    Behaviour, ConnectionHandler, DisconnectAction, ErrorHandler, Fault, InitialConnect, Policy, Verdict,
};
use nova_frame_codec::{CloseCode, CloseFrame};
use nova_telemetry::Event;
use nova_transport::{ConnectError, Generation, LostReason, Phase, TransportError};

use super::{Dial, Life, Session, calls::after, share, slot_of, wait};
use crate::{
    delivery::GapCause,
    link::{Closing, Link, Stage},
    request_error::{NotSent, RequestError},
    requests,
    standing::Decider,
    state::EndCause,
    tape::Said,
};

impl<H: Behaviour, P: Policy> Session<H, P> {
    /// The next link to open in this place (0 or 1); `None` once the session is closed.
    pub fn poll_dial(&mut self, place: usize, cx: &Context<'_>) -> Poll<Option<Dial>> {
        if matches!(self.life, Life::Closed(_)) {
            return Poll::Ready(None);
        }
        let attempt = self.pacer.attempt();
        let endpoint = self.redirected.clone();
        let slot = &mut self.slots[place];
        match &mut slot.link {
            Some(link) if link.stage == Stage::Ordered => {
                link.stage = Stage::Dialling;
                Poll::Ready(Some(Dial { link: link.generation, attempt, endpoint }))
            }
            _ => {
                wait(&mut slot.dialler, cx);
                Poll::Pending
            }
        }
    }

    /// Whether this link is over: drop what belongs to it.
    pub fn poll_over(&mut self, link: Generation, cx: &Context<'_>) -> Poll<()> {
        match self.index(link) {
            Some(index) => {
                wait(&mut self.slots[index].lane, cx);
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }

    /// A phase of opening begins.
    pub fn handle_phase(&mut self, now: Instant, link: Generation, phase: Phase) {
        if self.index(link).is_none() {
            return self.stale();
        }
        self.set_life(now, Life::Linking { link, phase: Some(phase) });
        self.emit(now, Event::PhaseBegan { link, phase });
    }

    /// A link could not be opened.
    pub fn handle_connect_failed(&mut self, now: Instant, link: Generation, error: ConnectError) {
        let Some(index) = self.index(link) else { return self.stale() };
        self.emit(now, Event::ConnectFailed { link, error: error.clone() });
        self.lose(now, index, LostReason::Connect(error));
        self.arm();
    }

    /// The stream of a link ended or failed, reading or writing.
    pub fn handle_lost(&mut self, now: Instant, link: Generation, error: TransportError) {
        let Some(index) = self.index(link) else { return self.stale() };
        match error {
            // The peer is told why, and then the link is dropped.
            TransportError::Protocol(violation) => {
                let frame = CloseFrame::new(violation.close_code(), violation.to_string());
                let reason = LostReason::Broken(TransportError::Protocol(violation));
                self.close_link(now, index, &frame, reason, Hearing::Deaf);
            }
            error => self.lose(now, index, LostReason::Broken(error)),
        }
        self.arm();
    }

    /// Asks for a fresh link. While one is being opened, or the session is ending, this does
    /// nothing; while it waits for the next attempt, the attempt begins at once.
    pub fn reconnect(&mut self, now: Instant) {
        match self.life {
            // Asked for before: it follows as soon as the old link has been closed in good order.
            Life::Waiting { hurries: true, .. } => {}
            Life::Waiting { .. } => self.dial(now),
            Life::Opening { link, .. } | Life::Ready { link } => {
                if let Some(index) = self.index(link) {
                    let frame = CloseFrame::from(CloseCode::NORMAL);
                    self.close_link(now, index, &frame, LostReason::Reconnect, Hearing::Open);
                }
            }
            Life::Linking { .. } | Life::Closing { .. } | Life::Closed(_) => {}
        }
        self.arm();
    }

    /// Ends the session within this time: what the application has queued is sent, then the
    /// closing handshake is held. A second call can only shorten the time.
    pub fn shutdown(&mut self, now: Instant, within: Duration) {
        let until = after(now, within);
        match &mut self.life {
            Life::Closed(_) => return,
            Life::Closing { until: known, .. } => {
                *known = until.min(*known);
                for link in self.slots.iter_mut().filter_map(|slot| slot.link.as_mut()) {
                    if let Some(closing) = &mut link.closing {
                        closing.until = closing.until.min(until);
                    }
                }
            }
            _ => self.begin_end(now, EndCause::Shutdown, within),
        }
        self.arm();
    }

    /// Whoever drives this session is gone: it ends at once.
    pub fn abandon(&mut self, now: Instant) {
        self.end(now, EndCause::Abandoned);
    }

    /// Begins the end: by the closing handshake if there is a link, at once if not.
    pub(super) fn begin_end(&mut self, now: Instant, cause: EndCause, within: Duration) {
        self.emit(now, Event::Closing);
        let was_ready = matches!(self.life, Life::Ready { .. });
        let active = self.active().and_then(|link| self.index(link));
        for index in 0..self.slots.len() {
            if Some(index) != active {
                self.drop_link(index);
            }
        }
        let until = after(now, within);
        self.set_life(now, Life::Closing { until, cause: cause.clone() });
        let Some(index) = active else {
            self.report.is_clean = true;
            return self.end(now, cause);
        };
        let frame = CloseFrame::from(CloseCode::NORMAL);
        if let Some(link) = self.link_mut(index) {
            link.closing.get_or_insert(Closing {
                frame: (&frame).into(),
                drains: was_ready,
                sent: false,
                flushed: false,
                received: false,
                finished: false,
                until,
            });
        }
        if !was_ready {
            self.refuse_queued(now, &NotSent::Closed(cause));
        }
        self.wake_writer(index);
    }

    /// Opens the next link. Whatever lingers of an earlier one goes now, so that no two links of
    /// one session are alive together.
    pub(super) fn dial(&mut self, now: Instant) {
        (0..self.slots.len()).for_each(|index| self.drop_link(index));
        let generation = self.newest.next();
        self.newest = generation;
        let slot = &mut self.slots[slot_of(generation)];
        slot.link = Some(Link::new(generation, now, &self.settings));
        let dialler = slot.dialler.take();
        self.wakes.add(dialler);
        self.set_life(now, Life::Linking { link: generation, phase: None });
        self.emit(now, Event::Connecting { link: generation, attempt: self.pacer.attempt() });
    }

    /// Starts the closing handshake on a link and turns away from it.
    pub(super) fn close_link(
        &mut self,
        now: Instant,
        index: usize,
        frame: &CloseFrame,
        reason: LostReason,
        hearing: Hearing,
    ) {
        let until = after(now, self.settings.close_deadline);
        let is_deaf = hearing == Hearing::Deaf;
        let Some(link) = self.link_mut(index) else { return };
        match &mut link.closing {
            // Already closing: all that can be new is that nothing more will be heard.
            Some(closing) => closing.received |= is_deaf,
            closing => {
                *closing = Some(Closing {
                    frame: frame.into(),
                    drains: false,
                    sent: false,
                    flushed: false,
                    received: is_deaf,
                    finished: false,
                    until,
                });
                self.turn_away(now, index, &reason);
            }
        }
        self.wake_writer(index);
    }

    /// The link is gone, without a closing handshake.
    pub(super) fn lose(&mut self, now: Instant, index: usize, reason: LostReason) {
        if self.link(index).is_some_and(|link| !link.is_retired) {
            let is_ending = matches!(self.life, Life::Closing { .. });
            self.turn_away(now, index, if is_ending { &LostReason::Shutdown } else { &reason });
        }
        if let Some(closing) = self.link(index).and_then(|link| link.closing.as_ref()) {
            self.report.is_clean = closing.flushed && closing.received;
        }
        self.drop_link(index);
        match &self.life {
            Life::Closing { cause, .. } => {
                let cause = cause.clone();
                self.end(now, cause);
            }
            Life::Waiting { hurries: true, .. } => self.dial(now),
            _ => {}
        }
    }

    /// Forgets a link; its lane learns of it and drops the socket.
    pub(super) fn drop_link(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        slot.link = None;
        for waker in [slot.lane.take(), slot.writer.take(), slot.reader.take(), slot.dialler.take()] {
            self.wakes.add(waker);
        }
    }

    /// The link is of no more use: everything that depended on it learns its fate, and the next
    /// attempt is planned.
    fn turn_away(&mut self, now: Instant, index: usize, reason: &LostReason) {
        let Some(link) = self.link_mut(index) else { return };
        link.is_retired = true;
        let (generation, lived) = (link.generation, link.lived(now));
        if let Some(lived) = lived {
            self.emit(now, Event::Lost { link: generation, reason: reason.clone(), lived });
        }
        self.pacer.lost(now);
        self.settle_sent(now, generation, reason);
        let queued = self
            .requests
            .select(|entry| entry.waits_until.is_none() && matches!(entry.stage, requests::Stage::Queued));
        for id in queued {
            self.settle(now, id, Err(RequestError::NotSent(NotSent::LinkLost(reason.clone()))));
        }
        self.topics.link_lost();
        let holes = self.deliveries.link_lost(reason);
        self.gaps_opened(now, &GapCause::Disconnected(reason.clone()), holes);
        self.limited_until = None;
        self.plan(now, reason);
    }

    /// Decides what follows a lost link.
    fn plan(&mut self, now: Instant, reason: &LostReason) {
        if matches!(self.life, Life::Closing { .. } | Life::Closed(_)) {
            return;
        }
        let attempts = self.pacer.attempt();
        let wall = self.wall.at(now);
        let fault = Fault::Lost(reason);
        let given = self.verdict.take();
        let judged = given.map(Ok).unwrap_or_else(|| {
            self.tape.ask(
                || {
                    let errors = self.handlers.errors();
                    let class = errors.classify(&fault, wall);
                    errors.verdict(&fault, class, attempts)
                },
                |verdict| Said::Judged(verdict.into()),
            )
        });
        let verdict = judged.unwrap_or_else(|_| {
            self.panicked(now, "errors");
            Verdict::Retry
        });
        let action = self.tape.ask(
            || self.handlers.connection().disconnected(reason, attempts),
            |action| Said::Disconnected(action.into()),
        );
        if let Ok(DisconnectAction::ReconnectTo(endpoint)) = &action {
            self.redirected = Some((**endpoint).clone());
        }
        let goes_on = match action {
            Ok(DisconnectAction::Stop) => return self.stop(now, EndCause::Stopped),
            Ok(DisconnectAction::Reconnect | DisconnectAction::ReconnectTo(_)) => true,
            Ok(DisconnectAction::Default) => false,
            Err(_) => {
                self.panicked(now, "connection");
                false
            }
        };
        // Asked for by the application: not a failure, whatever the verdict.
        let is_wish = matches!(reason, LostReason::Reconnect);
        let fails_fast = !self.was_ready && self.settings.initial_connect == InitialConnect::FailFast;
        if !goes_on && !is_wish && (verdict == Verdict::Stop || fails_fast) {
            return self.stop(now, EndCause::Failed(reason.clone()));
        }
        if is_wish {
            // As soon as the old link is gone.
            let until = after(now, self.settings.close_deadline);
            let decider = Decider::CloseDeadline;
            return self
                .set_life(now, Life::Waiting { until, cause: reason.clone(), decider, hurries: true });
        }
        let jitter = self.chance.u64(..);
        let planned = self.tape.ask(|| self.pacer.next_delay(jitter), |delay| Said::Delay(*delay));
        let planned = planned.unwrap_or_else(|_| {
            self.panicked(now, "reconnect strategy");
            Some(PAUSE_AFTER_PANIC)
        });
        let Some(planned) = planned else {
            self.emit(now, Event::GaveUp { attempts });
            return self.stop(now, EndCause::Exhausted { attempts, last: reason.clone() });
        };
        let (delay, decider) = match verdict {
            Verdict::RetryAfter { least, spread } => {
                (least.saturating_add(share(&mut self.chance, spread)), Decider::ErrorHandler)
            }
            _ => (planned, Decider::Strategy),
        };
        let until = after(now, delay);
        self.set_life(now, Life::Waiting { until, cause: reason.clone(), decider, hurries: false });
        self.emit(now, Event::ReconnectScheduled { attempt: self.pacer.attempt(), delay });
    }

    /// Ends the session after a lost link: once its closing handshake is over, if it holds one.
    fn stop(&mut self, now: Instant, cause: EndCause) {
        let closing = self.slots.iter().filter_map(|slot| slot.link.as_ref()?.closing.as_ref()).next();
        let Some(until) = closing.map(|closing| closing.until) else { return self.end(now, cause) };
        self.emit(now, Event::Closing);
        self.set_life(now, Life::Closing { until, cause: cause.clone() });
        self.refuse_queued(now, &NotSent::Closed(cause));
    }

    /// The end: nothing of the session is left but what its handles still hold.
    pub(super) fn end(&mut self, now: Instant, cause: EndCause) {
        if matches!(self.life, Life::Closed(_)) {
            return;
        }
        (0..self.slots.len()).for_each(|index| self.drop_link(index));
        self.set_life(now, Life::Closed(cause.clone()));
        self.refuse_queued(now, &NotSent::Closed(cause.clone()));
        for id in self.requests.select(|_| true) {
            let outcome = match self.requests.live_mut(id).map(|entry| &entry.stage) {
                Some(requests::Stage::Sent(link)) => {
                    RequestError::SentUnknown { link: *link, reason: LostReason::Shutdown }
                }
                _ => RequestError::NotSent(NotSent::Closed(cause.clone())),
            };
            self.settle(now, id, Err(outcome));
        }
        self.deliveries.end_all(&cause, &mut self.wakes);
        let timekeeper = self.timekeeper.take();
        self.wakes.add(timekeeper);
        self.emit(now, Event::Closed);
    }

    /// Whatever had been handed to the sink of this link has an unknown fate, unless it may be
    /// replayed.
    fn settle_sent(&mut self, now: Instant, link: Generation, reason: &LostReason) {
        let is_ending = matches!(self.life, Life::Closing { .. } | Life::Closed(_));
        let on_link =
            |entry: &requests::Entry| matches!(entry.stage, requests::Stage::Sent(on) if on == link);
        // Newest first, so that those to be replayed keep their order at the front of the queue.
        for id in self.requests.select(on_link).into_iter().rev() {
            let replay = self.requests.live_mut(id).and_then(|entry| entry.replay.clone());
            match replay {
                Some(copy) if !is_ending => self.requeue(now, id, copy, (link, reason.clone())),
                _ => {
                    let unknown = RequestError::SentUnknown { link, reason: reason.clone() };
                    self.settle(now, id, Err(unknown));
                }
            }
        }
    }

    /// Nothing more goes out of the user lane.
    pub(super) fn refuse_queued(&mut self, now: Instant, why: &NotSent) {
        let queued = self.requests.select(|entry| matches!(entry.stage, requests::Stage::Queued));
        for id in queued {
            self.settle(now, id, Err(RequestError::NotSent(why.clone())));
        }
        self.outbox.retain(|_| false);
    }
}

/// Whether the peer can still be heard on a link that is being closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hearing {
    /// Its close frame is awaited.
    Open,
    /// Its close frame came, or its stream has become unreadable.
    Deaf,
}

/// The pause when the strategy cannot say one: as long as its default's longest.
const PAUSE_AFTER_PANIC: Duration = Duration::from_secs(60);
