//! Proof that bytes are UTF-8: the one module of this crate with `unsafe` in it.
//!
//! Messages are mostly ASCII, and for those the proof is that no byte has its top bit set. That loop
//! is inlined where messages are delivered, while the general validator is a call through a
//! pointer that was chosen for the processor; it runs from the first block that needs it. Measured
//! with `examples/count`: 10 of 185 instructions fewer for a message of 64 bytes, 50 of 527 for 300.

/// The text that `bytes` spell; `None` if they are not UTF-8.
// Always inlined, that being its point.
#[inline(always)]
#[allow(unsafe_code, reason = "no safe function of the standard library takes the proof that was made here")]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    let ascii = if bytes.len() > LONG_BYTES { 0 } else { ascii_prefix(bytes) };
    if ascii < bytes.len() {
        // The prefix is ASCII, so the rest starts with a character or is wrong.
        simdutf8::basic::from_utf8(bytes.get(ascii..)?).ok()?;
    }
    // SAFETY: `bytes[..ascii]` holds no byte above 0x7F, as `ascii_prefix` promises and its tests
    // check for every length and position; ASCII is UTF-8. `bytes[ascii..]` is either empty or was
    // validated by `simdutf8`. UTF-8 followed by UTF-8 is UTF-8.
    Some(unsafe { std::str::from_utf8_unchecked(bytes) })
}

/// How many of these bytes are whole characters, if more bytes could make all of them UTF-8; `None` if
/// nothing could.
pub(crate) fn start_of_text(bytes: &[u8]) -> Option<usize> {
    match simdutf8::compat::from_utf8(bytes) {
        Ok(text) => Some(text.len()),
        Err(error) if error.error_len().is_none() => Some(error.valid_up_to()),
        Err(_) => None,
    }
}

/// The length of a prefix without a byte above 0x7F: all of `bytes` if there is none in it, and
/// otherwise some whole number of blocks before the first.
#[inline(always)]
fn ascii_prefix(bytes: &[u8]) -> usize {
    let Some(last) = bytes.last_chunk::<BLOCK_BYTES>() else { return short_ascii_prefix(bytes) };
    let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
    for (index, block) in blocks.iter().enumerate() {
        if !is_ascii_block(block) {
            return index * BLOCK_BYTES;
        }
    }
    // A block that overlaps the one before costs less than a loop over what is left.
    if rest.is_empty() || is_ascii_block(last) {
        return bytes.len();
    }
    blocks.len() * BLOCK_BYTES
}

/// The same for less than a block: all or nothing.
#[inline(always)]
fn short_ascii_prefix(bytes: &[u8]) -> usize {
    let all = match (bytes.last_chunk::<LINE_BYTES>(), bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(last), ..) => {
            // At most three lines, and one that overlaps.
            bytes.as_chunks::<LINE_BYTES>().0.iter().fold(true, |all, line| all & is_ascii_line(line))
                & is_ascii_line(last)
        }
        (None, Some(first), Some(last)) => {
            (u64::from_ne_bytes(*first) | u64::from_ne_bytes(*last)) & 0x8080_8080_8080_8080 == 0
        }
        _ => bytes.iter().fold(0, |all, byte| all | byte) < 0x80,
    };
    if all { bytes.len() } else { 0 }
}

/// Whether all these bytes are ASCII. In this form LLVM makes one `por` per line of it and one
/// `pmovmskb` at the end on x86-64; the obvious forms become twice as many instructions.
#[inline(always)]
fn is_ascii_block(block: &[u8; BLOCK_BYTES]) -> bool {
    let mut union = [0; LINE_BYTES];
    for line in block.as_chunks::<LINE_BYTES>().0 {
        for index in 0..LINE_BYTES {
            union[index] |= line[index];
        }
    }
    is_ascii_line(&union)
}

#[inline(always)]
fn is_ascii_line(line: &[u8; LINE_BYTES]) -> bool {
    let mut ascii = 0;
    for byte in line {
        ascii += u8::from(byte.is_ascii());
    }
    usize::from(ascii) == LINE_BYTES
}

/// From here on the registers of the general validator, twice as wide, outweigh the call.
const LONG_BYTES: usize = 768;
const BLOCK_BYTES: usize = 64;
const LINE_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// Miri is slow, and with this step it still comes by every place in a block.
    const STEP: usize = if cfg!(miri) { 13 } else { 1 };

    #[test]
    fn no_byte_above_ascii_is_ever_in_the_prefix() {
        for length in (0..300).step_by(STEP) {
            let mut bytes = vec![0x7F; length];
            assert_eq!(ascii_prefix(&bytes), length);
            for at in (0..length).step_by(STEP) {
                bytes[at] = 0x80;
                assert!(ascii_prefix(&bytes) <= at, "{at} of {length}");
                bytes[at] = 0x7F;
            }
        }
    }

    #[test]
    fn every_length_and_position_is_judged_as_by_the_standard_library() {
        let pieces: [&[u8]; 8] = [
            b"\xC3\x9F",
            b"\xE8\xAA\x9E",
            b"\xF0\x9F\xA6\x80",
            b"\xC3",
            b"\x9F",
            b"\xED\xA0\x80",
            b"\xFF",
            b"\0",
        ];
        for piece in pieces {
            for before in (0..140).step_by(STEP) {
                for after in [0, 1, 7, 8, 63, 64, 65, 130] {
                    let bytes = [&vec![b'a'; before], piece, &vec![b'b'; after]].concat();
                    assert_eq!(text(&bytes), std::str::from_utf8(&bytes).ok(), "{piece:x?} at {before}");
                }
            }
        }
    }
}
