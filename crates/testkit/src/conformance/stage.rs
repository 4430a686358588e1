//! The service on stage: the simulated peer that keeps what it hears and misbehaves when told to.

use std::{marker::PhantomData, time::Duration};

use nova_behaviour::{Body, Dialect, Kept};
use nova_frame_codec::Message;
use nova_transport::Generation;

use super::service::Service;
use crate::world::{Line, Peer};

/// How the service behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mood {
    /// Well.
    Good,
    /// It answers nothing.
    Mute,
    /// It answers so much later.
    Late(Duration),
    /// It refuses whatever it can refuse.
    Refusing,
    /// It refuses logins alone.
    Exclusive,
    /// It answers once it has heard so many messages, and then the last first.
    Backwards(usize),
}

pub(super) struct Stage<S, D> {
    pub(super) service: S,
    pub(super) mood: Mood,
    pub(super) heard: Vec<(Generation, Kept)>,
    held: Vec<Vec<Kept>>,
    dialect: PhantomData<fn() -> D>,
}

impl<S, D> Stage<S, D> {
    pub(super) const fn new(service: S) -> Self {
        Self { service, mood: Mood::Good, heard: Vec::new(), held: Vec::new(), dialect: PhantomData }
    }

    /// What came on one link.
    pub(super) fn on(&self, link: u64) -> impl Iterator<Item = Body<'_>> {
        let on_link = move |heard: &&(Generation, Kept)| heard.0.get() == link;
        self.heard.iter().filter(on_link).map(|(_, kept)| kept.as_body())
    }
}

impl<D: Dialect, S: Service<D>> Peer for Stage<S, D> {
    fn connected(&mut self, _line: &mut Line<'_>) {
        self.held.clear();
        self.service.connected();
    }

    fn message(&mut self, line: &mut Line<'_>, message: &Message<'_>) {
        let body = match message {
            Message::Text(text) => Body::Text(text),
            Message::Binary(bytes) => Body::Binary(bytes),
            _ => return,
        };
        self.heard.push((line.link(), Kept::from(body)));
        let at = line.at();
        match self.mood {
            Mood::Mute => {}
            Mood::Good => say(line, Duration::ZERO, self.service.hear(at, body)),
            Mood::Late(pause) => say(line, pause, self.service.hear(at, body)),
            Mood::Refusing | Mood::Exclusive => {
                let refuses = self.mood == Mood::Refusing || self.service.is_login(body);
                let refusal = if refuses { self.service.refuse(body) } else { None };
                let answers = refusal.map_or_else(|| self.service.hear(at, body), |refusal| vec![refusal]);
                say(line, Duration::ZERO, answers);
            }
            Mood::Backwards(count) => {
                self.held.push(self.service.hear(at, body));
                if self.held.len() >= count {
                    self.held.drain(..).rev().for_each(|answers| say(line, Duration::ZERO, answers));
                }
            }
        }
    }
}

/// Sends messages after a pause.
pub(super) fn say(line: &mut Line<'_>, pause: Duration, messages: Vec<Kept>) {
    for message in messages {
        let frame = message.as_frame();
        line.frame_after(pause, true, frame.opcode(), frame.payload().to_vec());
    }
}
