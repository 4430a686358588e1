//! What clients did to a scripted peer, and when.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    patience::{PATIENCE, within},
    raw_frame::RawFrame,
    request::Request,
};

/// A record of connections, requests and frames, in the order in which the peer saw them. It keeps
/// the last 10 000 entries, or fewer where they hold more than 64 MiB.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    book: Mutex<Book>,
    news: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Book {
    entries: VecDeque<Entry>,
    bytes: usize,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When the peer saw it.
    pub at: Instant,
    /// The connection it happened on; the first is 1.
    pub link: usize,
    /// What happened.
    pub what: Event,
}

/// What can happen on a connection, as its peer sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The connection was accepted.
    Accepted,
    /// A request was read whole.
    Request(Request),
    /// A frame was read whole.
    Frame(RawFrame),
    /// The peer saw the client end the stream.
    Ended,
}

impl Journal {
    /// All entries that are kept, oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.book().entries.iter().cloned().collect()
    }

    /// The requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        let request = |entry: &Entry| match &entry.what {
            Event::Request(request) => Some(request.clone()),
            _ => None,
        };
        self.book().entries.iter().filter_map(request).collect()
    }

    /// The frames of all connections, oldest first, each with the number of its connection.
    #[must_use]
    pub fn frames(&self) -> Vec<(usize, RawFrame)> {
        let frame = |entry: &Entry| match &entry.what {
            Event::Frame(frame) => Some((entry.link, frame.clone())),
            _ => None,
        };
        self.book().entries.iter().filter_map(frame).collect()
    }

    /// The moments at which connections were accepted, oldest first.
    #[must_use]
    pub fn accepted_at(&self) -> Vec<Instant> {
        let book = self.book();
        let accepted = book.entries.iter().filter(|entry| entry.what == Event::Accepted);
        accepted.map(|entry| entry.at).collect()
    }

    /// Waits until the entries satisfy `is_enough`, for 5 s at most.
    ///
    /// # Panics
    ///
    /// They do not in time; the text names `what` was awaited.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping it.
    pub async fn wait_for(&self, what: &str, is_enough: impl Fn(&[Entry]) -> bool) {
        self.wait_patiently_for(PATIENCE, what, is_enough).await;
    }

    /// Like [`wait_for`](Self::wait_for), with another patience.
    ///
    /// # Panics
    ///
    /// The entries are not enough in time; the text names `what` was awaited.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping it.
    pub async fn wait_patiently_for(
        &self,
        patience: Duration,
        what: &str,
        is_enough: impl Fn(&[Entry]) -> bool,
    ) {
        let mut news = self.shared.news.subscribe();
        let enough = async {
            while !is_enough(self.book().entries.make_contiguous()) {
                news.changed().await.expect("the sender lives as long as the journal");
            }
        };
        within(patience, what, enough).await;
    }

    pub(crate) fn record(&self, link: usize, what: Event) {
        let entry = Entry { at: Instant::now(), link, what };
        let mut book = self.book();
        book.bytes += entry.bytes();
        book.entries.push_back(entry);
        while book.entries.len() > MAX_ENTRIES || book.bytes > MAX_BYTES {
            let Some(oldest) = book.entries.pop_front() else { break };
            book.bytes -= oldest.bytes();
        }
        drop(book);
        self.shared.news.send_replace(());
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // A test that panicked in `wait_for` has changed nothing.
        self.shared.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        match &self.what {
            Event::Request(request) => request.raw.len(),
            Event::Frame(frame) => frame.payload.len(),
            Event::Accepted | Event::Ended => 0,
        }
    }
}

const MAX_ENTRIES: usize = 10_000;
const MAX_BYTES: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_make_room() {
        let journal = Journal::default();
        for number in 0..=MAX_ENTRIES {
            journal.record(number, Event::Accepted);
        }
        assert_eq!(journal.entries().len(), MAX_ENTRIES);
        assert_eq!(journal.entries()[0].link, 1);
        for _ in 0..3 {
            journal.record(0, Event::Frame(RawFrame::binary(vec![0; MAX_BYTES / 2])));
        }
        assert_eq!(journal.frames().len(), 2);
    }

    #[tokio::test]
    async fn a_wait_ends_with_the_entry_that_is_enough() {
        let journal = Journal::default();
        let writer = journal.clone();
        let write = tokio::spawn(async move {
            for number in 1..=3 {
                writer.record(number, Event::Accepted);
                tokio::task::yield_now().await;
            }
        });
        journal.wait_for("three connections", |entries| entries.len() == 3).await;
        write.await.unwrap();
    }
}
