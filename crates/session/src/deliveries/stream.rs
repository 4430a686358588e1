//! One topic of a subscription: what came last, what is missing, and whether an item can follow (L7).

use nova_behaviour::{Continuity, Position, Topic};

use crate::delivery::{Gap, GapCause, Side};

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) topic: Topic,
    /// The last item that was queued.
    pub(super) last: Option<Side>,
    /// The last item that was taken, and the one before it.
    pub(super) taken: Option<Side>,
    pub(super) before_taken: Option<Side>,
    /// A hole to tell of before the next item.
    pub(super) hole: Option<Gap>,
    /// Whether its items name those they follow: after a loss they mean nothing until it is
    /// subscribed to anew.
    pub(super) is_chained: bool,
    /// Whether it has to begin anew, with an item that follows none. Until then nothing is queued.
    pub(super) lacks_base: bool,
}

/// What the adapter says of an item and the one before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Follow {
    Judged(Continuity),
    /// It panicked over them.
    Unknown,
}

/// How an item stands to those before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// It follows them, or stands behind a hole that is told of.
    Follows,
    /// It tells nothing they did not.
    Covered,
    /// It means nothing without an item that did not come.
    Baseless,
}

/// What came of an item.
#[derive(Debug, Default)]
pub(crate) struct Arrived {
    /// How many items were lost over it.
    pub(crate) lost: u64,
    /// In how many streams it does not follow the item before.
    pub(crate) breaks: u64,
    /// The streams that have to be subscribed to anew.
    pub(crate) broken: Vec<Topic>,
    /// Whether a queue rose above its high water mark.
    pub(crate) is_high: bool,
}

impl Arrived {
    /// Whether there is nothing to do about it.
    pub(crate) const fn is_uneventful(&self) -> bool {
        self.lost == 0 && self.breaks == 0 && self.broken.is_empty() && !self.is_high
    }

    pub(super) fn break_off(&mut self, topic: &Topic) {
        if !self.broken.contains(topic) {
            self.broken.push(topic.clone());
        }
    }
}

impl Stream {
    pub(super) const fn new(topic: Topic) -> Self {
        Self {
            topic,
            last: None,
            taken: None,
            before_taken: None,
            hole: None,
            is_chained: false,
            lacks_base: false,
        }
    }

    /// Holds an item against the last one, and opens a hole if it does not follow.
    pub(super) fn judge(
        &mut self,
        side: Side,
        next: Position,
        continuity: &mut impl FnMut(Option<u64>, Position) -> Follow,
        arrived: &mut Arrived,
    ) -> Standing {
        let needs_base = next.follows.is_some();
        self.is_chained |= needs_base;
        self.lacks_base &= needs_base;
        if self.lacks_base {
            arrived.breaks += self.widen(GapCause::SequenceBreak, None);
            arrived.break_off(&self.topic);
            return Standing::Baseless;
        }
        // After a hole, and on a new link, nothing stands before the item.
        let last = self.last.filter(|last| last.link == side.link && self.hole.is_none());
        match continuity(last.and_then(|last| last.sequence), next) {
            Follow::Judged(Continuity::Unbroken) => Standing::Follows,
            Follow::Judged(Continuity::Covered) => Standing::Covered,
            Follow::Judged(Continuity::Broken { missing, resynchronise }) => {
                arrived.breaks += self.widen(GapCause::SequenceBreak, missing);
                if resynchronise {
                    arrived.break_off(&self.topic);
                }
                self.lacks_base = resynchronise && needs_base;
                if self.lacks_base { Standing::Baseless } else { Standing::Follows }
            }
            Follow::Unknown => {
                self.widen(GapCause::HandlerPanicked, None);
                Standing::Follows
            }
        }
    }

    /// An item of it was lost on this side: what names the one it follows means nothing any more.
    pub(super) fn lose(&mut self, arrived: &mut Arrived) {
        if self.is_chained {
            self.lacks_base = true;
            arrived.break_off(&self.topic);
        }
    }

    /// Opens a hole after the last item, or widens the one that is open. The first cause stays.
    /// Returns how many were opened: one or none.
    pub(super) fn widen(&mut self, cause: GapCause, missing: Option<u64>) -> u64 {
        match &mut self.hole {
            Some(hole) => {
                hole.missing = hole.missing.zip(missing).map(|(old, more)| old + more);
                0
            }
            hole => {
                *hole =
                    Some(Gap { topic: self.topic.clone(), cause, before: self.last, after: None, missing });
                1
            }
        }
    }
}
