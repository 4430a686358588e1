//! Spoiling the text of data: crossed books, numbers at the edge, members nobody knows, broken frames.
//!
//! All of it works on JSON text, so that what is not touched stays as it was, digit for digit.

use std::collections::BTreeMap;

use bytes::Bytes;
use fastrand::Rng;
use serde_json::value::RawValue;

use super::envelope::ODD_MEMBER;
use crate::fault::Malformed;

type Members<'a> = BTreeMap<String, &'a RawValue>;

/// A change with one bid more, above this best ask, and the price of that bid.
pub(crate) fn cross(data: &Bytes, best_ask: &str) -> Option<(Bytes, String)> {
    let price = format!("{}", best_ask.parse::<f64>().ok()? * 1.5);
    let entry = format!(r#"["new",{price},10.0]"#);
    Some((with_first_bid(data, &entry)?, price))
}

/// A change that takes that bid away again, unless it speaks of that price anyway.
pub(crate) fn uncross(data: &Bytes, price: &str) -> Bytes {
    with_first_bid(data, &format!(r#"["delete",{price},0.0]"#)).unwrap_or_else(|| data.clone())
}

fn with_first_bid(data: &Bytes, entry: &str) -> Option<Bytes> {
    let text = std::str::from_utf8(data).ok()?;
    let begin = text.find(r#""bids":["#)? + r#""bids":["#.len();
    let comma = if text[begin..].trim_start().starts_with(']') { "" } else { "," };
    Some(format!("{}{entry}{comma}{}", &text[..begin], &text[begin..]).into())
}

/// Data whose numbers stand at the edge of what a number can be. Books keep theirs: they could not be
/// followed otherwise.
pub(crate) fn at_the_edge(data: &Bytes, rng: &mut Rng) -> Bytes {
    let Ok(text) = std::str::from_utf8(data) else { return data.clone() };
    match serde_json::from_str::<Vec<Members<'_>>>(text) {
        Ok(items) => {
            let items: Vec<_> = items.into_iter().map(|item| edgy(item, rng)).collect();
            format!("[{}]", items.join(",")).into()
        }
        Err(_) => match serde_json::from_str::<Members<'_>>(text) {
            Ok(members) if !members.contains_key("bids") => edgy(members, rng).into(),
            _ => data.clone(),
        },
    }
}

/// One object, its prices and amounts replaced.
fn edgy(members: Members<'_>, rng: &mut Rng) -> String {
    const EDGES: [&str; 7] =
        ["0.0", "6.4e4", "5.0e-8", "12345.678901234567", "null", "\"undefined\"", "\"market_price\""];
    const TOUCHED: [&str; 4] = ["price", "amount", "volume", "interest"];
    let members = members.iter().map(|(name, value)| {
        let is_touched =
            TOUCHED.iter().any(|word| name.contains(word)) && !value.get().starts_with(['{', '[']);
        let value = if is_touched { EDGES[rng.usize(..EDGES.len())] } else { value.get() };
        format!("{}:{value}", crate::json::quoted(name))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// Data with a member nobody knows in each object at its top, and a state nobody knows.
pub(crate) fn with_unknown_members(data: &Bytes) -> Bytes {
    let Ok(text) = std::str::from_utf8(data) else { return data.clone() };
    let text = text.replace(r#""state":"open""#, r#""state":"novel_state""#);
    match text.strip_prefix('{') {
        Some(rest) => {
            let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
            format!("{{{ODD_MEMBER}{comma}{rest}").into()
        }
        None => match serde_json::from_str::<Vec<&RawValue>>(&text) {
            Ok(items) => {
                let items = items.iter().map(|item| match item.get().strip_prefix('{') {
                    Some(rest) => format!("{{{ODD_MEMBER},{rest}"),
                    None => item.get().to_owned(),
                });
                format!("[{}]", items.collect::<Vec<_>>().join(",")).into()
            }
            Err(_) => text.into(),
        },
    }
}

/// A frame that is no message.
pub(crate) fn malformed(kind: Malformed) -> Bytes {
    const BEGIN: &str = r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"#;
    match kind {
        Malformed::Truncated => {
            format!(r#"{BEGIN}"ticker.BTC-PERPETUAL.100ms","data":{{"best_bid_pri"#).into()
        }
        Malformed::TrailingComma => format!(r#"{BEGIN}"quote.BTC-PERPETUAL","data":{{"a":1,}}}}}}"#).into(),
        Malformed::Nan => {
            format!(r#"{BEGIN}"quote.BTC-PERPETUAL","data":{{"best_bid_price":NaN}}}}}}"#).into()
        }
        Malformed::InvalidUtf8 => [BEGIN.as_bytes(), b"\"quote.\xC3\x28\"}}"].concat().into(),
        Malformed::Empty => Bytes::new(),
        Malformed::Null => Bytes::from_static(b"null"),
    }
}

/// A notification of about this many bytes, of a channel nobody asked for.
pub(crate) fn huge(bytes: usize) -> Bytes {
    padded(
        r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"announcements","data":{"body":""#,
        bytes,
    )
}

fn padded(begin: &str, bytes: usize) -> Bytes {
    const END: &str = r#""}}}"#;
    let filling = bytes.saturating_sub(begin.len() + END.len());
    format!("{begin}{}{END}", "x".repeat(filling)).into()
}

/// A notification nested so deep.
pub(crate) fn deep(depth: usize) -> Bytes {
    const BEGIN: &str =
        r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"announcements","data":"#;
    format!("{BEGIN}{}{}}}}}", "[".repeat(depth), "]".repeat(depth)).into()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn parse(data: &Bytes) -> Value {
        serde_json::from_slice(data).unwrap()
    }

    #[test]
    fn a_book_is_crossed_and_uncrossed_and_all_else_stays() {
        let change = Bytes::from_static(br#"{"change_id":7,"bids":[["new",99.5,10.0]],"asks":[]}"#);
        let (crossed, price) = cross(&change, "100.5").unwrap();
        assert_eq!(price, "150.75");
        assert_eq!(parse(&crossed)["bids"], serde_json::json!([["new", 150.75, 10.0], ["new", 99.5, 10.0]]));
        assert_eq!(parse(&crossed)["change_id"], 7);
        let empty = Bytes::from_static(br#"{"bids":[],"asks":[]}"#);
        assert_eq!(parse(&uncross(&empty, &price))["bids"], serde_json::json!([["delete", 150.75, 0.0]]));
    }

    #[test]
    fn numbers_at_the_edge_are_still_json_and_books_keep_theirs() {
        let mut rng = Rng::with_seed(1);
        let ticker = Bytes::from_static(br#"{"best_bid_price":1.5,"timestamp":5,"stats":{"price":1}}"#);
        let edgy = parse(&at_the_edge(&ticker, &mut rng));
        assert_eq!((&edgy["timestamp"], &edgy["stats"]["price"]), (&5.into(), &1.into()));
        assert_ne!(edgy["best_bid_price"], 1.5);
        let trades = Bytes::from_static(br#"[{"price":1.5,"trade_seq":1}]"#);
        assert_ne!(parse(&at_the_edge(&trades, &mut rng))[0]["price"], 1.5);
        let book = Bytes::from_static(br#"{"bids":[],"price":1}"#);
        assert_eq!(at_the_edge(&book, &mut rng), book);
    }

    #[test]
    fn unknown_members_come_first_and_leave_the_rest() {
        for text in [r#"{"a":1,"state":"open"}"#, r#"[{"a":1},{"a":1}]"#, r#"{}"#, r#"[]"#, r#"[1]"#] {
            let odd = with_unknown_members(&Bytes::from(text));
            let (odd, before) = (parse(&odd), parse(&Bytes::from(text)));
            if before.is_object() {
                assert!(odd["x_novel"].is_object());
            }
            assert_eq!(odd.as_array().map(Vec::len), before.as_array().map(Vec::len));
        }
        let odd = with_unknown_members(&Bytes::from_static(br#"{"state":"open"}"#));
        assert_eq!(parse(&odd)["state"], "novel_state");
    }

    #[test]
    fn frames_that_are_no_message_are_none() {
        for kind in [
            Malformed::Truncated,
            Malformed::TrailingComma,
            Malformed::Nan,
            Malformed::InvalidUtf8,
            Malformed::Empty,
        ] {
            assert!(serde_json::from_slice::<Value>(&malformed(kind)).is_err(), "{kind:?}");
        }
        assert_eq!(parse(&malformed(Malformed::Null)), Value::Null);
        assert_eq!(huge(10_000).len(), 10_000);
        assert!(parse(&huge(500)).is_object());
        assert!(serde_json::from_slice::<&RawValue>(&deep(10)).is_ok());
    }
}
