//! The table of requests: each ends exactly once (law L5).
//!
//! An entry lives until its caller takes the outcome or stops waiting. Entries the session made for
//! itself (login, subscriptions) have no caller; the session acts on their outcome.

use std::{
    collections::BTreeSet,
    task::Waker,
    time::{Duration, Instant},
};

use nova_behaviour::{Body, Correlation, Kept, LoginOccasion, RequestId, Topic};
use nova_ratelimit::Charge;
use nova_transport::{Generation, LostReason};

use crate::{hash::OwnMap, request_error::RequestError};

/// How a request ended well.
#[derive(Debug)]
#[non_exhaustive]
pub enum Settlement {
    /// The reply's own part of the answer, not yet decoded.
    Reply(Kept),
    /// It was handed to the socket, and no reply was wanted.
    Handed,
    /// The ping was answered after this time.
    Pong(Duration),
}

/// Tells whether a message is the reply that is waited for.
pub type Matcher = Box<dyn FnMut(Body<'_>) -> bool + Send>;

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) purpose: Purpose,
    pub(crate) stage: Stage,
    pub(crate) began: Instant,
    /// When the call as a whole is given up.
    pub(crate) deadline: Instant,
    /// Until when it may wait for a usable link; `None` if it goes down with the present one.
    pub(crate) waits_until: Option<Instant>,
    pub(crate) correlation: Correlation,
    pub(crate) wants_reply: bool,
    /// Body and price, kept for a second sending, if the caller asked for that.
    pub(crate) replay: Option<(Kept, Charge)>,
    /// The last link it was lost with, if it waits to be sent again: it cannot end as never sent.
    pub(crate) lost_with: Option<(Generation, LostReason)>,
    pub(crate) waker: Option<Waker>,
}

#[derive(Debug)]
pub(crate) enum Stage {
    Queued,
    Sent(Generation),
    Settled(Result<Settlement, RequestError>),
}

/// What a request is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// Something the application asked.
    Call,
    /// A ping of the application.
    Ping,
    /// The session's login.
    Login(LoginOccasion),
    /// A setting of the connection.
    Setting { name: &'static str, is_required: bool },
    /// The session's change of subscriptions.
    Topics { asked: Vec<Topic>, subscribe: bool },
}

impl Entry {
    /// The link it was last handed to, if it was handed to any.
    pub(crate) fn sent_on(&self) -> Option<Generation> {
        match self.stage {
            Stage::Sent(link) => Some(link),
            _ => self.lost_with.as_ref().map(|(link, _)| *link),
        }
    }
}

impl Purpose {
    /// Whether an application waits for the outcome.
    pub(crate) const fn has_caller(&self) -> bool {
        matches!(self, Self::Call | Self::Ping)
    }
}

#[derive(Default)]
pub(crate) struct Requests {
    entries: OwnMap<RequestId, Entry>,
    timers: BTreeSet<(Instant, RequestId)>,
    matchers: Vec<(RequestId, Matcher)>,
    last: u64,
    live: usize,
}

impl Requests {
    pub(crate) fn next_id(&mut self) -> RequestId {
        self.last += 1;
        RequestId::new(self.last)
    }

    /// How many have not ended.
    pub(crate) const fn live(&self) -> usize {
        self.live
    }

    pub(crate) fn insert(&mut self, id: RequestId, entry: Entry, matcher: Option<Matcher>) {
        self.timers.insert((timer(&entry), id));
        self.entries.insert(id, entry);
        self.matchers.extend(matcher.map(|matcher| (id, matcher)));
        self.live += 1;
    }

    /// A request that has not ended.
    pub(crate) fn live_mut(&mut self, id: RequestId) -> Option<&mut Entry> {
        self.entries.get_mut(&id).filter(|entry| !matches!(entry.stage, Stage::Settled(_)))
    }

    pub(crate) fn entry_mut(&mut self, id: RequestId) -> Option<&mut Entry> {
        self.entries.get_mut(&id)
    }

    /// The outcome as its caller may know it: what waits to be sent again has been sent before.
    pub(crate) fn truthful(
        &self,
        id: RequestId,
        outcome: Result<Settlement, RequestError>,
    ) -> Result<Settlement, RequestError> {
        let Some((link, reason)) = self.entries.get(&id).and_then(|entry| entry.lost_with.clone()) else {
            return outcome;
        };
        outcome.map_err(|error| match error {
            RequestError::NotSent(_) => RequestError::SentUnknown { link, reason },
            RequestError::TimedOut { .. } => RequestError::TimedOut { sent: true },
            error => error,
        })
    }

    /// Ends a request that has not ended: keeps the outcome for its caller and returns the waker,
    /// or hands the whole entry back if there is no caller.
    pub(crate) fn settle(&mut self, id: RequestId, outcome: Result<Settlement, RequestError>) -> Settled {
        let Some(entry) = self.live_mut(id) else { return Settled::Unknown };
        let timer = (timer(entry), id);
        let settled = if entry.purpose.has_caller() {
            let link = entry.sent_on();
            entry.replay = None;
            entry.stage = Stage::Settled(outcome);
            Settled::ForCaller { began: entry.began, link, waker: entry.waker.take() }
        } else {
            match self.entries.remove(&id) {
                Some(entry) => Settled::ForSession { purpose: entry.purpose, outcome },
                None => Settled::Unknown,
            }
        };
        self.end(timer);
        settled
    }

    /// Removes a request whose caller no longer waits. Returns whether it had not ended.
    pub(crate) fn forget(&mut self, id: RequestId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        if !matches!(entry.stage, Stage::Settled(_)) {
            self.end((timer(&entry), id));
        }
        Some(entry)
    }

    /// A request that waited for a link was sent, or is to be sent again.
    pub(crate) fn restage(&mut self, id: RequestId, stage: Stage) {
        let Some(entry) = self.live_mut(id) else { return };
        let old = timer(entry);
        entry.stage = stage;
        let new = timer(entry);
        if old != new {
            self.timers.remove(&(old, id));
            self.timers.insert((new, id));
        }
    }

    pub(crate) fn timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// The next request whose time has come.
    pub(crate) fn due(&self, now: Instant) -> Option<RequestId> {
        self.timers.first().filter(|(at, _)| *at <= now).map(|(_, id)| *id)
    }

    /// All requests that have not ended and fit, oldest first.
    pub(crate) fn select(&self, fits: impl Fn(&Entry) -> bool) -> Vec<RequestId> {
        let live = |entry: &Entry| !matches!(entry.stage, Stage::Settled(_));
        let mut ids: Vec<_> =
            self.entries.iter().filter(|(_, entry)| live(entry) && fits(entry)).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }

    /// The oldest sent request whose matcher claims this message. Messages nobody claims stay
    /// available to everybody else.
    pub(crate) fn claim(&mut self, body: Body<'_>) -> Option<RequestId> {
        let Self { matchers, entries, .. } = self;
        let is_sent = |id| matches!(entries.get(id), Some(Entry { stage: Stage::Sent(_), .. }));
        matchers.iter_mut().find_map(|(id, matcher)| (is_sent(id) && matcher(body)).then_some(*id))
    }

    /// Whether any request brought its own matcher.
    pub(crate) fn has_matchers(&self) -> bool {
        !self.matchers.is_empty()
    }

    /// Whether this request brought its own matcher.
    pub(crate) fn has_matcher(&self, id: RequestId) -> bool {
        self.matchers.iter().any(|(known, _)| *known == id)
    }

    fn end(&mut self, timer: (Instant, RequestId)) {
        self.timers.remove(&timer);
        self.matchers.retain(|(id, _)| *id != timer.1);
        self.live -= 1;
    }
}

/// What became of an entry that was settled.
pub(crate) enum Settled {
    /// Its caller has to be woken.
    ForCaller { began: Instant, link: Option<Generation>, waker: Option<Waker> },
    /// The session has to act.
    ForSession { purpose: Purpose, outcome: Result<Settlement, RequestError> },
    /// It had ended before, or was never known.
    Unknown,
}

/// When an entry wants attention next.
fn timer(entry: &Entry) -> Instant {
    match (&entry.stage, entry.waits_until) {
        (Stage::Queued, Some(until)) => entry.deadline.min(until),
        _ => entry.deadline,
    }
}
