//! From bytes to a request: the first four steps of the pipeline.

use std::collections::BTreeMap;

use serde_json::{Value, value::RawValue};

/// A message that is a request, whatever it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// As it was written; none if it was not.
    pub(crate) id: Option<String>,
    pub(crate) method: String,
    /// None if there were none.
    pub(crate) params: Option<Value>,
}

/// Why a message is no request. The reply is always `bad_request`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum BadRequest {
    NotJson,
    NotAnObject,
    BadId,
    NoMethod { id: Option<String> },
}

impl Request {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, BadRequest> {
        let text = std::str::from_utf8(bytes).map_err(|_| BadRequest::NotJson)?;
        let raw: &RawValue = serde_json::from_str(text).map_err(|_| BadRequest::NotJson)?;
        if !raw.get().starts_with('{') {
            return Err(BadRequest::NotAnObject);
        }
        let members: BTreeMap<String, &RawValue> =
            serde_json::from_str(raw.get()).map_err(|_| BadRequest::NotJson)?;
        let id = match members.get("id") {
            None => None,
            Some(id) if is_id(id.get()) => Some(id.get().to_owned()),
            Some(_) => return Err(BadRequest::BadId),
        };
        let method = members.get("method").and_then(|method| serde_json::from_str(method.get()).ok());
        let Some(method) = method else { return Err(BadRequest::NoMethod { id }) };
        // Nested deeper than the parser goes.
        let params = members.get("params").map(|params| serde_json::from_str(params.get())).transpose();
        Ok(Self { id, method, params: params.map_err(|_| BadRequest::NotJson)? })
    }
}

/// A string or an integer.
fn is_id(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    text.starts_with('"') || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(text: &str) -> BadRequest {
        Request::parse(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn an_id_keeps_its_digits_and_its_type() {
        for id in ["0", "-7", "9223372036854775807", "\"a\\u0062\"", "\"7\"", "\"\""] {
            let text = format!(r#"{{"id":{id},"method":"public/test"}}"#);
            assert_eq!(Request::parse(text.as_bytes()).unwrap().id.as_deref(), Some(id));
        }
        assert_eq!(Request::parse(br#"{"method":"public/test"}"#).unwrap().id, None);
    }

    #[test]
    fn the_first_failing_step_is_told() {
        for text in ["", "{", "nonsense", "{\"id\":1}x", "[1,", "{\"a\":NaN}"] {
            assert_eq!(bad(text), BadRequest::NotJson, "{text}");
        }
        assert_eq!(Request::parse(&[b'"', 0xFF, b'"']).unwrap_err(), BadRequest::NotJson);
        for text in ["[]", "[{\"id\":1}]", "7", "\"x\"", "null", "true"] {
            assert_eq!(bad(text), BadRequest::NotAnObject, "{text}");
        }
        for id in ["true", "1.0", "1e3", "null", "{}", "[]"] {
            assert_eq!(bad(&format!(r#"{{"id":{id},"method":5}}"#)), BadRequest::BadId, "{id}");
        }
        let id = Some("5".to_owned());
        for text in [r#"{"id":5}"#, r#"{"id":5,"method":7}"#, r#"{"id":5,"method":null}"#] {
            assert_eq!(bad(text), BadRequest::NoMethod { id: id.clone() }, "{text}");
        }
    }

    #[test]
    fn what_is_nested_without_end_is_refused() {
        let deep = format!(r#"{{"id":1,"method":"m","params":{}{}}}"#, "[".repeat(9_000), "]".repeat(9_000));
        assert_eq!(bad(&deep), BadRequest::NotJson);
    }

    #[test]
    fn unknown_members_and_a_wrong_version_do_not_matter() {
        let text = br#"{"jsonrpc":"1.0","x":[1],"id":1,"method":"public/test","params":{"a":1}}"#;
        assert_eq!(Request::parse(text).unwrap().params.unwrap()["a"], 1);
    }
}
