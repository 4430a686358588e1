//! The little JSON that is written by hand: quoted text.

/// The text as a JSON string, with its quotes.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
