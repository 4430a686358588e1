//! A transport without sockets: frames lie in queues, and the peer answers inside of `flush`.
//!
//! Nothing here runs by itself, so that a test decides what happens between two polls.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard},
    task::{Poll, Waker},
};

use websockex_nova::{
    frame_codec::{Frame, OpCode, OutFrame},
    prelude::*,
    transport::{
        ConnectError, FrameSink, FrameSource, Handshake, Link, Phase, Progress, Transport, TransportError,
    },
};

type Whole = (OpCode, Vec<u8>);

/// The network, and the peer on it.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// The number of the present link.
    link: u64,
    is_open: bool,
    /// On their way to the client.
    inbound: VecDeque<Whole>,
    /// What the peer has heard.
    heard: Vec<Whole>,
    /// How many halves of links are alive in the client.
    halves: usize,
    reader: Option<Waker>,
    /// How many steps of the network may still happen; `None` for as many as like to.
    gate: Option<usize>,
    gated: Option<Waker>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("nothing panics with it")
    }

    /// The peer says something on its own account.
    pub(crate) fn say(&self, text: &str) {
        self.lock().say(OpCode::Text, text.into());
    }

    /// Cuts the present link.
    pub(crate) fn cut(&self) {
        let mut inner = self.lock();
        inner.is_open = false;
        inner.wake();
    }

    /// From here on nothing happens on the network but one step for each call of this.
    pub(crate) fn let_one_step(&self) {
        let mut inner = self.lock();
        inner.gate = Some(inner.gate.unwrap_or(0) + 1);
        if let Some(gated) = inner.gated.take() {
            gated.wake();
        }
    }

    /// Nothing happens on the network until [`let_one_step`](Self::let_one_step) lets it.
    pub(crate) fn hold(&self) {
        self.lock().gate = Some(0);
    }

    /// A step of the network: one turn later, or as soon as the test lets it.
    async fn step(&self) {
        let mut is_over = false;
        poll_fn(|cx| {
            let mut inner = self.lock();
            match &mut inner.gate {
                None if std::mem::replace(&mut is_over, true) => return Poll::Ready(()),
                None => cx.waker().wake_by_ref(),
                Some(0) => inner.gated = Some(cx.waker().clone()),
                Some(steps) => {
                    *steps -= 1;
                    return Poll::Ready(());
                }
            }
            Poll::Pending
        })
        .await;
    }

    /// The messages the peer has heard, in order; those in binary as text.
    pub(crate) fn heard(&self) -> Vec<String> {
        let is_data = |(opcode, _): &&Whole| matches!(opcode, OpCode::Text | OpCode::Binary);
        let text = |(_, payload): &Whole| String::from_utf8_lossy(payload).into_owned();
        self.lock().heard.iter().filter(is_data).map(text).collect()
    }

    /// Whether the client holds any part of a link.
    pub(crate) fn is_used(&self) -> bool {
        self.lock().halves > 0
    }
}

impl Inner {
    fn say(&mut self, opcode: OpCode, payload: Vec<u8>) {
        self.inbound.push_back((opcode, payload));
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// The peer hears a frame, and does as it says.
    fn hear(&mut self, (opcode, payload): Whole) {
        self.heard.push((opcode, payload.clone()));
        match opcode {
            OpCode::Text => {
                let line = String::from_utf8(payload).expect("the client sends UTF-8");
                if let Some(answer) = answer(&line) {
                    self.say(OpCode::Text, answer.into());
                }
            }
            OpCode::Binary => self.say(OpCode::Binary, payload),
            OpCode::Ping => self.say(OpCode::Pong, payload),
            OpCode::Close => {
                self.say(OpCode::Close, payload);
                self.is_open = false;
            }
            _ => {}
        }
    }
}

/// Lines with a number are obeyed, others are said back.
fn answer(line: &str) -> Option<String> {
    let (number, rest) = line.split_once(' ').unwrap_or((line, ""));
    if number.parse::<u64>().is_err() {
        return Some(format!("- {line}"));
    }
    match rest.split_once(' ').unwrap_or((rest, "")) {
        ("hush", _) => None,
        (_, rest) => Some(format!("{number} ok {rest}")),
    }
}

impl Transport for Memory {
    type Source = Source;
    type Sink = Sink;

    async fn connect(&self, _to: &Endpoint, tell: Progress<'_>) -> Result<Link<Source, Sink>, ConnectError> {
        for phase in [Phase::Tcp, Phase::Upgrade] {
            tell(phase);
            self.step().await;
        }
        let link = {
            let mut inner = self.lock();
            inner.inbound.clear();
            (inner.link, inner.is_open) = (inner.link + 1, true);
            inner.link
        };
        let source = Source { half: Half::new(self, link), current: (OpCode::Text, Vec::new()) };
        let sink = Sink { half: Half::new(self, link), fed: VecDeque::new() };
        Ok(Link { source, sink, handshake: Handshake::default() })
    }
}

/// A half of a link; counted while it is alive.
struct Half {
    memory: Memory,
    link: u64,
}

impl Half {
    fn new(memory: &Memory, link: u64) -> Self {
        memory.lock().halves += 1;
        Self { memory: memory.clone(), link }
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        self.memory.lock().halves -= 1;
    }
}

pub(crate) struct Source {
    half: Half,
    current: Whole,
}

impl FrameSource for Source {
    async fn fill(&mut self) -> Result<(), TransportError> {
        poll_fn(|cx| {
            let mut inner = self.half.memory.lock();
            if inner.link == self.half.link && !inner.inbound.is_empty() {
                Poll::Ready(Ok(()))
            } else if inner.link != self.half.link || !inner.is_open {
                Poll::Ready(Err(TransportError::Eof))
            } else {
                inner.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, TransportError> {
        let mut inner = self.half.memory.lock();
        let next = if inner.link == self.half.link { inner.inbound.pop_front() } else { None };
        let Some(next) = next else { return Ok(None) };
        drop(inner);
        self.current = next;
        Ok(Some(Frame { fin: true, opcode: self.current.0, payload: &self.current.1 }))
    }
}

pub(crate) struct Sink {
    half: Half,
    fed: VecDeque<Whole>,
}

impl FrameSink for Sink {
    fn has_room(&self) -> bool {
        self.fed.len() < 4
    }

    fn feed(&mut self, frame: OutFrame<'_>) -> Result<(), TransportError> {
        self.fed.push_back((frame.opcode(), frame.payload().to_vec()));
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        self.half.memory.step().await;
        let mut inner = self.half.memory.lock();
        if inner.link != self.half.link || !inner.is_open {
            return Err(TransportError::Eof);
        }
        while let Some(frame) = self.fed.pop_front() {
            inner.hear(frame);
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), TransportError> {
        self.flush().await
    }
}
