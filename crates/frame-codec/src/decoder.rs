//! From bytes to frames, incrementally.
//!
//! No message is joined and no text is checked here; that is the [`Assembler`](crate::Assembler).

use std::marker::PhantomData;

use crate::{buffer::Buffer, error::ProtocolError, frame::Frame, header::Header, mask, role::Role};

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
/// All state lives in this value, so a driver may be cancelled between any two calls.
///
/// # Memory
///
/// Nothing before the first read, then 4 KiB. It doubles up to 64 KiB while reads fill it, halves
/// again after a run of small reads, and grows past 64 KiB only for a frame that needs it, as its
/// bytes arrive and not when its header announces them. A driver that takes every frame before it
/// reads never makes it hold more than the frame limit or 64 KiB, whichever is larger, and the
/// header. What exceeds 256 KiB is given back by the first [`spare_mut`](Self::spare_mut) after the
/// frame was taken.
#[derive(Debug)]
pub struct Decoder<R: Role> {
    buffer: Buffer,
    limit: usize,
    failed: Option<ProtocolError>,
    /// The last read left no room, so there was probably more.
    filled: bool,
    /// How many reads in a row used a small part of the buffer.
    small_reads: u8,
    role: PhantomData<R>,
}

impl<R: Role> Decoder<R> {
    /// A decoder that refuses data frames of more than `frame_limit_bytes`. Control frames carry at
    /// most 125 bytes by themselves and do not fall under the limit.
    #[must_use]
    pub fn new(frame_limit_bytes: usize) -> Self {
        Self {
            buffer: Buffer::default(),
            limit: frame_limit_bytes,
            failed: None,
            filled: false,
            small_reads: 0,
            role: PhantomData,
        }
    }

    /// Room to read into: at least `min` bytes, and at least one. Its content is undefined; what
    /// was written becomes part of the stream by [`commit`](Self::commit).
    pub fn spare_mut(&mut self, min: usize) -> &mut [u8] {
        let capacity = self.buffer.capacity();
        let shrinks = self.buffer.is_empty()
            && (capacity > HUGE_BYTES || (self.small_reads >= SMALL_READS && capacity > IDLE_BYTES));
        // A read that asks for little is a wasted system call, so a quarter of the buffer is
        // always offered.
        if shrinks || self.filled || self.buffer.room() < min.max(capacity / 4).max(1) {
            self.arrange(min.max(1));
        }
        self.buffer.spare_mut()
    }

    /// Says that the first `n` bytes of the room given by [`spare_mut`](Self::spare_mut) were
    /// written. After an error they are dropped.
    ///
    /// # Panics
    ///
    /// If `n` is more than the room that was given.
    pub fn commit(&mut self, n: usize) {
        let small = n < self.buffer.capacity() / 16;
        self.small_reads = if small { self.small_reads.saturating_add(1) } else { 0 };
        self.buffer.commit(n);
        self.filled = self.buffer.room() == 0;
        if self.failed.is_some() {
            self.buffer = Buffer::default();
        }
    }

    /// Appends bytes that were read elsewhere, such as those that came with the HTTP upgrade.
    pub fn extend(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.spare_mut(bytes.len())[..bytes.len()].copy_from_slice(bytes);
            self.commit(bytes.len());
        }
    }

    /// The next whole frame, unmasked, or `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// The peer broke RFC 6455 §5.1, §5.2 or §5.5, or sent a data frame above the limit. Frames
    /// before the offence are delivered; from then on the error is repeated and bytes are dropped.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, ProtocolError> {
        let common = if R::PEER_MASKS { None } else { Header::common(self.buffer.pending(), self.limit) };
        let header = match common {
            Some(header) => header,
            None => match self.strict_header()? {
                Some(header) => header,
                None => return Ok(None),
            },
        };
        let Some(payload) = self.buffer.take(header.header_bytes, header.payload_bytes) else {
            return Ok(None);
        };
        if let Some(key) = header.mask {
            mask::apply(payload, key);
        }
        Ok(Some(Frame { fin: header.fin, opcode: header.opcode, payload }))
    }

    /// Whether bytes are buffered that [`next_frame`](Self::next_frame) did not deliver. Asked once
    /// that returned `None`, it tells an end of the stream between two frames from one inside.
    #[must_use]
    pub fn is_mid_frame(&self) -> bool {
        !self.buffer.is_empty()
    }

    #[cold]
    fn strict_header(&mut self) -> Result<Option<Header>, ProtocolError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let header = Header::strict::<R>(self.buffer.pending(), self.limit);
        if let Err(error) = header {
            self.failed = Some(error);
            self.buffer = Buffer::default();
        }
        header
    }

    /// Makes room for `min` bytes, and brings the buffer to the size that recent reads suggest.
    #[cold]
    fn arrange(&mut self, min: usize) {
        let held = self.buffer.pending().len();
        let capacity = self.buffer.capacity();
        let mut target = capacity.max(IDLE_BYTES);
        if self.filled && target < BURST_BYTES {
            target *= 2;
        } else if held == 0 && target > HUGE_BYTES {
            target = BURST_BYTES;
        } else if held == 0 && target > IDLE_BYTES && self.small_reads >= SMALL_READS {
            target /= 2;
            self.small_reads = 0;
        }
        if target - held < min.max(target / 4) {
            // No frame needs more than `most`; without it the last doubling would overshoot. Only a
            // caller who appends without taking frames can need more than that.
            let most = self.limit.saturating_add(Header::MAX_BYTES).max(BURST_BYTES);
            let (doubled, needed) = (target.saturating_mul(2), held + min);
            target = if needed <= most { doubled.min(most).max(needed) } else { doubled.max(needed) };
        }
        self.filled = false;
        if target == capacity {
            self.buffer.compact();
        } else {
            self.buffer.resize(target);
        }
    }
}

/// What an idle connection keeps.
const IDLE_BYTES: usize = 4 << 10;
/// What a busy connection reads at once. Measured: 8 KiB costs eight times the calls, 256 KiB gains
/// nothing and pollutes the cache.
const BURST_BYTES: usize = 64 << 10;
/// More than this is not kept for the next large frame.
const HUGE_BYTES: usize = 256 << 10;
/// After so many reads below a sixteenth of the buffer, it halves.
const SMALL_READS: u8 = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Client;

    /// Plays one read of `wire`, and tells how much of it there was room for.
    fn read(decoder: &mut Decoder<Client>, wire: &[u8]) -> usize {
        let room = decoder.spare_mut(1);
        let length = room.len().min(wire.len());
        room[..length].copy_from_slice(&wire[..length]);
        decoder.commit(length);
        length
    }

    fn drain(decoder: &mut Decoder<Client>) -> usize {
        let mut frames = 0;
        while let Some(_frame) = decoder.next_frame().expect("legal frames") {
            frames += 1;
        }
        frames
    }

    fn ticks(count: usize) -> Vec<u8> {
        [&[0x81, 126, 1, 44], &[b'x'; 300][..]].concat().repeat(count)
    }

    #[test]
    fn a_new_decoder_owns_nothing_and_an_idle_one_four_kib() {
        let mut decoder = Decoder::<Client>::new(usize::MAX);
        assert_eq!(decoder.buffer.capacity(), 0);
        for _ in 0..1_000 {
            read(&mut decoder, &ticks(1));
            drain(&mut decoder);
        }
        assert_eq!(decoder.buffer.capacity(), IDLE_BYTES);
    }

    #[test]
    fn reads_that_fill_the_buffer_double_it_and_small_ones_halve_it_again() {
        let mut decoder = Decoder::new(1_000);
        let burst = ticks(2_000);
        let (mut rest, mut reads, mut frames) = (&burst[..], 0, 0);
        while !rest.is_empty() {
            let length = read(&mut decoder, rest);
            rest = &rest[length..];
            frames += drain(&mut decoder);
            reads += 1;
        }
        assert_eq!((frames, decoder.buffer.capacity()), (2_000, BURST_BYTES));
        assert!(reads <= 15, "{reads} reads for 600 KB");
        for _ in 0..200 {
            read(&mut decoder, &ticks(1)[..100]);
            read(&mut decoder, &ticks(1)[100..]);
            drain(&mut decoder);
        }
        assert!(decoder.buffer.capacity() <= 2 * IDLE_BYTES, "{:?}", decoder.buffer);
    }

    #[test]
    fn a_read_that_fills_the_buffer_with_whole_frames_doubles_it_too() {
        let mut decoder = Decoder::new(4_092);
        let wire = [&[0x82, 126, 0x0F, 0xFC], &[7; 4_092][..]].concat();
        assert_eq!(read(&mut decoder, &wire), IDLE_BYTES);
        assert_eq!(drain(&mut decoder), 1);
        assert_eq!(decoder.spare_mut(1).len(), 2 * IDLE_BYTES);
    }

    #[test]
    fn a_header_alone_reserves_nothing() {
        let limit = 1 << 40;
        let mut decoder = Decoder::<Client>::new(limit);
        decoder.extend(&[&[0x82, 127], &(limit as u64).to_be_bytes()[..]].concat());
        assert_eq!(decoder.next_frame(), Ok(None));
        assert!(decoder.spare_mut(1).len() < IDLE_BYTES);
    }

    #[test]
    fn a_large_frame_takes_memory_as_it_arrives_and_never_more_than_its_limit() {
        let limit = 1 << 20;
        let length = limit - 10_000;
        let wire = [&[0x82, 127], &(length as u64).to_be_bytes()[..], &vec![7; length]].concat();
        let mut decoder = Decoder::new(limit);
        let mut arrived = 0;
        while arrived < wire.len() {
            arrived += read(&mut decoder, &wire[arrived..wire.len().min(arrived + 100_000)]);
            assert!(decoder.buffer.capacity() <= (4 * arrived).max(BURST_BYTES));
            assert!(decoder.buffer.capacity() <= limit + Header::MAX_BYTES);
            assert_eq!(drain(&mut decoder), usize::from(arrived == wire.len()));
        }
        decoder.spare_mut(1);
        assert_eq!(decoder.buffer.capacity(), BURST_BYTES, "given back before the next read");
    }

    #[test]
    fn room_is_at_least_what_was_asked_for_and_what_pends_survives() {
        for min in [0, 1, 100, 4_096, 5_000, 70_000, 300_000] {
            let mut decoder = Decoder::<Client>::new(1_000);
            decoder.extend(&[0x81]);
            let room = decoder.spare_mut(min);
            assert!(!room.is_empty() && room.len() >= min);
            decoder.extend(&[1, b'x']);
            assert!(decoder.next_frame().is_ok_and(|frame| frame.is_some_and(|frame| frame.payload == b"x")));
        }
    }

    #[test]
    fn a_quarter_of_the_buffer_is_offered_however_little_is_asked_for() {
        let mut decoder = Decoder::<Client>::new(100_000);
        decoder.extend(&[0x82, 126, 0xFF, 0xFF]);
        for _ in 0..65_535 {
            let room = decoder.spare_mut(1).len();
            assert!(room >= decoder.buffer.capacity() / 4);
            decoder.commit(1);
        }
        assert_eq!(drain(&mut decoder), 1);
    }

    #[test]
    fn asking_for_room_again_without_a_read_changes_nothing() {
        let mut decoder = Decoder::<Client>::new(1_000);
        for arrived in 0..3_000 {
            decoder.extend(&[[0x82, 126, 3, 232][arrived.min(3)]; 1]);
            let (room, capacity) = (decoder.spare_mut(1).len(), decoder.buffer.capacity());
            assert_eq!((decoder.spare_mut(1).len(), decoder.buffer.capacity()), (room, capacity));
        }
    }

    #[test]
    fn after_an_error_nothing_is_kept() {
        let mut decoder = Decoder::<Client>::new(1_000);
        decoder.extend(&[0xFF; 100]);
        assert_eq!(decoder.next_frame(), Err(ProtocolError::ReservedBit));
        decoder.extend(&[0x81; 100_000]);
        assert_eq!((decoder.buffer.capacity(), decoder.is_mid_frame()), (0, false));
    }

    #[test]
    #[should_panic(expected = "more bytes committed")]
    fn committing_more_than_there_was_room_for_is_a_bug_of_the_caller() {
        Decoder::<Client>::new(1_000).commit(1);
    }
}
