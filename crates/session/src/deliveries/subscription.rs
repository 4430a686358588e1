//! One subscription: a bounded queue with a rule for when it is full (laws L7, L8).

use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use nova_behaviour::{Body, Bound, Kept, Position, Topic};

use super::stream::{Arrived, Follow, Standing, Stream};
use crate::{
    delivery::{Arrival, Delivery, Gap, GapCause, Side},
    state::EndCause,
    topics::Hold,
    wakes::{Wakes, remember},
};

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
    /// Items dropped by the overflow rule, for want of the item they follow, or left when the
    /// subscription ended.
    pub dropped: u64,
    /// Items that did not have the expected shape when they were taken.
    pub undecodable: u64,
    /// Items waiting for the subscriber.
    pub queued: u64,
}

#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) hold: Hold,
    pub(super) topics: Vec<Stream>,
    queue: VecDeque<Queued>,
    bytes: usize,
    bound: Bound,
    pub(super) overflow: Overflow,
    /// Under `Block`: since when reading pauses for this subscription.
    pub(super) full_since: Option<Instant>,
    /// Under `Block`: the pause was used up; drop until the queue has drained by half.
    pub(super) degraded: bool,
    /// Whether the queue rose above 7/8 of its bound and has not yet drained to half of it.
    is_high: bool,
    pub(super) counts: DeliveryCounts,
    pub(super) end: Option<SubscriptionEnd>,
    pub(super) waker: Option<Waker>,
    /// Those who wait for its acknowledgement. Here rather than with the topic, so that they go with
    /// the subscription when they give up.
    pub(super) askers: Vec<Waker>,
}

#[derive(Debug)]
enum Queued {
    Item(Arrival, Kept),
    Gap(Gap),
}

impl Subscription {
    pub(super) fn new(topics: &[Topic], overflow: Overflow, bound: Bound, hold: Hold) -> Self {
        Self {
            hold,
            topics: topics.iter().cloned().map(Stream::new).collect(),
            queue: VecDeque::new(),
            bytes: 0,
            bound,
            overflow,
            full_since: None,
            degraded: false,
            is_high: false,
            counts: DeliveryCounts::default(),
            end: None,
            waker: None,
            askers: Vec::new(),
        }
    }

    /// Swaps the next item's body into `body`, or tells of a gap, or of the end.
    pub(super) fn poll(
        &mut self,
        body: &mut Kept,
        spare: &mut Vec<Kept>,
        cx: &Context<'_>,
    ) -> Poll<Option<Delivery<Arrival>>> {
        match self.queue.pop_front() {
            Some(Queued::Gap(gap)) => Poll::Ready(Some(Delivery::Gap(gap))),
            Some(Queued::Item(arrival, kept)) => {
                let used = std::mem::replace(body, kept);
                self.bytes -= body.len();
                self.counts.queued -= 1;
                self.counts.delivered += 1;
                recycle(spare, used);
                if let Some(stream) = self.topics.iter_mut().find(|stream| stream.topic == arrival.topic) {
                    stream.before_taken = stream.taken.replace(arrival.side());
                }
                Poll::Ready(Some(Delivery::Item(arrival)))
            }
            None if self.end.is_some() => Poll::Ready(None),
            None => {
                remember(&mut self.waker, cx);
                Poll::Pending
            }
        }
    }

    /// Those who wait for the acknowledgement look again.
    pub(super) fn wake_askers(&mut self, wakes: &mut Wakes) {
        self.askers.drain(..).for_each(|asker| wakes.add(Some(asker)));
    }

    /// Once half of it has been taken, it holds nothing back any more. Tells since when it had.
    pub(super) fn resume(&mut self) -> Option<Instant> {
        if self.full_since.is_none() && !self.degraded || !self.has_drained() {
            return None;
        }
        self.degraded = false;
        self.full_since.take()
    }

    /// Whether the queue has just drained to half its bound, after having been above 7/8 of it.
    pub(super) fn sank(&mut self) -> bool {
        let sank = self.is_high && self.has_drained();
        self.is_high &= !sank;
        sank
    }

    fn rose(&mut self) -> bool {
        // What is conflated is meant to wait; what may hold two items cannot fill up by degrees.
        if self.is_high || self.overflow == Overflow::Conflate || self.bound.count < 8 {
            return false;
        }
        self.is_high =
            self.queue.len() >= self.bound.count / 8 * 7 || self.bytes >= (self.bound.bytes / 8 * 7).max(1);
        self.is_high
    }

    /// The item taken last could not be decoded. Tells also whether its stream means nothing without
    /// it.
    pub(super) fn undecodable(&mut self, topic: &Topic) -> (Gap, bool) {
        self.counts.delivered -= 1;
        self.counts.undecodable += 1;
        let stream = self.stream(topic.as_str());
        let (before, is_chained) = stream.map_or((None, false), |stream| {
            stream.lacks_base |= stream.is_chained;
            (stream.before_taken, stream.is_chained)
        });
        let cause = GapCause::Undecodable;
        (Gap { topic: topic.clone(), cause, before, after: None, missing: Some(1) }, is_chained)
    }

    pub(super) fn stream(&mut self, topic: &str) -> Option<&mut Stream> {
        self.topics.iter_mut().find(|stream| stream.topic.as_str() == topic)
    }

    /// Holds the item against the last one of its stream. Returns whether it is to be queued; if not, it
    /// is counted here.
    pub(super) fn check(
        &mut self,
        side: Side,
        topic: &str,
        next: Position,
        continuity: &mut impl FnMut(Option<u64>, Position) -> Follow,
        arrived: &mut Arrived,
    ) -> bool {
        let Some(stream) = self.stream(topic) else { return true };
        let standing = stream.judge(side, next, continuity, arrived);
        let counts = &mut self.counts;
        match standing {
            Standing::Follows => return true,
            Standing::Covered => counts.conflated += 1,
            Standing::Baseless => counts.dropped += 1,
        }
        counts.received += 1;
        false
    }

    pub(super) fn arrive(
        &mut self,
        side: Side,
        topic: &str,
        body: Body<'_>,
        spare: &mut Vec<Kept>,
        arrived: &mut Arrived,
    ) {
        self.counts.received += 1;
        let Some(index) = self.topics.iter().position(|stream| stream.topic.as_str() == topic) else {
            return;
        };
        if self.overflow == Overflow::Conflate && self.replace(side, topic, body) {
            return;
        }
        let is_full = !self.queue.is_empty()
            && (self.queue.len() >= self.bound.count || self.bytes + body.len() > self.bound.bytes);
        if is_full {
            match self.overflow {
                Overflow::Block { .. } if !self.degraded => {}
                Overflow::Block { .. } | Overflow::DropOldest | Overflow::Conflate => {
                    self.drop_oldest(body.len(), spare, arrived);
                }
                Overflow::DropNewest => {
                    self.counts.dropped += 1;
                    arrived.lost += 1;
                    let stream = &mut self.topics[index];
                    stream.widen(GapCause::Overflow, Some(1));
                    stream.lose(arrived);
                    return;
                }
                Overflow::Close => {
                    self.counts.dropped += 1;
                    arrived.lost += 1;
                    self.end = Some(SubscriptionEnd::Overflow);
                    return;
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
        arrived.is_high |= self.rose();
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
    fn drop_oldest(&mut self, room: usize, spare: &mut Vec<Kept>, arrived: &mut Arrived) {
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
                    arrived.lost += 1;
                    recycle(spare, kept);
                    let mut stream = self.topics.iter_mut().find(|stream| stream.topic == arrival.topic);
                    if let Some(stream) = &mut stream {
                        stream.lose(arrived);
                    }
                    let before = stream.and_then(|stream| stream.taken);
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
    }

    /// How many items wait, and their bytes.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (self.counts.queued as usize, self.bytes)
    }

    fn has_drained(&self) -> bool {
        self.queue.len() * 2 <= self.bound.count && self.bytes * 2 <= self.bound.bytes
    }

    pub(super) fn pause_ends(&self) -> Option<Instant> {
        match self.overflow {
            Overflow::Block { max_pause } => self.full_since?.checked_add(max_pause),
            _ => None,
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
