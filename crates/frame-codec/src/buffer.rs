//! One contiguous queue of bytes: appended at the back, taken from the front, never wrapped.
//!
//! Its memory is zeroed once, when it is made; reads and writes afterwards overwrite what is there.
//! How large it should be is the decision of the codec that owns it.

use std::fmt;

/// Pending bytes stand in `bytes[start..end]`; behind them is room.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    #[inline]
    pub(crate) fn pending(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
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

    /// Takes `skip + length` bytes from the front and lends the last `length` of them, or takes
    /// nothing when fewer are pending. `skip` bytes must be pending.
    #[inline]
    pub(crate) fn take(&mut self, skip: usize, length: usize) -> Option<&mut [u8]> {
        let from = self.start + skip;
        if self.end - from < length {
            return None;
        }
        self.start = from + length;
        let upto = self.start;
        self.rewind_when_empty();
        Some(&mut self.bytes[from..upto])
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
        let pending = self.pending();
        let length = pending.len();
        let mut bytes = vec![0; capacity];
        bytes[..length].copy_from_slice(pending);
        *self = Self { bytes, start: 0, end: length };
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
