//! The other side: what it does when something arrives, and with what it answers.

use std::time::Duration;

use nova_frame_codec::{CloseCode, CloseFrame, ControlPayload, Message, OpCode};
use nova_transport::Generation;

use super::reception::{Incoming, Reception};

/// A simulated service. Only [`message`](Self::message) is required; the rest behaves well.
pub trait Peer {
    /// Somebody wants to connect.
    fn receive(&mut self, incoming: &Incoming) -> Reception {
        let _ = incoming;
        Reception::Accept
    }

    /// A link has opened.
    fn connected(&mut self, line: &mut Line<'_>) {
        let _ = line;
    }

    /// A whole text or binary message arrived.
    fn message(&mut self, line: &mut Line<'_>, message: &Message<'_>);

    /// A control frame arrived. Default: pings are answered, and a close frame by its echo, after
    /// which the stream ends.
    fn control(&mut self, line: &mut Line<'_>, message: &Message<'_>) {
        line.behave(message);
    }

    /// A time asked for by [`Line::wake_after`] has come.
    fn timer(&mut self, line: &mut Line<'_>, token: u64) {
        let _ = (line, token);
    }

    /// A link is gone, as far as this side can tell.
    fn gone(&mut self, link: Generation) {
        let _ = link;
    }
}

/// One link, seen from the peer: what is said here is sent, at once or later.
#[derive(Debug)]
pub struct Line<'a> {
    pub(super) link: Generation,
    pub(super) at: Duration,
    pub(super) chance: &'a mut fastrand::Rng,
    pub(super) has_closed: &'a mut bool,
    pub(super) sayings: &'a mut Vec<(Duration, Saying)>,
}

/// What a peer does with its end of a link.
#[derive(Clone, Debug)]
pub(super) enum Saying {
    Frame { fin: bool, opcode: OpCode, payload: Vec<u8> },
    Raw(Vec<u8>),
    HangUp,
    Reset,
    Wake(u64),
}

impl Line<'_> {
    /// The link.
    #[must_use]
    pub const fn link(&self) -> Generation {
        self.link
    }

    /// The time since the beginning.
    #[must_use]
    pub const fn at(&self) -> Duration {
        self.at
    }

    /// The world's source of chance.
    pub const fn chance(&mut self) -> &mut fastrand::Rng {
        self.chance
    }

    /// Sends a text message.
    pub fn text(&mut self, text: impl Into<String>) {
        self.text_after(Duration::ZERO, text);
    }

    /// Sends a text message after a pause.
    pub fn text_after(&mut self, pause: Duration, text: impl Into<String>) {
        self.frame_after(pause, true, OpCode::Text, text.into().into_bytes());
    }

    /// Sends a binary message.
    pub fn binary(&mut self, bytes: impl Into<Vec<u8>>) {
        self.frame_after(Duration::ZERO, true, OpCode::Binary, bytes.into());
    }

    /// Sends the same message back, after a pause.
    pub fn echo_after(&mut self, pause: Duration, message: &Message<'_>) {
        match message {
            Message::Text(text) => self.text_after(pause, *text),
            Message::Binary(bytes) => self.frame_after(pause, true, OpCode::Binary, bytes.to_vec()),
            _ => {}
        }
    }

    /// Sends any frame after a pause.
    pub fn frame_after(&mut self, pause: Duration, fin: bool, opcode: OpCode, payload: Vec<u8>) {
        self.sayings.push((pause, Saying::Frame { fin, opcode, payload }));
    }

    /// Sends a ping.
    pub fn ping(&mut self, payload: &[u8]) {
        self.frame_after(Duration::ZERO, true, OpCode::Ping, payload.to_vec());
    }

    /// Sends a pong.
    pub fn pong(&mut self, payload: &[u8]) {
        self.frame_after(Duration::ZERO, true, OpCode::Pong, payload.to_vec());
    }

    /// Sends bytes that need not be a frame.
    pub fn raw(&mut self, bytes: impl Into<Vec<u8>>) {
        self.sayings.push((Duration::ZERO, Saying::Raw(bytes.into())));
    }

    /// Sends a close frame with this code, or without any.
    ///
    /// # Panics
    ///
    /// On a code that may not travel; send that by [`raw`](Self::raw).
    pub fn close(&mut self, code: impl Into<Option<u16>>) {
        self.close_after(Duration::ZERO, code);
    }

    /// Sends a close frame after a pause.
    ///
    /// # Panics
    ///
    /// As [`close`](Self::close).
    pub fn close_after(&mut self, pause: Duration, code: impl Into<Option<u16>>) {
        let payload = code.into().map_or(ControlPayload::EMPTY, |code| {
            let code = CloseCode::try_from(code).expect("a code that may travel");
            (&CloseFrame::from(code)).into()
        });
        *self.has_closed = true;
        self.frame_after(pause, true, OpCode::Close, payload.as_bytes().to_vec());
    }

    /// Ends the stream: what was sent before still arrives.
    pub fn hang_up(&mut self) {
        self.hang_up_after(Duration::ZERO);
    }

    /// Ends the stream after a pause.
    pub fn hang_up_after(&mut self, pause: Duration) {
        self.sayings.push((pause, Saying::HangUp));
    }

    /// Breaks the link.
    pub fn reset(&mut self) {
        self.reset_after(Duration::ZERO);
    }

    /// Breaks the link after a pause.
    pub fn reset_after(&mut self, pause: Duration) {
        self.sayings.push((pause, Saying::Reset));
    }

    /// Asks for a call of [`Peer::timer`] after a pause, if the link still stands then.
    pub fn wake_after(&mut self, pause: Duration, token: u64) {
        self.sayings.push((pause, Saying::Wake(token)));
    }

    /// Whether a close frame was sent on this link.
    #[must_use]
    pub const fn has_closed(&self) -> bool {
        *self.has_closed
    }

    /// What a peer that follows RFC 6455 does about a control frame.
    pub fn behave(&mut self, message: &Message<'_>) {
        match message {
            Message::Ping(payload) => self.pong(payload),
            Message::Close(frame) => {
                if !self.has_closed() {
                    self.close(frame.as_ref().map(|frame| frame.code().get()));
                }
                self.hang_up();
            }
            _ => {}
        }
    }
}
