//! Exact decimal numbers: what the text says, digit for digit, or an error.
//!
//! No arithmetic stands here: `rust_decimal`, into which a number converts freely, has all of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

/// An exact decimal number of up to 28 digits.
///
/// It is read from the number's own text and never rounded: a number of more digits than fit is an
/// error. The digits are kept as they were written, so `1054.0` prints as `1054.0`, and equals `1054`.
///
/// ```
/// # use nova_adapter_deribit::Decimal;
/// let price: Decimal = "6.45e4".parse()?;
/// assert_eq!(price, Decimal::from(64_500));
/// assert_eq!(Decimal::try_from(0.1)?.to_string(), "0.1");
/// # Ok::<(), nova_adapter_deribit::InvalidDecimal>(())
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Decimal(rust_decimal::Decimal);

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self(rust_decimal::Decimal::ZERO);

    /// The nearest `f64`.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // By way of the text, since that is rounded correctly; the library's own conversion is not.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    fn from_parts(mantissa: u128, negative: bool, scale: u32) -> Result<Self, InvalidDecimal> {
        if mantissa > MAX_MANTISSA || scale > MAX_SCALE {
            return Err(InvalidDecimal::TooManyDigits);
        }
        let [lo, mid, hi] = [0, 32, 64].map(|shift| (mantissa >> shift) as u32);
        Ok(Self(rust_decimal::Decimal::from_parts(lo, mid, hi, negative, scale)))
    }
}

impl FromStr for Decimal {
    type Err = InvalidDecimal;

    /// Reads every form in which JSON may print a number.
    fn from_str(text: &str) -> Result<Self, InvalidDecimal> {
        let (negative, digits) = match text.as_bytes() {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        // Nineteen digits always fit into 64 bits; the longest price seen has ten.
        if digits.len() > 20 {
            return long(digits, negative);
        }
        let (mut mantissa, mut scale, mut count, mut point) = (0_u64, 0, 0, false);
        for byte in digits {
            match byte {
                b'0'..=b'9' if count < 19 => {
                    mantissa = mantissa * 10 + u64::from(byte - b'0');
                    count += 1;
                    scale += u32::from(point);
                }
                b'.' if !point => point = true,
                _ => return long(digits, negative),
            }
        }
        if count == 0 {
            return Err(InvalidDecimal::NoNumber);
        }
        Self::from_parts(mantissa.into(), negative, scale)
    }
}

/// The general form: long mantissas and exponents. Trailing zeros need no room here, and are dropped.
fn long(text: &[u8], negative: bool) -> Result<Decimal, InvalidDecimal> {
    let (mut mantissa, mut exponent, mut zeros, mut any, mut point) = (0_u128, 0_i64, 0, false, false);
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                any = true;
                exponent -= i64::from(point);
                if *byte == b'0' {
                    zeros += i64::from(mantissa != 0);
                } else {
                    mantissa = shifted(mantissa, zeros + 1)? + u128::from(byte - b'0');
                    zeros = 0;
                }
            }
            b'.' if !point => point = true,
            b'e' | b'E' => break,
            _ => return Err(InvalidDecimal::NoNumber),
        }
        rest = after;
    }
    if !any {
        return Err(InvalidDecimal::NoNumber);
    }
    if let [_, power @ ..] = rest {
        exponent = exponent.saturating_add(read_exponent(power)?);
    }
    if mantissa == 0 {
        return Ok(Decimal::ZERO);
    }
    exponent = exponent.saturating_add(zeros);
    if exponent >= 0 {
        return Decimal::from_parts(shifted(mantissa, exponent)?, negative, 0);
    }
    let scale = u32::try_from(-exponent).map_err(|_| InvalidDecimal::TooManyDigits)?;
    Decimal::from_parts(mantissa, negative, scale)
}

/// A mantissa with `zeros` more zeros at its end.
fn shifted(mantissa: u128, zeros: i64) -> Result<u128, InvalidDecimal> {
    u32::try_from(zeros)
        .ok()
        .and_then(|zeros| 10_u128.checked_pow(zeros))
        .and_then(|factor| mantissa.checked_mul(factor))
        .filter(|mantissa| *mantissa <= MAX_MANTISSA)
        .ok_or(InvalidDecimal::TooManyDigits)
}

/// The power of ten after the `e`. What is out of all range stays so, without being added up.
fn read_exponent(text: &[u8]) -> Result<i64, InvalidDecimal> {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] | digits => (1, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(InvalidDecimal::NoNumber);
    }
    let power =
        digits.iter().fold(0_i64, |power, digit| (power * 10 + i64::from(digit - b'0')).min(1_000_000));
    Ok(sign * power)
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! whole_numbers {
    ($($whole:ty)*) => {$(
        impl From<$whole> for Decimal {
            fn from(whole: $whole) -> Self {
                Self(whole.into())
            }
        }
    )*};
}

whole_numbers!(i32 i64 u32 u64);

impl From<rust_decimal::Decimal> for Decimal {
    fn from(decimal: rust_decimal::Decimal) -> Self {
        Self(decimal)
    }
}

impl From<Decimal> for rust_decimal::Decimal {
    fn from(decimal: Decimal) -> Self {
        decimal.0
    }
}

impl TryFrom<f64> for Decimal {
    type Error = InvalidDecimal;

    /// The shortest decimal that is nearest to this `f64` and no other: what a person would have
    /// written to get it.
    fn try_from(float: f64) -> Result<Self, InvalidDecimal> {
        float.to_string().parse()
    }
}

impl<'de> Deserialize<'de> for Decimal {
    /// Reads from JSON that lies in memory, since the number's text is borrowed.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer)?.get().parse().map_err(D::Error::custom)
    }
}

impl Serialize for Decimal {
    /// Writes a JSON number with these very digits.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// Why a text is not a [`Decimal`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDecimal {
    /// It is no number.
    #[error("not a decimal number")]
    NoNumber,

    /// It could only be kept by rounding it.
    #[error("more digits than a decimal number holds")]
    TooManyDigits,
}

/// The greatest number of 96 bits.
const MAX_MANTISSA: u128 = (1 << 96) - 1;

/// The most digits after the point.
const MAX_SCALE: u32 = rust_decimal::Decimal::MAX_SCALE;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn digits_stay_as_they_were_written() {
        for text in [
            "0",
            "0.0",
            "1054.0",
            "-0.00000040",
            "86775.9",
            "1234567890123456789",
            "0.1234567890123456789",
            "79228162514264337593543950335",
            "-7.9228162514264337593543950335",
            "0.0000000000000000000000000001",
        ] {
            assert_eq!(decimal(text).to_string(), text);
        }
    }

    #[test]
    fn exponents_move_the_point() {
        for (text, plain) in [
            ("6.4e4", "64000"),
            ("9.21E+4", "92100"),
            ("-4.0e-7", "-0.0000004"),
            ("1.423032929843748e-4", "0.0001423032929843748"),
            ("0e999999999999999999", "0"),
            ("0.0e-99", "0"),
            ("12300e-2", "123"),
            ("1000000000000000000000000000000e-30", "1"),
            ("0.00000000000000000000000000000000000001e38", "1"),
            ("1.50000000000000000000000000000000000000", "1.5"),
        ] {
            assert_eq!(decimal(text).to_string(), plain, "{text}");
        }
    }

    #[test]
    fn nothing_is_rounded() {
        for text in [
            "79228162514264337593543950336",
            "0.12345678901234567890123456789",
            "1e29",
            "1e-29",
            "3.123456789012345e-15",
            "1e999999999999999999999",
            "1e-999999999999999999999",
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(InvalidDecimal::TooManyDigits), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "-", ".", "+1", "1e", "1e+", "1e1.5", "1.2.3", "0x10", "1_000", "NaN", "inf", " 1", "1 ",
            "--1", "1e--1",
        ] {
            assert_eq!(text.parse::<Decimal>(), Err(InvalidDecimal::NoNumber), "{text}");
        }
        assert_eq!(Decimal::try_from(f64::NAN), Err(InvalidDecimal::NoNumber));
        assert_eq!(Decimal::try_from(f64::INFINITY), Err(InvalidDecimal::NoNumber));
    }

    #[test]
    fn numbers_are_equal_however_they_are_written() {
        assert_eq!(decimal("1054.0"), Decimal::from(1_054));
        assert_eq!(decimal("-0.0"), Decimal::ZERO);
        assert_eq!(decimal("-0.0").to_string(), "0.0");
        assert!(decimal("-0.1") < Decimal::ZERO);
    }

    #[test]
    fn json_carries_the_digits_both_ways() {
        let text = "[0.1,-1054.0,79228162514264337593543950335,5e-8]";
        let read: Vec<Decimal> = serde_json::from_str(text).unwrap();
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            "[0.1,-1054.0,79228162514264337593543950335,0.00000005]"
        );
    }

    #[test]
    fn a_float_becomes_what_would_be_written_for_it() {
        assert_eq!(Decimal::try_from(0.1).unwrap().to_string(), "0.1");
        assert_eq!(Decimal::try_from(64_000.5).unwrap().to_string(), "64000.5");
        assert_eq!(decimal("64000.5").to_f64(), 64_000.5);
        assert_eq!(decimal("0.1").to_f64(), 0.1);
    }

    proptest! {
        #[test]
        fn exact_text_makes_the_round_trip(mantissa in -MAX..=MAX, scale in 0..=28_u32) {
            let exact = rust_decimal::Decimal::from_i128_with_scale(mantissa, scale);
            let text = exact.to_string();
            prop_assert_eq!(decimal(&text).0, exact);
            let scientific = format!("{mantissa}e-{scale}");
            prop_assert_eq!(decimal(&scientific).0, exact);
        }

        #[test]
        fn no_text_panics(text in "-?[0-9.eE+-]{0,60}") {
            if let Ok(read) = text.parse::<Decimal>() {
                prop_assert!((read.to_f64() - text.parse::<f64>().unwrap()).abs() <= read.to_f64().abs() * 1e-15);
            }
        }

        #[test]
        fn floats_survive_the_round_trip(float in -1e15_f64..1e15) {
            if let Ok(exact) = Decimal::try_from(float) {
                prop_assert_eq!(exact.to_f64(), float);
            }
        }
    }

    const MAX: i128 = MAX_MANTISSA as i128;
}
