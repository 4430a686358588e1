//! Lines on their way out: one at a time, in order, each with a known fate.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use websockex_nova::session::RequestError;

use super::{
    Talk,
    input::{Input, Line, Unusable},
};
use crate::told;

/// What became of the lines that were read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Tally {
    /// Handed to the socket.
    pub(super) handed: u64,
    /// Not sent, provably.
    pub(super) not_sent: u64,
    /// Perhaps sent.
    pub(super) unknown: u64,
}

/// The number of the last line that was handed to the socket; 0 for none.
#[derive(Clone, Debug, Default)]
pub(super) struct LastHanded(Arc<AtomicU64>);

impl LastHanded {
    pub(super) fn number(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Sends lines until there are no more, or the client is closed. Without a link they wait for it;
/// before the first link none is read.
pub(super) async fn send(client: Talk, last: LastHanded) -> Tally {
    let mut tally = Tally::default();
    if client.ready().await.is_err() {
        return tally;
    }
    let mut input = Input::begin();
    let mut taken = 0;
    loop {
        let line = tokio::select! {
            biased;
            _ = client.closed() => break,
            line = input.next() => line,
        };
        let Some(Line { number, content }) = line else { return tally };
        taken = number;
        let text = match content {
            Ok(text) => text,
            Err(why) => {
                tally.refuse(number, why);
                continue;
            }
        };
        match client.notify_text(text).wait_for_link(FOR_EVER).deadline(FOR_EVER).await {
            Ok(()) => {
                tally.handed += 1;
                last.0.store(number, Relaxed);
            }
            Err(error) => tally.fail(number, &error),
        }
    }
    tally.abandon(taken + 1, input.last_read());
    tally
}

impl Tally {
    /// Whether each line was handed to the socket.
    pub(super) const fn is_complete(&self) -> bool {
        self.not_sent + self.unknown == 0
    }

    fn refuse(&mut self, number: u64, why: Unusable) {
        eprintln!("nova: line {number}: not sent: {why}");
        self.not_sent += 1;
    }

    /// Lines that were read ahead when the client was closed. More may stand behind them, unread.
    fn abandon(&mut self, first: u64, last: u64) {
        if first <= last {
            eprintln!("nova: line {first} and whatever follows: not sent: the client is closed");
            self.not_sent += last - first + 1;
        }
    }

    fn fail(&mut self, number: u64, error: &RequestError) {
        if error.is_unsent() {
            self.not_sent += 1;
        } else {
            self.unknown += 1;
        }
        eprintln!("nova: line {number}: {}", told::in_line(error));
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { handed, not_sent, unknown } = self;
        write!(f, "{handed} sent, {not_sent} not sent, {unknown} of unknown fate")
    }
}

/// A line waits for a link as long as there is hope of one.
const FOR_EVER: Duration = Duration::MAX;
