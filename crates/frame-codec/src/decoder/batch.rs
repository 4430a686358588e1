//! Frames that own their bytes: one allocation for all that was read together.
//!
//! For hand-over between tasks. Each frame is a slice of the memory it was read into, so keeping one
//! keeps up to 64 KiB; who keeps few for long should copy them.

use std::{fmt, ops::Range};

use bytes::{Bytes, BytesMut};

use super::unfinished::Message;
use crate::{
    frame::{Coding, Frame},
    header::{Common, Extension, Header},
    mask,
    opcode::OpCode,
    role::Role,
};

/// Frames that were read together, in their order.
#[derive(Clone, Default)]
pub struct Batch {
    slab: Bytes,
    places: Vec<Place>,
}

/// Where a frame lies in the slab.
#[derive(Clone)]
struct Place {
    fin: bool,
    opcode: OpCode,
    coding: Coding,
    start: usize,
    end: usize,
}

impl Place {
    #[inline(always)]
    const fn new(fin: bool, opcode: OpCode, coding: Coding, start: usize, end: usize) -> Self {
        Self { fin, opcode, coding, start, end }
    }

    fn payload(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// A frame whose payload can be kept and sent to other threads.
#[derive(Clone, Eq, PartialEq)]
pub struct OwnedFrame {
    /// Whether this frame ends its message.
    pub fin: bool,
    /// What the frame carries.
    pub opcode: OpCode,
    /// The payload, a slice of what was read at once.
    pub payload: Bytes,
}

impl Batch {
    /// How many frames there are, at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no frame; never so for what a decoder gave.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The frames, borrowed.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Frame<'_>> {
        self.places.iter().map(|place| Frame {
            fin: place.fin,
            opcode: place.opcode,
            payload: &self.slab[place.payload()],
        })
    }

    /// The frames, each sharing the memory of all.
    pub fn owned_frames(&self) -> impl ExactSizeIterator<Item = OwnedFrame> {
        self.places.iter().map(|place| OwnedFrame {
            fin: place.fin,
            opcode: place.opcode,
            payload: self.slab.slice(place.payload()),
        })
    }

    /// Which of the frames start a compressed message.
    pub fn codings(&self) -> impl ExactSizeIterator<Item = Coding> {
        self.places.iter().map(|place| place.coding)
    }

    /// The whole frames at the start of `stream`, which get unmasked there, and their length in it. What
    /// is wrong or not whole is left. `stream` lies at `start` in the memory that will be held.
    pub(super) fn places<R: Role>(
        stream: &mut [u8],
        start: usize,
        limit: usize,
        extension: Extension,
        message: &mut Message,
    ) -> (Self, usize) {
        let mut this = Self::default();
        let mut at = 0;
        loop {
            if !R::PEER_MASKS {
                at += this.add_common(&stream[at..], start + at, limit);
            }
            let Ok(Some(header)) = Header::strict::<R>(&stream[at..], limit, extension) else { break };
            let from = at + header.header_bytes;
            if header.payload_bytes > stream.len() - from {
                break;
            }
            at = from + header.payload_bytes;
            message.note(&header);
            if let Some(key) = header.mask {
                mask::apply(&mut stream[from..at], key);
            }
            let Header { fin, opcode, coding, .. } = header;
            this.places.push(Place::new(fin, opcode, coding, start + from, start + at));
        }
        (this, at)
    }

    /// As many frames of the common shape as there are; tells their length.
    fn add_common(&mut self, stream: &[u8], start: usize, limit: usize) -> usize {
        let mut rest = stream;
        while let Some(Common { opcode, header_bytes, payload_bytes }) = Common::message(rest, limit) {
            let end = header_bytes + payload_bytes;
            let at = start + stream.len() - rest.len();
            rest = &rest[end..];
            self.places.push(Place::new(true, opcode, Coding::Identity, at + header_bytes, at + end));
        }
        stream.len() - rest.len()
    }

    /// A large frame alone.
    pub(super) fn of_one(fin: bool, opcode: OpCode, coding: Coding, payload: Bytes) -> Self {
        let place = Place::new(fin, opcode, coding, 0, payload.len());
        Self { slab: payload, places: vec![place] }
    }

    /// Takes the memory over in which the frames lie; gives a share of it.
    pub(super) fn hold(&mut self, slab: BytesMut) -> Bytes {
        self.slab = slab.freeze();
        self.slab.clone()
    }
}

impl fmt::Debug for Batch {
    /// Shows lengths only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} frames, {} bytes)", self.places.len(), self.slab.len())
    }
}

impl OwnedFrame {
    /// The frame, borrowed.
    #[must_use]
    pub fn as_frame(&self) -> Frame<'_> {
        Frame { fin: self.fin, opcode: self.opcode, payload: &self.payload }
    }
}

impl fmt::Debug for OwnedFrame {
    /// Shows the payload's length only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnedFrame").field(&self.as_frame()).finish()
    }
}

/// Memory of batches, to be used again once nobody holds a frame of them.
#[derive(Default)]
pub(super) struct Slabs(Vec<Bytes>);

impl Slabs {
    /// Memory of this length, used before if there is some.
    pub(super) fn reuse(&mut self, length: usize) -> BytesMut {
        let free = self.0.iter().position(|slab| slab.is_unique());
        match free.map(|index| self.0.swap_remove(index).try_into_mut()) {
            Some(Ok(slab)) if slab.len() == length => slab,
            _ => BytesMut::zeroed(length),
        }
    }

    pub(super) fn keep(&mut self, slab: Bytes) {
        if self.0.len() == KEPT_SLABS {
            self.0.remove(0);
        }
        self.0.push(slab);
    }
}

/// Enough for a consumer that is a few reads behind; one further behind costs an allocation per read.
const KEPT_SLABS: usize = 4;
