//! The peer's end of a link: what it hears, and what becomes of what it says.

use nova_behaviour::{Behaviour, Body, Policy};
use nova_frame_codec::{ControlPayload, Encoder, Message, OpCode, OutFrame, Server};

use super::{
    World,
    agenda::Happening,
    checks::Always,
    network::{Carried, Pipe},
    peer::{Line, Peer, Saying},
    socket::{PeerEnd, Socket},
};

impl<H: Behaviour, P: Policy, V: Peer> World<H, P, V> {
    /// Does something with the peer's end of the present link, as if the peer had thought of it.
    ///
    /// # Panics
    ///
    /// If no link is open at the peer.
    #[track_caller]
    pub fn peer_does<T>(&mut self, act: impl FnOnce(&mut V, &mut Line<'_>) -> T) -> T {
        self.peer_tries(act).expect("a link is open at the peer")
    }

    /// As [`peer_does`](Self::peer_does), if a link is open at the peer.
    pub fn peer_tries<T>(&mut self, act: impl FnOnce(&mut V, &mut Line<'_>) -> T) -> Option<T> {
        let index = self.sockets.iter().rposition(|socket| socket.peer.is_some())?;
        let result = self.at_peer(index, act);
        self.pump();
        result
    }

    pub(super) fn peer_leaves(&mut self, index: usize) {
        let socket = &mut self.sockets[index];
        if socket.peer.take().is_some() {
            self.peer.gone(socket.link);
        }
        if socket.client.is_none() {
            self.sockets.remove(index);
        }
    }

    pub(super) fn peer_reads(&mut self, index: usize, bytes: &[u8]) {
        self.sockets[index].up.left(bytes.len());
        if let Some(end) = &mut self.sockets[index].peer {
            end.decoder.extend(bytes);
        }
        loop {
            let Self { sockets, peer, chance, sayings, ledger, .. } = self;
            let Some(socket) = sockets.get_mut(index) else { return };
            let link = socket.link;
            let Some(end) = &mut socket.peer else { return };
            let PeerEnd { decoder, assembler, has_closed, .. } = end;
            let message = match decoder.next_frame().map(|frame| frame.map(|frame| assembler.push(frame))) {
                Ok(None) => return,
                Ok(Some(Ok(None))) => continue,
                Ok(Some(Ok(Some(message)))) => message,
                Ok(Some(Err(violation))) | Err(violation) => {
                    self.fail(&format!("the session broke the protocol: {violation}"));
                }
            };
            let mark = match &message {
                Message::Text(text) => (ledger.marks.request)(Body::Text(text)),
                Message::Binary(bytes) => (ledger.marks.request)(Body::Binary(bytes)),
                _ => None,
            };
            let seen = mark.map_or(Ok(()), |mark| ledger.seen(mark, link));
            let mut line = Line { link, at: self.clock.elapsed(), chance, has_closed, sayings };
            match &message {
                Message::Text(_) | Message::Binary(_) => peer.message(&mut line, &message),
                _ => peer.control(&mut line, &message),
            }
            if let Err(wrong) = seen {
                self.fail(&wrong);
            }
            self.say(index);
        }
    }

    /// Lets the peer act on its end of a link, and performs what it wants.
    pub(super) fn at_peer<T>(
        &mut self,
        index: usize,
        act: impl FnOnce(&mut V, &mut Line<'_>) -> T,
    ) -> Option<T> {
        let Self { sockets, peer, chance, sayings, clock, .. } = self;
        let socket = &mut sockets[index];
        let end = socket.peer.as_mut()?;
        let has_closed = &mut end.has_closed;
        let mut line = Line { link: socket.link, at: clock.elapsed(), chance, has_closed, sayings };
        let result = act(peer, &mut line);
        self.say(index);
        Some(result)
    }

    /// Performs what the peer has just said, or puts it on the agenda.
    fn say(&mut self, index: usize) {
        if self.sayings.is_empty() {
            return;
        }
        let link = self.sockets[index].link;
        let mut sayings = std::mem::take(&mut self.sayings);
        for (pause, saying) in sayings.drain(..) {
            match self.socket(link) {
                Some(index) if pause.is_zero() => self.perform(index, saying),
                Some(_) => self.agenda.add(self.clock.elapsed() + pause, link, Happening::Says(saying)),
                None => {}
            }
        }
        sayings.append(&mut self.sayings);
        self.sayings = sayings;
    }

    pub(super) fn perform(&mut self, index: usize, saying: Saying) {
        let elapsed = self.clock.elapsed();
        let Self { sockets, network, chance, agenda, .. } = self;
        let Socket { link, down, peer, .. } = &mut sockets[index];
        let (link, Some(end)) = (*link, peer) else { return };
        let mut carry = |down: &mut Pipe, bytes: &[u8], chance: &mut fastrand::Rng| {
            down.carry(bytes, elapsed, network, chance, |carried| match carried {
                Carried::Arrives(at, bytes) => agenda.add(at, link, Happening::Down(bytes)),
                Carried::Breaks(at) => agenda.add(at, link, Happening::Breaks),
            });
        };
        match saying {
            Saying::Frame { fin, opcode, payload } => {
                push(&mut end.encoder, fin, opcode, &payload);
                let bytes = end.encoder.pending();
                carry(down, bytes, chance);
                let length = bytes.len();
                end.encoder.advance(length);
            }
            Saying::Raw(bytes) => carry(down, &bytes, chance),
            Saying::HangUp | Saying::Reset => {
                if !down.is_stalled() {
                    let at = down.arrival(elapsed, network, chance);
                    let is_end = matches!(saying, Saying::HangUp);
                    agenda.add(at, link, if is_end { Happening::FinDown } else { Happening::Breaks });
                }
                self.peer_leaves(index);
            }
            Saying::Wake(token) => {
                self.at_peer(index, |peer, line| peer.timer(line, token));
            }
        }
    }
}

fn push(encoder: &mut Encoder<Server>, fin: bool, opcode: OpCode, payload: &[u8]) {
    let control = || ControlPayload::new(payload).expect("a control payload is short");
    match (opcode, fin) {
        (OpCode::Text, true) => {
            encoder.push(OutFrame::text(str::from_utf8(payload).expect("text is UTF-8")));
        }
        (OpCode::Text, false) => encoder.push(OutFrame::first_text(payload)),
        (OpCode::Binary, true) => encoder.push(OutFrame::binary(payload)),
        (OpCode::Binary, false) => encoder.push(OutFrame::first_binary(payload)),
        (OpCode::Continuation, fin) => encoder.push(OutFrame::continuation(payload, fin)),
        (OpCode::Ping, _) => encoder.push(OutFrame::ping(&control())),
        (OpCode::Pong, _) => encoder.push(OutFrame::pong(&control())),
        (OpCode::Close, _) => encoder.push(OutFrame::close(&control())),
    }
}
