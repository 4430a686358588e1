//! permessage-deflate: alone, and over a socket.
//!
//! Each of [`any_bytes`] and [`round_trip`] is a function of bytes, so that the fuzzer in `tests/fuzz` of
//! the repository runs the same code with inputs it looks for itself.

mod any_bytes;
mod bounds;
mod distances;
mod links;
mod rfc_examples;
mod round_trip;

use proptest::{collection::vec, prelude::*, test_runner::RngSeed};

/// The same inputs in every run: looking for new ones is the fuzzer's work.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(7692), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_bytes_never_panic_and_never_exceed_the_limit(input in vec(any::<u8>(), 0..400)) {
        any_bytes::check(&input);
    }

    #[test]
    fn what_is_packed_is_unpacked(input in vec(any::<u8>(), 0..200)) {
        round_trip::check(&input);
    }

    #[test]
    fn arbitrary_headers_are_read_or_refused(
        parts in vec("permessage-deflate|(server|client)_(no_context_takeover|max_window_bits)|[;,=\" ]|[0-9]{1,2}|[ -~]{0,4}", 0..12)
    ) {
        any_bytes::check_header(&parts.concat());
    }
}
