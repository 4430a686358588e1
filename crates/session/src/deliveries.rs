//! The queues between the link and the subscribers: bounded, each with its own overflow rule (L8).

use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use nova_behaviour::{Body, Bound, Continuity, Kept, Topic};
use nova_transport::LostReason;

use crate::{
    delivery::{Arrival, Delivery, Gap, GapCause, Side},
    hash::OwnMap,
    state::EndCause,
    topics::Hold,
    wakes::{Wakes, remember},
};

/// The number of a subscription within its session. Never used twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubscriptionId(pub(crate) u64);

/// What happens when a subscriber takes items more slowly than they come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Overflow {
    /// Stop reading from the link for at most this long; then drop the oldest, with a gap.
    /// Replies on the same link are delayed by at most this pause. Default: 1 s.
    Block {
        /// The longest pause.
        max_pause: Duration,
    },
    /// Drop the oldest item, with a gap.
    DropOldest,
    /// Drop the newest item, with a gap.
    DropNewest,
    /// Keep only the newest item of each topic.
    Conflate,
    /// End the subscription.
    Close,
}

impl Default for Overflow {
    fn default() -> Self {
        Self::Block { max_pause: Duration::from_secs(1) }
    }
}

/// Why a subscription yields nothing more.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscriptionEnd {
    /// The application ended it.
    #[error("it was unsubscribed")]
    Unsubscribed,
    /// The server refused the topic.
    #[error("the server refused the topic")]
    Refused(#[source] nova_behaviour::Refusal),
    /// The subscriber was too slow, and its rule was to close.
    #[error("the subscriber was too slow")]
    Overflow,
    /// The session has ended.
    #[error("the client is closed")]
    Closed(#[source] EndCause),
}

/// What became of the items of a subscription.
///
/// received = delivered + conflated + dropped + undecodable + queued, at every moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct DeliveryCounts {
    /// Items that arrived.
    pub received: u64,
    /// Items taken by the subscriber.
    pub delivered: u64,
    /// Items replaced by newer ones of their topic.
    pub conflated: u64,
    /// Items dropped by the overflow rule, or left when the subscription ended.
    pub dropped: u64,
    /// Items that did not have the expected shape when they were taken.
    pub undecodable: u64,
    /// Items waiting for the subscriber.
    pub queued: u64,
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

#[derive(Debug)]
struct Subscription {
    hold: Hold,
    topics: Vec<Stream>,
    queue: VecDeque<Queued>,
    bytes: usize,
    bound: Bound,
    overflow: Overflow,
    /// Under `Block`: since when reading pauses for this subscription.
    full_since: Option<Instant>,
    /// Under `Block`: the pause was used up; drop until the queue has drained by half.
    degraded: bool,
    counts: DeliveryCounts,
    end: Option<SubscriptionEnd>,
    waker: Option<Waker>,
}

#[derive(Debug)]
struct Stream {
    topic: Topic,
    /// The last item that was queued.
    last: Option<Side>,
    /// The last item that was taken.
    taken: Option<Side>,
    /// A hole to tell of before the next item.
    hole: Option<Gap>,
}

#[derive(Debug)]
enum Queued {
    Item(Arrival, Kept),
    Gap(Gap),
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
        let topics =
            topics.iter().map(|topic| Stream { topic: topic.clone(), last: None, taken: None, hole: None });
        let subscription = Subscription {
            hold,
            topics: topics.collect(),
            queue: VecDeque::new(),
            bytes: 0,
            bound,
            overflow,
            full_since: None,
            degraded: false,
            counts: DeliveryCounts::default(),
            end: None,
            waker: None,
        };
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
        body: Body<'_>,
        mut continuity: impl FnMut(u64, u64) -> Continuity,
        wakes: &mut Wakes,
    ) -> Option<Arrived> {
        let Self { subscriptions, takers, spare, paused, .. } = self;
        let takers = takers.get(topic)?;
        let mut arrived = Arrived::default();
        for id in takers {
            let Some(subscription) = subscriptions.get_mut(id) else { continue };
            if subscription.end.is_none() {
                let was_full = subscription.full_since.is_some();
                arrived.resynchronise |= subscription.check(side, topic, &mut continuity);
                arrived.lost += subscription.arrive(side, topic, body, spare);
                *paused += usize::from(!was_full && subscription.full_since.is_some());
                wakes.add(subscription.waker.take());
            }
        }
        Some(arrived)
    }

    /// Items of a topic are missing before the next one.
    pub(crate) fn break_off(&mut self, topic: &str, cause: &GapCause) {
        for subscription in self.subscriptions.values_mut() {
            let streams = subscription.topics.iter_mut().filter(|stream| stream.topic.as_str() == topic);
            streams.for_each(|stream| stream.widen(cause.clone(), None));
        }
    }

    /// Swaps the next item's body into `body`, or tells of a gap, or of the end.
    pub(crate) fn poll(
        &mut self,
        id: SubscriptionId,
        body: &mut Kept,
        cx: &Context<'_>,
    ) -> Poll<Option<Delivery<Arrival>>> {
        let Some(subscription) = self.subscriptions.get_mut(&id) else { return Poll::Ready(None) };
        match subscription.queue.pop_front() {
            Some(Queued::Gap(gap)) => Poll::Ready(Some(Delivery::Gap(gap))),
            Some(Queued::Item(arrival, kept)) => {
                let used = std::mem::replace(body, kept);
                subscription.bytes -= body.len();
                subscription.counts.queued -= 1;
                subscription.counts.delivered += 1;
                recycle(&mut self.spare, used);
                if let Some(stream) = subscription.topics.iter_mut().find(|s| s.topic == arrival.topic) {
                    stream.taken = Some(arrival.side());
                }
                Poll::Ready(Some(Delivery::Item(arrival)))
            }
            None if subscription.end.is_some() => Poll::Ready(None),
            None => {
                remember(&mut subscription.waker, cx);
                Poll::Pending
            }
        }
    }

    /// An item that was taken could not be decoded.
    pub(crate) fn undecodable(&mut self, id: SubscriptionId, arrival: &Arrival) -> Gap {
        if let Some(subscription) = self.subscriptions.get_mut(&id) {
            subscription.counts.delivered -= 1;
            subscription.counts.undecodable += 1;
        }
        Gap {
            topic: arrival.topic.clone(),
            cause: GapCause::Undecodable,
            before: None,
            after: None,
            missing: Some(1),
        }
    }

    /// Reading may go on for this subscription; call after taking from it. Returns for how long
    /// reading had paused.
    pub(crate) fn resume(&mut self, id: SubscriptionId, now: Instant) -> Option<Duration> {
        let subscription = self.subscriptions.get_mut(&id)?;
        let has_room = subscription.has_drained();
        subscription.degraded &= !has_room;
        let since = subscription.full_since.take_if(|_| has_room)?;
        self.paused -= 1;
        Some(now.saturating_duration_since(since))
    }

    /// A link is gone: whoever had taken something from it is told before the next item.
    pub(crate) fn link_lost(&mut self, reason: &LostReason) {
        for subscription in self.subscriptions.values_mut() {
            for stream in subscription.topics.iter_mut().filter(|stream| stream.last.is_some()) {
                let cause = GapCause::Disconnected(reason.clone());
                stream.widen(cause, None);
            }
        }
    }

    /// Whether no subscription may hold the link back for as long as this.
    pub(crate) fn pauses_are_below(&self, limit: Duration) -> bool {
        let is_below = |subscription: &Subscription| !matches!(subscription.overflow, Overflow::Block { max_pause } if max_pause >= limit);
        self.subscriptions.values().all(is_below)
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

/// What came of an item.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Arrived {
    /// How many items were lost over it.
    pub(crate) lost: u64,
    /// Whether its stream has to be subscribed to anew.
    pub(crate) resynchronise: bool,
}

impl Subscription {
    /// Opens a hole if the item does not follow the last one. Returns whether the stream has to be
    /// subscribed to anew.
    fn check(
        &mut self,
        side: Side,
        topic: &str,
        continuity: &mut impl FnMut(u64, u64) -> Continuity,
    ) -> bool {
        let Some(next) = side.sequence else { return false };
        let Some(stream) = self.topics.iter_mut().find(|stream| stream.topic.as_str() == topic) else {
            return false;
        };
        // Across links there is a hole already.
        let Some(Side { link, sequence: Some(last), .. }) = stream.last else { return false };
        if link != side.link || stream.hole.is_some() {
            return false;
        }
        match continuity(last, next) {
            Continuity::Unbroken => false,
            Continuity::Broken { missing, resynchronise } => {
                stream.widen(GapCause::SequenceBreak, missing);
                resynchronise
            }
        }
    }

    fn arrive(&mut self, side: Side, topic: &str, body: Body<'_>, spare: &mut Vec<Kept>) -> u64 {
        self.counts.received += 1;
        let Some(index) = self.topics.iter().position(|stream| stream.topic.as_str() == topic) else {
            return 0;
        };
        if self.overflow == Overflow::Conflate && self.replace(side, topic, body) {
            return 0;
        }
        let is_full = !self.queue.is_empty()
            && (self.queue.len() >= self.bound.count || self.bytes + body.len() > self.bound.bytes);
        let mut lost = 0;
        if is_full {
            match self.overflow {
                Overflow::Block { .. } if !self.degraded => {}
                Overflow::Block { .. } | Overflow::DropOldest | Overflow::Conflate => {
                    lost = self.drop_oldest(body.len(), spare);
                }
                Overflow::DropNewest => {
                    self.counts.dropped += 1;
                    self.topics[index].widen(GapCause::Overflow, Some(1));
                    return 1;
                }
                Overflow::Close => {
                    self.counts.dropped += 1;
                    self.end = Some(SubscriptionEnd::Overflow);
                    return 1;
                }
            }
        }
        let stream = &mut self.topics[index];
        if let Some(mut gap) = stream.hole.take() {
            gap.after = Some(side);
            self.queue.push_back(Queued::Gap(gap));
        }
        stream.last = Some(side);
        let arrival =
            Arrival { topic: stream.topic.clone(), sequence: side.sequence, link: side.link, at: side.at };
        let mut kept = spare.pop().unwrap_or_default();
        kept.copy_from(body);
        self.bytes += kept.len();
        self.counts.queued += 1;
        self.queue.push_back(Queued::Item(arrival, kept));
        let is_full = self.queue.len() >= self.bound.count || self.bytes >= self.bound.bytes;
        if is_full && !self.degraded && matches!(self.overflow, Overflow::Block { .. }) {
            self.full_since.get_or_insert(side.at);
        }
        lost
    }

    /// Under `Conflate`: puts the item in the place of an older one of its topic. A hole between
    /// the two is still told of.
    fn replace(&mut self, side: Side, topic: &str, body: Body<'_>) -> bool {
        let Some(stream) = self.topics.iter_mut().find(|stream| stream.topic.as_str() == topic) else {
            return false;
        };
        if stream.hole.is_some() {
            return false;
        }
        let waiting = self.queue.iter_mut().rev().find_map(|queued| match queued {
            Queued::Item(arrival, kept) if arrival.topic.as_str() == topic => Some((arrival, kept)),
            _ => None,
        });
        let Some((arrival, kept)) = waiting else { return false };
        stream.last = Some(side);
        (arrival.sequence, arrival.link, arrival.at) = (side.sequence, side.link, side.at);
        self.bytes -= kept.len();
        kept.copy_from(body);
        self.bytes += kept.len();
        self.counts.conflated += 1;
        true
    }

    /// Makes room at the front; one gap tells of all that was dropped there.
    fn drop_oldest(&mut self, room: usize, spare: &mut Vec<Kept>) -> u64 {
        let mut lost = 0;
        let mut gaps: Vec<Gap> = Vec::new();
        let is_full = |this: &Self| {
            this.counts.queued > 0
                && (this.counts.queued as usize >= this.bound.count || this.bytes + room > this.bound.bytes)
        };
        while is_full(self) {
            match self.queue.pop_front() {
                Some(Queued::Item(arrival, kept)) => {
                    self.bytes -= kept.len();
                    self.counts.queued -= 1;
                    self.counts.dropped += 1;
                    lost += 1;
                    recycle(spare, kept);
                    let before = self.topics.iter().find(|s| s.topic == arrival.topic).and_then(|s| s.taken);
                    let (topic, cause) = (arrival.topic, GapCause::Overflow);
                    merge(&mut gaps, Gap { topic, cause, before, after: None, missing: Some(1) });
                }
                Some(Queued::Gap(gap)) => merge(&mut gaps, gap),
                None => break,
            }
        }
        // The gaps stand before what is left, and name its first item as their far side.
        for mut gap in gaps.into_iter().rev() {
            gap.after = self.queue.iter().find_map(|queued| match queued {
                Queued::Item(next, _) if next.topic == gap.topic => Some(next.side()),
                _ => None,
            });
            self.queue.push_front(Queued::Gap(gap));
        }
        lost
    }

    fn has_drained(&self) -> bool {
        self.queue.len() * 2 <= self.bound.count && self.bytes * 2 <= self.bound.bytes
    }

    fn pause_ends(&self) -> Option<Instant> {
        match self.overflow {
            Overflow::Block { max_pause } => self.full_since?.checked_add(max_pause),
            _ => None,
        }
    }
}

impl Stream {
    /// Opens a hole after the last item, or widens the one that is open. The first cause stays.
    fn widen(&mut self, cause: GapCause, missing: Option<u64>) {
        match &mut self.hole {
            Some(hole) => hole.missing = hole.missing.zip(missing).map(|(old, more)| old + more),
            hole => {
                *hole =
                    Some(Gap { topic: self.topic.clone(), cause, before: self.last, after: None, missing });
            }
        }
    }
}

/// Loss notices are coalesced: one gap per topic, which keeps the first cause.
fn merge(gaps: &mut Vec<Gap>, gap: Gap) {
    match gaps.iter_mut().find(|known| known.topic == gap.topic) {
        Some(known) => known.missing = known.missing.zip(gap.missing).map(|(old, more)| old + more),
        None => gaps.push(gap),
    }
}

/// Keeps a buffer for the next item, unless there are many or it is large.
fn recycle(spare: &mut Vec<Kept>, used: Kept) {
    const BUFFERS: usize = 64;
    const BYTES: usize = 64 << 10;
    if spare.len() < BUFFERS && (1..=BYTES).contains(&used.capacity()) {
        spare.push(used);
    }
}
