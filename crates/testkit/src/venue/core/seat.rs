//! What the venue knows of one connection.

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use super::Output;
use crate::venue::credits::Purse;

/// One connection.
#[derive(Clone, Debug)]
pub struct Seat {
    pub(super) login: Option<Login>,
    pub(super) topics: BTreeSet<String>,
    pub(super) heartbeat: Option<Duration>,
    /// When it is asked whether it lives.
    pub(super) asks_at: Option<Instant>,
    /// Until when it may answer that.
    pub(super) asked_until: Option<Instant>,
    pub(super) cancels_on_drop: bool,
    pub(super) purse: Purse,
    pub(super) requests: u64,
    /// Answers that wait for more of them.
    pub(super) held: Vec<String>,
    pub(super) outputs: VecDeque<Output>,
    pub(super) pending_bytes: usize,
    /// A close frame was queued.
    pub(super) is_closing: bool,
    /// Its end was queued.
    pub(super) is_over: bool,
}

/// A login that holds.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) key: String,
    pub(super) until: Instant,
}

impl Seat {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            login: None,
            topics: BTreeSet::new(),
            heartbeat: None,
            asks_at: None,
            asked_until: None,
            cancels_on_drop: false,
            purse: Purse::full(now),
            requests: 0,
            held: Vec::new(),
            outputs: VecDeque::new(),
            pending_bytes: 0,
            is_closing: false,
            is_over: false,
        }
    }

    /// Who has logged in on it.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.login.as_ref().map(|login| login.key.as_str())
    }

    /// What is published to it.
    #[must_use]
    pub const fn topics(&self) -> &BTreeSet<String> {
        &self.topics
    }

    /// How often it is asked whether it lives, if it wished so.
    #[must_use]
    pub const fn heartbeat(&self) -> Option<Duration> {
        self.heartbeat
    }

    /// Whether its orders end with it.
    #[must_use]
    pub const fn cancels_on_drop(&self) -> bool {
        self.cancels_on_drop
    }

    /// How many requests it made.
    #[must_use]
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    pub(super) fn timeout(&self) -> Option<Instant> {
        let login = self.login.as_ref().map(|login| login.until);
        [login, self.asked_until.or(self.asks_at)].into_iter().flatten().min()
    }
}
