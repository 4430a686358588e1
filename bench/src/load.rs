//! What messages look like: how long, in how many frames, and how many of them the server writes at once.

use std::str::FromStr;

/// Messages of one kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Load {
    /// The payload of a message.
    pub(crate) bytes: usize,
    /// In how many frames each comes.
    pub(crate) fragments: usize,
    /// How many messages are in one write of the server.
    pub(crate) burst: usize,
}

impl Load {
    pub(crate) const fn new(bytes: usize, burst: usize) -> Self {
        Self { bytes, fragments: 1, burst }
    }

    pub(crate) const fn in_fragments(self, fragments: usize) -> Self {
        Self { fragments, ..self }
    }

    /// The text with this number: letters, its number at both ends, so that no two near each other are the
    /// same.
    pub(crate) fn text(self, number: usize) -> String {
        let mut text = format!("{{\"n\":{number:06},\"data\":\"");
        let end = format!("{number:06}\"}}");
        let mut letters = &LETTERS[number % 26..];
        while let room @ 1.. = self.bytes.saturating_sub(text.len() + end.len()) {
            text.push_str(&letters[..room.min(letters.len())]);
            letters = LETTERS;
        }
        text.push_str(&end);
        text.truncate(self.bytes);
        text
    }

    /// Different messages, a whole number of bursts of them, as a server sends them.
    pub(crate) fn ring(self) -> Ring {
        // More than the caches of a core keep, where a burst allows it.
        let wanted = (RING_BYTES / self.bytes).clamp(1, 8_192);
        let bursts = wanted.div_ceil(self.burst);
        let mut ring = Ring { bytes: Vec::new(), ends: Vec::new(), texts: Vec::new() };
        for number in 0..bursts * self.burst {
            let text = self.text(number);
            self.frames(text.as_bytes(), &mut ring.bytes);
            ring.texts.push(text);
            if (number + 1) % self.burst == 0 {
                ring.ends.push(ring.bytes.len());
            }
        }
        ring
    }

    /// A message as frames without a mask (RFC 6455 §5.2).
    fn frames(self, payload: &[u8], out: &mut Vec<u8>) {
        let pieces: Vec<&[u8]> = payload.chunks(payload.len().div_ceil(self.fragments)).collect();
        for (index, piece) in pieces.iter().enumerate() {
            let first = if index == 0 { 0x01 } else { 0x00 };
            let last = if index + 1 == pieces.len() { 0x80 } else { 0x00 };
            frame(out, first | last, piece);
        }
    }

    /// `350@64`, or `1024/4@64` where each comes in four frames.
    #[cfg(feature = "peers")]
    pub(crate) fn name(self) -> String {
        match self.fragments {
            1 => format!("{}@{}", self.bytes, self.burst),
            fragments => format!("{}/{fragments}@{}", self.bytes, self.burst),
        }
    }
}

impl FromStr for Load {
    type Err = Box<dyn std::error::Error>;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let (what, burst) = name.split_once('@').ok_or("a load has a burst")?;
        let (bytes, fragments) = what.split_once('/').unwrap_or((what, "1"));
        Ok(Self { bytes: bytes.parse()?, fragments: fragments.parse()?, burst: burst.parse()? })
    }
}

/// A server's part, over and over.
pub(crate) struct Ring {
    /// All frames.
    pub(crate) bytes: Vec<u8>,
    /// Where each burst ends.
    pub(crate) ends: Vec<usize>,
    pub(crate) texts: Vec<String>,
}

#[cfg(feature = "peers")]
impl Ring {
    /// What so many messages add up to.
    pub(crate) fn sum(&self, messages: u64, whole: bool) -> u64 {
        let mut sum = Sum::new(whole);
        self.texts.iter().cycle().take(messages as usize).for_each(|text| sum.add(text.as_bytes()));
        sum.value
    }
}

/// A frame without a mask.
pub(crate) fn frame(out: &mut Vec<u8>, first: u8, payload: &[u8]) {
    out.push(first);
    match payload.len() {
        small @ 0..=125 => out.push(small as u8),
        medium @ 126..=0xFFFF => {
            out.push(126);
            out.extend((medium as u16).to_be_bytes());
        }
        large => {
            out.push(127);
            out.extend((large as u64).to_be_bytes());
        }
    }
    out.extend(payload);
}

/// What all messages add up to, in their order, so that nobody wins by not looking.
///
/// While times are taken, it is the length and both ends of each message, which costs everybody the same
/// nanosecond or two; where calls are counted, it is every byte.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    pub(crate) value: u64,
    whole: bool,
}

impl Sum {
    pub(crate) const fn new(whole: bool) -> Self {
        Self { value: 0, whole }
    }

    #[inline(always)]
    pub(crate) fn add(&mut self, payload: &[u8]) {
        let of_one = if self.whole { every_byte(payload) } else { both_ends(payload) };
        self.value = self.value.rotate_left(5).wrapping_add(of_one);
    }
}

#[inline(always)]
fn both_ends(payload: &[u8]) -> u64 {
    let ends = payload.first_chunk::<8>().zip(payload.last_chunk::<8>());
    let (first, last) = ends.map_or((0, 0), |(first, last)| {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last).rotate_left(13))
    });
    first ^ last ^ payload.len() as u64
}

#[inline(never)]
fn every_byte(payload: &[u8]) -> u64 {
    payload
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
const RING_BYTES: usize = 1 << 20;
