//! The session's end of a link, and the ways a link breaks.

use std::{io, sync::Arc, task::Poll, time::Duration};

use nova_behaviour::{Behaviour, Policy};
use nova_frame_codec::{MaskKey, OpCode};
use nova_session::Transmit;
use nova_transport::{Generation, Handshake, TransportError};

use super::{
    World,
    agenda::Happening,
    checks::Always,
    network::{Carried, Faults},
    peer::Peer,
    reception::Reception,
    socket::{PeerEnd, Socket},
    trace::{What, digest},
};

impl<H: Behaviour, P: Policy, V: Peer> World<H, P, V> {
    /// Breaks the present link, as a reset does: both ends learn of it at once.
    pub fn cut(&mut self) {
        if let Some(link) = self.link() {
            self.agenda.add(self.clock.elapsed(), link, Happening::Breaks);
            self.run_for(Duration::ZERO);
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
}

/// How much waits in a sink before it has no more room, as the transports have it.
const SINK_BYTES: usize = 64 << 10;

/// Nobody listens on this wire, so one key does.
const KEY: [u8; 4] = [7, 11, 13, 17];
