//! The desired state of subscriptions: which topics are wanted, and how far each has come (L6).
//!
//! The wanted set changes only by explicit calls. A topic is confirmed only by what an answer
//! names. The reconciler in `session::subscriptions` drives the difference.

use std::{
    collections::BTreeMap,
    task::Waker,
    time::{Duration, Instant},
};

use nova_behaviour::{Refusal, Topic};

/// How far a topic has come.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TopicState {
    /// To be asked for, as soon as there is a usable link; not before `retry_at` after a failure.
    Wanted {
        /// When it may be asked for again.
        retry_at: Option<Instant>,
    },
    /// Asked for, not yet answered.
    Asked,
    /// Acknowledged by the server on the present link.
    Confirmed,
    /// Refused by the server. Not asked for again.
    Refused(Refusal),
    /// No longer wanted; the server has not yet acknowledged that.
    Leaving,
}

#[derive(Debug)]
pub(crate) struct Topics {
    entries: BTreeMap<Topic, Entry>,
    /// When the first topic may be asked for again.
    retry_at: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    state: TopicState,
    /// How many subscriptions hold it.
    holders: usize,
    /// How many of them are required for the session to be ready.
    required: usize,
    /// Whether it is wanted again although its leaving is under way.
    wanted_again: bool,
    /// Those who wait for its confirmation.
    waiting: Vec<Waker>,
}

impl Topics {
    pub(crate) const fn new() -> Self {
        Self { entries: BTreeMap::new(), retry_at: None }
    }

    /// One more subscription holds this topic.
    pub(crate) fn want(&mut self, topic: &Topic, required: bool) {
        let entry = self.entries.entry(topic.clone()).or_insert_with(|| Entry {
            state: TopicState::Wanted { retry_at: None },
            holders: 0,
            required: 0,
            wanted_again: false,
            waiting: Vec::new(),
        });
        entry.holders += 1;
        entry.required += usize::from(required);
        match entry.state {
            TopicState::Leaving => entry.wanted_again = true,
            // Somebody asks anew: the server may have changed its mind.
            TopicState::Refused(_) => entry.state = TopicState::Wanted { retry_at: None },
            _ => {}
        }
    }

    /// One subscription less holds this topic. Returns whether the server must be told.
    pub(crate) fn release(&mut self, topic: &Topic, required: bool) -> bool {
        let Some(entry) = self.entries.get_mut(topic) else { return false };
        entry.holders = entry.holders.saturating_sub(1);
        entry.required = entry.required.saturating_sub(usize::from(required));
        if entry.holders > 0 {
            return false;
        }
        match entry.state {
            TopicState::Asked | TopicState::Confirmed => {
                entry.state = TopicState::Leaving;
                true
            }
            TopicState::Leaving => {
                entry.wanted_again = false;
                false
            }
            TopicState::Wanted { .. } | TopicState::Refused(_) => {
                self.entries.remove(topic);
                false
            }
        }
    }

    /// The topics that may be asked for now, at most `limit`, which count as asked from here on.
    pub(crate) fn ask(&mut self, now: Instant, limit: usize) -> Vec<Topic> {
        let may_ask = |entry: &Entry| match entry.state {
            TopicState::Wanted { retry_at } => retry_at.is_none_or(|at| at <= now),
            _ => false,
        };
        let entries = self.entries.iter_mut().filter(|(_, entry)| may_ask(entry));
        let ask = |(topic, entry): (&Topic, &mut Entry)| {
            entry.state = TopicState::Asked;
            topic.clone()
        };
        let asked = entries.take(limit.max(1)).map(ask).collect();
        let retry = |entry: &Entry| match entry.state {
            TopicState::Wanted { retry_at } => retry_at,
            _ => None,
        };
        self.retry_at = self.entries.values().filter_map(retry).min();
        asked
    }

    /// The server named this topic as active. Returns those to wake.
    pub(crate) fn confirmed(&mut self, topic: &Topic) -> Vec<Waker> {
        self.change(topic, TopicState::Confirmed)
    }

    /// The server refused this topic. Returns those to wake.
    pub(crate) fn refused(&mut self, topic: &Topic, refusal: Refusal) -> Vec<Waker> {
        self.change(topic, TopicState::Refused(refusal))
    }

    fn change(&mut self, topic: &Topic, state: TopicState) -> Vec<Waker> {
        // A topic released meanwhile is leaving: a late answer must not bring it back.
        match self.entries.get_mut(topic) {
            Some(entry) if entry.state == TopicState::Asked => {
                entry.state = state;
                std::mem::take(&mut entry.waiting)
            }
            _ => Vec::new(),
        }
    }

    /// Asking for this topic failed without an answer: it is tried again after a pause.
    pub(crate) fn unanswered(&mut self, topic: &Topic, now: Instant) {
        if let Some(entry) = self.entries.get_mut(topic).filter(|entry| entry.state == TopicState::Asked) {
            let retry_at = now + RETRY_PAUSE;
            entry.state = TopicState::Wanted { retry_at: Some(retry_at) };
            self.retry_at = Some(self.retry_at.map_or(retry_at, |at| at.min(retry_at)));
        }
    }

    /// The server has let go of this topic, or nobody will know.
    pub(crate) fn left(&mut self, topic: &Topic) {
        let Some(entry) = self.entries.get_mut(topic) else { return };
        if entry.state != TopicState::Leaving {
            return;
        }
        if entry.wanted_again {
            entry.wanted_again = false;
            entry.state = TopicState::Wanted { retry_at: None };
        } else {
            self.entries.remove(topic);
        }
    }

    /// With the link went what the server knew: what is wanted is wanted anew.
    pub(crate) fn link_lost(&mut self) {
        self.entries.retain(|_, entry| entry.state != TopicState::Leaving || entry.wanted_again);
        for entry in self.entries.values_mut() {
            if !matches!(entry.state, TopicState::Refused(_)) {
                entry.wanted_again = false;
                entry.state = TopicState::Wanted { retry_at: None };
            }
        }
    }

    pub(crate) fn state(&self, topic: &Topic) -> Option<&TopicState> {
        self.entries.get(topic).map(|entry| &entry.state)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Topic, &TopicState)> {
        self.entries.iter().map(|(topic, entry)| (topic, &entry.state))
    }

    pub(crate) fn wait_for(&mut self, topic: &Topic, cx: &std::task::Context<'_>) {
        if let Some(entry) = self.entries.get_mut(topic) {
            crate::wakes::remember_also(&mut entry.waiting, cx);
        }
    }

    /// Whether a required topic is neither confirmed nor refused.
    pub(crate) fn lacks_required(&self) -> bool {
        self.entries.values().any(|entry| {
            entry.required > 0 && !matches!(entry.state, TopicState::Confirmed | TopicState::Refused(_))
        })
    }

    /// When the first topic may be asked for again.
    pub(crate) const fn timeout(&self) -> Option<Instant> {
        self.retry_at
    }
}

/// The pause before a topic whose request was not answered is asked for again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn topic() -> Topic {
        Topic::from("t")
    }

    #[test]
    fn a_late_confirmation_does_not_bring_back_a_released_topic() {
        let mut topics = Topics::new();
        topics.want(&topic(), false);
        assert_eq!(topics.ask(Instant::now(), 9), [topic()]);
        assert!(topics.release(&topic(), false), "the server has to be told");
        topics.confirmed(&topic());
        assert_eq!(topics.state(&topic()), Some(&TopicState::Leaving));
        topics.left(&topic());
        assert_eq!(topics.state(&topic()), None);
    }

    #[test]
    fn wanting_again_while_leaving_asks_again_once_it_has_left() {
        let mut topics = Topics::new();
        topics.want(&topic(), false);
        topics.ask(Instant::now(), 9);
        topics.confirmed(&topic());
        topics.release(&topic(), false);
        topics.want(&topic(), false);
        assert!(topics.ask(Instant::now(), 9).is_empty(), "its leaving is under way");
        topics.left(&topic());
        assert_eq!(topics.ask(Instant::now(), 9), [topic()]);
    }

    #[test]
    fn two_holders_share_one_topic() {
        let mut topics = Topics::new();
        topics.want(&topic(), false);
        topics.want(&topic(), true);
        assert_eq!(topics.ask(Instant::now(), 9).len(), 1);
        assert!(topics.lacks_required());
        topics.confirmed(&topic());
        assert!(!topics.lacks_required());
        assert!(!topics.release(&topic(), true));
        assert!(topics.release(&topic(), false));
    }

    #[test]
    fn a_lost_link_makes_everything_wanted_but_what_was_refused_or_left() {
        let mut topics = Topics::new();
        for name in ["kept", "refused", "left"] {
            topics.want(&Topic::from(name), false);
        }
        topics.ask(Instant::now(), 9);
        topics.confirmed(&Topic::from("kept"));
        topics.refused(&Topic::from("refused"), Refusal::new("no"));
        topics.release(&Topic::from("left"), false);
        topics.link_lost();
        assert_eq!(topics.ask(Instant::now(), 9), [Topic::from("kept")]);
    }

    #[test]
    fn an_unanswered_topic_is_asked_for_again_after_a_pause() {
        let now = Instant::now();
        let mut topics = Topics::new();
        topics.want(&topic(), false);
        topics.ask(now, 9);
        topics.unanswered(&topic(), now);
        assert!(topics.ask(now, 9).is_empty());
        assert_eq!(topics.timeout(), Some(now + RETRY_PAUSE));
        assert_eq!(topics.ask(now + RETRY_PAUSE, 9), [topic()]);
    }
}
