//! Exact decimals: prices, amounts and money are never binary fractions here.

use std::fmt;

/// `units` divided by ten to the power `scale`, kept in its shortest form.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Decimal {
    units: i64,
    scale: u8,
}

impl Decimal {
    /// Nought.
    pub const ZERO: Self = Self { units: 0, scale: 0 };

    /// `units` · 10^-`scale`, without the zeros at its end.
    #[must_use]
    pub fn new(mut units: i64, mut scale: u8) -> Self {
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        Self { units, scale }
    }

    /// The decimal nearest to `value` with at most `scale` digits after the point. What is not finite,
    /// or too large, becomes nought: such a value has no text in JSON either.
    #[must_use]
    pub fn round(value: f64, scale: u8) -> Self {
        let units = (value * power(scale) as f64).round();
        if units.is_finite() && units.abs() < 9.0e18 { Self::new(units as i64, scale) } else { Self::ZERO }
    }

    /// Reads the text of a JSON number. `None` if it is none, or needs more than an `i64` of digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (sign, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() || !all(whole) || !all(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let mut units = format!("{whole}{fraction}").parse::<i64>().ok()?.checked_mul(sign)?;
        let mut scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if units == 0 {
            return Some(Self::ZERO);
        }
        while scale < 0 {
            units = units.checked_mul(10)?;
            scale += 1;
        }
        while scale > 18 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        (scale <= 18).then(|| Self::new(units, scale as u8))
    }

    /// The digits without the point.
    #[must_use]
    pub const fn units(self) -> i64 {
        self.units
    }

    /// How many of the digits stand after the point.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The digits at another scale, or `None` if some would be lost.
    #[must_use]
    pub fn units_at(self, scale: u8) -> Option<i64> {
        (scale >= self.scale)
            .then(|| self.units.checked_mul(10_i64.checked_pow(u32::from(scale - self.scale))?))
            .flatten()
    }

    /// How many times `step` fits, if it does exactly.
    #[must_use]
    pub fn multiples_of(self, step: Self) -> Option<i64> {
        let scale = self.scale.max(step.scale);
        let (units, step) = (self.units_at(scale)?, step.units_at(scale)?);
        (step != 0 && units % step == 0).then(|| units / step)
    }

    /// `count` times itself.
    #[must_use]
    pub fn times(self, count: i64) -> Self {
        Self::new(self.units.saturating_mul(count), self.scale)
    }

    /// The nearest binary fraction, for formulas that need one.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.units as f64 / power(self.scale) as f64
    }

    /// Whether it is nought.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.units == 0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        super::number::NumberStyle::Plain.write_decimal(&mut text, *self);
        f.pad(&text)
    }
}

/// Ten to the power `scale`, for scales that fit.
pub(crate) const fn power(scale: u8) -> i64 {
    10_i64.pow(if scale > 18 { 18 } else { scale } as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_exactly() {
        assert_eq!(Decimal::parse("6.4e4"), Some(Decimal::new(64_000, 0)));
        assert_eq!(Decimal::parse("-4.0e-7"), Some(Decimal::new(-4, 7)));
        assert_eq!(Decimal::parse("0.0005"), Some(Decimal::new(5, 4)));
        assert_eq!(Decimal::parse("64000.0"), Some(Decimal::new(64_000, 0)));
        assert_eq!(Decimal::parse("0e99"), Some(Decimal::ZERO));
        for text in ["", "-", ".5", "1.2.3", "1e", "1e400", "99999999999999999999", "nan", "1e-30"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn multiples_are_exact() {
        let step = Decimal::new(1, 4);
        assert_eq!(Decimal::parse("0.0003").and_then(|amount| amount.multiples_of(step)), Some(3));
        assert_eq!(Decimal::parse("0.00035").and_then(|amount| amount.multiples_of(step)), None);
        assert_eq!(Decimal::new(20, 0).multiples_of(Decimal::new(10, 0)), Some(2));
    }
}
