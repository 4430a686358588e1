//! Who takes the items of a subscription, and counts them in its own way.

use websockex_nova::{
    prelude::{Delivery, Gap, Subscription},
    session::{DeliveryCounts, GapCause, Side},
};

use super::{super::story::Story, exchange::Stretch};
use crate::told;

pub(super) struct Taker<T> {
    topic: &'static str,
    subscription: Subscription<T>,
    /// The position an item says it has.
    position: fn(&T) -> u64,
    seen: Seen,
    /// What had been received by the end of each link that was lost.
    ends: Vec<u64>,
}

/// What a subscriber sees.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) items: u64,
    /// Items that do not come after the one before them.
    pub(super) disordered: u64,
    pub(super) gaps: Vec<Gap>,
    /// The position of the last item.
    pub(super) last: u64,
}

/// What became of a subscription, from three sides.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) topic: &'static str,
    /// What happens when items come faster than they are taken.
    pub(super) rule: &'static str,
    /// What the client counted.
    pub(super) counts: DeliveryCounts,
    /// What the client counted on each link.
    pub(super) received: Vec<u64>,
    /// What the venue published.
    pub(super) published: Vec<Stretch>,
    /// What the subscriber saw.
    pub(super) seen: Seen,
}

impl<T> Taker<T> {
    pub(super) const fn new(
        topic: &'static str,
        subscription: Subscription<T>,
        position: fn(&T) -> u64,
    ) -> Self {
        let seen = Seen { items: 0, disordered: 0, gaps: Vec::new(), last: 0 };
        Self { topic, subscription, position, seen, ends: Vec::new() }
    }

    /// Takes everything that waits, and tells of each gap.
    pub(super) async fn take_all(&mut self, story: &Story) {
        let before = self.seen.items;
        while self.subscription.counts().queued > 0 {
            match self.subscription.next().await {
                Some(Delivery::Item(item)) => self.seen.take((self.position)(&item)),
                Some(Delivery::Gap(gap)) => {
                    story.tell(described(&gap));
                    self.seen.gaps.push(gap);
                }
                None => return,
            }
        }
        let taken = self.seen.items - before;
        if taken > 0 {
            story.tell(format!("{}: {taken} taken, up to position {}", self.topic, self.seen.last));
        }
    }

    /// The link is lost: what came on it has come.
    pub(super) fn link_ended(&mut self) {
        self.ends.push(self.subscription.counts().received);
    }

    /// Unsubscribes.
    pub(super) fn end(self, rule: &'static str, published: &[Stretch]) -> Stream {
        let Self { topic, subscription, seen, mut ends, .. } = self;
        let counts = subscription.counts();
        ends.push(counts.received);
        let received = ends.iter().scan(0, |before, end| Some(end - std::mem::replace(before, *end)));
        Stream { topic, rule, counts, received: received.collect(), published: published.to_vec(), seen }
    }
}

impl Seen {
    fn take(&mut self, position: u64) {
        self.items += 1;
        self.disordered += u64::from(position <= self.last);
        self.last = position;
    }
}

/// A gap, its cause, and where its two sides are.
fn described(gap: &Gap) -> String {
    let side = |word: &str, side: Option<Side>| match side.and_then(|side| side.sequence.zip(Some(side.link)))
    {
        Some((sequence, link)) => format!(" {word} {sequence} ({link})"),
        None => String::new(),
    };
    let (after, before) = (side("after", gap.before), side("before", gap.after));
    let missing = gap.missing.map_or(String::new(), |count| format!(", exactly {count} missing"));
    let why = match &gap.cause {
        GapCause::Disconnected(reason) => format!("{}: {}", gap.cause.name(), told::in_line(reason)),
        cause => cause.name().to_owned(),
    };
    format!("{}: GAP{after}{before}{missing}: {why}", gap.topic)
}
