//! From frames to messages: joins fragments, proves text, reads close frames.
//!
//! It answers nothing: pongs and the closing handshake are the session's.

use std::fmt;

use crate::{
    close::CloseFrame, control::ControlPayload, error::ProtocolError, frame::Frame, message::Message,
    opcode::OpCode, text::Text, utf8,
};

/// Turns the frames of one connection into messages, wherever the frames come from.
///
/// A message that came in one frame is lent as it lies, without a copy. Fragments are joined in a
/// buffer that grows with what arrives; the limit holds for their sum. Control frames between
/// fragments are delivered at once (RFC 6455 §5.4). Memory above 64 KiB is given back by the push
/// that follows the message it was needed for.
///
/// ```
/// use nova_frame_codec::{Assembler, Frame, Message, OpCode};
///
/// let mut assembler = Assembler::new(16 << 20);
/// let first = Frame { fin: false, opcode: OpCode::Text, payload: b"he" };
/// assert_eq!(assembler.push(first)?, None);
/// let last = Frame { fin: true, opcode: OpCode::Continuation, payload: b"llo" };
/// assert_eq!(assembler.push(last)?, Some(Message::Text("hello")));
/// # Ok::<(), nova_frame_codec::ProtocolError>(())
/// ```
pub struct Assembler {
    state: State,
    limit: usize,
    text: Text,
    binary: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Between messages, and nothing is kept.
    Idle,
    /// A fragmented text message is open.
    Text,
    /// A fragmented binary message is open.
    Binary,
    /// A joined message was lent; its buffer is cleared by the next push.
    Delivered,
    /// The peer broke the protocol.
    Failed(ProtocolError),
}

impl Assembler {
    /// An assembler that refuses messages of more than `message_limit_bytes`.
    #[must_use]
    pub fn new(message_limit_bytes: usize) -> Self {
        Self { state: State::Idle, limit: message_limit_bytes, text: Text::default(), binary: Vec::new() }
    }

    /// Takes a frame; gives the message it completes, or `None` for a fragment that is not the last.
    ///
    /// # Errors
    ///
    /// The peer broke RFC 6455: the order of fragments (§5.4), the bounds of control frames (§5.5),
    /// the form of a close (§5.5.1), UTF-8 (§8.1), or the limit. Text is refused with the first
    /// fragment that no continuation could repair. From then on the error is repeated.
    #[inline(always)]
    pub fn push<'a>(&'a mut self, frame: Frame<'a>) -> Result<Option<Message<'a>>, ProtocolError> {
        if matches!(self.state, State::Idle)
            && let Some(message) = whole(frame, self.limit)
        {
            return Ok(Some(message));
        }
        self.push_any(frame)
    }

    /// Takes any frame, and remembers an error.
    #[inline(never)]
    fn push_any<'a>(&'a mut self, frame: Frame<'a>) -> Result<Option<Message<'a>>, ProtocolError> {
        match self.step(frame.fin, frame.opcode, frame.payload) {
            Step::Nothing => Ok(None),
            Step::Text => Ok(Some(Message::Text(self.text.whole()))),
            Step::Binary => Ok(Some(Message::Binary(&self.binary))),
            Step::Lent => self.lend(frame),
        }
    }

    /// Takes what is a part of a message.
    #[inline(always)]
    fn step(&mut self, fin: bool, opcode: OpCode, payload: &[u8]) -> Step {
        if matches!(self.state, State::Delivered) {
            self.forget();
            self.state = State::Idle;
        }
        self.accept(fin, opcode, payload).unwrap_or_else(|error| {
            self.fail(error);
            Step::Lent
        })
    }

    /// A message that lies in this frame alone, or the error that has been remembered.
    #[inline(never)]
    fn lend<'a>(&mut self, frame: Frame<'a>) -> Result<Option<Message<'a>>, ProtocolError> {
        if let State::Failed(error) = self.state {
            return Err(error);
        }
        let message = if frame.opcode.is_control() {
            control(frame)
        } else if frame.payload.len() > self.limit {
            Err(ProtocolError::TooBig { limit: self.limit })
        } else {
            whole(frame, self.limit).ok_or(ProtocolError::InvalidUtf8)
        };
        message.map(Some).inspect_err(|error| self.fail(*error))
    }

    /// Appends to the open message what is a part of one.
    #[inline(always)]
    fn accept(&mut self, fin: bool, opcode: OpCode, payload: &[u8]) -> Result<Step, ProtocolError> {
        let open = match (self.state, opcode) {
            (State::Text | State::Binary, OpCode::Continuation) => self.state,
            (State::Failed(_), _) | (_, OpCode::Close | OpCode::Ping | OpCode::Pong) => {
                return Ok(Step::Lent);
            }
            (State::Text | State::Binary, _) => return Err(ProtocolError::InterruptedMessage),
            (_, OpCode::Continuation) => return Err(ProtocolError::UnexpectedContinuation),
            _ if fin => return Ok(Step::Lent),
            (_, OpCode::Text) => State::Text,
            (_, OpCode::Binary) => State::Binary,
        };
        self.state = open;
        let is_text = matches!(open, State::Text);
        let held = if is_text { self.text.len() } else { self.binary.len() };
        if payload.len() > self.limit - held {
            return Err(ProtocolError::TooBig { limit: self.limit });
        }
        let joined = if is_text {
            self.text.push(payload)?;
            if fin && self.text.is_cut() {
                return Err(ProtocolError::InvalidUtf8);
            }
            Step::Text
        } else {
            self.binary.extend_from_slice(payload);
            Step::Binary
        };
        if !fin {
            return Ok(Step::Nothing);
        }
        self.state = State::Delivered;
        Ok(joined)
    }

    fn fail(&mut self, error: ProtocolError) {
        self.state = State::Failed(error);
        self.forget();
    }

    fn forget(&mut self) {
        self.text.clear(KEPT_BYTES);
        self.binary.clear();
        if self.binary.capacity() > KEPT_BYTES {
            self.binary.shrink_to(KEPT_BYTES);
        }
    }
}

impl fmt::Debug for Assembler {
    /// Shows lengths only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembler")
            .field("state", &self.state)
            .field("limit_bytes", &self.limit)
            .field("held_bytes", &(self.text.len() + self.binary.len()))
            .finish()
    }
}

/// What a frame brought.
enum Step {
    /// A part that is not the last.
    Nothing,
    /// The last part of what the text holds.
    Text,
    /// The last part of what the bytes hold.
    Binary,
    /// Nothing that is joined: the frame itself is to be looked at, or there was an error.
    Lent,
}

/// A message in a single frame, if it is one and breaks no rule; the long way names the rule.
#[inline(always)]
fn whole(frame: Frame<'_>, limit: usize) -> Option<Message<'_>> {
    if !frame.fin || frame.payload.len() > limit {
        return None;
    }
    match frame.opcode {
        OpCode::Text => utf8::text(frame.payload).map(Message::Text),
        OpCode::Binary => Some(Message::Binary(frame.payload)),
        _ => None,
    }
}

fn control(frame: Frame<'_>) -> Result<Message<'_>, ProtocolError> {
    if !frame.fin {
        return Err(ProtocolError::FragmentedControl);
    }
    if frame.payload.len() > ControlPayload::MAX_BYTES {
        return Err(ProtocolError::ControlTooLong);
    }
    Ok(match frame.opcode {
        OpCode::Ping => Message::Ping(frame.payload),
        OpCode::Pong => Message::Pong(frame.payload),
        _ => Message::Close(CloseFrame::parse(frame.payload)?),
    })
}

/// The largest buffer that is kept between messages.
const KEPT_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_large_message_is_given_back_by_the_next_push() {
        let mut assembler = Assembler::new(1 << 20);
        let part = vec![b'x'; 300_000];
        let ping = Frame { fin: true, opcode: OpCode::Ping, payload: b"" };
        for opcode in [OpCode::Text, OpCode::Binary] {
            for (frame, whole) in [
                (Frame { fin: false, opcode, payload: &part }, false),
                (Frame { fin: true, opcode: OpCode::Continuation, payload: &part }, true),
            ] {
                assert!(assembler.push(frame).is_ok_and(|message| message.is_some() == whole));
                assert!(assembler.binary.capacity() + assembler.text.capacity() >= 300_000);
            }
            assert!(assembler.push(ping).is_ok());
            assert!(assembler.binary.capacity() + assembler.text.capacity() <= 2 * KEPT_BYTES);
        }
    }

    #[test]
    fn the_memory_of_an_ordinary_message_is_kept_for_the_next() {
        let mut assembler = Assembler::new(1 << 20);
        for opcode in [OpCode::Text, OpCode::Binary] {
            let first = Frame { fin: false, opcode, payload: &[b'x'; 1_000] };
            let last = Frame { fin: true, opcode: OpCode::Continuation, payload: b"x" };
            assert_eq!(assembler.push(first), Ok(None));
            assert!(assembler.push(last).is_ok_and(|message| message.is_some()));
            assert!(assembler.push(Frame { fin: true, opcode, payload: b"" }).is_ok());
        }
        assert!(assembler.text.capacity() >= 1_000 && assembler.binary.capacity() >= 1_000);
    }

    #[test]
    fn an_error_gives_the_memory_back_at_once() {
        let mut assembler = Assembler::new(1 << 20);
        let part = vec![b'x'; 300_000];
        assert_eq!(assembler.push(Frame { fin: false, opcode: OpCode::Binary, payload: &part }), Ok(None));
        assert!(assembler.push(Frame { fin: true, opcode: OpCode::Text, payload: b"" }).is_err());
        assert!(assembler.binary.capacity() <= KEPT_BYTES);
    }
}
