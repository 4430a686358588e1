//! Bytes in both directions, and what each end does with them.

use std::{io, sync::Arc, task::Poll};

use nova_behaviour::{Behaviour, Body, Policy};
use nova_frame_codec::{ControlPayload, MaskKey, Message, OpCode, OutFrame};
use nova_session::Transmit;
use nova_transport::{Generation, Handshake, TransportError};

use super::{
    World,
    agenda::Happening,
    checks::Always,
    network::{Carried, Faults},
    peer::{Line, Peer, Saying},
    reception::Reception,
    socket::{PeerEnd, Socket},
    trace::{What, digest},
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

    /// Breaks the present link, as a reset does: both ends learn of it at once.
    pub fn cut(&mut self) {
        if let Some(link) = self.link() {
            self.agenda.add(self.clock.elapsed(), link, Happening::Breaks);
            self.step();
        }
    }

    /// From now on, whatever is sent on the present link gets lost, and nobody is told.
    pub fn go_half_open(&mut self) {
        for socket in &mut self.sockets {
            socket.up.stall();
            socket.down.stall();
        }
    }

    /// The peer reads nothing more from the present link, and its socket takes only so many more
    /// bytes.
    pub fn stop_reading(&mut self, window: usize) {
        for socket in &mut self.sockets {
            socket.up.stall();
            socket.up.faults.window = Some(window);
        }
    }

    /// What goes wrong on the next link that has nothing planned yet.
    pub fn plan_faults(&mut self, faults: Faults) {
        self.planned.push_back(faults);
    }

    /// Whether links without a plan break at random.
    pub const fn break_at_random(&mut self, is_random: bool) {
        self.is_random = is_random;
    }

    pub(super) fn socket(&self, link: Generation) -> Option<usize> {
        self.sockets.iter().position(|socket| socket.link == link)
    }

    pub(super) fn happens(&mut self, link: Generation, what: Happening) {
        let Some(index) = self.socket(link) else { return };
        let now = self.clock.now();
        match what {
            Happening::Phase(phase) => self.session.handle_phase(now, link, phase),
            Happening::Dialled(reception) => self.dialled(index, reception),
            Happening::Up(bytes) => self.peer_reads(index, &bytes),
            Happening::Down(bytes) => {
                if let Some(client) = &mut self.sockets[index].client {
                    client.decoder.extend(&bytes);
                    client.is_readable = true;
                }
            }
            Happening::Breaks => {
                if let Some(client) = &mut self.sockets[index].client {
                    let error = io::Error::from(io::ErrorKind::ConnectionReset);
                    client.end.get_or_insert(TransportError::Io(Arc::new(error)));
                }
                self.peer_leaves(index);
            }
            Happening::FinUp => {
                let (now, socket) = (self.clock.elapsed(), &mut self.sockets[index]);
                if !socket.down.is_stalled() {
                    let at = socket.down.arrival(now, &self.network, &mut self.chance);
                    self.agenda.add(at, link, Happening::FinDown);
                }
                self.peer_leaves(index);
            }
            Happening::FinDown => {
                if let Some(client) = &mut self.sockets[index].client {
                    client.end.get_or_insert(TransportError::Eof);
                }
            }
            Happening::Says(saying) => self.perform(index, saying),
        }
    }

    fn dialled(&mut self, index: usize, reception: Reception) {
        let (now, wall, socket) = (self.clock.now(), self.clock.wall(), &mut self.sockets[index]);
        let link = socket.link;
        let Some(client) = &mut socket.client else { return };
        match reception {
            Reception::Accept => {
                client.is_open = true;
                socket.peer = Some(PeerEnd::new());
                self.memory.heard(now);
                self.session.handle_connected(now, wall, link, &Handshake::default());
                self.at_peer(index, |peer, line| peer.connected(line));
            }
            Reception::Refuse(error) => self.session.handle_connect_failed(now, link, error),
            Reception::Hang(phase) => {
                let limit = self.network.phase_limit;
                let error = nova_transport::ConnectError::TimedOut { phase, limit };
                self.session.handle_connect_failed(now, link, error);
            }
        }
    }

    /// The session's end is gone; its peer learns of it if anything still passes.
    pub(super) fn abandon(&mut self, index: usize) {
        let now = self.clock.elapsed();
        let socket = &mut self.sockets[index];
        socket.client = None;
        if socket.peer.is_some() && !socket.up.is_stalled() {
            let at = socket.up.arrival(now, &self.network, &mut self.chance);
            self.agenda.add(at, socket.link, Happening::FinUp);
        } else {
            self.sockets.remove(index);
        }
    }

    fn peer_leaves(&mut self, index: usize) {
        let socket = &mut self.sockets[index];
        if socket.peer.take().is_some() {
            self.peer.gone(socket.link);
        }
        if socket.client.is_none() {
            self.sockets.remove(index);
        }
    }

    /// Hands to the session what has arrived, unless it wants a pause.
    pub(super) fn read(&mut self) -> bool {
        let now = self.clock.now();
        let mut moved = false;
        let mut missed = false;
        for Socket { link, client, .. } in &mut self.sockets {
            let Some(client) = client.as_mut().filter(|client| client.is_open) else { continue };
            while client.is_readable || client.end.is_some() {
                if client.is_paused {
                    let polled = self.session.poll_read(*link, &client.reader.context());
                    let was_woken = client.reader.lower();
                    if polled.is_pending() {
                        break;
                    }
                    client.is_paused = false;
                    missed |= !was_woken;
                }
                if !self.session.wants_read(*link) {
                    client.is_paused = true;
                    client.reader.raise();
                    continue;
                }
                moved = true;
                match client.decoder.next_frame() {
                    Ok(Some(frame)) => {
                        self.memory.heard(now);
                        let seen =
                            What::Hears(*link, frame.opcode, frame.payload.len(), digest(frame.payload));
                        self.trace.add(self.clock.elapsed(), seen);
                        self.session.handle_frame(now, *link, frame);
                    }
                    Ok(None) => {
                        if client.is_readable {
                            // A part of a frame is a sign of life as well.
                            self.memory.heard(now);
                            self.session.handle_heard(*link);
                        }
                        client.is_readable = false;
                        if let Some(error) = client.end.take() {
                            // What follows would be written into a socket that is gone.
                            client.has_finished = true;
                            self.session.handle_lost(now, *link, error);
                        }
                    }
                    Err(violation) => {
                        (client.is_readable, client.end) = (false, None);
                        self.session.handle_lost(now, *link, TransportError::Protocol(violation));
                        break;
                    }
                }
            }
        }
        self.always(!missed, "whoever paused reading is woken when it may go on");
        moved
    }

    /// Takes frames from the session into the sockets, as far as these have room.
    pub(super) fn write(&mut self) -> bool {
        let mut moved = false;
        for index in 0..self.sockets.len() {
            moved |= self.feed(index);
            moved |= self.flush(index);
        }
        moved
    }

    fn feed(&mut self, index: usize) -> bool {
        let now = self.clock.now();
        let mut moved = false;
        loop {
            let Socket { link, client, .. } = &mut self.sockets[index];
            let link = *link;
            let Some(client) = client.as_mut().filter(|client| client.is_open) else { return moved };
            if client.has_finished
                || client.is_flushing && !moved
                || client.encoder.pending().len() >= SINK_BYTES
            {
                return moved;
            }
            let polled = self.session.poll_transmit(now, link, &client.writer.context());
            let was_woken = client.writer.lower() || moved;
            let (opcode, mark, was_closed) = match polled {
                Poll::Pending => return moved,
                Poll::Ready(Transmit::Finish) => {
                    client.has_finished = true;
                    let at =
                        self.sockets[index].up.arrival(self.clock.elapsed(), &self.network, &mut self.chance);
                    if !self.sockets[index].up.is_stalled() {
                        self.agenda.add(at, link, Happening::FinUp);
                    }
                    self.always(was_woken, "the writer is woken to finish");
                    return true;
                }
                Poll::Ready(Transmit::Frame(frame)) => {
                    client.encoder.push(frame, MaskKey::from(KEY));
                    let was_closed = client.has_closed;
                    client.has_closed |= frame.opcode() == OpCode::Close;
                    let payload = frame.payload();
                    let sent = What::Sends(link, frame.opcode(), payload.len(), digest(payload));
                    self.trace.add(self.clock.elapsed(), sent);
                    (frame.opcode(), self.ledger.mark_of(frame.opcode(), payload), was_closed)
                }
            };
            client.is_flushing = true;
            moved = true;
            self.always(was_woken, "the writer is woken when there is something to send");
            self.always(!was_closed, "nothing is sent after a close frame");
            if let Some(mark) = mark.filter(|_| matches!(opcode, OpCode::Text | OpCode::Binary)) {
                self.handed(mark, link);
            }
        }
    }

    /// Moves what was fed into the socket.
    fn flush(&mut self, index: usize) -> bool {
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        let Socket { link, client, up, .. } = &mut self.sockets[index];
        let Some(client) = client.as_mut().filter(|client| client.is_flushing) else { return false };
        let pending = client.encoder.pending();
        let taken = pending.len().min(up.room());
        let (agenda, network, chance) = (&mut self.agenda, &self.network, &mut self.chance);
        if taken > 0 {
            up.carry(&pending[..taken], elapsed, network, chance, |carried| match carried {
                Carried::Arrives(at, bytes) => agenda.add(at, *link, Happening::Up(bytes)),
                Carried::Breaks(at) => agenda.add(at, *link, Happening::Breaks),
            });
            client.encoder.advance(taken);
        }
        if client.encoder.pending().is_empty() {
            client.is_flushing = false;
            client.writer.raise();
            self.session.handle_flushed(now, *link);
            return true;
        }
        false
    }

    fn peer_reads(&mut self, index: usize, bytes: &[u8]) {
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
    fn at_peer<T>(&mut self, index: usize, act: impl FnOnce(&mut V, &mut Line<'_>) -> T) -> Option<T> {
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

    fn perform(&mut self, index: usize, saying: Saying) {
        let elapsed = self.clock.elapsed();
        let Self { sockets, network, chance, agenda, .. } = self;
        let Socket { link, down, peer, .. } = &mut sockets[index];
        let (link, Some(end)) = (*link, peer) else { return };
        let mut carry = |down: &mut super::network::Pipe, bytes: &[u8], chance: &mut fastrand::Rng| {
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

fn push(
    encoder: &mut nova_frame_codec::Encoder<nova_frame_codec::Server>,
    fin: bool,
    opcode: OpCode,
    payload: &[u8],
) {
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

/// How much waits in a sink before it has no more room, as the transports have it.
const SINK_BYTES: usize = 64 << 10;

/// Nobody listens on this wire, so one key does.
const KEY: [u8; 4] = [7, 11, 13, 17];
