//! Requests of the application: made, waited for, given up; each ends exactly once (law L5).

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use nova_behaviour::{
    Behaviour, Body, Correlation, Dialect, Kept, MessageHandler, Policy, RateLimitHandler, RequestId,
};
use nova_ratelimit::{Charge, Limiter};
use nova_telemetry::{Event, Lane as LaneName, Outcome};
use nova_transport::{Generation, LostReason};

use super::{Life, Session};
use crate::{
    lane::Lane,
    link::{Outgoing, Payload},
    request_error::{NotSent, RequestError},
    requests::{Entry, Matcher, Purpose, Settled, Settlement, Stage},
    state::EndCause,
    tape::Said,
    wakes::remember,
};

/// What to send.
pub enum Content<D: Dialect> {
    /// A request of the dialect, written by the message handler.
    Request(D::Request),
    /// A message the application wrote itself.
    Raw(Kept),
}

/// How a request is to be treated.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Ask {
    /// How long it may take in all. Default: the settings' `call_deadline`.
    pub deadline: Option<Duration>,
    /// How long it may wait for a usable link. Default: it fails at once without one, and with the
    /// link it waits on.
    pub wait: Option<Duration>,
    /// Higher goes first; among equals, in the order they were made. Default: 0.
    pub priority: u8,
    /// Whether it is sent again after a lost link. Only for what is safe to repeat.
    pub replay: bool,
    /// What counts as its end.
    pub answer: Answer,
}

/// What counts as the end of a request.
#[derive(Default)]
pub enum Answer {
    /// The reply, recognised by the message handler.
    #[default]
    Correlated,
    /// The first message this function claims.
    Matching(Matcher),
    /// That it was handed to the socket.
    None,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Correlated => "Correlated",
            Self::Matching(_) => "Matching(..)",
            Self::None => "None",
        })
    }
}

impl<H: Behaviour, P: Policy> Session<H, P> {
    /// Accepts a request: gives it an id and a deadline, encodes it and queues it.
    ///
    /// # Errors
    ///
    /// [`RequestError::NotSent`], with the reason; nothing has been queued.
    pub fn request(
        &mut self,
        now: Instant,
        content: Content<H::Dialect>,
        ask: Ask,
    ) -> Result<RequestId, RequestError> {
        let id = self.requests.next_id();
        let accepted = self.accept(now, id, content, ask);
        if let Err(error) = &accepted {
            let (request, outcome, took) = (id.get(), error.outcome(), Duration::ZERO);
            self.emit(now, Event::Settled { request, link: None, outcome, took });
        }
        accepted.map(|()| id)
    }

    fn accept(
        &mut self,
        now: Instant,
        id: RequestId,
        content: Content<H::Dialect>,
        ask: Ask,
    ) -> Result<(), RequestError> {
        self.usable(ask.wait.is_some())?;
        if self.requests.live() >= self.settings.in_flight {
            return Err(NotSent::TooManyInFlight.into());
        }
        let (wants_reply, matcher) = match ask.answer {
            Answer::Correlated => (true, None),
            Answer::Matching(matcher) => (true, Some(matcher)),
            Answer::None => (false, None),
        };
        let (body, correlation, charge) = self.encode(now, id, content)?;
        if wants_reply && matcher.is_none() && correlation == Correlation::Unanswered {
            return Err(NotSent::Uncorrelated.into());
        }
        // Tombstones count: a peer that answers nothing must not make us remember without end.
        let active = self.active().and_then(|link| self.index(link)).and_then(|index| self.link(index));
        if active.is_some_and(|link| link.fifo.len() >= self.settings.in_flight) {
            return Err(NotSent::TooManyInFlight.into());
        }
        self.check(now, &charge)?;
        let bytes = body.len();
        if !self.outbox.has_room(bytes) {
            return Err(NotSent::LaneFull.into());
        }
        let entry = Entry {
            purpose: Purpose::Call,
            stage: Stage::Queued,
            began: now,
            deadline: after(now, ask.deadline.unwrap_or(self.settings.call_deadline)),
            waits_until: ask.wait.map(|wait| after(now, wait)),
            correlation,
            wants_reply,
            replay: ask.replay.then(|| (body.clone(), charge.clone())),
            lost_with: None,
            waker: None,
        };
        self.requests.insert(id, entry, matcher);
        let priority = ask.priority;
        let outgoing = Outgoing { payload: Payload::Data(body), owner: Some(id), charge, priority };
        let mark = self.outbox.insert(bytes, outgoing, |waiting| waiting.priority < priority);
        self.emit_mark(now, LaneName::User, mark);
        self.wake_active_writer();
        self.arm();
        Ok(())
    }

    /// Sends a ping with a payload of its own; its outcome is [`Settlement::Pong`].
    ///
    /// # Errors
    ///
    /// [`RequestError::NotSent`] if there is no usable link.
    pub fn ping(&mut self, now: Instant, deadline: Option<Duration>) -> Result<RequestId, RequestError> {
        self.usable(false)?;
        let index = self.active().and_then(|link| self.index(link)).ok_or(NotSent::NotReady)?;
        if self.requests.live() >= self.settings.in_flight {
            return Err(NotSent::TooManyInFlight.into());
        }
        let id = self.requests.next_id();
        let entry = Entry {
            purpose: Purpose::Ping,
            stage: Stage::Queued,
            began: now,
            deadline: after(now, deadline.unwrap_or(self.settings.call_deadline)),
            waits_until: None,
            correlation: Correlation::Unanswered,
            wants_reply: true,
            replay: None,
            lost_with: None,
            waker: None,
        };
        self.requests.insert(id, entry, None);
        self.ping_link(now, index, Some(id));
        self.arm();
        Ok(id)
    }

    /// The outcome of a request. It is handed out once.
    pub fn poll_settled(
        &mut self,
        id: RequestId,
        cx: &Context<'_>,
    ) -> Poll<Result<Settlement, RequestError>> {
        match self.requests.entry_mut(id) {
            None => Poll::Ready(Err(RequestError::Cancelled)),
            Some(Entry { stage: Stage::Settled(_), .. }) => match self.requests.forget(id) {
                Some(Entry { stage: Stage::Settled(outcome), .. }) => Poll::Ready(outcome),
                _ => Poll::Ready(Err(RequestError::Cancelled)),
            },
            Some(entry) => {
                remember(&mut entry.waker, cx);
                Poll::Pending
            }
        }
    }

    /// The caller stops waiting. What has not been handed to the socket will not be; the reply to
    /// what has been is ignored when it comes.
    pub fn cancel(&mut self, now: Instant, id: RequestId) {
        let Some(entry) = self.requests.forget(id) else { return };
        let link = entry.sent_on();
        match entry.stage {
            Stage::Settled(_) => return,
            Stage::Queued => self.unqueue(now, id),
            Stage::Sent(_) => {}
        }
        let took = now.saturating_duration_since(entry.began);
        self.emit(now, Event::Settled { request: id.get(), link, outcome: Outcome::Cancelled, took });
    }

    /// Ends a request that has not ended.
    pub(super) fn settle(&mut self, now: Instant, id: RequestId, outcome: Result<Settlement, RequestError>) {
        let was_queued = self.requests.live_mut(id).is_some_and(|entry| matches!(entry.stage, Stage::Queued));
        if was_queued {
            self.unqueue(now, id);
        }
        let outcome = self.requests.truthful(id, outcome);
        let refused = match (&outcome, self.requests.live_mut(id)) {
            (Err(RequestError::Refused(refusal)), Some(entry)) => {
                Some((entry.purpose.clone(), refusal.clone()))
            }
            _ => None,
        };
        let name = match &outcome {
            Ok(Settlement::Reply(_)) => Outcome::Reply,
            Ok(Settlement::Handed) => Outcome::Handed,
            Ok(Settlement::Pong(_)) => Outcome::Pong,
            Err(error) => error.outcome(),
        };
        match self.requests.settle(id, outcome) {
            Settled::ForCaller { began, link, waker } => {
                if matches!(self.life, Life::Closing { .. } | Life::Closed(_)) {
                    self.report.not_sent += u64::from(name == Outcome::NotSent);
                    self.report.sent_unknown += u64::from(name == Outcome::SentUnknown);
                }
                let took = now.saturating_duration_since(began);
                self.emit(now, Event::Settled { request: id.get(), link, outcome: name, took });
                self.wakes.add(waker);
            }
            Settled::ForSession { purpose, outcome } => self.session_request_ended(now, purpose, outcome),
            Settled::Unknown => {}
        }
        if let Some((purpose, refusal)) = refused {
            self.heed(now, &purpose, &refusal);
        }
    }

    /// Puts a request that was sent on a lost link back in front of the queue.
    pub(super) fn requeue(
        &mut self,
        now: Instant,
        id: RequestId,
        (body, charge): (Kept, Charge),
        lost_with: (Generation, LostReason),
    ) {
        let link_wait = self.settings.call_deadline;
        if let Some(entry) = self.requests.live_mut(id) {
            entry.lost_with = Some(lost_with);
            // From here on it waits for a link, since it is to be sent on the next.
            entry.waits_until.get_or_insert(after(now, link_wait));
        }
        self.requests.restage(id, Stage::Queued);
        let outgoing = Outgoing { owner: Some(id), charge, payload: Payload::Data(body), priority: u8::MAX };
        let mark = self.outbox.push_front(outgoing.payload.len(), outgoing);
        self.emit_mark(now, LaneName::User, mark);
    }

    /// Queues a request of the session's own on a link.
    pub(super) fn ask_for_session(
        &mut self,
        now: Instant,
        index: usize,
        purpose: Purpose,
        request: <H::Dialect as Dialect>::Request,
    ) -> Result<(), RequestError> {
        let id = self.requests.next_id();
        let (body, correlation, charge) = self.encode(now, id, Content::Request(request))?;
        let charge = charge.urgent();
        self.check(now, &charge)?;
        let entry = Entry {
            purpose,
            stage: Stage::Queued,
            began: now,
            deadline: after(now, self.settings.call_deadline),
            waits_until: None,
            correlation,
            wants_reply: correlation != Correlation::Unanswered,
            replay: None,
            lost_with: None,
            waker: None,
        };
        let outgoing = Outgoing { payload: Payload::Data(body), owner: Some(id), charge, priority: 0 };
        if !self.push_session(now, index, outgoing) {
            return Err(NotSent::LaneFull.into());
        }
        self.requests.insert(id, entry, None);
        Ok(())
    }

    /// Queues something on a link's session lane. Returns whether there was room.
    pub(super) fn push_session(&mut self, now: Instant, index: usize, outgoing: Outgoing) -> bool {
        let bytes = outgoing.payload.len();
        let Some(link) = self.link_mut(index) else { return false };
        if !link.session.has_room(bytes) {
            return false;
        }
        let mark = link.session.push(bytes, outgoing);
        self.emit_mark(now, LaneName::Session, mark);
        self.wake_writer(index);
        true
    }

    /// Why requests are refused once the session is ending.
    pub(super) fn why_closed(&self) -> NotSent {
        match &self.life {
            Life::Closing { cause, .. } | Life::Closed(cause) => NotSent::Closed(cause.clone()),
            _ => NotSent::Closed(EndCause::Shutdown),
        }
    }

    /// Whether requests are accepted now.
    fn usable(&self, may_wait: bool) -> Result<(), NotSent> {
        match self.life {
            Life::Ready { .. } => Ok(()),
            Life::Closing { .. } | Life::Closed(_) => Err(self.why_closed()),
            _ if may_wait => Ok(()),
            _ => Err(NotSent::NotReady),
        }
    }

    fn encode(
        &mut self,
        now: Instant,
        id: RequestId,
        content: Content<H::Dialect>,
    ) -> Result<(Kept, Correlation, Charge), NotSent> {
        let handlers = &mut self.handlers;
        let priced = match &content {
            Content::Request(request) => {
                self.tape.ask(|| handlers.limits().price(request), |charge| Said::Free(charge.is_free()))
            }
            Content::Raw(body) => self.tape.ask(
                || handlers.limits().price_of_raw(body.as_body()),
                |charge| Said::Free(charge.is_free()),
            ),
        };
        let Ok(charge) = priced else { return Err(self.panicked_over_a_request(now, "limits")) };
        let encoded = match content {
            Content::Request(request) => {
                let mut body = Kept::default();
                let encode = || handlers.messages().encode(id, request, &mut body).map(|by| (body, by));
                let said = |encoded: &Result<(Kept, Correlation), _>| {
                    Said::Encoded(encoded.as_ref().ok().map(|(body, by)| (body.into(), (*by).into())))
                };
                self.tape.ask(encode, said)
            }
            Content::Raw(body) => {
                let adopt = || handlers.messages().adopt(id, body.as_body());
                let adopted = self.tape.ask(adopt, |by| Said::Adopted((*by).into()));
                adopted.map(|by| Ok((body, by)))
            }
        };
        match encoded {
            Ok(Ok((body, correlation))) => Ok((body, correlation, charge)),
            Ok(Err(error)) => Err(NotSent::Encode(Arc::new(error))),
            Err(_) => Err(self.panicked_over_a_request(now, "messages")),
        }
    }

    fn panicked_over_a_request(&mut self, now: Instant, role: &'static str) -> NotSent {
        self.panicked(now, role);
        NotSent::HandlerPanicked
    }

    /// Whether a price can ever be paid.
    fn check(&mut self, now: Instant, charge: &Charge) -> Result<(), NotSent> {
        self.tape
            .ask(|| self.limiter.check(charge), |checked| Said::Payable(checked.is_ok()))
            .map_err(|_| {
                self.panicked(now, "limiter");
                NotSent::HandlerPanicked
            })?
            .map_err(NotSent::Charge)
    }

    /// Takes a request out of whatever lane it waits in.
    fn unqueue(&mut self, now: Instant, id: RequestId) {
        let keep = |outgoing: &Outgoing| outgoing.owner != Some(id);
        let before = self.outbox.len();
        self.outbox.retain(keep);
        if self.outbox.len() == before {
            let lanes = |lane: &mut Lane<Outgoing>| lane.retain(keep);
            for link in self.slots.iter_mut().filter_map(|slot| slot.link.as_mut()) {
                lanes(&mut link.session);
                lanes(&mut link.control);
                link.pings.retain(|ping| ping.owner != Some(id) || ping.at.is_some());
            }
        }
        let mark = self.outbox.sank();
        self.emit_mark(now, LaneName::User, mark);
    }
}

/// The answer to a request, to be copied for its caller.
pub(super) fn reply(body: Body<'_>) -> Settlement {
    Settlement::Reply(Kept::from(body))
}

/// `now + span`, or as late as can be expressed.
pub(super) fn after(now: Instant, span: Duration) -> Instant {
    now.checked_add(span).unwrap_or_else(|| now + Duration::from_secs(365 * 24 * 3600))
}
