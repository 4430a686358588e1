//! Arbitrary frames, against a model that keeps everything and validates it anew each time.

use nova_frame_codec::{Assembler, CloseFrame, Frame, OpCode, ProtocolError};

use crate::{choices::Choices, read::Owned};

pub(crate) fn check(input: &[u8]) {
    let mut choices = Choices::new(input);
    let limit = choices.limit();
    let mut assembler = Assembler::new(limit);
    let mut model = Model { open: None, limit };
    let mut script = Script { at: 0 };
    while !choices.is_empty() {
        let kind = choices.byte();
        // Illegal frames are rare, so that long conversations arise.
        let legal = kind < 0xF0;
        let opcode = match (kind % 16, &model.open) {
            (n, _) if !legal => ALL[usize::from(n) % ALL.len()],
            (0..=10, Some(_)) => OpCode::Continuation,
            (0..=7, None) => OpCode::Text,
            (8..=10, None) => OpCode::Binary,
            (n, _) => ALL[3 + usize::from(n) % 3],
        };
        let fin = if opcode.is_control() { legal || kind & 1 == 0 } else { kind & 0x30 == 0 };
        let of_text = opcode == OpCode::Text || matches!(model.open, Some((OpCode::Text, _)));
        let payload = match choices.byte() {
            length @ 0..240 if of_text && !opcode.is_control() => script.next(length.into(), fin),
            _ => choices.payload(),
        };
        let frame = Frame { fin, opcode, payload: &payload };
        let heard = assembler.push(frame).map(|message| message.map(Owned::from));
        assert_eq!(heard, model.push(frame));
        if heard.is_err() {
            assert_eq!(assembler.push(frame).map(|message| message.map(Owned::from)), heard);
            return;
        }
    }
}

const ALL: [OpCode; 6] =
    [OpCode::Continuation, OpCode::Text, OpCode::Binary, OpCode::Close, OpCode::Ping, OpCode::Pong];

/// Says one text for ever, in pieces that end anywhere; the last of a message ends a character.
struct Script {
    at: usize,
}

impl Script {
    const TEXT: &str = "aß語🦀b";

    fn next(&mut self, length: usize, last: bool) -> Vec<u8> {
        let mut piece = Vec::new();
        while piece.len() < length || last && !Self::TEXT.is_char_boundary(self.at) {
            piece.push(Self::TEXT.as_bytes()[self.at]);
            self.at = (self.at + 1) % Self::TEXT.len();
        }
        piece
    }
}

struct Model {
    open: Option<(OpCode, Vec<u8>)>,
    limit: usize,
}

impl Model {
    fn push(&mut self, frame: Frame<'_>) -> Result<Option<Owned>, ProtocolError> {
        let payload = frame.payload.to_vec();
        match frame.opcode {
            opcode if opcode.is_control() && !frame.fin => return Err(ProtocolError::FragmentedControl),
            opcode if opcode.is_control() && payload.len() > 125 => {
                return Err(ProtocolError::ControlTooLong);
            }
            OpCode::Ping => return Ok(Some(Owned::Ping(payload))),
            OpCode::Pong => return Ok(Some(Owned::Pong(payload))),
            OpCode::Close => return Ok(Some(Owned::Close(CloseFrame::parse(&payload)?))),
            _ => {}
        }
        let (kind, mut whole) = match (self.open.take(), frame.opcode) {
            (Some(open), OpCode::Continuation) => open,
            (Some(_), _) => return Err(ProtocolError::InterruptedMessage),
            (None, OpCode::Continuation) => return Err(ProtocolError::UnexpectedContinuation),
            (None, kind) => (kind, Vec::new()),
        };
        whole.extend(payload);
        if whole.len() > self.limit {
            return Err(ProtocolError::TooBig { limit: self.limit });
        }
        let text = std::str::from_utf8(&whole);
        if kind == OpCode::Text && text.is_err_and(|error| frame.fin || error.error_len().is_some()) {
            return Err(ProtocolError::InvalidUtf8);
        }
        if !frame.fin {
            self.open = Some((kind, whole));
            return Ok(None);
        }
        Ok(Some(match (kind, text) {
            (OpCode::Text, Ok(text)) => Owned::Text(text.to_owned()),
            _ => Owned::Binary(whole),
        }))
    }
}
