//! Proving that one has the secret without sending it.

use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The signature over a moment, a nonce and further data: HMAC-SHA256 in lower-case hexadecimal.
///
/// Both line ends are signed also where there is no data after the second.
pub(super) fn sign(secret: &str, timestamp: u64, nonce: &str, data: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{timestamp}\n{nonce}\n{data}").as_bytes());
    mac.finalize().into_bytes().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Eight letters and digits, from a random number.
pub(super) fn nonce(random: u64) -> String {
    let mut rest = random;
    let mut letter = || {
        let at = rest % 36;
        rest /= 36;
        char::from_digit(at as u32, 36).unwrap_or('0')
    };
    (0..8).map(|_| letter()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_signatures_are_made() {
        let amanda = |nonce, data| sign("AMANDASECRECT", 1_576_074_319_000, nonce, data);
        assert_eq!(
            amanda("1iqt2wls", ""),
            "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1"
        );
        assert_eq!(
            amanda("1iqt2wls", "hello"),
            "29d2254b36d17c4d8677069dd9fec51685bc53a277a4fb799dd6e660d0bcc719"
        );
        assert_eq!(
            amanda("1iqt2wls", "żółw-42"),
            "f389099eec5c98725581e3e2d5aa39162fe371ae8f6c3255139925da08fd8061"
        );
        assert_eq!(amanda("abcd", ""), "571b73c9fd2c1f18f3d41952666b398fb64048521f831e6ac60c375feb7d0a27");
        assert_eq!(
            sign("sim-secret-0001", 1_767_225_600_000, "0123abcd", "sim"),
            "90e8f454c05927ba34d1255ae598dababfd00bd55ff1b6260848c383659e64ac"
        );
    }

    proptest! {
        #[test]
        fn a_nonce_has_eight_letters_or_digits(random in any::<u64>()) {
            let nonce = nonce(random);
            prop_assert_eq!(nonce.len(), 8);
            prop_assert!(nonce.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()));
        }

        #[test]
        fn other_numbers_give_other_nonces(random in 0..36_u64.pow(8) - 1) {
            prop_assert_ne!(nonce(random), nonce(random + 1));
        }
    }
}
