//! From bytes to frames, incrementally.
//!
//! No message is joined and no text is checked here; that is the [`Assembler`](crate::Assembler).

mod batch;
mod large;
#[cfg(test)]
mod tests;
mod unfinished;

use std::{fmt, marker::PhantomData};

use bytes::BytesMut;

pub use self::batch::{Batch, OwnedFrame};
use self::{batch::Slabs, large::Large, unfinished::Message};
use crate::{
    buffer::Buffer,
    error::ProtocolError,
    frame::{Coding, Frame},
    header::{Common, Extension, Header},
    mask,
    role::Role,
};

/// Reads frames from a stream of bytes that arrives in any pieces.
///
/// A driver asks for room, reads from its socket into it, commits what came, and takes every frame
/// that is whole before it reads again:
///
/// ```
/// use nova_frame_codec::{Client, Decoder, OpCode};
///
/// let mut socket: &[u8] = &[0x81, 0x02, b'h', b'i'];
/// let mut decoder = Decoder::<Client>::new(16 << 20);
/// let read = std::io::Read::read(&mut socket, decoder.spare_mut(1)).unwrap();
/// decoder.commit(read);
/// while let Some(frame) = decoder.next_frame()? {
///     assert_eq!((frame.opcode, frame.payload), (OpCode::Text, &b"hi"[..]));
/// }
/// # Ok::<(), nova_frame_codec::ProtocolError>(())
/// ```
///
/// [`drain`](Self::drain) does the same with a visitor, a little faster; [`next_batch`] gives frames
/// that own their bytes, to be handed to another task.
///
/// All state lives in this value, so a driver may be cancelled between any two calls.
///
/// # Memory
///
/// Nothing before the first read, then 4 KiB. It doubles up to 64 KiB while reads fill it, and halves
/// again after a run of small reads. A frame over 32 KiB that is not there yet is received straight
/// into memory of its own, which grows as its bytes arrive and not when its header announces them:
/// to 128 KiB or twice what has arrived. It is let go once the frame was taken. A driver that
/// takes every frame before it reads thus makes it hold at most 64 KiB and one large frame. One that
/// has many connections can lend each its memory only while bytes are there: see
/// [`take_memory`](Self::take_memory).
///
/// [`next_batch`]: Self::next_batch
pub struct Decoder<R: Role> {
    buffer: Buffer,
    /// Set while a frame is received into memory of its own, and until it was given back.
    large: Option<Box<Large>>,
    limit: usize,
    extension: Extension,
    /// The fragmented message under way.
    message: Message,
    failed: Option<ProtocolError>,
    /// The last read left no room, so there was probably more.
    filled: bool,
    /// How many reads in a row used a small part of the buffer.
    small_reads: u8,
    slabs: Slabs,
    role: PhantomData<R>,
}

impl<R: Role> Decoder<R> {
    /// A decoder that refuses data frames of more than `frame_limit_bytes`. Control frames carry at
    /// most 125 bytes by themselves and do not fall under the limit.
    #[must_use]
    pub fn new(frame_limit_bytes: usize) -> Self {
        Self {
            buffer: Buffer::default(),
            large: None,
            limit: frame_limit_bytes,
            extension: Extension::None,
            message: Message::None,
            failed: None,
            filled: false,
            small_reads: 0,
            slabs: Slabs::default(),
            role: PhantomData,
        }
    }

    /// Lets the first frame of a message say that it is compressed (RFC 7692 §6), since that was
    /// negotiated. Frames must then be taken by [`next_coded`](Self::next_coded): only that tells.
    #[must_use]
    pub fn with_compression(mut self) -> Self {
        self.extension = Extension::Deflate;
        self
    }

    /// Refuses data frames of more than `bytes` from here on, if that is less than before.
    pub fn lower_frame_limit(&mut self, bytes: usize) {
        self.limit = self.limit.min(bytes);
    }

    /// Room to read into: at least one byte, and at least `min` unless the next bytes end a large
    /// frame. Its content is undefined; what was written becomes part of the stream by
    /// [`commit`](Self::commit).
    pub fn spare_mut(&mut self, min: usize) -> &mut [u8] {
        if self.large.is_some() {
            self.let_delivered_go();
        }
        if self.large.is_none() {
            let capacity = self.buffer.capacity();
            let shrinks = self.buffer.is_empty()
                && (capacity > BURST_BYTES || (self.small_reads >= SMALL_READS && capacity > IDLE_BYTES));
            // A read that asks for little is a wasted system call, so a quarter of the buffer is
            // always offered.
            if shrinks || self.filled || self.buffer.room() < min.max(capacity / 4).max(1) {
                self.arrange(min.max(1));
            }
        }
        match &mut self.large {
            Some(large) => large.spare_mut(),
            None => self.buffer.spare_mut(),
        }
    }

    /// Says that the first `n` bytes of the room given by [`spare_mut`](Self::spare_mut) were
    /// written. After an error they are dropped.
    ///
    /// # Panics
    ///
    /// If `n` is more than the room that was given.
    pub fn commit(&mut self, n: usize) {
        if let Some(large) = &mut self.large {
            return large.commit(n);
        }
        let small = n < self.buffer.capacity() / 16;
        self.small_reads = if small { self.small_reads.saturating_add(1) } else { 0 };
        self.buffer.commit(n);
        self.filled = self.buffer.room() == 0;
        if self.failed.is_some() {
            self.buffer = Buffer::default();
        }
    }

    /// Appends bytes that were read elsewhere, such as those that came with the HTTP upgrade.
    pub fn extend(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.spare_mut(bytes.len());
            let (piece, rest) = bytes.split_at(room.len().min(bytes.len()));
            room[..piece.len()].copy_from_slice(piece);
            self.commit(piece.len());
            bytes = rest;
        }
    }

    /// The next whole frame, unmasked, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// The peer broke RFC 6455 §5.1, §5.2 or §5.5, or sent a data frame above the limit. Frames
    /// before the offence are delivered; from then on the error is repeated and bytes are dropped.
    // Always inlined, as is the way of a message through the assembler: together they are a few dozen
    // instructions, a good part of which would be spent on passing results between two calls.
    #[inline(always)]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, ProtocolError> {
        if !R::PEER_MASKS
            && let Some(header) = Common::message(self.buffer.pending(), self.limit)
        {
            let payload = self.buffer.take(header.header_bytes, header.payload_bytes);
            return Ok(Some(Frame { fin: true, opcode: header.opcode, payload }));
        }
        Ok(self.next_uncommon()?.map(|(frame, _)| frame))
    }

    /// Like [`next_frame`](Self::next_frame), and tells whether the frame starts a compressed message.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    pub fn next_coded(&mut self) -> Result<Option<(Frame<'_>, Coding)>, ProtocolError> {
        self.next_uncommon()
    }

    /// Gives every whole frame to `visit`, until there is none left or it fails.
    ///
    /// # Errors
    ///
    /// What `visit` says, with the frame it failed on taken; or as [`next_frame`](Self::next_frame).
    #[inline]
    pub fn drain<E: From<ProtocolError>>(
        &mut self,
        mut visit: impl FnMut(Frame<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            if !R::PEER_MASKS {
                let pending = self.buffer.pending();
                let mut rest = pending;
                let mut visited = Ok(());
                while let Some(Common { opcode, header_bytes, payload_bytes }) =
                    Common::message(rest, self.limit)
                {
                    let (payload, after) = rest[header_bytes..].split_at(payload_bytes);
                    rest = after;
                    visited = visit(Frame { fin: true, opcode, payload });
                    if visited.is_err() {
                        break;
                    }
                }
                let taken = pending.len() - rest.len();
                self.buffer.consume(taken);
                visited?;
            }
            match self.next_uncommon()? {
                Some((frame, _)) => visit(frame)?,
                None => return Ok(()),
            }
        }
    }

    /// Takes every whole frame at once, with the memory they lie in: what was read together is handed
    /// over together, and each frame keeps the whole of it alive. `None` when more bytes are needed.
    ///
    /// The memory is used again once nothing of the batch is left.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    pub fn next_batch(&mut self) -> Result<Option<Batch>, ProtocolError> {
        let start = self.buffer.start();
        let pending = self.buffer.pending_mut();
        let (mut batch, taken) =
            Batch::places::<R>(pending, start, self.limit, self.extension, &mut self.message);
        if batch.is_empty() {
            // A large frame, an offence, or nothing.
            let Some((Frame { fin, opcode, .. }, coding)) = self.next_coded()? else { return Ok(None) };
            let (payload, behind) = self.large.take().map(|large| large.into_parts()).unwrap_or_default();
            self.extend(&behind);
            return Ok(Some(Batch::of_one(fin, opcode, coding, payload.into())));
        }
        let capacity = self.buffer.capacity();
        let slab = self.buffer.take_out(taken, self.slabs.reuse(capacity));
        self.slabs.keep(batch.hold(slab));
        Ok(Some(batch))
    }

    /// Whether bytes are buffered that [`next_frame`](Self::next_frame) did not deliver. Asked once
    /// that returned `None`, it tells an end of the stream between two frames from one inside.
    #[must_use]
    pub fn is_mid_frame(&self) -> bool {
        !self.buffer.is_empty() || self.large.as_ref().is_some_and(|large| large.holds_more())
    }

    /// Takes the memory out of a decoder that waits for bytes, to lend it to another meanwhile.
    /// Bytes of an unfinished frame move into memory of just their size. `None` when there is nothing
    /// worth taking, or the decoder is busy with a large frame.
    ///
    /// With [`lend_memory`](Self::lend_memory) before each read, idle connections hold nothing, and
    /// those that wake find memory that the processor's cache still knows.
    pub fn take_memory(&mut self) -> Option<BytesMut> {
        self.let_delivered_go();
        let held = self.buffer.pending().len();
        if self.buffer.capacity() <= held.saturating_mul(2) {
            return None;
        }
        self.small_reads = 0;
        self.filled = false;
        Some(self.buffer.move_into(BytesMut::zeroed(held)))
    }

    /// Goes on in other memory, all of whose length is used, where that is more than there is.
    pub fn lend_memory(&mut self, memory: BytesMut) {
        if memory.len() > self.buffer.capacity() {
            self.buffer.move_into(memory);
        }
    }

    /// Memory held now, in bytes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buffer.capacity() + self.large.as_ref().map_or(0, |large| large.capacity())
    }

    /// The next frame of whatever kind.
    #[inline(never)]
    fn next_uncommon(&mut self) -> Result<Option<(Frame<'_>, Coding)>, ProtocolError> {
        // Neither an error nor a large frame is looked for first: the buffer is empty with either.
        if !R::PEER_MASKS
            && let Some((fin, part)) = Common::fragment(self.buffer.pending(), self.limit)
        {
            self.message.note(&part.into_header(fin));
            let payload = self.buffer.take(part.header_bytes, part.payload_bytes);
            return Ok(Some((Frame { fin, opcode: part.opcode, payload }, Coding::Identity)));
        }
        let header = match self.strict_header()? {
            Next::Header(header) => header,
            Next::Nothing => return Ok(None),
            Next::Large => {
                let Some(large) = &mut self.large else { return Ok(None) };
                self.message.note(large.header());
                return Ok(Some(large.deliver()));
            }
        };
        if header.payload_bytes > self.buffer.pending().len() - header.header_bytes {
            self.expect(header);
            return Ok(None);
        }
        self.message.note(&header);
        let payload = self.buffer.take(header.header_bytes, header.payload_bytes);
        if let Some(key) = header.mask {
            mask::apply(payload, key);
        }
        Ok(Some((Frame { fin: header.fin, opcode: header.opcode, payload }, header.coding)))
    }

    /// What the common shape is not: rare, wrong, in memory of its own, or not there yet.
    fn strict_header(&mut self) -> Result<Next, ProtocolError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.let_delivered_go();
        if let Some(large) = &self.large {
            return Ok(if large.is_whole() { Next::Large } else { Next::Nothing });
        }
        match Header::strict::<R>(self.buffer.pending(), self.limit, self.extension) {
            Ok(Some(header)) => Ok(Next::Header(header)),
            Ok(None) => Ok(Next::Nothing),
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Gives the memory of a large frame back once it was taken; what came behind it is next. Until
    /// then the buffer is empty, so that the large frame comes first.
    fn let_delivered_go(&mut self) {
        if let Some(large) = self.large.take_if(|large| large.is_delivered()) {
            let (_, behind) = large.into_parts();
            self.extend(&behind);
        }
    }

    /// A header whose payload is not all there: a large one gets memory of its own.
    #[cold]
    fn expect(&mut self, header: Header) {
        if header.payload_bytes > LARGE_BYTES {
            let arrived = &self.buffer.pending()[header.header_bytes..];
            self.large = Some(Box::new(Large::new(header, arrived)));
            self.buffer.consume(self.buffer.pending().len());
            self.filled = false;
        }
    }

    /// Remembers an error, and nothing else.
    fn fail(&mut self, error: ProtocolError) -> ProtocolError {
        self.failed = Some(error);
        self.buffer = Buffer::default();
        self.large = None;
        error
    }

    /// Makes room for `min` bytes, and brings the buffer to the size that recent reads suggest.
    #[cold]
    fn arrange(&mut self, min: usize) {
        let held = self.buffer.pending().len();
        let capacity = self.buffer.capacity();
        let mut target = capacity.max(IDLE_BYTES);
        if self.filled && target < BURST_BYTES {
            target *= 2;
        } else if held == 0 && target > BURST_BYTES {
            target = BURST_BYTES;
        } else if held == 0 && target > IDLE_BYTES && self.small_reads >= SMALL_READS {
            target /= 2;
            self.small_reads = 0;
        }
        if target - held < min.max(target / 4) {
            // Beyond a burst only for a caller who appends without taking frames.
            target = (target * 2).max(held + min);
        }
        self.filled = false;
        if target == capacity {
            self.buffer.compact();
        } else {
            self.buffer.resize(target);
        }
    }
}

impl<R: Role> fmt::Debug for Decoder<R> {
    /// Shows lengths only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("buffer", &self.buffer)
            .field("large", &self.large)
            .field("limit_bytes", &self.limit)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// What the strict way found.
enum Next {
    Header(Header),
    Large,
    Nothing,
}

/// What an idle connection keeps.
const IDLE_BYTES: usize = 4 << 10;
/// What a busy connection reads at once. Measured: 8 KiB costs eight times the calls, 256 KiB gains
/// nothing and pollutes the cache.
const BURST_BYTES: usize = 64 << 10;
/// Payloads above this get memory of their own unless they are whole already. Half of a burst, so
/// that what is left of a frame in the buffer never fills it.
const LARGE_BYTES: usize = BURST_BYTES / 2;
/// After so many reads below a sixteenth of the buffer, it halves.
const SMALL_READS: u8 = 16;
