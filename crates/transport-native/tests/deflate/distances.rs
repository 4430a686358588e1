//! How far back a deflate stream refers: an inflater (RFC 1951) that is written to tell just that.

use std::collections::HashMap;

/// The farthest reference in messages that were packed one after the other, which must say what was meant.
pub(crate) fn farthest_reference(packed: &[Vec<u8>], meant: &[&str]) -> usize {
    let mut output = Vec::new();
    let mut farthest = 0;
    for message in packed {
        let stream = [message, &[0x00, 0x00, 0xFF, 0xFF][..]].concat();
        let mut bits = Bits { stream: &stream, at: 0 };
        while bits.left() >= 8 {
            farthest = farthest.max(block(&mut bits, &mut output));
        }
    }
    assert!(output == meant.concat().into_bytes(), "the messages say something else");
    farthest
}

struct Bits<'a> {
    stream: &'a [u8],
    /// In bits.
    at: usize,
}

impl Bits<'_> {
    const fn left(&self) -> usize {
        self.stream.len() * 8 - self.at
    }

    fn take(&mut self, count: usize) -> usize {
        let mut value = 0;
        for index in 0..count {
            let bit = self.stream[self.at / 8] >> (self.at % 8) & 1;
            value |= usize::from(bit) << index;
            self.at += 1;
        }
        value
    }
}

/// A prefix code by its lengths.
struct Code(HashMap<(usize, usize), usize>);

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let mut entries = HashMap::new();
        let mut code = 0;
        for length in 1..=15 {
            code <<= 1;
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, other)| **other == length) {
                entries.insert((length, code), symbol);
                code += 1;
            }
        }
        Self(entries)
    }

    fn read(&self, bits: &mut Bits<'_>) -> usize {
        let (mut length, mut code) = (0, 0);
        loop {
            code = code << 1 | bits.take(1);
            length += 1;
            assert!(length <= 15, "a code that stands for nothing");
            if let Some(symbol) = self.0.get(&(length, code)) {
                return *symbol;
            }
        }
    }
}

/// Inflates a block; tells its farthest reference.
fn block(bits: &mut Bits<'_>, output: &mut Vec<u8>) -> usize {
    let _last = bits.take(1);
    let (literals, distances) = match bits.take(2) {
        0 => {
            bits.at = bits.at.next_multiple_of(8);
            let length = bits.take(16);
            assert_eq!(bits.take(16), !length & 0xFFFF);
            output.extend((0..length).map(|_| bits.take(8) as u8));
            return 0;
        }
        1 => {
            let lengths: Vec<usize> = (0..288)
                .map(|symbol| match symbol {
                    0..144 => 8,
                    144..256 => 9,
                    256..280 => 7,
                    _ => 8,
                })
                .collect();
            (Code::new(&lengths), Code::new(&[5; 30]))
        }
        2 => described_codes(bits),
        kind => panic!("a block of kind {kind}"),
    };
    let mut farthest = 0;
    loop {
        let symbol = literals.read(bits);
        let length = match symbol {
            0..256 => {
                output.push(symbol as u8);
                continue;
            }
            256 => return farthest,
            257..265 => symbol - 254,
            265..285 => {
                let extra = (symbol - 261) / 4;
                3 + ((4 + (symbol - 265) % 4) << extra) + bits.take(extra)
            }
            _ => 258,
        };
        let symbol = distances.read(bits);
        let distance = match symbol {
            0..4 => symbol + 1,
            _ => {
                let extra = symbol / 2 - 1;
                1 + ((2 + symbol % 2) << extra) + bits.take(extra)
            }
        };
        farthest = farthest.max(distance);
        for _ in 0..length {
            output.push(output[output.len() - distance]);
        }
    }
}

fn described_codes(bits: &mut Bits<'_>) -> (Code, Code) {
    const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
    let (literals, distances, described) = (257 + bits.take(5), 1 + bits.take(5), 4 + bits.take(4));
    let mut lengths = [0; 19];
    for place in &ORDER[..described] {
        lengths[*place] = bits.take(3);
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (value, times) = match code.read(bits) {
            16 => (*lengths.last().expect("something to repeat"), 3 + bits.take(2)),
            17 => (0, 3 + bits.take(3)),
            18 => (0, 11 + bits.take(7)),
            length => (length, 1),
        };
        lengths.extend(std::iter::repeat_n(value, times));
    }
    (Code::new(&lengths[..literals]), Code::new(&lengths[literals..]))
}
