//! Text that arrives in pieces, proven to be UTF-8 as it comes.
//!
//! Each byte is validated once: what is complete goes into a `String`, and at most three bytes of a
//! character cut in two wait for the rest.

use crate::{error::ProtocolError, utf8};

/// The text so far, and the beginning of a character that the last piece cut.
#[derive(Default)]
pub(crate) struct Text {
    whole: String,
    cut: [u8; 4],
    cut_bytes: usize,
}

impl Text {
    /// Bytes received, in characters or in part of one.
    pub(crate) fn len(&self) -> usize {
        self.whole.len() + self.cut_bytes
    }

    /// Appends a piece, and refuses it if no continuation could make the text UTF-8.
    #[inline(always)]
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<(), ProtocolError> {
        // Behind a byte of ASCII nothing is cut.
        if self.cut_bytes == 0 && piece.last().is_none_or(u8::is_ascii) {
            self.whole.push_str(utf8::text(piece).ok_or(ProtocolError::InvalidUtf8)?);
            return Ok(());
        }
        self.push_cut(piece)
    }

    /// Appends a piece that may begin or end inside a character.
    #[inline(never)]
    fn push_cut(&mut self, mut piece: &[u8]) -> Result<(), ProtocolError> {
        while self.is_cut() {
            let Some((next, rest)) = piece.split_first() else { return Ok(()) };
            piece = rest;
            self.cut[self.cut_bytes] = *next;
            self.cut_bytes += 1;
            self.settle_cut()?;
        }
        let (whole, cut) = piece.split_at(piece.len() - cut_at_the_end(piece));
        self.whole.push_str(utf8::text(whole).ok_or(ProtocolError::InvalidUtf8)?);
        // Hardly any piece ends inside a character.
        if cut.is_empty() { Ok(()) } else { self.begin_cut(cut) }
    }

    /// Keeps the first bytes of a character, if they can become one.
    #[cold]
    fn begin_cut(&mut self, cut: &[u8]) -> Result<(), ProtocolError> {
        self.cut[..cut.len()].copy_from_slice(cut);
        self.cut_bytes = cut.len();
        self.settle_cut()
    }

    /// Memory held, in bytes.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.whole.capacity()
    }

    /// Whether it ends inside a character.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut_bytes > 0
    }

    /// The characters that are whole.
    pub(crate) fn whole(&self) -> &str {
        &self.whole
    }

    /// Forgets the text, and its memory where that exceeds `keep` bytes.
    pub(crate) fn clear(&mut self, keep: usize) {
        self.whole.clear();
        if self.whole.capacity() > keep {
            self.whole.shrink_to(keep);
        }
        self.cut_bytes = 0;
    }

    /// Moves the cut character to the text if it is whole now, and refuses it if it cannot become so.
    fn settle_cut(&mut self) -> Result<(), ProtocolError> {
        match std::str::from_utf8(&self.cut[..self.cut_bytes]) {
            Ok(character) => {
                self.whole.push_str(character);
                self.cut_bytes = 0;
                Ok(())
            }
            Err(error) if error.error_len().is_none() => Ok(()),
            Err(_) => Err(ProtocolError::InvalidUtf8),
        }
    }
}

/// How many bytes at the end belong to a character that is not all there, by its leading byte.
fn cut_at_the_end(bytes: &[u8]) -> usize {
    for (back, byte) in (1..=3).zip(bytes.iter().rev()) {
        let width = match byte {
            0b1000_0000..=0b1011_1111 => continue,
            0b1100_0000..=0b1101_1111 => 2,
            0b1110_0000..=0b1110_1111 => 3,
            0b1111_0000..=0b1111_0111 => 4,
            _ => 1,
        };
        return if width > back { back } else { 0 };
    }
    0
}
