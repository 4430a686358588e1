//! Generated JSON documents for the tests of the scanner.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any document, with a liking for what a scanner could stumble over.
pub(super) fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z_]{0,12}", 2 => "[\\[\\]{}\",:\\\\ ]{0,12}", 1 => ".{0,8}"]
}

/// The document as text, with or without space between its parts.
pub(super) fn written(value: &Value, spaced: bool) -> String {
    let text = if spaced { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    text.expect("a value can be written")
}
