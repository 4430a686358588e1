//! Numbers as the venue prints them, read exactly ([`Decimal`]) or as `f64`.
//!
//! Prices, amounts, fees and balances are of a type the user chooses; what the venue itself computes
//! in binary floating point (rates, volatilities, greeks, weights) is `f64` everywhere, since only
//! that carries it whole.

mod decimal;

use std::{
    cmp::Ordering,
    fmt::{Debug, Display},
};

use serde::{
    Deserializer,
    de::{DeserializeOwned, Error as _, Unexpected, Visitor},
};

pub use decimal::{Decimal, InvalidDecimal};

/// What prices and amounts are read as: [`Decimal`], which is exact and the default, or `f64`.
pub trait Number:
    Copy + Debug + Display + PartialEq + PartialOrd + DeserializeOwned + Send + Sync + sealed::Sealed + 'static
{
    /// Nothing.
    const ZERO: Self;

    /// A total order: a number is always less than, equal to or greater than another. Both zeros of
    /// `f64` are equal in it.
    fn order(&self, other: &Self) -> Ordering;

    /// Whether it is nothing.
    fn is_zero(&self) -> bool {
        self.order(&Self::ZERO) == Ordering::Equal
    }

    /// Reads a number that may be absent; see [`optional`].
    #[doc(hidden)]
    fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error>;
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for f64 {}
    impl Sealed for super::Decimal {}
}

/// Reads a number in whose place there may be `null` or a word, such as `"undefined"`, `"expired"` or
/// `"market_price"`: the venue has been seen to put those where there is none.
pub(crate) fn optional<'de, N: Number, D: Deserializer<'de>>(deserializer: D) -> Result<Option<N>, D::Error> {
    N::read_optional(deserializer)
}

impl Number for f64 {
    const ZERO: Self = 0.0;

    fn order(&self, other: &Self) -> Ordering {
        // Adding nothing makes the negative zero the positive one.
        (self + 0.0).total_cmp(&(other + 0.0))
    }

    fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        deserializer.deserialize_any(OptionalFloat)
    }
}

/// Whether a text in the place of a number says that there is none.
fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
}

struct OptionalFloat;

impl Visitor<'_> for OptionalFloat {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number, null, or a word that says there is none")
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if is_word(text) {
            return Ok(None);
        }
        let number = text.parse().map_err(|_| E::invalid_value(Unexpected::Other("text"), &self))?;
        Ok(Some(number))
    }
}

impl Number for Decimal {
    const ZERO: Self = Self::ZERO;

    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }

    fn read_optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let text = <&serde_json::value::RawValue as serde::Deserialize>::deserialize(deserializer)?.get();
        match text.as_bytes() {
            [b'-' | b'0'..=b'9', ..] => text.parse().map(Some).map_err(D::Error::custom),
            b"null" => Ok(None),
            [b'"', inner @ .., b'"'] if inner.first().is_some_and(u8::is_ascii_alphabetic) => Ok(None),
            [b'"', .., b'"'] => text[1..text.len() - 1].parse().map(Some).map_err(D::Error::custom),
            _ => Err(D::Error::invalid_type(Unexpected::Other("something else"), &OptionalFloat)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(bound(deserialize = "N: Number"))]
    struct Item<N> {
        sure: N,
        #[serde(default, deserialize_with = "optional")]
        perhaps: Option<N>,
    }

    fn read<N: Number>(text: &str) -> Result<Item<N>, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn every_number_form_is_read() {
        for (text, exact, float) in [
            ("64000", "64000", 64_000.0),
            ("6.4e4", "64000", 64_000.0),
            ("1054.0", "1054", 1_054.0),
            ("-4.0e-7", "-0.0000004", -4.0e-7),
            ("0.0", "0", 0.0),
            ("-0.0", "0", 0.0),
            ("0.10000000000000001", "0.10000000000000001", 0.1),
        ] {
            let item = format!(r#"{{"sure":{text},"perhaps":{text},"unknown":[{text}]}}"#);
            let exact: Decimal = exact.parse().unwrap();
            assert_eq!(read::<Decimal>(&item).unwrap(), Item { sure: exact, perhaps: Some(exact) });
            assert_eq!(read::<f64>(&item).unwrap(), Item { sure: float, perhaps: Some(float) });
        }
    }

    #[test]
    fn what_is_not_there_is_none() {
        for absent in [
            r#""perhaps":null,"#,
            r#""perhaps":"undefined","#,
            r#""perhaps":"expired","#,
            r#""perhaps":"NaN","#,
            "",
        ] {
            let item = format!(r#"{{{absent}"sure":1}}"#);
            assert_eq!(read::<Decimal>(&item).unwrap().perhaps, None);
            assert_eq!(read::<f64>(&item).unwrap().perhaps, None);
        }
        let item = r#"{"sure":1,"perhaps":"2.50"}"#;
        assert_eq!(read::<Decimal>(item).unwrap().perhaps.unwrap().to_string(), "2.50");
        assert_eq!(read::<f64>(item).unwrap().perhaps, Some(2.5));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for wrong in ["true", "[1]", "{}", r#""-""#, r#""""#, r#""1..2""#] {
            let item = format!(r#"{{"sure":1,"perhaps":{wrong}}}"#);
            assert!(read::<Decimal>(&item).is_err(), "{wrong}");
            assert!(read::<f64>(&item).is_err(), "{wrong}");
        }
        for wrong in ["null", r#""expired""#, "true"] {
            let item = format!(r#"{{"sure":{wrong}}}"#);
            assert!(read::<Decimal>(&item).is_err(), "{wrong}");
            assert!(read::<f64>(&item).is_err(), "{wrong}");
        }
    }

    #[test]
    fn floats_are_the_nearest_ones() {
        // Without serde_json's `float_roundtrip` the last bits of such numbers are lost.
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..2_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let float = f64::from_bits(seed >> 2 | 0x3000_0000_0000_0000);
            let item = format!(r#"{{"sure":{float},"perhaps":{float:e}}}"#);
            assert_eq!(read::<f64>(&item).unwrap(), Item { sure: float, perhaps: Some(float) });
        }
    }

    #[test]
    fn both_zeros_are_one_place() {
        assert_eq!((-0.0_f64).order(&0.0), Ordering::Equal);
        assert!(Number::is_zero(&-0.0_f64));
        assert!(Number::is_zero(&"-0.00".parse::<Decimal>().unwrap()));
    }
}
