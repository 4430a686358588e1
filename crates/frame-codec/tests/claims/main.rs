//! Claims that hold for all inputs, tried on many.
//!
//! Each of [`any_bytes`], [`any_frames`] and [`round_trip`] is a function of bytes, so that the
//! fuzzer in `tests/fuzz` of the repository runs the same code with inputs it looks for itself.

mod any_bytes;
mod any_frames;
mod choices;
mod read;
mod round_trip;
mod second_opinion;

use proptest::{collection::vec, prelude::*, test_runner::RngSeed};

/// The same inputs in every run: looking for new ones is the fuzzer's work.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(6455), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_bytes_never_panic_and_mean_the_same_however_they_are_cut(input in vec(any::<u8>(), 0..600)) {
        any_bytes::check(&input);
    }

    #[test]
    fn nearly_legal_bytes_mean_the_same_however_they_are_cut(
        choices in vec(any::<u8>(), 12),
        frames in vec(second_opinion::frame(), 0..6),
        damage in vec(second_opinion::damage(), 0..3),
    ) {
        let mut input = choices;
        input.extend(second_opinion::damaged(second_opinion::encoded_by_us(&frames, true), &damage));
        any_bytes::check(&input);
    }

    #[test]
    fn fragments_are_joined_as_a_naive_model_joins_them(input in vec(any::<u8>(), 0..400)) {
        any_frames::check(&input);
    }

    #[test]
    fn what_is_encoded_is_decoded(input in vec(any::<u8>(), 0..600)) {
        round_trip::check(&input);
    }
}
