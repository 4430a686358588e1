//! What became of each request, as its caller learnt it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinHandle;
use websockex_nova::{
    behaviour::Call,
    deribit::{DeribitDialect, DeribitHandlers},
    session::RequestError,
    telemetry::Outcome,
};

use super::play::DemoPolicies;
use crate::told;

type CallBuilder<C> = websockex_nova::client::CallBuilder<DeribitHandlers, DemoPolicies, C>;

/// How a request ended, for its caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// By its answer.
    Answered,
    /// By an answer that cannot be read: never, or the audit says so.
    Mistaken,
    /// By a refusal of the venue.
    Refused,
    /// Before anything was handed to the socket.
    NotSent,
    /// By the end of the link, after it was handed to the socket.
    SentUnknown,
    /// By its deadline.
    TimedOut {
        /// Whether it had been handed to the socket.
        sent: bool,
    },
    /// Because the caller stopped waiting, after it was handed to the socket.
    Cancelled,
}

impl From<&RequestError> for End {
    fn from(error: &RequestError) -> Self {
        match error {
            RequestError::TimedOut { sent } => Self::TimedOut { sent: *sent },
            error => match error.outcome() {
                Outcome::NotSent => Self::NotSent,
                Outcome::SentUnknown => Self::SentUnknown,
                Outcome::Cancelled => Self::Cancelled,
                Outcome::Refused => Self::Refused,
                _ => Self::Mistaken,
            },
        }
    }
}

/// A request in the ledger.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) method: String,
    /// Whether it may be sent again by itself.
    pub(super) replays: bool,
    /// `None` while it is under way.
    pub(super) end: Option<End>,
}

/// All requests. Clones are the same ledger.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    entries: Arc<Mutex<Vec<Entry>>>,
}

/// Whether a request may be sent again by itself after a lost link.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Replay {
    Never,
    Wished,
}

/// A request under way.
pub(super) struct Asked<R> {
    place: usize,
    ledger: Ledger,
    running: JoinHandle<Result<R, RequestError>>,
}

impl Ledger {
    /// Makes a request in a task of its own.
    pub(super) fn ask<C>(&self, request: &C, replay: Replay, builder: CallBuilder<C>) -> Asked<C::Reply>
    where
        C: Call<DeribitDialect> + Clone + 'static,
    {
        let method = request.clone().into_request().method().to_owned();
        let entry = Entry { method, replays: replay == Replay::Wished, end: None };
        let place = self.with(|entries| {
            entries.push(entry);
            entries.len() - 1
        });
        let running = tokio::spawn(builder.into_future());
        Asked { place, ledger: self.clone(), running }
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.with(|entries| entries.clone())
    }

    fn close(&self, place: usize, end: End) {
        self.with(|entries| entries[place].end = Some(end));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Entry>) -> T) -> T {
        // Nothing in here panics half way.
        work(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<R> Asked<R> {
    /// The answer, or how it ended instead and why.
    pub(super) async fn end(self) -> Result<R, String> {
        match self.running.await {
            Ok(Ok(answer)) => {
                self.ledger.close(self.place, End::Answered);
                Ok(answer)
            }
            Ok(Err(error)) => {
                self.ledger.close(self.place, End::from(&error));
                Err(told::in_line(&error))
            }
            Err(error) => {
                self.ledger.close(self.place, End::Mistaken);
                Err(error.to_string())
            }
        }
    }

    /// Stops waiting for it.
    pub(super) async fn give_up(self) {
        self.running.abort();
        // Once the task is gone, its request is cancelled; unless it ended a moment before.
        let end = match self.running.await {
            Err(_) => End::Cancelled,
            Ok(Ok(_)) => End::Answered,
            Ok(Err(error)) => End::from(&error),
        };
        self.ledger.close(self.place, end);
    }
}
