//! Inflating what is received, and no more of it than was asked for.

use std::fmt;

use bytes::BytesMut;
use nova_frame_codec::{Coding, Frame, OpCode, ProtocolError};
use zlib_rs::{Inflate, InflateFlush, Status};

use super::{agreement::Direction, compression::Context, deflater::TAIL};

/// Inflates incoming messages, those that are compressed.
pub struct Inflater {
    direction: Direction,
    message_bytes: usize,
    /// Made with the first message that is compressed: it is large.
    machine: Option<Inflate>,
    /// What the last frame became: the first `filled` bytes.
    inflated: BytesMut,
    filled: usize,
    /// A fragmented message is under way, and compressed.
    open: bool,
    /// What the message under way has become so far, in bytes.
    message_so_far: usize,
    /// Whether anything of the message under way has come.
    begun: bool,
    failed: Option<ProtocolError>,
}

impl Inflater {
    pub(super) fn new(direction: Direction, message_bytes: usize) -> Self {
        Self {
            direction,
            message_bytes,
            machine: None,
            inflated: BytesMut::new(),
            filled: 0,
            open: false,
            message_so_far: 0,
            begun: false,
            failed: None,
        }
    }

    /// Refuses messages that inflate to more than `bytes`, if that is less than before.
    pub(crate) fn lower_message_limit(&mut self, bytes: usize) {
        self.message_bytes = self.message_bytes.min(bytes);
    }

    /// The frame in the place of `frame`: what it holds once inflated, or the same. The order of frames
    /// is judged by the assembler.
    ///
    /// # Errors
    ///
    /// It cannot be inflated, or its message becomes too long, which is noticed while it does. From then
    /// on the error is repeated.
    pub fn unpack<'a>(&'a mut self, frame: Frame<'a>, coding: Coding) -> Result<Frame<'a>, ProtocolError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let packed = match frame.opcode {
            OpCode::Text | OpCode::Binary => {
                self.message_so_far = 0;
                self.begun = false;
                coding == Coding::Deflate
            }
            OpCode::Continuation => self.open,
            OpCode::Close | OpCode::Ping | OpCode::Pong => return Ok(frame),
        };
        self.open = packed && !frame.fin;
        if !packed {
            return Ok(frame);
        }
        self.filled = 0;
        if let Err(error) = self.inflate_fragment(frame.payload, frame.fin) {
            self.failed = Some(error);
            self.machine = None;
            return Err(error);
        }
        Ok(Frame { payload: &self.inflated[..self.filled], ..frame })
    }

    pub(crate) fn has_memory(&self) -> bool {
        !self.inflated.is_empty()
    }

    /// Inflates into memory that is lent, all of whose length is used.
    pub(crate) fn lend_memory(&mut self, memory: BytesMut) {
        self.inflated = memory;
    }

    /// Takes the memory of what was inflated, which nobody needs any more, and lets go of what a link
    /// does not need while it is idle.
    pub(crate) fn take_memory(&mut self) -> BytesMut {
        self.filled = 0;
        if self.direction.context == Context::Dropped && !self.open {
            self.machine = None;
        }
        std::mem::take(&mut self.inflated)
    }

    fn inflate_fragment(&mut self, payload: &[u8], last: bool) -> Result<(), ProtocolError> {
        self.begun |= !payload.is_empty();
        self.inflate(payload)?;
        if last {
            // The tail alone is no block. An empty message is one byte long (§7.2.3.6).
            if !self.begun {
                return Err(ProtocolError::InvalidDeflate);
            }
            self.inflate(&TAIL)?;
            if self.direction.context == Context::Dropped {
                self.reset();
            }
        }
        Ok(())
    }

    fn inflate(&mut self, mut input: &[u8]) -> Result<(), ProtocolError> {
        // 15 bits inflate whatever fewer bits have deflated; the machine is of one size in any case.
        let machine = self.machine.get_or_insert_with(|| Inflate::new(false, 15));
        loop {
            let left = self.message_bytes.saturating_sub(self.message_so_far);
            let most = self.filled.saturating_add(left).saturating_add(1);
            if self.inflated.len() == self.filled {
                let room = self.filled.clamp(LEAST_ROOM_BYTES, MOST_ROOM_BYTES);
                self.inflated.resize((self.filled + room).min(most), 0);
            }
            // One byte more than is allowed tells a message that is too long from one that just fits.
            let end = self.inflated.len().min(most);
            let (taken, made) = (machine.total_in(), machine.total_out());
            let status = machine
                .decompress(input, &mut self.inflated[self.filled..end], InflateFlush::SyncFlush)
                .map_err(|_| ProtocolError::InvalidDeflate)?;
            let (taken, made) =
                ((machine.total_in() - taken) as usize, (machine.total_out() - made) as usize);
            input = &input[taken..];
            self.filled += made;
            self.message_so_far += made;
            if self.message_so_far > self.message_bytes {
                return Err(ProtocolError::TooBig { limit: self.message_bytes });
            }
            if status == Status::StreamEnd {
                // A block that says it is the last ends a stream, not the message (§7.2.3.4).
                machine.reset(false);
                if input.is_empty() {
                    return Ok(());
                }
                continue;
            }
            // Room that is left means that there is nothing more to come.
            if input.is_empty() && self.filled < end {
                return Ok(());
            }
            if taken == 0 && made == 0 && self.filled < end {
                return Err(ProtocolError::InvalidDeflate);
            }
        }
    }

    fn reset(&mut self) {
        if let Some(machine) = &mut self.machine {
            machine.reset(false);
        }
    }
}

impl fmt::Debug for Inflater {
    /// Shows no byte: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater")
            .field("direction", &self.direction)
            .field("message_bytes", &self.message_bytes)
            .finish_non_exhaustive()
    }
}

/// How far the output grows at once, at the least and at the most.
const LEAST_ROOM_BYTES: usize = 4 * 1024;
const MOST_ROOM_BYTES: usize = 1024 * 1024;
