//! The language: JSON-RPC 2.0 requests, by method name and parameters.
//!
//! What the parameters of a method are is not known here: `calls` has a type for each method that is
//! typed, and whoever needs another writes a [`Request`] of his own.

use std::{borrow::Cow, fmt, sync::Arc};

use nova_behaviour::{Dialect, MethodRequest};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::codec::DeribitJson;

/// The language of Deribit's WebSocket API, version 2.
#[derive(Clone, Copy, Debug)]
pub struct DeribitDialect;

impl Dialect for DeribitDialect {
    type Request = Request;
    type Codec = DeribitJson;
}

/// One request: a method and its parameters.
///
/// It gets its id from the session when it is sent.
///
/// ```
/// # use nova_adapter_deribit::Request;
/// let request = Request::new("public/get_index_price", &[("index_name", "btc_usd")]
///     .into_iter().collect::<std::collections::BTreeMap<_, _>>());
/// assert_eq!(request.method(), "public/get_index_price");
/// ```
#[derive(Clone)]
pub struct Request {
    method: Cow<'static, str>,
    params: Params,
}

/// The parameters as JSON text, or why there is none. Wiped when dropped: those of a login are secret.
type Params = Result<Zeroizing<String>, Arc<serde_json::Error>>;

impl Request {
    /// Asks for this method, such as `public/ticker`, with these named parameters.
    ///
    /// Parameters that cannot be written as JSON are told of when the request is sent.
    #[must_use]
    pub fn new(method: impl Into<Cow<'static, str>>, params: &(impl Serialize + ?Sized)) -> Self {
        // A buffer that need not grow leaves no unwiped copy of a login behind.
        let mut text = Zeroizing::new(Vec::with_capacity(ROOM));
        let params = serde_json::to_writer(&mut *text, params).map_err(Arc::new).map(|()| {
            let text = std::mem::take(&mut *text);
            Zeroizing::new(String::from_utf8(text).unwrap_or_default())
        });
        Self { method: method.into(), params }
    }

    /// Asks for this method, which has no parameters.
    #[must_use]
    pub fn bare(method: impl Into<Cow<'static, str>>) -> Self {
        Self { method: method.into(), params: Ok(Zeroizing::new("{}".to_owned())) }
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Whether it needs a login.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.method.starts_with(PRIVATE)
    }

    /// The parameters as JSON text.
    ///
    /// # Errors
    ///
    /// They could not be written.
    pub fn params(&self) -> Result<&str, Arc<serde_json::Error>> {
        self.params.as_ref().map(|text| text.as_str()).map_err(Arc::clone)
    }
}

impl MethodRequest for Request {
    fn of_method(method: impl Into<Cow<'static, str>>, params: &(impl Serialize + ?Sized)) -> Self {
        Self::new(method, params)
    }
}

impl fmt::Debug for Request {
    /// Shows the method only: parameters may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

/// What the names of methods that need a login begin with.
pub(crate) const PRIVATE: &str = "private/";

/// More than any login takes.
const ROOM: usize = 1024;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_request_keeps_its_parameters_as_text() {
        let request = Request::new("private/buy", &BTreeMap::from([("label", "a\"b")]));
        assert_eq!(request.params().unwrap(), r#"{"label":"a\"b"}"#);
        assert!(request.is_private() && !Request::bare("public/test").is_private());
        assert_eq!(Request::bare("public/test").params().unwrap(), "{}");
    }

    #[test]
    fn what_cannot_be_written_is_kept_as_an_error() {
        let params = BTreeMap::from([(vec![1], 1)]);
        assert!(Request::new("public/test", &params).params().is_err());
    }

    #[test]
    fn debug_shows_no_parameters() {
        let request = Request::new("public/auth", &BTreeMap::from([("client_secret", "hunter2")]));
        assert!(!format!("{request:?}").contains("hunter2"));
    }
}
