//! Reading parameters: absent is not wrong, but another type is.

use serde_json::{Map, Value};

use crate::market::{instrument::Currency, param::ParamError};

/// A text.
pub(crate) fn word<'a>(
    params: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, ParamError> {
    match params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ParamError::Format(name)),
    }
}

/// `true` or `false`.
pub(crate) fn flag(params: &Map<String, Value>, name: &'static str) -> Result<Option<bool>, ParamError> {
    match params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(ParamError::Format(name)),
    }
}

/// A whole number between two bounds.
pub(crate) fn integer(
    params: &Map<String, Value>,
    name: &'static str,
    least: u64,
    most: u64,
) -> Result<Option<u64>, ParamError> {
    let number = match params.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number,
        Some(_) => return Err(ParamError::Format(name)),
    };
    match (number.as_u64(), number.as_f64()) {
        (Some(value), _) if value > most => Err(ParamError::TooHigh(name)),
        (Some(value), _) if value < least => Err(ParamError::TooLow(name)),
        (Some(value), _) => Ok(Some(value)),
        (None, Some(value)) if value < 0.0 => Err(ParamError::TooLow(name)),
        _ => Err(ParamError::Format(name)),
    }
}

/// A currency that exists.
pub(crate) fn named_currency(word: &str) -> Result<Currency, ParamError> {
    Currency::parse(word).ok_or(ParamError::InvalidCurrency)
}

/// Whether a text could be the name of an instrument.
pub(crate) fn check_name(name: &str) -> bool {
    let mut parts = name.split('-');
    let is_symbol = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let Some(pair) = parts.next() else { return false };
    let mut symbols = pair.split('_');
    let has_symbols = symbols.by_ref().take(2).all(is_symbol) && symbols.next().is_none();
    let rest: Vec<&str> = parts.collect();
    has_symbols
        && match rest[..] {
            [] => pair.contains('_'),
            ["PERPETUAL"] => true,
            [date] => is_date(date),
            [date, strike, "C" | "P"] => is_date(date) && is_strike(strike),
            // Combos: `BTC-FS-2SEP22_PERP`.
            [code, legs] => is_symbol(code) && legs.split('_').all(is_symbol),
            [code, date, legs] => is_symbol(code) && is_date(date) && legs.split('_').all(is_symbol),
            _ => false,
        }
}

/// `5AUG23`, `25MAR23`.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(start) = bytes.len().checked_sub(5) else { return false };
    let (day, rest) = bytes.split_at(start);
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    matches!(day, [b'1'..=b'9'] | [b'1'..=b'3', b'0'..=b'9'])
        && rest[..3].iter().all(u8::is_ascii_uppercase)
        && rest[3..].iter().all(is_digit)
}

/// `420`, `0d625`.
fn is_strike(text: &str) -> bool {
    let mut parts = text.split('d');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.by_ref().take(2).all(is_number) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_instruments_have_a_form() {
        for name in [
            "BTC-PERPETUAL",
            "DOGE_USDC-PERPETUAL",
            "BTC_USDC",
            "BTC-5AUG23",
            "BTC-25MAR23-420-C",
            "XRP_USDC-30JUN23-0d625-P",
            "BTC-FS-2SEP22_PERP",
            "BTC-CS-19MAY26-70000_75000",
        ] {
            assert!(check_name(name), "{name}");
        }
        for name in
            ["", "BTC", "btc-perpetual", "BTC-", "BTC-perp", "BTC-05X", "BTC-25MAR23-420-X", "A_B_C", "é"]
        {
            assert!(!check_name(name), "{name}");
        }
    }

    #[test]
    fn whole_numbers_have_bounds() {
        let params = serde_json::json!({"a": 5, "b": 1001, "c": -3, "d": "5", "e": 1.5});
        let params = params.as_object().unwrap();
        let read = |name| integer(params, name, 1, 1_000);
        assert_eq!(read("a"), Ok(Some(5)));
        assert_eq!(read("b"), Err(ParamError::TooHigh("b")));
        assert_eq!(read("c"), Err(ParamError::TooLow("c")));
        assert_eq!(read("d"), Err(ParamError::Format("d")));
        assert_eq!(read("e"), Err(ParamError::Format("e")));
        assert_eq!(read("f"), Ok(None));
    }
}
