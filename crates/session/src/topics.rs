//! The desired state of subscriptions: which topics are wanted, and how far each has come (L6, L9).
//!
//! The wanted set changes only by explicit calls. A topic is confirmed only by what an answer
//! names. The reconciler in `session::subscriptions` drives the difference, one request at a time,
//! as the limiter lets it.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
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
    /// No longer wanted on this link; the server has not yet acknowledged that.
    Leaving,
}

/// A topic of the wanted set, and how far it has come.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TopicStatus {
    /// The topic.
    pub topic: Topic,
    /// How far it has come.
    pub state: TopicState,
    /// Whether nothing came on it for longer than its subscribers wished.
    pub is_stale: bool,
    /// How many subscriptions share it.
    pub subscribers: usize,
}

/// How a subscription wants its topics to be held.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Hold {
    /// Whether the session is ready only once the topic is acknowledged.
    pub(crate) required: bool,
    /// Higher is asked for first.
    pub(crate) priority: u8,
    /// How long the topic may be silent.
    pub(crate) fresh_within: Option<Duration>,
}

#[derive(Debug, Default)]
pub(crate) struct Topics {
    entries: BTreeMap<Topic, Entry>,
    /// Whether there may be something to ask for now.
    has_work: bool,
    /// Whether any topic may wait for a moment. Most sessions have none that does.
    has_timers: bool,
}

#[derive(Debug)]
struct Entry {
    state: TopicState,
    holds: Vec<Hold>,
    /// Whether it is held since it was restored, until a subscription takes it over.
    is_restored: bool,
    /// While leaving: whether the server has been told.
    was_told: bool,
    /// While leaving: whether it is wanted again afterwards.
    wanted_again: bool,
    /// While asked for: whether what came already has to be subscribed to anew.
    is_broken: bool,
    /// When its silence is looked at.
    silent_at: Option<Instant>,
    is_stale: bool,
}

/// What silence on a topic asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Silence {
    /// It was silent for too long: it is subscribed to anew.
    Stale(Topic),
    /// It is silent although it was subscribed to anew.
    StillStale(Topic),
}

impl Topics {
    /// One more subscription holds this topic.
    pub(crate) fn want(&mut self, topic: &Topic, hold: Hold) {
        let entry = self.entry(topic);
        entry.is_restored = false;
        entry.holds.push(hold);
        let is_minded = hold.fresh_within.is_some();
        match entry.state {
            TopicState::Leaving => entry.wanted_again = true,
            // Somebody asks anew: the server may have changed its mind.
            TopicState::Refused(_) => entry.state = TopicState::Wanted { retry_at: None },
            _ => {}
        }
        self.has_timers |= is_minded;
        self.has_work = true;
    }

    /// Holds a topic of an earlier session until a subscription takes it over.
    pub(crate) fn restore(&mut self, topic: &Topic) {
        let entry = self.entry(topic);
        entry.is_restored |= entry.holds.is_empty();
        self.has_work = true;
    }

    fn entry(&mut self, topic: &Topic) -> &mut Entry {
        self.entries.entry(topic.clone()).or_insert_with(|| Entry {
            state: TopicState::Wanted { retry_at: None },
            holds: Vec::new(),
            is_restored: false,
            was_told: false,
            wanted_again: false,
            is_broken: false,
            silent_at: None,
            is_stale: false,
        })
    }

    /// One subscription less holds this topic.
    pub(crate) fn release(&mut self, topic: &Topic, hold: Hold) {
        let Some(entry) = self.entries.get_mut(topic) else { return };
        if let Some(place) = entry.holds.iter().position(|known| *known == hold) {
            entry.holds.swap_remove(place);
        }
        if entry.is_held() {
            return;
        }
        match entry.state {
            TopicState::Asked | TopicState::Confirmed => entry.leave(false),
            TopicState::Leaving => entry.wanted_again = false,
            TopicState::Wanted { .. } | TopicState::Refused(_) => {
                self.entries.remove(topic);
            }
        }
        self.has_work = true;
    }

    /// Nobody took over what was restored: it is wanted no longer.
    pub(crate) fn forget_restored(&mut self) {
        let restored = self.entries.iter().filter(|(_, entry)| entry.is_restored);
        let forgotten: Vec<_> = restored.map(|(topic, _)| topic.clone()).collect();
        for topic in forgotten {
            if let Some(entry) = self.entries.get_mut(&topic) {
                entry.is_restored = false;
            }
            self.release(&topic, Hold::default());
        }
    }

    /// Subscribes to a topic anew: leave, acknowledgement, ask. One that is asked for, and whose items
    /// came first, follows once it is confirmed.
    pub(crate) fn resynchronise(&mut self, topic: &str) {
        let Some(entry) = self.entries.get_mut(topic) else { return };
        match entry.state {
            TopicState::Confirmed => {
                entry.leave(true);
                self.has_work = true;
            }
            TopicState::Asked => entry.is_broken = true,
            _ => {}
        }
    }

    /// The adapter would not ask for this topic.
    pub(crate) fn refused_unasked(&mut self, topic: &Topic, refusal: Refusal) {
        if let Some(entry) = self.entries.get_mut(topic) {
            entry.state = TopicState::Refused(refusal);
        }
    }

    /// Something may have become possible: a link, a lapse of time.
    pub(crate) fn look_again(&mut self) {
        self.has_work = true;
    }

    /// Whether there may be something to ask for now. Cheap, for the path of every frame.
    pub(crate) const fn has_work(&self) -> bool {
        self.has_work
    }

    /// The topics to tell the server to stop, at most `limit`, which count as told from here on.
    pub(crate) fn leave(&mut self, limit: usize) -> Vec<Topic> {
        let untold = |entry: &Entry| entry.state == TopicState::Leaving && !entry.was_told;
        let untold = self.entries.iter_mut().filter(|(_, entry)| untold(entry)).take(limit.max(1));
        let tell = |(topic, entry): (&Topic, &mut Entry)| {
            entry.was_told = true;
            topic.clone()
        };
        untold.map(tell).collect()
    }

    /// The topics that may be asked for now, at most `limit`, the most urgent first, which count as
    /// asked from here on. None left means that there is no work until something changes.
    pub(crate) fn ask(&mut self, now: Instant, limit: usize) -> Vec<Topic> {
        self.watch_for_silence(now);
        let may_ask = |entry: &Entry| match entry.state {
            TopicState::Wanted { retry_at } => retry_at.is_none_or(|at| at <= now),
            _ => false,
        };
        let askable = self.entries.iter().filter(|(_, entry)| may_ask(entry));
        let mut askable: Vec<_> = askable.map(|(topic, entry)| (entry.urgency(), topic.clone())).collect();
        // Stable: of equal urgency, in the order of their names.
        askable.sort_by_key(|(urgency, _)| std::cmp::Reverse(*urgency));
        askable.truncate(limit.max(1));
        self.has_work = !askable.is_empty();
        for (_, topic) in &askable {
            if let Some(entry) = self.entries.get_mut(topic) {
                entry.state = TopicState::Asked;
                entry.is_broken = false;
            }
        }
        askable.into_iter().map(|(_, topic)| topic).collect()
    }

    /// Topics that were confirmed already when somebody began to mind their silence.
    fn watch_for_silence(&mut self, now: Instant) {
        let confirmed = |entry: &&mut Entry| entry.state == TopicState::Confirmed;
        for entry in self.entries.values_mut().filter(confirmed) {
            let silent_at = entry.fresh_within().and_then(|within| now.checked_add(within));
            entry.silent_at = match (entry.silent_at, silent_at) {
                (Some(known), Some(new)) => Some(known.min(new)),
                (_, new) => new,
            };
        }
    }

    /// The server named this topic as active. Returns whether it has to be subscribed to anew
    /// nevertheless.
    pub(crate) fn confirmed(&mut self, topic: &Topic, now: Instant) -> bool {
        self.change(topic, TopicState::Confirmed);
        let confirmed = |entry: &&mut Entry| entry.state == TopicState::Confirmed;
        let Some(entry) = self.entries.get_mut(topic).filter(confirmed) else { return false };
        entry.silent_at = entry.fresh_within().and_then(|within| now.checked_add(within));
        let is_broken = std::mem::take(&mut entry.is_broken);
        if is_broken {
            self.resynchronise(topic.as_str());
        }
        is_broken
    }

    /// The server refused this topic.
    pub(crate) fn refused(&mut self, topic: &Topic, refusal: Refusal) {
        self.change(topic, TopicState::Refused(refusal));
    }

    fn change(&mut self, topic: &Topic, state: TopicState) {
        // A topic released meanwhile is leaving: a late answer must not bring it back.
        if let Some(entry) = self.entries.get_mut(topic).filter(|entry| entry.state == TopicState::Asked) {
            entry.state = state;
        }
    }

    /// Asking for this topic failed without an answer: it is tried again after a pause.
    pub(crate) fn unanswered(&mut self, topic: &Topic, now: Instant) {
        if let Some(entry) = self.entries.get_mut(topic).filter(|entry| entry.state == TopicState::Asked) {
            entry.state = TopicState::Wanted { retry_at: Some(now + RETRY_PAUSE) };
            self.has_timers = true;
        }
    }

    /// The pauses that are over are forgotten: what waits from here on waits for the writer, which
    /// may be blocked, and not for the clock.
    pub(crate) fn end_pauses(&mut self, now: Instant) {
        for entry in self.entries.values_mut() {
            if matches!(entry.state, TopicState::Wanted { retry_at: Some(at) } if at <= now) {
                entry.state = TopicState::Wanted { retry_at: None };
            }
        }
        self.has_timers = self.entries.values().any(Entry::may_wait);
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
            self.has_work = true;
        } else {
            self.entries.remove(topic);
        }
    }

    /// With the link went what the server knew: what is wanted is wanted anew.
    pub(crate) fn link_lost(&mut self) {
        self.entries.retain(|_, entry| entry.state != TopicState::Leaving || entry.wanted_again);
        for entry in self.entries.values_mut() {
            entry.silent_at = None;
            entry.is_stale = false;
            if !matches!(entry.state, TopicState::Refused(_)) {
                entry.wanted_again = false;
                entry.state = TopicState::Wanted { retry_at: None };
            }
        }
        self.has_work = true;
    }

    /// Looks at the topics whose silence is due. `last` tells when a topic was heard last.
    pub(crate) fn silences(
        &mut self,
        now: Instant,
        last: impl Fn(&Topic) -> Option<Instant>,
    ) -> Vec<Silence> {
        let mut found = Vec::new();
        let confirmed = |entry: &Entry| entry.state == TopicState::Confirmed;
        for (topic, entry) in self.entries.iter_mut().filter(|(_, entry)| confirmed(entry)) {
            let Some(within) = entry.fresh_within() else {
                // Whoever minded has gone.
                entry.silent_at = None;
                continue;
            };
            if entry.silent_at.is_none_or(|at| at > now) {
                continue;
            }
            let heard_until = last(topic).and_then(|last| last.checked_add(within));
            if heard_until.is_some_and(|until| until > now) {
                entry.is_stale = false;
                entry.silent_at = heard_until;
                continue;
            }
            entry.silent_at = now.checked_add(within);
            found.push(if entry.is_stale {
                Silence::StillStale(topic.clone())
            } else {
                Silence::Stale(topic.clone())
            });
            entry.is_stale = true;
        }
        found
    }

    pub(crate) fn state(&self, topic: &Topic) -> Option<&TopicState> {
        self.entries.get(topic).map(|entry| &entry.state)
    }

    /// The name of a topic of the wanted set.
    pub(crate) fn name(&self, topic: &str) -> Option<Topic> {
        self.entries.get_key_value(topic).map(|(topic, _)| topic.clone())
    }

    pub(crate) fn statuses(&self) -> impl Iterator<Item = TopicStatus> {
        self.entries.iter().map(|(topic, entry)| TopicStatus {
            topic: topic.clone(),
            state: entry.state.clone(),
            is_stale: entry.is_stale,
            subscribers: entry.holds.len(),
        })
    }

    /// What is wanted, without what was refused or is leaving for good.
    pub(crate) fn wanted(&self) -> Vec<Topic> {
        let is_wanted = |entry: &Entry| entry.is_held() && !matches!(entry.state, TopicState::Refused(_));
        self.entries.iter().filter(|(_, entry)| is_wanted(entry)).map(|(topic, _)| topic.clone()).collect()
    }

    /// Whether a required topic is not confirmed. One that was refused is missing until whoever
    /// requires it, and was told, gives it up.
    pub(crate) fn lacks_required(&self) -> bool {
        self.entries.values().any(Entry::is_missing)
    }

    /// The required topics that are not confirmed.
    pub(crate) fn missing(&self) -> Vec<Topic> {
        let missing = self.entries.iter().filter(|(_, entry)| entry.is_missing());
        missing.map(|(topic, _)| topic.clone()).collect()
    }

    /// When a topic may be asked for again, or its silence is due, first.
    pub(crate) fn timeout(&self) -> Option<Instant> {
        if !self.has_timers {
            return None;
        }
        self.entries.values().filter_map(Entry::timeout).min()
    }
}

impl Entry {
    fn is_held(&self) -> bool {
        self.is_restored || !self.holds.is_empty()
    }

    fn is_missing(&self) -> bool {
        self.holds.iter().any(|hold| hold.required) && self.state != TopicState::Confirmed
    }

    fn leave(&mut self, wanted_again: bool) {
        self.state = TopicState::Leaving;
        self.was_told = false;
        self.wanted_again = wanted_again;
    }

    fn urgency(&self) -> (bool, u8) {
        let required = self.holds.iter().any(|hold| hold.required);
        (required, self.holds.iter().map(|hold| hold.priority).max().unwrap_or_default())
    }

    fn fresh_within(&self) -> Option<Duration> {
        self.holds.iter().filter_map(|hold| hold.fresh_within).min()
    }

    /// Whether it waits for a moment, or will once it is confirmed.
    fn may_wait(&self) -> bool {
        self.timeout().is_some() || self.fresh_within().is_some()
    }

    fn timeout(&self) -> Option<Instant> {
        match self.state {
            TopicState::Wanted { retry_at } => retry_at,
            TopicState::Confirmed => self.silent_at,
            _ => None,
        }
    }
}

/// The pause before a topic whose request was not answered is asked for again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
