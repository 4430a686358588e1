//! How numbers are written. All of them pass through here, but for identifiers and timestamps, which
//! are always plain integers.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::decimal::{Decimal, power};

/// The way numbers look on the wire.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberStyle {
    /// The shortest decimal: `64000`, `0`, `0.00000005`.
    Plain,
    /// As seen on the wire: `64000.0` or `6.4e4`, `0.0`, `5.0e-8`.
    #[default]
    Live,
}

impl NumberStyle {
    /// Writes an amount, or any number that is not a price.
    pub fn write_decimal(self, out: &mut String, number: Decimal) {
        let units = number.units().unsigned_abs();
        if number.units() < 0 {
            out.push('-');
        }
        let unit = power(number.scale()) as u64;
        if self == Self::Live && units > 0 && is_tiny(units, number.scale()) {
            return write_scientific(out, units, number.scale());
        }
        write_integer(out, units / unit);
        let fraction = units % unit;
        if fraction > 0 {
            out.push('.');
            write_digits(out, fraction, usize::from(number.scale()));
        } else if self == Self::Live {
            out.push_str(".0");
        }
    }

    /// Writes a price. In the live style some round ones come in exponent form: which ones is a
    /// property of the number, so that equal states have equal texts.
    pub fn write_price(self, out: &mut String, price: Decimal) {
        let is_round = price.scale() == 0 && price.units() > 0 && price.units() % 2_000 == 0;
        if self == Self::Live && is_round {
            write_scientific(out, price.units().unsigned_abs(), 0);
        } else {
            self.write_decimal(out, price);
        }
    }

    /// Writes the result of a formula with all its digits; what is not finite becomes `null`.
    pub fn write_float(self, out: &mut String, value: f64) {
        let start = out.len();
        // Writing to a string cannot fail.
        let _ = match self {
            _ if !value.is_finite() => write!(out, "null"),
            Self::Plain => write!(out, "{}", value + 0.0),
            Self::Live if value != 0.0 && value.abs() < 1e-3 => write!(out, "{value:e}"),
            Self::Live => write!(out, "{:?}", value + 0.0),
        };
        if self == Self::Live && value.is_finite() && !out[start..].contains('.') {
            let place = out[start..].find('e').map_or(out.len(), |at| start + at);
            out.insert_str(place, ".0");
        }
    }
}

/// Whether `units` · 10^-`scale` is below a thousandth.
fn is_tiny(units: u64, scale: u8) -> bool {
    scale > 3 && units < power(scale - 3) as u64
}

/// Writes `d.ddde±n`, with at least one digit after the point.
fn write_scientific(out: &mut String, mut units: u64, scale: u8) {
    let mut exponent = -i32::from(scale);
    while units.is_multiple_of(10) {
        units /= 10;
        exponent += 1;
    }
    let places = units.ilog10();
    let unit = 10_u64.pow(places);
    write_integer(out, units / unit);
    out.push('.');
    write_digits(out, units % unit, (places as usize).max(1));
    out.push('e');
    exponent += places as i32;
    if exponent < 0 {
        out.push('-');
    }
    write_integer(out, u64::from(exponent.unsigned_abs()));
}

/// Writes an integer that is an identifier or the whole part of a number.
pub(crate) fn write_integer(out: &mut String, mut value: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

/// Writes `value` with leading zeros, `width` digits wide.
fn write_digits(out: &mut String, value: u64, width: usize) {
    let mut unit = 10_u64.pow(width as u32 - 1);
    while unit > 0 {
        out.push(char::from(b'0' + (value / unit % 10) as u8));
        unit /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(style: NumberStyle, units: i64, scale: u8) -> String {
        let mut out = String::new();
        style.write_price(&mut out, Decimal::new(units, scale));
        out
    }

    fn float(style: NumberStyle, value: f64) -> String {
        let mut out = String::new();
        style.write_float(&mut out, value);
        out
    }

    #[test]
    fn live_numbers_look_like_the_wire() {
        let live = NumberStyle::Live;
        assert_eq!(price(live, 64_000, 0), "6.4e4");
        assert_eq!(price(live, 60_000, 0), "6.0e4");
        assert_eq!(price(live, 65_000, 0), "65000.0");
        assert_eq!(price(live, 867_760, 1), "86776.0");
        assert_eq!(price(live, 0, 4), "0.0");
        assert_eq!(price(live, 5, 8), "5.0e-8");
        assert_eq!(price(live, -4, 7), "-4.0e-7");
        assert_eq!(price(live, 1423, 7), "1.423e-4");
        assert_eq!(price(live, 1, 3), "0.001");
        assert_eq!(price(live, 11_374, 5), "0.11374");
        assert_eq!(float(live, 1.423_032_929_843_748e-4), "1.423032929843748e-4");
        assert_eq!(float(live, -0.0), "0.0");
        assert_eq!(float(live, 5e-5), "5.0e-5");
        assert_eq!(float(live, 2.0), "2.0");
    }

    #[test]
    fn plain_numbers_are_the_shortest_decimals() {
        let plain = NumberStyle::Plain;
        assert_eq!(price(plain, 64_000, 0), "64000");
        assert_eq!(price(plain, 0, 3), "0");
        assert_eq!(price(plain, 5, 8), "0.00000005");
        assert_eq!(price(plain, -125, 2), "-1.25");
        assert_eq!(float(plain, 0.25), "0.25");
        assert_eq!(float(plain, f64::NAN), "null");
    }
}
