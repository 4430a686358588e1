//! Masking (RFC 6455 §5.3): each payload byte is combined with one of four key bytes.
//!
//! Keys are made by the caller; no random source lives here.

/// The key that masks one frame.
///
/// §5.3 wants it fresh for each frame and unpredictable, so it should come from a cryptographically
/// strong source; only tests may use fixed ones.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MaskKey([u8; 4]);

impl MaskKey {
    /// The key as it stands on the wire.
    #[must_use]
    pub const fn bytes(self) -> [u8; 4] {
        self.0
    }

    /// The key twice, to combine eight bytes at once.
    const fn word(self) -> u64 {
        let [a, b, c, d] = self.0;
        u64::from_ne_bytes([a, b, c, d, a, b, c, d])
    }
}

impl From<[u8; 4]> for MaskKey {
    fn from(key: [u8; 4]) -> Self {
        Self(key)
    }
}

/// Copies `from` to `to`, masked on the way, so that the bytes are touched once. Both have the same
/// length; the loop over words is written for LLVM to vectorise.
pub(crate) fn copy_masked(from: &[u8], to: &mut [u8], key: MaskKey) {
    let word = key.word();
    let (words, rest) = from.as_chunks::<8>();
    let (masked, masked_rest) = to.as_chunks_mut::<8>();
    for (masked, plain) in masked.iter_mut().zip(words) {
        *masked = (u64::from_ne_bytes(*plain) ^ word).to_ne_bytes();
    }
    for (index, (masked, plain)) in masked_rest.iter_mut().zip(rest).enumerate() {
        *masked = plain ^ key.0[index % 4];
    }
}

/// Masks or unmasks in place; the operation is its own inverse.
pub(crate) fn apply(bytes: &mut [u8], key: MaskKey) {
    let word = key.word();
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (index, byte) in rest.iter_mut().enumerate() {
        *byte ^= key.0[index % 4];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kernels_mask_every_length_as_the_rfc_says() {
        let key = MaskKey([0x37, 0xFA, 0x21, 0x3D]);
        let plain: Vec<u8> = (0..200).map(|n| n as u8).collect();
        for length in 0..plain.len() {
            let plain = &plain[..length];
            let expected: Vec<u8> = plain.iter().enumerate().map(|(i, byte)| byte ^ key.0[i % 4]).collect();
            let mut copied = vec![0; length];
            copy_masked(plain, &mut copied, key);
            assert_eq!(copied, expected);
            let mut in_place = plain.to_vec();
            apply(&mut in_place, key);
            assert_eq!(in_place, expected);
        }
    }
}
