//! Mask keys: unpredictable, fresh for each frame (RFC 6455 §5.3), and cheap.
//!
//! A generator of each link's own, seeded by the operating system: ChaCha with 8 rounds, which makes
//! 64 keys at a time, so that most cost a load. Asking the system for each would cost a call.

use std::{fmt, io};

use nova_connect::Entropy;
use nova_frame_codec::MaskKey;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

pub(crate) struct Masks(ChaCha8Rng);

impl Masks {
    pub(crate) fn seeded_by(entropy: &dyn Entropy) -> io::Result<Self> {
        let mut seed = [0; 32];
        entropy.fill(&mut seed)?;
        Ok(Self(ChaCha8Rng::from_seed(seed)))
    }

    #[inline]
    pub(crate) fn draw(&mut self) -> MaskKey {
        MaskKey::from(self.0.next_u32().to_ne_bytes())
    }
}

impl fmt::Debug for Masks {
    /// Shows nothing: who knows the state knows the keys to come.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masks")
    }
}

#[cfg(test)]
mod tests {
    use nova_connect::SystemEntropy;

    use super::*;

    #[test]
    fn no_key_and_no_sequence_repeats() {
        let draw = || {
            let mut masks = Masks::seeded_by(&SystemEntropy).unwrap();
            (0..1_000).map(|_| masks.draw().bytes()).collect::<Vec<_>>()
        };
        let (one, other) = (draw(), draw());
        let shared = one.iter().zip(&other).filter(|(one, other)| one == other).count();
        assert!(shared < 3, "{shared} keys of 1000 are the same on two links");
        let mut keys = one;
        keys.sort_unstable();
        keys.dedup();
        // Of a thousand draws out of 2^32, two may be equal once in 8,000 runs.
        assert!(keys.len() >= 998);
    }
}
