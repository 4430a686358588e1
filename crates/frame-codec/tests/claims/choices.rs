//! Bytes read as decisions, so that a fuzzer that knows only bytes can build structured inputs.
//! When they run out, every decision is zero.

pub(crate) struct Choices<'a> {
    input: &'a [u8],
    /// Whether a payload of 64 KiB was given: one is enough, and more would slow the fuzzer.
    had_long: bool,
}

impl<'a> Choices<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self { input, had_long: false }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// The next `n` bytes, or what is left of them.
    pub(crate) fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.input.split_at(n.min(self.input.len()));
        self.input = rest;
        taken
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    /// A bound at or near a place where something changes.
    pub(crate) fn limit(&mut self) -> usize {
        [0, 1, 16, 125, 126, 1_000, 65_536, 1 << 20][usize::from(self.byte() % 8)]
    }

    /// A payload, mostly short; its bytes repeat those of the input where it is long.
    pub(crate) fn payload(&mut self) -> Vec<u8> {
        let length = match self.byte() {
            short @ 0..=199 => usize::from(short % 32),
            edge @ 200..=239 => usize::from(edge) - 95, // 105 to 144, around 125 and 126
            254.. if !self.had_long => {
                self.had_long = true;
                65_500 + usize::from(self.byte()) // around 65 535 and 65 536
            }
            _ => 300 + usize::from(self.byte()),
        };
        let seed = self.take(length.min(64));
        if seed.is_empty() { vec![b'x'; length] } else { seed.iter().copied().cycle().take(length).collect() }
    }

    /// Lengths of the pieces a stream is cut into, endlessly.
    pub(crate) fn cuts(&mut self) -> impl Iterator<Item = usize> + Clone + use<> {
        let cuts: Vec<usize> = self.take(4).iter().map(|byte| usize::from(*byte).pow(2) / 64 + 1).collect();
        let cuts = if cuts.is_empty() { vec![1] } else { cuts };
        cuts.into_iter().cycle()
    }
}
