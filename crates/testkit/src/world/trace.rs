//! What happened, in order: equal seeds give equal traces.

use std::{collections::VecDeque, fmt::Write as _, time::Duration};

use nova_behaviour::RequestId;
use nova_frame_codec::OpCode;
use nova_telemetry::{Event, Outcome};
use nova_transport::Generation;

/// The last things that happened in a world.
#[derive(Debug)]
pub struct Trace {
    entries: VecDeque<(Duration, What)>,
    limit: usize,
    forgotten: u64,
}

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum What {
    /// The session ordered a link.
    Dials(Generation),
    /// The session dropped a link.
    Drops(Generation),
    /// The session handed out a frame: its kind, and how long and what its payload was.
    Sends(Generation, OpCode, usize, u64),
    /// The session was given a frame.
    Hears(Generation, OpCode, usize, u64),
    /// A request was made, or refused at once.
    Asks(RequestId, bool),
    /// A request ended.
    Ends(RequestId, Outcome),
    /// The session told of an event.
    Event(Event),
    /// Something a test did by hand.
    Note(&'static str),
}

impl Trace {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit, forgotten: 0 }
    }

    pub(super) fn add(&mut self, at: Duration, what: What) {
        if self.limit == 0 {
            return;
        }
        if self.entries.len() == self.limit {
            self.entries.pop_front();
            self.forgotten += 1;
        }
        self.entries.push_back((at, what));
    }

    /// What is remembered, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &(Duration, What)> {
        self.entries.iter()
    }

    /// As text, one line each.
    #[must_use]
    pub fn render(&self) -> String {
        self.tail(usize::MAX)
    }

    /// The last lines as text.
    #[must_use]
    pub fn tail(&self, lines: usize) -> String {
        let skipped = self.entries.len().saturating_sub(lines);
        let mut text = format!("({} earlier)\n", self.forgotten + skipped as u64);
        for (at, what) in self.entries.iter().skip(skipped) {
            let written = match what {
                What::Event(event) => writeln!(text, "{at:>12.3?}  {event:?}"),
                what => writeln!(text, "{at:>12.3?}  {what:?}"),
            };
            written.expect("writing to a string cannot fail");
        }
        text
    }
}

/// A number for a payload, so that traces show which it was and not what it said.
pub(super) fn digest(payload: &[u8]) -> u64 {
    payload
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}
