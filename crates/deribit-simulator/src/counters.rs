//! What is counted on each connection.

use std::collections::BTreeMap;

/// The counters of one connection.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counters {
    /// Frames from the client.
    pub frames_in: u64,
    /// Bytes of their payloads.
    pub bytes_in: u64,
    /// Frames for the client.
    pub frames_out: u64,
    /// Bytes of their payloads.
    pub bytes_out: u64,
    /// Notifications among them.
    pub notifications: u64,
    /// Channels that are subscribed now.
    pub subscriptions: usize,
    /// The lowest level each bucket had when this connection drew from it, in credits.
    pub lowest_levels: BTreeMap<&'static str, u64>,
    /// Test requests that were sent.
    pub test_requests: u64,
    /// How long each answer to one took, in microseconds.
    pub answer_times: Vec<u64>,
    /// When the oldest unanswered one was sent.
    pub(crate) asked_at: Option<u64>,
}

impl Counters {
    pub(crate) fn paid(&mut self, bucket: &'static str, level: u64) {
        let lowest = self.lowest_levels.entry(bucket).or_insert(level);
        *lowest = level.min(*lowest);
    }

    pub(crate) fn asked(&mut self, now: u64) {
        self.test_requests += 1;
        self.asked_at.get_or_insert(now);
    }

    pub(crate) fn answered(&mut self, now: u64) {
        if let Some(asked_at) = self.asked_at.take() {
            self.answer_times.push(now - asked_at);
        }
    }
}
