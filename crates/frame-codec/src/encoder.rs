//! From frames to bytes, ready for the socket.
//!
//! It writes what it is given: the order of frames, mask keys and the bound of the output are the
//! caller's.

use std::marker::PhantomData;

use bytes::BytesMut;

use crate::{
    buffer::Buffer,
    frame::{Coding, OutFrame},
    header::{FIN_BIT, Header, MASK_BIT, RSV1_BIT},
    mask::{self, MaskKey},
    role::{Client, Role, Server},
};

/// Collects encoded frames until the socket takes them.
///
/// ```
/// use nova_frame_codec::{Client, Encoder, MaskKey, OutFrame};
///
/// let mut encoder = Encoder::<Client>::new();
/// let key = MaskKey::from([1, 2, 3, 4]); // from a strong random source, fresh for each frame
/// encoder.push(OutFrame::text("hi"), key);
/// while !encoder.pending().is_empty() {
///     let written = std::io::Write::write(&mut std::io::sink(), encoder.pending()).unwrap();
///     encoder.advance(written);
/// }
/// ```
///
/// All state lives in this value, so a driver may be cancelled between any two calls.
#[derive(Debug)]
pub struct Encoder<R: Role> {
    buffer: Buffer,
    role: PhantomData<R>,
}

impl<R: Role> Encoder<R> {
    /// An encoder without memory; it takes some with the first frame, and gives back what exceeds
    /// 64 KiB when all was written.
    #[must_use]
    pub fn new() -> Self {
        Self { buffer: Buffer::default(), role: PhantomData }
    }

    /// What the socket has not taken yet.
    #[must_use]
    #[inline]
    pub fn pending(&self) -> &[u8] {
        self.buffer.pending()
    }

    /// Says that the socket took the first `n` pending bytes. Moves no byte.
    ///
    /// # Panics
    ///
    /// If `n` is more than what is pending.
    pub fn advance(&mut self, n: usize) {
        self.buffer.consume(n);
        if self.buffer.is_empty() && self.buffer.capacity() > KEPT_BYTES {
            self.buffer = Buffer::default();
        }
    }

    /// Takes the memory out of an encoder with nothing pending, to lend it to another meanwhile.
    pub fn take_memory(&mut self) -> Option<BytesMut> {
        let free = self.buffer.is_empty() && self.buffer.capacity() > 0;
        free.then(|| self.buffer.move_into(BytesMut::new()))
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
        self.buffer.capacity()
    }

    /// Appends a header and lends the place of the payload that follows it. The caller fills it.
    #[inline]
    fn place(&mut self, frame: &OutFrame<'_>, key: Option<MaskKey>) -> &mut [u8] {
        let length = frame.payload().len();
        if self.buffer.room() < length + Header::MAX_BYTES {
            self.make_room(length + Header::MAX_BYTES);
        }
        let spare = self.buffer.spare_mut();
        let mask_bit = if key.is_some() { MASK_BIT } else { 0 };
        let coding_bit = if frame.coding() == Coding::Deflate { RSV1_BIT } else { 0 };
        spare[0] = frame.opcode().bits() | coding_bit | if frame.fin() { FIN_BIT } else { 0 };
        let mut header_bytes = match length {
            0..126 => {
                spare[1] = mask_bit | length as u8;
                2
            }
            126..0x1_0000 => {
                spare[1] = mask_bit | 126;
                spare[2..4].copy_from_slice(&(length as u16).to_be_bytes());
                4
            }
            _ => {
                spare[1] = mask_bit | 127;
                spare[2..10].copy_from_slice(&(length as u64).to_be_bytes());
                10
            }
        };
        if let Some(key) = key {
            spare[header_bytes..header_bytes + 4].copy_from_slice(&key.bytes());
            header_bytes += 4;
        }
        self.buffer.commit_and_lend(header_bytes, length)
    }

    #[cold]
    fn make_room(&mut self, needed: usize) {
        let held = self.buffer.pending().len();
        let capacity = self.buffer.capacity();
        // Where the socket never quite catches up, the part it took must be used again. Moving at
        // most half a buffer per half a buffer written costs each byte at most one move.
        if capacity - held >= needed && held <= capacity / 2 {
            self.buffer.compact();
        } else {
            self.buffer.resize((held + needed).max(capacity * 2).max(LEAST_BYTES));
        }
    }
}

impl Encoder<Client> {
    /// Appends a frame, masked with `key` while it is copied.
    #[inline]
    pub fn push(&mut self, frame: OutFrame<'_>, key: MaskKey) {
        let place = self.place(&frame, Some(key));
        mask::copy_masked(frame.payload(), place, key);
    }
}

impl Encoder<Server> {
    /// Appends a frame.
    #[inline]
    pub fn push(&mut self, frame: OutFrame<'_>) {
        self.place(&frame, None).copy_from_slice(frame.payload());
    }
}

impl<R: Role> Default for Encoder<R> {
    fn default() -> Self {
        Self::new()
    }
}

/// The smallest buffer: a few control frames or orders.
const LEAST_BYTES: usize = 1 << 10;
/// The largest buffer that is kept while nothing is pending.
const KEPT_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_never_catches_up_does_not_make_the_buffer_grow() {
        let mut encoder = Encoder::<Server>::new();
        let payload = [7; 300];
        encoder.push(OutFrame::binary(&payload));
        for _ in 0..10_000 {
            encoder.push(OutFrame::binary(&payload));
            encoder.advance(304);
        }
        assert_eq!(encoder.pending().len(), 304);
        assert!(encoder.buffer.capacity() <= 2 << 10, "{:?}", encoder.buffer);
    }

    #[test]
    fn a_partial_write_moves_no_byte() {
        let mut encoder = Encoder::<Server>::new();
        encoder.push(OutFrame::text("some text"));
        let before = encoder.pending()[5..].as_ptr();
        encoder.advance(5);
        assert_eq!(encoder.pending().as_ptr(), before);
        assert_eq!(encoder.pending(), b"e text");
    }

    #[test]
    fn a_large_buffer_is_given_back_once_written_and_a_small_one_is_kept() {
        let mut encoder = Encoder::<Server>::new();
        for (length, kept) in [(1_000, true), (60_000, true), (1 << 20, false)] {
            encoder.push(OutFrame::binary(&vec![0; length]));
            encoder.advance(encoder.pending().len() - 1);
            assert!(encoder.buffer.capacity() > length);
            encoder.advance(1);
            assert_eq!(encoder.buffer.capacity() > 0, kept);
        }
    }

    #[test]
    fn memory_can_be_lent_and_is_taken_back_while_nothing_pends() {
        let mut encoder = Encoder::<Server>::new();
        assert!(encoder.take_memory().is_none(), "there is none");
        encoder.lend_memory(BytesMut::zeroed(500));
        encoder.push(OutFrame::text("some text"));
        assert!(encoder.take_memory().is_none(), "something pends");
        encoder.lend_memory(BytesMut::zeroed(1_000));
        assert_eq!((encoder.capacity(), &encoder.pending()[2..]), (1_000, b"some text".as_slice()));
        encoder.lend_memory(BytesMut::zeroed(100));
        assert_eq!(encoder.capacity(), 1_000);
        encoder.advance(encoder.pending().len());
        assert_eq!(encoder.take_memory().map(|memory| memory.len()), Some(1_000));
        assert_eq!(encoder.capacity(), 0);
    }

    #[test]
    #[should_panic(expected = "more bytes consumed")]
    fn advancing_past_the_end_is_a_bug_of_the_caller() {
        Encoder::<Client>::new().advance(1);
    }
}
