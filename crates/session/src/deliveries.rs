//! The queues between the link and the subscribers: bounded, each with its own overflow rule (L8).

mod stream;
mod subscription;

use std::{
    task::{Context, Poll},
    time::{Duration, Instant},
};

use nova_behaviour::{Body, Bound, Kept, Position, Topic};
use nova_transport::{Generation, LostReason};

use crate::{
    delivery::{Arrival, Delivery, Gap, GapCause, Side},
    hash::OwnMap,
    state::EndCause,
    topics::Hold,
    wakes::{Wakes, remember_also},
};

use stream::Stream;
pub(crate) use stream::{Arrived, Follow};
use subscription::Subscription;
pub use subscription::{DeliveryCounts, Overflow, SubscriptionEnd};

/// The number of a subscription within its session. Never used twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubscriptionId(pub(crate) u64);

impl SubscriptionId {
    /// The id with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// What a subscriber finds.
#[derive(Debug)]
pub(crate) struct Polled {
    pub(crate) next: Poll<Option<Delivery<Arrival>>>,
    /// Since when reading had paused for this subscription, if it may go on now.
    pub(crate) paused_since: Option<Instant>,
    /// Whether the queue has just drained below its low water mark.
    pub(crate) is_low: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    subscriptions: OwnMap<SubscriptionId, Subscription>,
    takers: OwnMap<Topic, Vec<SubscriptionId>>,
    spare: Vec<Kept>,
    last: u64,
    /// How many subscriptions ask for a pause in reading.
    paused: usize,
}

impl Deliveries {
    pub(crate) fn open(
        &mut self,
        topics: &[Topic],
        overflow: Overflow,
        bound: Bound,
        hold: Hold,
    ) -> SubscriptionId {
        self.last += 1;
        let id = SubscriptionId(self.last);
        for topic in topics {
            self.takers.entry(topic.clone()).or_default().push(id);
        }
        let subscription = Subscription::new(topics, overflow, bound, hold);
        self.subscriptions.insert(id, subscription);
        id
    }

    /// Lets a subscription yield what it holds and then end.
    pub(crate) fn end(&mut self, id: SubscriptionId, why: SubscriptionEnd, wakes: &mut Wakes) {
        self.forget_takers(id);
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return };
        self.paused -= usize::from(subscription.full_since.take().is_some());
        subscription.end.get_or_insert(why);
        wakes.add(subscription.waker.take());
        subscription.wake_askers(wakes);
    }

    /// Somebody waits for the topics of this subscription to be acknowledged.
    pub(crate) fn wait_for_topics(&mut self, id: SubscriptionId, cx: &Context<'_>) {
        if let Some(subscription) = self.subscriptions.get_mut(&id) {
            remember_also(&mut subscription.askers, cx);
        }
    }

    /// A topic was acknowledged: whoever waits for that looks again.
    pub(crate) fn acknowledged(&mut self, topic: &str, wakes: &mut Wakes) {
        for id in self.takers.get(topic).into_iter().flatten() {
            if let Some(subscription) = self.subscriptions.get_mut(id) {
                subscription.wake_askers(wakes);
            }
        }
    }

    pub(crate) fn end_all(&mut self, cause: &EndCause, wakes: &mut Wakes) {
        let ids: Vec<_> = self.subscriptions.keys().copied().collect();
        for id in ids {
            self.end(id, SubscriptionEnd::Closed(cause.clone()), wakes);
        }
    }

    /// Forgets a subscription whose handle is gone; what it held counts as dropped.
    pub(crate) fn forget(&mut self, id: SubscriptionId) -> Option<DeliveryCounts> {
        self.forget_takers(id);
        let subscription = self.subscriptions.remove(&id)?;
        self.paused -= usize::from(subscription.full_since.is_some());
        let mut counts = subscription.counts;
        counts.dropped += std::mem::take(&mut counts.queued);
        Some(counts)
    }

    fn forget_takers(&mut self, id: SubscriptionId) {
        self.takers.retain(|_, takers| {
            takers.retain(|taker| *taker != id);
            !takers.is_empty()
        });
    }

    /// The topics of a subscription, and how it holds them.
    pub(crate) fn topics(&self, id: SubscriptionId) -> Option<(Vec<Topic>, Hold)> {
        let subscription = self.subscriptions.get(&id)?;
        let topics = subscription.topics.iter().map(|stream| stream.topic.clone());
        Some((topics.collect(), subscription.hold))
    }

    /// When something arrived on this topic last.
    pub(crate) fn last_arrival(&self, topic: &str) -> Option<Instant> {
        let takers = self.takers.get(topic)?.iter().filter_map(|id| self.subscriptions.get(id));
        let streams = takers.flat_map(|subscription| &subscription.topics);
        let streams = streams.filter(|stream| stream.topic.as_str() == topic);
        streams.filter_map(|stream| stream.last.map(|side| side.at)).max()
    }

    /// The name of a topic that somebody takes.
    pub(crate) fn taken(&self, topic: &str) -> Option<Topic> {
        self.takers.get_key_value(topic).map(|(topic, _)| topic.clone())
    }

    /// Those who take this topic.
    pub(crate) fn takers(&self, topic: &str) -> Vec<SubscriptionId> {
        self.takers.get(topic).cloned().unwrap_or_default()
    }

    pub(crate) fn counts(&self, id: SubscriptionId) -> Option<DeliveryCounts> {
        self.subscriptions.get(&id).map(|subscription| subscription.counts)
    }

    pub(crate) fn why_ended(&self, id: SubscriptionId) -> Option<SubscriptionEnd> {
        self.subscriptions.get(&id).and_then(|subscription| subscription.end.clone())
    }

    /// Queues an item for everybody who takes its topic; `None` if nobody does. `continuity` judges
    /// the positions of two items that came on one link.
    pub(crate) fn arrive(
        &mut self,
        side: Side,
        topic: &str,
        (position, body): (Option<Position>, Body<'_>),
        mut continuity: impl FnMut(Option<u64>, Position) -> Follow,
        wakes: &mut Wakes,
    ) -> Option<Arrived> {
        let Self { subscriptions, takers, spare, paused, .. } = self;
        let takers = takers.get(topic)?;
        let mut arrived = Arrived::default();
        for id in takers {
            let Some(subscription) = subscriptions.get_mut(id) else { continue };
            if subscription.end.is_none() {
                let was_full = subscription.full_since.is_some();
                let is_new = position.is_none_or(|position| {
                    subscription.check(side, topic, position, &mut continuity, &mut arrived)
                });
                if !is_new {
                    continue;
                }
                subscription.arrive(side, topic, body, spare, &mut arrived);
                *paused += usize::from(!was_full && subscription.full_since.is_some());
                wakes.add(subscription.waker.take());
                // Its rule may have been to close.
                if subscription.end.is_some() {
                    subscription.wake_askers(wakes);
                }
            }
        }
        Some(arrived)
    }

    /// Items of a topic are missing before the next one. Returns how many streams learn of it.
    pub(crate) fn break_off(&mut self, topic: &str, cause: &GapCause) -> u64 {
        let streams = self.subscriptions.values_mut().filter_map(|subscription| subscription.stream(topic));
        streams.map(|stream| stream.widen(cause.clone(), None)).sum()
    }

    /// A handler panicked over a message, which may have been an item of any stream. Those with
    /// positions tell by themselves when something is missing; the others are told that it may be.
    /// Returns how many those are.
    pub(crate) fn message_lost(&mut self, link: Generation) -> u64 {
        let is_unnumbered = |last: &Side| last.link == link && last.sequence.is_none();
        let streams = self.streams_after(is_unnumbered);
        streams.map(|stream| stream.widen(GapCause::HandlerPanicked, None)).sum()
    }

    /// The streams whose last item was such a one.
    fn streams_after(&mut self, is_such: impl Fn(&Side) -> bool) -> impl Iterator<Item = &mut Stream> {
        let streams = self.subscriptions.values_mut().flat_map(|subscription| &mut subscription.topics);
        streams.filter(move |stream| stream.last.as_ref().is_some_and(&is_such))
    }

    /// Swaps the next item's body into `body`, or tells of a gap, or of the end.
    pub(crate) fn poll(&mut self, id: SubscriptionId, body: &mut Kept, cx: &Context<'_>) -> Polled {
        let Some(subscription) = self.subscriptions.get_mut(&id) else {
            return Polled { next: Poll::Ready(None), paused_since: None, is_low: false };
        };
        let next = subscription.poll(body, &mut self.spare, cx);
        let paused_since = subscription.resume();
        self.paused -= usize::from(paused_since.is_some());
        Polled { next, paused_since, is_low: subscription.sank() }
    }

    /// An item that was taken could not be decoded. Tells also whether its stream has to be subscribed
    /// to anew.
    pub(crate) fn undecodable(&mut self, id: SubscriptionId, topic: &Topic) -> Option<(Gap, bool)> {
        self.subscriptions.get_mut(&id).map(|subscription| subscription.undecodable(topic))
    }

    /// A link is gone: whoever had taken something from it is told before the next item. Returns how
    /// many streams those are.
    pub(crate) fn link_lost(&mut self, reason: &LostReason) -> u64 {
        let streams = self.streams_after(|_| true);
        streams.map(|stream| stream.widen(GapCause::Disconnected(reason.clone()), None)).sum()
    }

    /// Whether no subscription may hold the link back for as long as this.
    pub(crate) fn pauses_are_below(&self, limit: Duration) -> bool {
        let is_below = |subscription: &Subscription| !matches!(subscription.overflow, Overflow::Block { max_pause } if max_pause >= limit);
        self.subscriptions.values().all(is_below)
    }

    /// How many items wait for subscribers, and their bytes.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        self.subscriptions.values().map(Subscription::waiting).fold((0, 0), |(a, b), (c, d)| (a + c, b + d))
    }

    /// Whether no subscription asks for a pause.
    pub(crate) const fn wants_read(&self) -> bool {
        self.paused == 0
    }

    /// When the first pause is used up.
    pub(crate) fn timeout(&self) -> Option<Instant> {
        if self.paused == 0 {
            return None;
        }
        self.subscriptions.values().filter_map(Subscription::pause_ends).min()
    }

    /// Ends the pauses that are used up. Returns the longest of them.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Duration> {
        let mut longest = None;
        for subscription in self.subscriptions.values_mut() {
            if subscription.pause_ends().is_some_and(|end| end <= now) {
                let since = subscription.full_since.take();
                self.paused -= 1;
                subscription.degraded = true;
                longest = longest.max(since.map(|since| now.saturating_duration_since(since)));
            }
        }
        longest
    }
}
