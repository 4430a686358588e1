//! What `serde` says about a payload, without what stands in the payload.
//!
//! Its texts quote the value that did not fit, which may be a secret. What was expected, and the names
//! of fields, come from our own types, and say what a reader needs.

/// Why a payload does not have the expected shape.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Reason(String);

impl Reason {
    /// Of a text in the words of `serde::de::Error`.
    pub(super) fn of(said: &str) -> Self {
        Self(match QUOTING.iter().find(|words| said.starts_with(**words)) {
            // The value comes first, and may itself hold anything; what was expected comes last.
            Some(words) => match said.rsplit_once(EXPECTED) {
                Some((_, expected)) => format!("{words}{EXPECTED}{expected}"),
                None => (*words).to_owned(),
            },
            None if NAMING.iter().any(|words| said.starts_with(words)) => said.to_owned(),
            None => "the syntax is wrong, or a value does not fit its type".to_owned(),
        })
    }
}

const EXPECTED: &str = ", expected ";

/// After these words comes a value of the payload.
const QUOTING: [&str; 4] = ["invalid type", "invalid value", "unknown variant", "unknown field"];

/// After these words comes the name of a field of ours, a number of elements, or a place.
const NAMING: [&str; 8] = [
    "missing field",
    "duplicate field",
    "invalid length",
    "EOF while parsing",
    "expected ",
    "key must be",
    "trailing ",
    "recursion limit",
];

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    enum Side {
        Buy,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[expect(dead_code, reason = "read by nobody but serde")]
        price: u64,
        #[expect(dead_code, reason = "read by nobody but serde")]
        side: Side,
    }

    fn reason(text: &str) -> String {
        Reason::of(&serde_json::from_str::<Order>(text).unwrap_err().to_string()).to_string()
    }

    #[test]
    fn the_expected_shape_is_told_and_the_payload_is_not() {
        let _ = Side::Buy;
        let wrong_type = reason(r#"{"price":"hunter2, expected hunter3"}"#);
        assert_eq!(wrong_type, "invalid type, expected u64 at line 1 column 36");
        assert_eq!(reason(r#"{"price":1}"#), "missing field `side` at line 1 column 11");
        assert_eq!(reason("{"), "EOF while parsing an object at line 1 column 1");
        for quoting in [
            r#"{"price":1,"side":"hunter2"}"#,
            r#"{"hunter2":1}"#,
            r#"{"price":"hunter2"}"#,
            r#""hunter2""#,
            r#"{"price":hunter2}"#,
        ] {
            assert!(!reason(quoting).contains("hunter2"), "{}", reason(quoting));
        }
    }
}
