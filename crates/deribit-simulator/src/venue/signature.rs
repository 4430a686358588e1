//! The signature of `client_signature`: HMAC-SHA256 over timestamp, nonce and data, a line each.

use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The signature in lower-case hexadecimal. There is no line break behind the data.
pub(crate) fn sign(secret: &str, timestamp: &str, nonce: &str, data: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    for part in [timestamp, "\n", nonce, "\n", data] {
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes any text");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTORS: [(&str, &str, &str, &str, &str); 5] = [
        (
            "AMANDASECRECT",
            "1576074319000",
            "1iqt2wls",
            "",
            "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1",
        ),
        (
            "AMANDASECRECT",
            "1576074319000",
            "1iqt2wls",
            "hello",
            "29d2254b36d17c4d8677069dd9fec51685bc53a277a4fb799dd6e660d0bcc719",
        ),
        (
            "AMANDASECRECT",
            "1576074319000",
            "1iqt2wls",
            "żółw-42",
            "f389099eec5c98725581e3e2d5aa39162fe371ae8f6c3255139925da08fd8061",
        ),
        (
            "AMANDASECRECT",
            "1576074319000",
            "abcd",
            "",
            "571b73c9fd2c1f18f3d41952666b398fb64048521f831e6ac60c375feb7d0a27",
        ),
        (
            "sim-secret-0001",
            "1767225600000",
            "0123abcd",
            "sim",
            "90e8f454c05927ba34d1255ae598dababfd00bd55ff1b6260848c383659e64ac",
        ),
    ];

    #[test]
    fn the_published_vectors_verify() {
        for (secret, timestamp, nonce, data, signature) in VECTORS {
            assert_eq!(sign(secret, timestamp, nonce, data), signature);
        }
    }

    #[test]
    fn a_signature_without_the_last_line_break_is_another_one() {
        let without = "76f34b2e54c7013ef490ccd464945f867a2cce4e4d673d1bd5520908e1a3c8a4";
        assert_ne!(sign("AMANDASECRECT", "1576074319000", "1iqt2wls", ""), without);
    }
}
