//! What became of every request, held against what passed on the wire (law L5).

use std::collections::HashMap;

use nova_behaviour::RequestId;
use nova_session::{RequestError, Settlement};
use nova_telemetry::Outcome;
use nova_transport::Generation;

use super::marks::Marks;

/// The book of requests.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) marks: Marks,
    by_mark: HashMap<u64, RequestId>,
    calls: HashMap<RequestId, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    /// The number by which it is known on the wire; `None` where it cannot be known.
    mark: Option<u64>,
    may_repeat: bool,
    /// The links on which the session handed it out.
    handed: Vec<Generation>,
    /// How often the peer saw it.
    seen: usize,
    outcome: Option<Outcome>,
}

type Checked = Result<(), String>;

impl Ledger {
    pub(super) fn new(marks: Marks) -> Self {
        Self { marks, by_mark: HashMap::new(), calls: HashMap::new() }
    }

    /// A request was accepted.
    pub(super) fn asked(&mut self, id: RequestId, mark: Option<u64>, may_repeat: bool) -> Checked {
        if let Some(mark) = mark
            && self.by_mark.insert(mark, id).is_some()
        {
            return Err(format!("the test gave the mark {mark} twice"));
        }
        self.calls.insert(id, Entry { mark, may_repeat, ..Entry::default() });
        Ok(())
    }

    /// The session handed out a payload. Returns whether it was a request of the application.
    pub(super) fn handed(&mut self, mark: u64, link: Generation) -> Result<bool, String> {
        let Some(entry) = self.by_mark.get(&mark).and_then(|id| self.calls.get_mut(id)) else {
            return Ok(false);
        };
        if let Some(outcome) = entry.outcome {
            return Err(format!("request #{mark} was handed out after it had ended: {}", outcome.name()));
        }
        if entry.handed.contains(&link) || !entry.handed.is_empty() && !entry.may_repeat {
            return Err(format!("request #{mark} was handed out again, on {link}"));
        }
        entry.handed.push(link);
        Ok(true)
    }

    /// The peer saw a payload.
    pub(super) fn seen(&mut self, mark: u64, link: Generation) -> Checked {
        let Some(entry) = self.by_mark.get(&mark).and_then(|id| self.calls.get_mut(id)) else {
            return Ok(());
        };
        entry.seen += 1;
        let never_sent = matches!(entry.outcome, Some(Outcome::NotSent));
        if never_sent || !entry.handed.contains(&link) || entry.seen > entry.handed.len() {
            return Err(format!("the peer saw request #{mark} on {link}, but: {entry:?}"));
        }
        Ok(())
    }

    /// The caller learnt the outcome, or gave up.
    pub(super) fn ended(&mut self, id: RequestId, how: &Result<Settlement, RequestError>) -> Checked {
        let Some(entry) = self.calls.get_mut(&id) else { return Ok(()) };
        let outcome = name(how);
        if let Some(first) = entry.outcome.replace(outcome) {
            return Err(format!("request {id} ended twice: {}, then {}", first.name(), outcome.name()));
        }
        let Some(mark) = entry.mark else { return Ok(()) };
        let was_handed = !entry.handed.is_empty();
        let is_true = match how {
            Ok(Settlement::Reply(body)) => {
                was_handed && (self.marks.reply)(body.as_body()).is_none_or(|reply| reply == mark)
            }
            Err(RequestError::NotSent(_)) => !was_handed,
            Err(RequestError::TimedOut { sent }) => *sent == was_handed,
            Err(RequestError::SentUnknown { link, .. }) => entry.handed.contains(link),
            Err(RequestError::Cancelled) => true,
            Ok(_) | Err(_) => was_handed,
        };
        if is_true { Ok(()) } else { Err(format!("request #{mark} ended as {how:?}, but: {entry:?}")) }
    }

    /// How often the peer has seen the request.
    pub(super) fn sightings(&self, id: RequestId) -> usize {
        self.calls.get(&id).map_or(0, |entry| entry.seen)
    }
}

/// The kind of ending.
pub(super) fn name(how: &Result<Settlement, RequestError>) -> Outcome {
    match how {
        Ok(Settlement::Reply(_)) => Outcome::Reply,
        Ok(Settlement::Pong(_)) => Outcome::Pong,
        Ok(_) => Outcome::Handed,
        Err(error) => error.outcome(),
    }
}
