//! A hash for keys that only we choose: ids of our own, and topics of the wanted set.
//!
//! A peer can look things up under any name, but inserts none, so it cannot make keys collide, and
//! the cost of a keyed hash on every message is not needed.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// A map whose keys only we choose.
pub(crate) type OwnMap<K, V> = HashMap<K, V, BuildHasherDefault<OwnHasher>>;

/// Multiplies and folds, eight bytes at a time.
#[derive(Default)]
pub(crate) struct OwnHasher(u64);

impl Hasher for OwnHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.write_u64(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        // The length tells "a" from "a\0".
        self.write_u64(u64::from_le_bytes(last) ^ bytes.len() as u64);
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_u64(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
        self.0 = (wide as u64) ^ (wide >> 64) as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, Hash};

    use super::*;

    fn hash(value: impl Hash) -> u64 {
        BuildHasherDefault::<OwnHasher>::default().hash_one(value)
    }

    #[test]
    fn names_and_numbers_that_are_alike_fall_apart() {
        let mut hashes: Vec<_> = (0..4096_u64).map(hash).collect();
        hashes.extend((0..4096).map(|n| hash(format!("book.INSTRUMENT-{n}.100ms").as_str())));
        let low: std::collections::HashSet<_> = hashes.iter().map(|hash| hash & 0xFFFF).collect();
        // 8 192 random values leave about 7 700 different ones among 65 536.
        assert!(low.len() > 7_300, "{}", low.len());
        assert_ne!(hash("a"), hash("a\0"));
    }
}
