//! Messages compressed as RFC 7692 §7.2 wants, and as it does not.
//!
//! By another library than the transport uses, so that a mistake of one does not hide in both. It knows
//! no smaller windows than 32 KiB.

use miniz_oxide::{
    DataFormat, MZFlush, MZStatus,
    deflate::{core::CompressorOxide, stream::deflate},
    inflate::stream::{InflateState, inflate},
};

use super::raw_frame::RawFrame;

/// Compresses the messages of one direction.
pub struct Packer {
    machine: Box<CompressorOxide>,
    keeps_context: bool,
}

/// Inflates the messages of one direction.
pub struct Unpacker {
    machine: Box<InflateState>,
    keeps_context: bool,
}

impl Packer {
    /// One whose messages may refer to earlier ones.
    #[must_use]
    pub fn new() -> Self {
        Self { machine: compressor(), keeps_context: true }
    }

    /// One whose messages stand alone (`no_context_takeover`).
    #[must_use]
    pub fn without_context() -> Self {
        Self { keeps_context: false, ..Self::new() }
    }

    /// The payload of a message, compressed.
    #[must_use]
    pub fn pack(&mut self, payload: &[u8]) -> Vec<u8> {
        let (mut packed, mut rest) = (Vec::new(), payload);
        let mut room = vec![0; 64 * 1024];
        loop {
            let done = deflate(&mut self.machine, rest, &mut room, MZFlush::Sync);
            rest = &rest[done.bytes_consumed..];
            packed.extend_from_slice(&room[..done.bytes_written]);
            if rest.is_empty() && done.bytes_written < room.len() {
                break;
            }
        }
        let end = packed.strip_suffix(&TAIL).expect("a flush ends with an empty block").len();
        packed.truncate(end);
        if !self.keeps_context {
            self.machine = compressor();
        }
        packed
    }

    /// The frame with its payload compressed, and marked as such.
    #[must_use]
    pub fn pack_frame(&mut self, frame: RawFrame) -> RawFrame {
        RawFrame { payload: self.pack(&frame.payload), rsv: 0b100, ..frame }
    }
}

impl Unpacker {
    /// One whose messages may refer to earlier ones.
    #[must_use]
    pub fn new() -> Self {
        Self { machine: InflateState::new_boxed(DataFormat::Raw), keeps_context: true }
    }

    /// One whose messages stand alone (`no_context_takeover`).
    #[must_use]
    pub fn without_context() -> Self {
        Self { keeps_context: false, ..Self::new() }
    }

    /// The payload of a message, all fragments joined, inflated.
    ///
    /// # Panics
    ///
    /// It cannot be inflated.
    #[must_use]
    pub fn unpack(&mut self, payload: &[u8]) -> Vec<u8> {
        let packed = [payload, &TAIL].concat();
        let (mut unpacked, mut rest) = (Vec::new(), &packed[..]);
        let mut room = vec![0; 64 * 1024];
        loop {
            let done = inflate(&mut self.machine, rest, &mut room, MZFlush::None);
            rest = &rest[done.bytes_consumed..];
            unpacked.extend_from_slice(&room[..done.bytes_written]);
            match done.status {
                Ok(MZStatus::Ok) | Err(miniz_oxide::MZError::Buf) => {}
                other => panic!("a message that cannot be inflated: {other:?}"),
            }
            if rest.is_empty() && done.bytes_written < room.len() {
                break;
            }
        }
        if !self.keeps_context {
            *self = Self::without_context();
        }
        unpacked
    }
}

impl Default for Packer {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Unpacker {
    fn default() -> Self {
        Self::new()
    }
}

fn compressor() -> Box<CompressorOxide> {
    let mut machine = Box::<CompressorOxide>::default();
    machine.set_format_and_level(DataFormat::Raw, 6);
    machine
}

const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_is_packed_as_in_the_rfc() {
        let hello = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
        let (mut packer, mut unpacker) = (Packer::new(), Unpacker::new());
        assert_eq!(packer.pack(b"Hello"), hello);
        assert_eq!(unpacker.unpack(&hello), b"Hello");
        let again = packer.pack(b"Hello");
        assert!(again.len() < hello.len(), "it refers to the first");
        assert_eq!(unpacker.unpack(&again), b"Hello");
    }

    #[test]
    fn without_context_every_message_is_the_same() {
        let (mut packer, mut unpacker) = (Packer::without_context(), Unpacker::without_context());
        let first = packer.pack(b"Hello");
        assert_eq!(packer.pack(b"Hello"), first);
        for _ in 0..2 {
            assert_eq!(unpacker.unpack(&first), b"Hello");
        }
        let large = b"large ".repeat(100_000);
        assert!(unpacker.unpack(&packer.pack(&large)) == large);
    }
}
