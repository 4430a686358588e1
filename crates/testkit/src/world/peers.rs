//! Peers that are often wanted.

use std::{collections::VecDeque, time::Duration};

use nova_frame_codec::Message;
use nova_transport::Generation;

use super::{
    peer::{Line, Peer},
    reception::{Incoming, Reception},
};

/// Says back whatever it is told, in order, after a pause of its choice.
#[derive(Clone, Debug, Default)]
pub struct EchoPeer {
    /// The pause before each answer. Default: none.
    pub pause: Duration,
    /// What it was told, as text, with the link it came on.
    pub heard: Vec<(Generation, String)>,
    /// Whether what it hears is kept in `heard`. Default: no.
    pub keeps: bool,
}

impl EchoPeer {
    /// An echo that keeps what it hears.
    #[must_use]
    pub fn keeping() -> Self {
        Self { keeps: true, ..Self::default() }
    }
}

impl Peer for EchoPeer {
    fn message(&mut self, line: &mut Line<'_>, message: &Message<'_>) {
        if self.keeps
            && let Message::Text(text) = message
        {
            self.heard.push((line.link(), (*text).to_owned()));
        }
        line.echo_after(self.pause, message);
    }
}

/// Accepts links and never says a word, not even to pings and close frames.
#[derive(Clone, Debug, Default)]
pub struct SilentPeer {
    /// How many messages it heard.
    pub messages: usize,
    /// How many control frames it heard.
    pub controls: usize,
}

impl Peer for SilentPeer {
    fn message(&mut self, _line: &mut Line<'_>, _message: &Message<'_>) {
        self.messages += 1;
    }

    fn control(&mut self, _line: &mut Line<'_>, _message: &Message<'_>) {
        self.controls += 1;
    }
}

/// Accepts every link and closes it at once.
#[derive(Clone, Debug, Default)]
pub struct AcceptThenClose {
    /// The code of its close frame; `None` ends the stream without one.
    pub code: Option<u16>,
    /// When it accepted, since the beginning.
    pub accepted: Vec<Duration>,
}

impl AcceptThenClose {
    /// Closes with this code.
    #[must_use]
    pub fn with_code(code: u16) -> Self {
        Self { code: Some(code), accepted: Vec::new() }
    }
}

impl Peer for AcceptThenClose {
    fn connected(&mut self, line: &mut Line<'_>) {
        self.accepted.push(line.at());
        match self.code {
            Some(code) => line.close(code),
            None => line.hang_up(),
        }
    }

    fn message(&mut self, _line: &mut Line<'_>, _message: &Message<'_>) {}
}

/// Receives each attempt as its script says; when the script is over, as a peer of its own.
#[derive(Clone, Debug)]
pub struct Scripted<V> {
    /// What becomes of the next attempts, first to last.
    pub script: VecDeque<Reception>,
    /// Who serves the links that open.
    pub then: V,
    /// Every attempt that was made.
    pub attempts: Vec<Incoming>,
}

impl<V> Scripted<V> {
    /// These attempts end so; those after them, and links, are the business of `then`.
    pub fn new(script: impl IntoIterator<Item = Reception>, then: V) -> Self {
        Self { script: script.into_iter().collect(), then, attempts: Vec::new() }
    }
}

impl<V: Peer> Peer for Scripted<V> {
    fn receive(&mut self, incoming: &Incoming) -> Reception {
        self.attempts.push(incoming.clone());
        match self.script.pop_front() {
            Some(reception) => reception,
            None => self.then.receive(incoming),
        }
    }

    fn connected(&mut self, line: &mut Line<'_>) {
        self.then.connected(line);
    }

    fn message(&mut self, line: &mut Line<'_>, message: &Message<'_>) {
        self.then.message(line, message);
    }

    fn control(&mut self, line: &mut Line<'_>, message: &Message<'_>) {
        self.then.control(line, message);
    }

    fn timer(&mut self, line: &mut Line<'_>, token: u64) {
        self.then.timer(line, token);
    }

    fn gone(&mut self, link: Generation) {
        self.then.gone(link);
    }
}

/// Refuses every attempt in the same way.
#[derive(Clone, Debug)]
pub struct Refusing {
    /// How.
    pub with: Reception,
    /// When it refused, since the beginning.
    pub refused: Vec<Duration>,
}

impl Refusing {
    /// Refuses like this.
    #[must_use]
    pub const fn with(reception: Reception) -> Self {
        Self { with: reception, refused: Vec::new() }
    }
}

impl Peer for Refusing {
    fn receive(&mut self, incoming: &Incoming) -> Reception {
        self.refused.push(incoming.at);
        self.with.clone()
    }

    fn message(&mut self, _line: &mut Line<'_>, _message: &Message<'_>) {}
}
