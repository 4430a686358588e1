//! What is going to happen, by time and then by the order in which it was decided.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    time::Duration,
};

use nova_transport::{Generation, Phase};

use super::{peer::Saying, reception::Reception};

#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<Entry>>,
    last: u64,
}

#[derive(Debug)]
struct Entry {
    at: Duration,
    number: u64,
    link: Generation,
    what: Happening,
}

/// Something that happens to a link.
#[derive(Debug)]
pub(super) enum Happening {
    Phase(Phase),
    Dialled(Reception),
    /// Bytes reach the peer.
    Up(Vec<u8>),
    /// Bytes reach the session's end.
    Down(Vec<u8>),
    /// The link breaks, at both ends.
    Breaks,
    /// The peer learns that nothing more comes.
    FinUp,
    /// The session's end learns that nothing more comes.
    FinDown,
    /// The peer does something it had put off.
    Says(Saying),
}

impl Agenda {
    pub(super) fn add(&mut self, at: Duration, link: Generation, what: Happening) {
        self.last += 1;
        self.heap.push(Reverse(Entry { at, number: self.last, link, what }));
    }

    pub(super) fn next_at(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    pub(super) fn pop(&mut self) -> Option<(Duration, Generation, Happening)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.link, entry.what))
    }
}

impl Entry {
    const fn key(&self) -> (Duration, u64) {
        (self.at, self.number)
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}
