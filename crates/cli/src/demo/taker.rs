//! Who takes the items of a subscription, and remembers what came in which order.

use websockex_nova::{
    prelude::{Delivery, Gap, Subscription},
    session::{DeliveryCounts, GapCause, Side},
    transport::Generation,
};

use super::story::Story;
use crate::told;

pub(super) struct Taker<T> {
    channel: &'static str,
    rule: Rule,
    subscription: Subscription<T>,
    mark: fn(&T) -> Mark,
    seen: Vec<Sight>,
    /// What had been received by the end of each link that was lost.
    ends: Vec<u64>,
}

/// What happens when items come faster than they are taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rule {
    /// Everything is taken.
    Block,
    /// Only the newest is of interest.
    Conflate,
    /// The oldest are dropped.
    DropOldest,
}

impl Rule {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Conflate => "conflate",
            Self::DropOldest => "drop_oldest",
        }
    }
}

/// By what an item is known, to the client and to the venue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Mark {
    /// By a number that grows.
    Number(u64),
    /// By some words.
    Words(String),
}

/// What a subscriber sees.
#[derive(Clone, Debug)]
pub(super) enum Sight {
    /// An item.
    Item {
        /// The link it came on.
        link: Generation,
        mark: Mark,
    },
    /// A gap.
    Gap(Gap),
}

impl Sight {
    pub(super) const fn link(&self) -> Option<Generation> {
        match self {
            Self::Item { link, .. } => Some(*link),
            Self::Gap(_) => None,
        }
    }
}

/// What became of a subscription, as far as the client knows.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) channel: &'static str,
    pub(super) rule: Rule,
    /// What the client counted.
    pub(super) counts: DeliveryCounts,
    /// What the client counted on each link.
    pub(super) received: Vec<u64>,
    pub(super) seen: Vec<Sight>,
}

impl<T> Taker<T> {
    pub(super) const fn new(
        channel: &'static str,
        rule: Rule,
        subscription: Subscription<T>,
        mark: fn(&T) -> Mark,
    ) -> Self {
        Self { channel, rule, subscription, mark, seen: Vec::new(), ends: Vec::new() }
    }

    /// Takes everything that waits, and tells of each gap. Yields how many items there were.
    pub(super) async fn take_all(&mut self, story: &Story, mut each: impl FnMut(&Delivery<T>)) -> u64 {
        let mut taken = 0;
        while self.subscription.counts().queued > 0 {
            let Some(next) = self.subscription.next().await else { break };
            each(&next);
            taken += self.note(story, &next);
        }
        taken
    }

    /// Waits for the next item, and tells of gaps before it.
    pub(super) async fn take_one(&mut self, story: &Story) -> Option<T> {
        loop {
            let next = self.subscription.next().await?;
            self.note(story, &next);
            if let Delivery::Item(item) = next {
                return Some(item);
            }
        }
    }

    fn note(&mut self, story: &Story, next: &Delivery<T>) -> u64 {
        match next {
            Delivery::Item(item) => {
                // An item that was taken has arrived.
                let link = self.subscription.arrival().map_or(Generation::new(0), |arrival| arrival.link);
                self.seen.push(Sight::Item { link, mark: (self.mark)(item) });
                1
            }
            Delivery::Gap(gap) => {
                story.tell(described(gap));
                self.seen.push(Sight::Gap(gap.clone()));
                0
            }
        }
    }

    /// The link is lost: what came on it has come.
    pub(super) fn link_ended(&mut self) {
        self.ends.push(self.subscription.counts().received);
    }

    /// Unsubscribes.
    pub(super) fn end(self) -> Stream {
        let Self { channel, rule, subscription, seen, mut ends, .. } = self;
        let counts = subscription.counts();
        ends.push(counts.received);
        let received = ends.iter().scan(0, |before, end| Some(end - std::mem::replace(before, *end)));
        Stream { channel, rule, counts, received: received.collect(), seen }
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
