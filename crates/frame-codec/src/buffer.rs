//! One contiguous queue of bytes: appended at the back, taken from the front, never wrapped.
//!
//! Its memory is zeroed once, when it is made; reads and writes afterwards overwrite what is there,
//! also when it passes from one buffer to another. How large it should be is the decision of the
//! codec that owns it.

use std::fmt;

use bytes::BytesMut;

/// Pending bytes stand in `bytes[start..end]`; behind them is room.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: BytesMut,
    start: usize,
    end: usize,
}

impl Buffer {
    #[inline]
    pub(crate) fn pending(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    #[inline]
    pub(crate) fn pending_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// Where the pending bytes start in the memory.
    #[inline]
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// All it can hold, in bytes.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// What can be appended as it stands, in bytes.
    #[inline]
    pub(crate) fn room(&self) -> usize {
        self.bytes.len() - self.end
    }

    /// The room, to be written and then [committed](Self::commit).
    #[inline]
    pub(crate) fn spare_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.end..]
    }

    /// Makes the first `n` bytes of the room pending.
    #[inline]
    pub(crate) fn commit(&mut self, n: usize) {
        assert!(n <= self.room(), "more bytes committed than there was room for");
        self.end += n;
    }

    /// Makes `skip + length` bytes of the room pending and lends the last `length` of them, so that
    /// they can be written in place.
    #[inline]
    pub(crate) fn commit_and_lend(&mut self, skip: usize, length: usize) -> &mut [u8] {
        let from = self.end + skip;
        self.end = from + length;
        &mut self.bytes[from..self.end]
    }

    /// Takes `skip + length` bytes from the front, all of which must be pending, and lends the last
    /// `length` of them.
    #[inline]
    pub(crate) fn take(&mut self, skip: usize, length: usize) -> &mut [u8] {
        let from = self.start + skip;
        self.start = from + length;
        let upto = self.start;
        debug_assert!(upto <= self.end, "more bytes taken than were pending");
        self.rewind_when_empty();
        &mut self.bytes[from..upto]
    }

    /// Drops `n` bytes from the front.
    #[inline]
    pub(crate) fn consume(&mut self, n: usize) {
        assert!(n <= self.end - self.start, "more bytes consumed than were pending");
        self.start += n;
        self.rewind_when_empty();
    }

    /// Moves the pending bytes to the front, so that all free memory is room.
    pub(crate) fn compact(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
    }

    /// Moves the pending bytes into fresh memory of `capacity` bytes, at least as many as pend.
    pub(crate) fn resize(&mut self, capacity: usize) {
        self.move_into(BytesMut::zeroed(capacity));
    }

    /// Moves the pending bytes into other memory, at least as many bytes as pend, and gives back the
    /// old.
    pub(crate) fn move_into(&mut self, mut memory: BytesMut) -> BytesMut {
        let pending = self.pending();
        let length = pending.len();
        memory[..length].copy_from_slice(pending);
        self.start = 0;
        self.end = length;
        std::mem::replace(&mut self.bytes, memory)
    }

    /// Takes the first `n` pending bytes out with all the memory they lie in, and goes on in `memory`
    /// with the others, at most as many bytes as that holds.
    pub(crate) fn take_out(&mut self, n: usize, memory: BytesMut) -> BytesMut {
        self.consume(n);
        self.move_into(memory)
    }

    #[inline]
    fn rewind_when_empty(&mut self) {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }
}

impl fmt::Debug for Buffer {
    /// Shows lengths only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} of {} bytes)", self.pending().len(), self.capacity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(bytes: &[u8], capacity: usize) -> Buffer {
        let mut buffer = Buffer::default();
        buffer.resize(capacity);
        buffer.spare_mut()[..bytes.len()].copy_from_slice(bytes);
        buffer.commit(bytes.len());
        buffer
    }

    #[test]
    fn an_emptied_buffer_has_all_its_room_again_without_moving_anything() {
        let mut buffer = holding(b"abcd", 8);
        assert_eq!(buffer.take(1, 2), b"bc");
        assert_eq!((buffer.room(), buffer.start()), (4, 3));
        buffer.consume(1);
        assert_eq!((buffer.room(), buffer.start()), (8, 0));
        let mut buffer = holding(b"abcd", 8);
        assert_eq!(buffer.take(2, 2), b"cd");
        assert!(buffer.is_empty());
        assert_eq!(buffer.room(), 8);
    }

    #[test]
    fn what_pends_survives_each_way_to_more_room() {
        let ways: [fn(&mut Buffer); 3] = [
            Buffer::compact,
            |buffer| buffer.resize(16),
            |buffer| drop(buffer.move_into(BytesMut::zeroed(8))),
        ];
        for make_room in ways {
            let mut buffer = holding(b"abcd", 8);
            buffer.consume(2);
            make_room(&mut buffer);
            assert_eq!((buffer.pending(), buffer.start()), (b"cd".as_slice(), 0));
            assert!(buffer.room() >= 6);
        }
    }

    #[test]
    fn what_is_lent_stands_behind_what_was_skipped() {
        let mut buffer = holding(b"ab", 8);
        buffer.commit_and_lend(1, 2).copy_from_slice(b"yz");
        assert_eq!(buffer.pending(), b"ab\0yz");
        assert_eq!(buffer.room(), 3);
    }
}
