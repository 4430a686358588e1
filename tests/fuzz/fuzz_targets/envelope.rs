#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| nova_fuzz::envelope(input));
