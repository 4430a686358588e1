//! Compressing what is sent.

use std::fmt;

use nova_frame_codec::{OpCode, OutFrame};
use zlib_rs::{Deflate, DeflateFlush, Status};

use super::{
    agreement::Direction,
    compression::{Compression, Context, WindowBits},
};

/// Compresses outgoing messages, those that are long enough.
pub struct Deflater {
    direction: Direction,
    threshold_bytes: usize,
    level: u8,
    /// Made with the first message that is compressed: it is large.
    machine: Option<Deflate>,
    /// The compressed payload last made.
    packed: Vec<u8>,
    /// A fragmented message is under way, and compressed.
    open: bool,
}

impl Deflater {
    pub(super) const fn new(direction: Direction, settings: &Compression) -> Self {
        Self {
            direction,
            threshold_bytes: settings.threshold_bytes,
            level: settings.level,
            machine: None,
            packed: Vec::new(),
            open: false,
        }
    }

    /// The frame to send in the place of `frame`: a compressed one, or the same. A message that is not
    /// sent in one frame is compressed if its first fragment is long enough.
    pub fn pack<'a>(&'a mut self, frame: OutFrame<'a>) -> OutFrame<'a> {
        let packs = match frame.opcode() {
            OpCode::Text | OpCode::Binary => frame.payload().len() >= self.threshold_bytes.max(1),
            OpCode::Continuation => self.open,
            OpCode::Close | OpCode::Ping | OpCode::Pong => return frame,
        };
        let is_whole = frame.fin() && frame.opcode() != OpCode::Continuation;
        self.open = packs && !frame.fin();
        if !packs || !self.compress(frame.payload(), frame.fin()) {
            return frame;
        }
        // Where the next message does not refer to this one, what did not shrink can go as it is.
        if is_whole
            && self.direction.context == Context::Dropped
            && self.packed.len() >= frame.payload().len()
        {
            return frame;
        }
        frame.compressed(&self.packed)
    }

    /// Lets go of what a link does not need while it is idle.
    pub fn rest(&mut self) {
        self.packed = Vec::new();
        if self.direction.context == Context::Dropped && !self.open {
            self.machine = None;
        }
    }

    /// Compresses a fragment; tells whether that is what to send.
    fn compress(&mut self, payload: &[u8], last: bool) -> bool {
        // What refers 256 bytes back at most is made with a window of 512, half of which zlib never
        // uses: it keeps 262 bytes of any window free for looking ahead.
        let bits = self.direction.window.get().max(WindowBits::MIN.get() + 1);
        let level = i32::from(self.level);
        let machine = self.machine.get_or_insert_with(|| Deflate::new(level, false, bits));
        self.packed.clear();
        let flush = if last { DeflateFlush::SyncFlush } else { DeflateFlush::NoFlush };
        let mut rest = payload;
        let mut filled = 0;
        loop {
            if self.packed.len() - filled < LEAST_ROOM_BYTES {
                let room = (rest.len() / 2).clamp(LEAST_ROOM_BYTES, MOST_ROOM_BYTES);
                self.packed.resize(filled + room, 0);
            }
            let (taken, made) = (machine.total_in(), machine.total_out());
            let status = machine.compress(rest, &mut self.packed[filled..], flush);
            rest = &rest[(machine.total_in() - taken) as usize..];
            filled += (machine.total_out() - made) as usize;
            // Room that is left means that there is nothing more to come (zlib's own rule).
            let is_done = rest.is_empty() && filled < self.packed.len();
            match status {
                Ok(Status::Ok | Status::BufError) if !is_done => {}
                // An error is not possible with memory at hand; then the stream starts anew.
                Ok(_) => break,
                Err(_) => {
                    self.machine = None;
                    return false;
                }
            }
        }
        self.packed.truncate(filled);
        if last {
            // §7.2.1: what every flush ends with is not sent.
            let without = self.packed.strip_suffix(&TAIL).map_or(filled, <[u8]>::len);
            self.packed.truncate(without);
            if self.packed.is_empty() {
                self.packed.push(0);
            }
            if self.direction.context == Context::Dropped {
                machine.reset();
            }
        }
        true
    }
}

impl fmt::Debug for Deflater {
    /// Shows no byte: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater")
            .field("direction", &self.direction)
            .field("threshold_bytes", &self.threshold_bytes)
            .finish_non_exhaustive()
    }
}

/// The end of an empty stored block, which a flush leaves (RFC 7692 §7.2.1).
pub(super) const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// What a flush needs at the least, so that it is not cut and repeated.
const LEAST_ROOM_BYTES: usize = 64;
/// How far the output grows at once.
const MOST_ROOM_BYTES: usize = 64 * 1024;
