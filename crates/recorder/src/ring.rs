//! The bounded ring: the newest inputs, and what came of them.
//!
//! Everything is kept flat, so that a line costs no allocation of its own: an input, then what was
//! said and told until the next. Lines are put together only when somebody wants to see them.

use std::{
    collections::VecDeque,
    time::{Instant, SystemTime},
};

use nova_behaviour::{Behaviour, Policy, Settings};
use nova_session::{
    Session, Start,
    tape::{Said, nanos},
};

use crate::{
    line::{Input, Line, Told},
    recording::{Header, Recording},
    settings::SettingsShape,
    words,
};

/// How much of a session's life is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Keep {
    /// How many inputs. Default: 100 000; a message that arrives and is taken is two of them, and its
    /// share of reading and flushing.
    pub inputs: usize,
    /// How many bytes of memory, about. Default: 32 MiB.
    pub bytes: usize,
}

impl Default for Keep {
    fn default() -> Self {
        Self { inputs: 100_000, bytes: 32 << 20 }
    }
}

impl Keep {
    /// Sets how many inputs are kept.
    #[must_use]
    pub const fn with_inputs(mut self, inputs: usize) -> Self {
        self.inputs = inputs;
        self
    }

    /// Sets how many bytes of memory they may take, about.
    #[must_use]
    pub const fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }
}

#[derive(Clone, Debug)]
enum Item {
    Input(u64, Input),
    Said(Said),
    Told(Told),
}

#[derive(Clone, Debug)]
pub(crate) struct Ring {
    keep: Keep,
    pub(crate) start: Instant,
    wall: SystemTime,
    seed: u64,
    settings: SettingsShape,
    items: VecDeque<Item>,
    inputs: usize,
    bytes: usize,
    /// How many inputs have gone.
    missing: u64,
    /// When the last input came that told the time.
    last: u64,
    /// The version of the state that was told last.
    version: Option<u64>,
    /// The random numbers of the pings of ours that are under way.
    nonces: VecDeque<u64>,
    most_nonces: usize,
}

impl Ring {
    pub(crate) fn new(start: Start, settings: &Settings, keep: Keep) -> Self {
        Self {
            keep,
            start: start.now,
            wall: start.wall,
            seed: start.seed,
            settings: settings.into(),
            items: VecDeque::new(),
            inputs: 0,
            bytes: 0,
            missing: 0,
            last: 0,
            version: None,
            nonces: VecDeque::new(),
            // Pings of callers count as requests; those of the session's own are fewer than these.
            most_nonces: settings.in_flight.saturating_add(64),
        }
    }

    /// An input begins, and the one before it is complete.
    pub(crate) fn begin<H: Behaviour, P: Policy>(
        &mut self,
        session: &mut Session<H, P>,
        now: Option<Instant>,
        input: Input,
    ) {
        // What the very first one led to is its own.
        if self.inputs > 0 {
            self.complete(session);
        }
        if let Some(now) = now {
            self.last = nanos(self.start, now);
        }
        self.inputs += 1;
        self.push(Item::Input(self.last, input));
        while self.inputs > 1 && (self.inputs > self.keep.inputs.max(1) || self.bytes > self.keep.bytes) {
            self.drop_oldest();
        }
    }

    /// The session said something about the present input.
    pub(crate) fn tell(&mut self, told: Told) {
        self.push(Item::Told(told));
    }

    pub(crate) fn say(&mut self, said: Said) {
        self.push(Item::Said(said));
    }

    /// Takes in what is left of the present input: answers, and a change of state.
    pub(crate) fn complete<H: Behaviour, P: Policy>(&mut self, session: &mut Session<H, P>) {
        session.tape().take().for_each(|said| self.push(Item::Said(said)));
        if self.version != Some(session.version()) {
            self.version = Some(session.version());
            let state = words::state(&session.state(), self.start);
            self.push(Item::Told(Told::State { version: session.version(), state }));
        }
    }

    /// A ping of ours left.
    pub(crate) fn pinged(&mut self, payload: &[u8]) {
        if let Ok(nonce) = payload.try_into() {
            if self.nonces.len() >= self.most_nonces {
                self.nonces.pop_front();
            }
            self.nonces.push_back(u64::from_be_bytes(nonce));
        }
    }

    /// The number of the ping of ours that this payload answers, if it does.
    pub(crate) fn ponged(&mut self, payload: &[u8]) -> Option<u64> {
        let nonce = u64::from_be_bytes(payload.try_into().ok()?);
        let place = self.nonces.iter().position(|known| *known == nonce)?;
        self.nonces.remove(place)
    }

    fn push(&mut self, item: Item) {
        self.bytes += weight(&item);
        self.items.push_back(item);
    }

    fn drop_oldest(&mut self) {
        if let Some(item) = self.items.pop_front() {
            self.bytes -= weight(&item);
            self.inputs -= 1;
            self.missing += 1;
        }
        while let Some(Item::Said(_) | Item::Told(_)) = self.items.front() {
            if let Some(item) = self.items.pop_front() {
                self.bytes -= weight(&item);
            }
        }
    }

    /// Takes out the lines, to be compared with those of another life.
    pub(crate) fn take_lines(&mut self) -> Vec<Line> {
        (self.inputs, self.bytes) = (0, 0);
        lines(self.items.drain(..))
    }
}

/// What a ring held at some moment.
#[derive(Clone, Debug)]
pub struct Snapshot(pub(crate) Box<Ring>);

impl Snapshot {
    /// Puts the lines together.
    #[must_use]
    pub fn into_recording(self) -> Recording {
        let Ring { wall, seed, settings, missing, items, .. } = *self.0;
        Recording::new(Header::new(wall, seed, settings, missing), lines(items.into_iter()))
    }
}

fn lines(items: impl Iterator<Item = Item>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for item in items {
        match (item, lines.last_mut()) {
            (Item::Input(at, input), _) => {
                lines.push(Line { at, input, said: Vec::new(), told: Vec::new() });
            }
            (Item::Said(said), Some(line)) => line.said.push(said),
            (Item::Told(told), Some(line)) => line.told.push(told),
            (_, None) => {}
        }
    }
    lines
}

/// The memory an item takes, about.
fn weight(item: &Item) -> usize {
    let more = match item {
        Item::Input(_, Input::Subscribe(wish)) => 128 + wish.topics.len() * 24,
        Item::Input(_, Input::Restore(topics)) => topics.len() * 24,
        Item::Input(_, Input::Reconfigure(_)) => size_of::<SettingsShape>(),
        Item::Told(Told::Event { what, .. }) => what.capacity(),
        Item::Told(Told::State { state, .. }) => state.capacity(),
        Item::Told(Told::Failed(text) | Told::Done(text)) => text.capacity(),
        Item::Told(Told::Gap(_)) => 160,
        Item::Said(Said::TopicsAnswered { confirmed, refused, postponed }) => {
            (confirmed.len() + postponed.len()) * 24 + refused.len() * 48
        }
        _ => 0,
    };
    size_of::<Item>() + more
}
