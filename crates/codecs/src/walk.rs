//! One pass over a message of heads and items, before anybody reads it.
//!
//! The libraries that read such messages recurse, and make room for what an array announces. This walk
//! does neither: it keeps one number for each level that is open, and says whether the message is one
//! value, whole, and not too deep. What it lets pass costs a reader no more than its own length.

use crate::MAX_DEPTH;

/// What stands at the head of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Head {
    /// A value with this many bytes after the head.
    Leaf(u64),
    /// An array, a map or a wrapper: so many values follow and belong to it.
    Nest(u64),
    /// The same without a number: they end at a [`Break`](Self::Break).
    #[cfg_attr(not(feature = "cbor"), expect(dead_code, reason = "only CBOR has it"))]
    Open,
    /// The end of the innermost [`Open`](Self::Open).
    #[cfg_attr(not(feature = "cbor"), expect(dead_code, reason = "only CBOR has it"))]
    Break,
}

/// Why a message is not one whole value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Unsound {
    /// It ends before the value does, or announces more than can follow.
    #[error("the message is shorter than it says")]
    Short,
    /// It goes on after the value.
    #[error("something follows the value")]
    Long,
    /// Too many levels.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    Deep,
    /// A head that does not exist, or stands in the wrong place.
    #[error("a byte that begins no value")]
    Head,
}

/// Goes through the message. `head` reads the head at the front, and how many bytes it takes.
pub(crate) fn walk(
    message: &[u8],
    head: impl Fn(&[u8]) -> Result<(Head, usize), Unsound>,
) -> Result<(), Unsound> {
    let mut rest = message;
    let mut levels = Levels { left: [0; MAX_DEPTH], open: 0 };
    loop {
        let (found, bytes) = head(rest)?;
        rest = rest.get(bytes..).ok_or(Unsound::Short)?;
        match found {
            Head::Leaf(bytes) => {
                let bytes = usize::try_from(bytes).map_err(|_| Unsound::Short)?;
                rest = rest.get(bytes..).ok_or(Unsound::Short)?;
                levels.complete();
            }
            Head::Nest(0) => levels.complete(),
            // Every value takes a byte at least.
            Head::Nest(values) if values > rest.len() as u64 => return Err(Unsound::Short),
            Head::Nest(values) => levels.enter(values)?,
            Head::Open => levels.enter(UNTIL_BREAK)?,
            Head::Break => levels.leave()?,
        }
        if levels.open == 0 {
            return if rest.is_empty() { Ok(()) } else { Err(Unsound::Long) };
        }
    }
}

/// Of each level that is open, how many values are still to come.
struct Levels {
    left: [u64; MAX_DEPTH],
    open: usize,
}

impl Levels {
    fn enter(&mut self, values: u64) -> Result<(), Unsound> {
        *self.left.get_mut(self.open).ok_or(Unsound::Deep)? = values;
        self.open += 1;
        Ok(())
    }

    /// A value has ended, and so has every level of which it was the last.
    fn complete(&mut self) {
        while let Some(left) = self.left[..self.open].last_mut() {
            if *left == UNTIL_BREAK {
                return;
            }
            *left -= 1;
            if *left > 0 {
                return;
            }
            self.open -= 1;
        }
    }

    fn leave(&mut self) -> Result<(), Unsound> {
        match self.left[..self.open].last() {
            Some(&UNTIL_BREAK) => {
                self.open -= 1;
                self.complete();
                Ok(())
            }
            _ => Err(Unsound::Head),
        }
    }
}

/// More values than any message can hold.
const UNTIL_BREAK: u64 = u64::MAX;

/// Reads a big-endian number of `bytes` bytes behind the first one.
pub(crate) fn number(message: &[u8], bytes: usize) -> Result<u64, Unsound> {
    let digits = message.get(1..=bytes).ok_or(Unsound::Short)?;
    Ok(digits.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
