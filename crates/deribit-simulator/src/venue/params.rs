//! Reading parameters.

use serde_json::{Map, Value};

use crate::market::ParamError;

/// The parameters of a call.
pub(crate) type Params = Map<String, Value>;

/// A text that must be there.
pub(crate) fn text<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, ParamError> {
    optional_text(params, name)?.ok_or(ParamError::Required(name))
}

/// A text that may be there.
pub(crate) fn optional_text<'a>(
    params: &'a Params,
    name: &'static str,
) -> Result<Option<&'a str>, ParamError> {
    match params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ParamError::Format(name)),
    }
}

/// A truth value that may be there.
pub(crate) fn optional_bool(params: &Params, name: &'static str) -> Result<Option<bool>, ParamError> {
    match params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(_) => Err(ParamError::Format(name)),
    }
}

/// An integer that must be there.
pub(crate) fn integer(params: &Params, name: &'static str) -> Result<u64, ParamError> {
    match params.get(name) {
        None | Some(Value::Null) => Err(ParamError::Required(name)),
        Some(value) => value.as_u64().ok_or(ParamError::Format(name)),
    }
}

/// A list of texts that must be there.
pub(crate) fn texts<'a>(params: &'a Params, name: &'static str) -> Result<Vec<&'a str>, ParamError> {
    match params.get(name) {
        None | Some(Value::Null) => Err(ParamError::Required(name)),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().ok_or(ParamError::Format(name))).collect()
        }
        Some(_) => Err(ParamError::Format(name)),
    }
}
