//! Subscriptions: what is wanted, and the reconciler that drives it (laws L6, L7, L8).

use std::{
    task::{Context, Poll},
    time::{Duration, Instant},
};

use nova_behaviour::{
    Behaviour, Body, Bound, Confirmation, Fault, Kept, Policy, Refusal, SubscriptionHandler, Topic,
    TopicRequest,
};
use nova_telemetry::Event;
use nova_transport::Generation;

use super::{Life, Session};
use crate::{
    deliveries::{DeliveryCounts, Overflow, Polled, SubscriptionEnd, SubscriptionId},
    delivery::{Arrival, Delivery, Gap, GapCause},
    request_error::{NotSent, RequestError},
    requests::{Purpose, Settlement},
    state::Step,
    tape::Said,
    topics::{Hold, Silence, TopicState, TopicStatus, Topics},
};

/// What an application wants to receive.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Wanted {
    /// The streams.
    pub topics: Vec<Topic>,
    /// What happens when they are taken too slowly.
    pub overflow: Overflow,
    /// What may wait to be taken. Default: the settings' `subscription`.
    pub bound: Option<Bound>,
    /// Whether the session is ready only once these topics are acknowledged.
    pub required: bool,
    /// Higher is asked for first; required topics come before all others. Default: 0.
    pub priority: u8,
    /// How long a topic may be silent before it counts as stale: it is then subscribed to anew, and
    /// if that does not help, the error handler judges. Default: for ever.
    pub fresh_within: Option<Duration>,
}

impl Wanted {
    /// These streams, held back when they are taken too slowly.
    #[must_use]
    pub fn new(topics: Vec<Topic>) -> Self {
        Self {
            topics,
            overflow: Overflow::default(),
            bound: None,
            required: false,
            priority: 0,
            fresh_within: None,
        }
    }
}

impl<H: Behaviour, P: Policy> Session<H, P> {
    /// Adds to the wanted set. The topics are asked for as soon as there is a usable link.
    ///
    /// # Errors
    ///
    /// The service has no subscriptions, the adapter knows that it would refuse a topic, the session
    /// is closed, or the overflow rule could hold the link back for longer than a probe waits.
    pub fn subscribe(&mut self, wanted: Wanted) -> Result<SubscriptionId, RequestError> {
        if matches!(self.life, Life::Closing { .. } | Life::Closed(_)) {
            return Err(self.why_closed().into());
        }
        let is_supported =
            self.tape.ask(|| self.handlers.subscriptions().is_supported(), |is| Said::Supported(*is));
        if !is_supported.unwrap_or(false) {
            return Err(NotSent::Unsupported("subscriptions").into());
        }
        let limit = self.settings.keep_alive.deadline;
        if matches!(wanted.overflow, Overflow::Block { max_pause } if max_pause >= limit) {
            return Err(NotSent::PauseTooLong { limit }.into());
        }
        for topic in &wanted.topics {
            self.check_topic(topic)?;
        }
        let bound = wanted.bound.unwrap_or(self.settings.subscription);
        let Wanted { required, priority, fresh_within, .. } = wanted;
        let hold = Hold { required, priority, fresh_within };
        let id = self.deliveries.open(&wanted.topics, wanted.overflow, bound, hold);
        wanted.topics.iter().for_each(|topic| self.topics.want(topic, hold));
        self.reconcile();
        self.arm();
        Ok(id)
    }

    /// Whether the adapter would ask for this topic at all.
    fn check_topic(&mut self, topic: &Topic) -> Result<(), NotSent> {
        let refused = |refusal| NotSent::Inadmissible { topic: topic.clone(), refusal };
        let checked = self.tape.ask(
            || self.handlers.subscriptions().check(topic),
            |checked| Said::Inadmissible(checked.as_ref().err().map(Into::into)),
        );
        checked.map_err(|_| NotSent::HandlerPanicked)?.map_err(refused)
    }

    /// Takes a subscription out of the wanted set and forgets it. What it still held counts as
    /// dropped in the counts that are returned.
    pub fn unsubscribe(&mut self, now: Instant, id: SubscriptionId) -> Option<DeliveryCounts> {
        self.release(now, id);
        let was_paused = !self.deliveries.wants_read();
        let counts = self.deliveries.forget(id);
        if was_paused && self.deliveries.wants_read() {
            self.resume_reading(std::time::Duration::ZERO);
        }
        self.arm();
        counts
    }

    /// Whether every topic of a subscription is confirmed; its end, if the server refused one.
    pub fn poll_confirmed(
        &mut self,
        id: SubscriptionId,
        cx: &Context<'_>,
    ) -> Poll<Result<(), SubscriptionEnd>> {
        if let Some(end) = self.deliveries.why_ended(id) {
            return Poll::Ready(Err(end));
        }
        let Some((topics, _)) = self.deliveries.topics(id) else {
            return Poll::Ready(Err(SubscriptionEnd::Unsubscribed));
        };
        let pending = topics.iter().find(|topic| self.topics.state(topic) != Some(&TopicState::Confirmed));
        match pending {
            None => Poll::Ready(Ok(())),
            Some(_) => {
                self.deliveries.wait_for_topics(id, cx);
                Poll::Pending
            }
        }
    }

    /// Swaps the next item's body into `body`, or tells of a gap; `None` at the end.
    ///
    /// `now` is asked only if reading had paused for this subscription, or its queue has drained below
    /// its low water mark: taking an item costs no reading of the clock.
    pub fn poll_delivery(
        &mut self,
        now: impl FnOnce() -> Instant,
        id: SubscriptionId,
        body: &mut Kept,
        cx: &Context<'_>,
    ) -> Poll<Option<Delivery<Arrival>>> {
        let Polled { next, paused_since, is_low } = self.deliveries.poll(id, body, cx);
        if paused_since.is_some() || is_low {
            let now = now();
            if let Some(since) = paused_since {
                self.resume_reading(now.saturating_duration_since(since));
            }
            if is_low && let Poll::Ready(Some(delivery)) = &next {
                let topic = match delivery {
                    Delivery::Item(arrival) => &arrival.topic,
                    Delivery::Gap(gap) => &gap.topic,
                };
                self.emit(now, Event::QueueLowWater { topic: topic.to_string() });
            }
        }
        next
    }

    /// The item taken last could not be decoded: it is counted, and a gap stands in its place.
    pub fn handle_undecodable(&mut self, id: SubscriptionId, topic: &Topic) -> Option<Gap> {
        self.events.counters.undecodable += 1;
        self.events.nudge(&mut self.wakes);
        let (gap, resynchronise) = self.deliveries.undecodable(id, topic)?;
        if resynchronise {
            self.topics.resynchronise(topic.as_str());
            self.reconcile();
        }
        Some(gap)
    }

    /// Why a subscription yields nothing more; `None` while it may.
    #[must_use]
    pub fn why_ended(&self, id: SubscriptionId) -> Option<SubscriptionEnd> {
        self.deliveries.why_ended(id)
    }

    /// What became of a subscription's items so far.
    #[must_use]
    pub fn delivery_counts(&self, id: SubscriptionId) -> Option<DeliveryCounts> {
        self.deliveries.counts(id)
    }

    /// Every topic of the wanted set, and how far it has come.
    pub fn topics(&self) -> impl Iterator<Item = TopicStatus> {
        self.topics.statuses()
    }

    /// There may be something to ask the server for: the writer comes and sees.
    pub(super) fn reconcile(&mut self) {
        self.topics.look_again();
        self.wake_active_writer();
    }

    /// Queues the next request for topics, once the one before has gone: so the most urgent goes
    /// first at every moment, and no deadline runs while the limiter holds others back.
    pub(super) fn ask_for_topics(&mut self, now: Instant, index: usize) {
        // Nothing is asked for before login.
        let may_ask = match self.life {
            Life::Opening { step, .. } => step == Step::Subscriptions,
            Life::Ready { .. } => true,
            _ => false,
        };
        if !may_ask {
            return;
        }
        let batch = self.tape.ask(|| self.handlers.subscriptions().batch(), |batch| Said::Batch(*batch));
        let batch = batch.unwrap_or(1);
        let leaving = self.topics.leave(batch);
        if !leaving.is_empty() {
            return self.ask(now, index, leaving, false);
        }
        let asked = self.topics.ask(now, batch);
        if !asked.is_empty() {
            self.ask(now, index, asked, true);
        }
    }

    fn ask(&mut self, now: Instant, index: usize, asked: Vec<Topic>, subscribe: bool) {
        let subscriptions = self.handlers.subscriptions();
        let request = self.tape.ask(
            || if subscribe { subscriptions.subscribe(&asked) } else { subscriptions.unsubscribe(&asked) },
            |request| Said::TopicsAsked(matches!(request, TopicRequest::Send(_))),
        );
        let purpose = Purpose::Topics { asked: asked.clone(), subscribe };
        let is_sent = match request {
            Ok(TopicRequest::Send(request)) => self.ask_for_session(now, index, purpose, request).is_ok(),
            Ok(TopicRequest::Local) if subscribe => {
                self.confirm(now, &asked);
                return self.advance(now);
            }
            Ok(TopicRequest::Local) => false,
            Err(_) => {
                self.panicked(now, "subscriptions");
                false
            }
        };
        match (is_sent, subscribe) {
            (true, true) => {
                self.tell_of_topics(now, asked.len(), |link, count| Event::TopicsAsked { link, count })
            }
            (true, false) => {}
            (false, true) => asked.iter().for_each(|topic| self.topics.unanswered(topic, now)),
            (false, false) => asked.iter().for_each(|topic| self.topics.left(topic)),
        }
    }

    /// A request of the session's own has ended.
    pub(super) fn session_request_ended(
        &mut self,
        now: Instant,
        purpose: Purpose,
        outcome: Result<Settlement, RequestError>,
    ) {
        match purpose {
            Purpose::Call | Purpose::Ping => {}
            Purpose::Login(occasion) => {
                if let Some(link) = self.active() {
                    self.login_ended(now, link, occasion, outcome);
                }
            }
            Purpose::Setting { name, is_required } => {
                if let Some(link) = self.active() {
                    self.setting_ended(now, link, (name, is_required), outcome);
                }
            }
            Purpose::Topics { asked, subscribe: false } => {
                asked.iter().for_each(|topic| self.topics.left(topic));
                self.reconcile();
            }
            Purpose::Topics { asked, subscribe: true } => match outcome {
                Ok(Settlement::Reply(kept)) => self.topics_answered(now, &asked, Ok(kept.as_body())),
                Err(RequestError::Refused(refusal)) => self.topics_answered(now, &asked, Err(&refusal)),
                Ok(_) => self.confirm(now, &asked),
                Err(_) => asked.iter().for_each(|topic| self.topics.unanswered(topic, now)),
            },
        }
    }

    fn topics_answered(&mut self, now: Instant, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) {
        let topics = &self.topics;
        let read = self.tape.ask(
            || self.handlers.subscriptions().answered(asked, answer),
            |read| said_of_topics(read, topics),
        );
        let Ok(Confirmation { confirmed, refused, postponed }) = read else {
            self.panicked(now, "subscriptions");
            return asked.iter().for_each(|topic| self.topics.unanswered(topic, now));
        };
        self.confirm(now, &confirmed);
        postponed.iter().for_each(|topic| self.topics.unanswered(topic, now));
        let is_open = |topic: &&Topic| !confirmed.contains(topic) && !postponed.contains(topic);
        for topic in asked.iter().filter(is_open) {
            let named = refused.iter().find(|(known, _)| known == topic);
            let refusal = named.map_or_else(
                || Refusal::new("the answer does not name the topic"),
                |(_, refusal)| refusal.clone(),
            );
            self.refuse(now, topic, refusal);
        }
        self.advance(now);
    }

    fn confirm(&mut self, now: Instant, topics: &[Topic]) {
        for topic in topics {
            if self.topics.confirmed(topic, now) {
                self.wake_active_writer();
            }
            self.deliveries.acknowledged(topic.as_str(), &mut self.wakes);
        }
        self.tell_of_topics(now, topics.len(), |link, count| Event::TopicsConfirmed { link, count });
    }

    fn tell_of_topics(&mut self, now: Instant, count: usize, event: impl FnOnce(Generation, u64) -> Event) {
        if let Some(link) = self.active().filter(|_| count > 0) {
            self.emit(now, event(link, count as u64));
        }
    }

    fn refuse(&mut self, now: Instant, topic: &Topic, refusal: Refusal) {
        self.topics.refused(topic, refusal.clone());
        if matches!(self.topics.state(topic), Some(TopicState::Refused(_))) {
            if let Some(link) = self.active() {
                self.emit(now, Event::TopicRefused { link, topic: topic.to_string() });
            }
            for id in self.deliveries.takers(topic.as_str()) {
                self.deliveries.end(id, SubscriptionEnd::Refused(refusal.clone()), &mut self.wakes);
            }
        }
    }

    /// Takes a subscription's topics out of the wanted set.
    fn release(&mut self, now: Instant, id: SubscriptionId) {
        let Some((topics, hold)) = self.deliveries.topics(id) else { return };
        topics.iter().for_each(|topic| self.topics.release(topic, hold));
        self.reconcile();
        self.advance(now);
    }

    /// Topics that are silent for too long: subscribed to anew once, then judged.
    pub(super) fn look_for_silence(&mut self, now: Instant) {
        let Some(link) = self.active() else { return };
        let deliveries = &self.deliveries;
        for silence in self.topics.silences(now, |topic| deliveries.last_arrival(topic.as_str())) {
            match silence {
                Silence::Stale(topic) => {
                    self.topics.resynchronise(topic.as_str());
                    let holes = self.deliveries.break_off(topic.as_str(), &GapCause::Resynchronised);
                    self.gaps_opened(now, &GapCause::Resynchronised, holes);
                    self.emit(now, Event::TopicStale { link, topic: topic.to_string() });
                }
                Silence::StillStale(topic) => {
                    if let Some(index) = self.index(link) {
                        self.judge(now, index, &Fault::Stale(&topic));
                    }
                }
            }
        }
        self.reconcile();
    }

    /// The wanted set, to be restored by a later session.
    #[must_use]
    pub fn wanted(&self) -> Vec<Topic> {
        self.topics.wanted()
    }

    /// Wants the topics of an earlier session, until subscriptions take them over or
    /// [`forget_restored`](Self::forget_restored) gives up those that nobody took. A topic the adapter
    /// would not ask for stands as refused, with the reason.
    pub fn restore(&mut self, topics: &[Topic]) {
        for topic in topics {
            self.topics.restore(topic);
            match self.check_topic(topic) {
                Ok(()) => {}
                Err(NotSent::Inadmissible { refusal, .. }) => self.topics.refused_unasked(topic, refusal),
                Err(_) => self.topics.refused_unasked(topic, Refusal::new("a handler panicked over it")),
            }
        }
        self.reconcile();
    }

    /// Gives up the restored topics that no subscription has taken over.
    pub fn forget_restored(&mut self) {
        self.topics.forget_restored();
        self.reconcile();
    }
}

/// What an answer says of topics. A name that nobody wants is the peer's text, and is left out.
fn said_of_topics(read: &Confirmation, topics: &Topics) -> Said {
    let known = |topic: &Topic| topics.state(topic).map(|_| topic.clone());
    Said::TopicsAnswered {
        confirmed: read.confirmed.iter().map(known).collect(),
        refused: read.refused.iter().map(|(topic, refusal)| (known(topic), refusal.into())).collect(),
        postponed: read.postponed.iter().map(known).collect(),
    }
}
