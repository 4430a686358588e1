//! Judging text before its frame is whole.
//!
//! A frame is lent once all of it is there, and its text is proven then. A peer that sends nonsense and
//! pauses would thus be heard out; who waits for it can ask here first.

use super::Decoder;
use crate::{error::ProtocolError, frame::Coding, header::Header, opcode::OpCode, role::Role, utf8};

/// The fragmented message under way, as far as its continuations need it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Message {
    None,
    Text,
    /// Binary, or compressed.
    Other,
}

impl Message {
    /// Follows the frames that are not whole messages; the others change nothing that is legal.
    #[inline]
    pub(super) fn note(&mut self, header: &Header) {
        *self = match (header.opcode, header.fin, header.coding) {
            (OpCode::Text, false, Coding::Identity) => Self::Text,
            (OpCode::Text | OpCode::Binary, false, _) => Self::Other,
            (OpCode::Continuation, true, _) => Self::None,
            _ => *self,
        };
    }
}

impl<R: Role> Decoder<R> {
    /// Judges what has come of a text frame that is not whole yet. For a driver that is about to wait:
    /// while bytes keep coming, the whole frame is judged soon enough, and only once.
    ///
    /// Masked frames are not judged, nor what a fragment before may have begun: the
    /// [`Assembler`](crate::Assembler) does that in any case.
    ///
    /// # Errors
    ///
    /// Nothing could make it UTF-8. From then on the error is repeated.
    pub fn check_unfinished(&mut self) -> Result<(), ProtocolError> {
        if R::PEER_MASKS || self.failed.is_some() {
            return Ok(());
        }
        let fine = match &mut self.large {
            Some(large) if large.is_whole() => true,
            Some(large) => {
                let skip = match is_text(large.header(), self.message) {
                    Some(skip) => skip,
                    None => return Ok(()),
                };
                large.is_start_of_text(skip)
            }
            None => {
                let pending = self.buffer.pending();
                let Ok(Some(header)) = Header::strict::<R>(pending, self.limit, self.extension) else {
                    return Ok(());
                };
                let Some(skip) = is_text(&header, self.message) else { return Ok(()) };
                let arrived = &pending[header.header_bytes..];
                let arrived = &arrived[..arrived.len().min(header.payload_bytes)];
                utf8::start_of_text(skip.of(arrived)).is_some()
            }
        };
        if fine { Ok(()) } else { Err(self.fail(ProtocolError::InvalidUtf8)) }
    }
}

/// Where the first character of a payload begins.
#[derive(Clone, Copy)]
pub(super) enum Skip {
    Nothing,
    /// The rest of a character that the fragment before has begun.
    Rest,
}

impl Skip {
    pub(super) fn of(self, payload: &[u8]) -> &[u8] {
        let rest = match self {
            Self::Nothing => 0,
            Self::Rest => payload.iter().take(3).take_while(|byte| matches!(byte, 0x80..0xC0)).count(),
        };
        &payload[rest..]
    }
}

/// Whether a frame holds text, and from where on.
fn is_text(header: &Header, message: Message) -> Option<Skip> {
    match (header.opcode, header.coding, message) {
        (OpCode::Text, Coding::Identity, _) => Some(Skip::Nothing),
        (OpCode::Continuation, _, Message::Text) => Some(Skip::Rest),
        _ => None,
    }
}
