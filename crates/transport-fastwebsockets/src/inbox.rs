//! Where the reading future leaves frames for the source to lend out.
//!
//! Both live in one value and are never used at the same time; the lock is there because the
//! compiler cannot know, and is taken once per batch, not per frame.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fastwebsockets::{Frame, Payload};
use nova_frame_codec::{OpCode, ProtocolError};

/// A frame that owns its payload.
pub(crate) struct Received {
    pub(crate) fin: bool,
    pub(crate) opcode: OpCode,
    pub(crate) payload: bytes::BytesMut,
}

impl Received {
    /// Takes a frame over, and refuses what fastwebsockets let through.
    pub(crate) fn check(mut frame: Frame<'_>) -> Result<Self, ProtocolError> {
        if is_masked(&mut frame) {
            return Err(ProtocolError::MaskedByServer);
        }
        let opcode = match frame.opcode {
            fastwebsockets::OpCode::Continuation => OpCode::Continuation,
            fastwebsockets::OpCode::Text => OpCode::Text,
            fastwebsockets::OpCode::Binary => OpCode::Binary,
            fastwebsockets::OpCode::Close => OpCode::Close,
            fastwebsockets::OpCode::Ping => OpCode::Ping,
            fastwebsockets::OpCode::Pong => OpCode::Pong,
        };
        // The crate bounds pings only.
        if opcode.is_control() && frame.payload.len() > nova_frame_codec::ControlPayload::MAX_BYTES {
            return Err(ProtocolError::ControlTooLong);
        }
        let payload = match frame.payload {
            Payload::Bytes(bytes) => bytes,
            other => bytes::BytesMut::from(&*other),
        };
        Ok(Self { fin: frame.fin, opcode, payload })
    }
}

/// The mask is private; a formatted header shows it.
fn is_masked(frame: &mut Frame<'_>) -> bool {
    let mut head = [0; LONGEST_HEAD_BYTES];
    frame.fmt_head(&mut head);
    head[1] & 0x80 != 0
}

/// Two bytes, a 64-bit length, and a mask (RFC 6455 §5.2).
pub(crate) const LONGEST_HEAD_BYTES: usize = 14;

/// Frames in order, handed over by the batch.
#[derive(Clone, Default)]
pub(crate) struct Inbox(Arc<Mutex<VecDeque<Received>>>);

impl Inbox {
    /// Appends a batch and leaves it empty.
    pub(crate) fn put(&self, batch: &mut VecDeque<Received>) {
        self.lock().append(batch);
    }

    /// Moves everything into `frames`, which must be empty and lends its allocation for the next.
    pub(crate) fn take(&self, frames: &mut VecDeque<Received>) {
        std::mem::swap(&mut *self.lock(), frames);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Received>> {
        // No code that could panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
