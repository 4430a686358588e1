//! Requests that are a method's name and its parameters, and the handlers that need no more than that.
//!
//! Many services are spoken to like this. What is here is data: names, texts, numbers. A service that
//! wants more than that is spoken to by handlers of one's own; each of these can be exchanged alone.

mod login;
mod prices;
mod settings;
mod topics;

use std::{borrow::Cow, fmt, sync::Arc};

use nova_ratelimit::Charge;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::codec::EncodeError;

pub use login::LoginBy;
pub use prices::CarriedPrices;
pub use settings::FixedSettings;
pub use topics::MethodTopics;

/// A request that a method's name and parameters make.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not made of a method's name and parameters",
    note = "implement `MethodRequest` for the requests of the dialect, or `Call` for the request's own type"
)]
pub trait MethodRequest: Sized + Send + 'static {
    /// Asks for this method with these parameters. What cannot be written is told of when the request
    /// is sent.
    fn of_method(method: impl Into<Cow<'static, str>>, params: &(impl Serialize + ?Sized)) -> Self;
}

/// A request that carries what it costs; [`CarriedPrices`] charges it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not carry what it costs",
    note = "the adapter of this dialect prices requests by itself: state no `cost` in the call"
)]
pub trait PricedRequest: MethodRequest {
    /// Sets what it costs.
    #[must_use]
    fn with_charge(self, charge: Charge) -> Self;

    /// What it costs; `None` where nothing was said.
    fn charge(&self) -> Option<&Charge>;
}

/// A method, its parameters as JSON, and what it costs.
///
/// ```
/// # use nova_behaviour::MethodCall;
/// let request = MethodCall::new("set", &[("heartbeat", 30)].into_iter().collect::<std::collections::BTreeMap<_, _>>());
/// assert_eq!(request.method(), "set");
/// assert_eq!(request.params().unwrap(), r#"{"heartbeat":30}"#);
/// ```
#[derive(Clone)]
pub struct MethodCall {
    method: Cow<'static, str>,
    params: Params,
    charge: Option<Charge>,
}

/// JSON text, or why there is none. Wiped when dropped: the parameters of a login are secret.
type Params = Result<Zeroizing<String>, Arc<EncodeError>>;

impl MethodCall {
    /// Asks for this method with these parameters. What cannot be written is told of when the request
    /// is sent.
    #[must_use]
    pub fn new(method: impl Into<Cow<'static, str>>, params: &(impl Serialize + ?Sized)) -> Self {
        // A buffer that need not grow leaves no unwiped copy of a login behind.
        let mut text = Zeroizing::new(Vec::with_capacity(ROOM));
        let written = serde_json::to_writer(&mut *text, params);
        let params = written.map_err(|error| Arc::new(EncodeError::new(error))).map(|()| {
            let text = std::mem::take(&mut *text);
            Zeroizing::new(String::from_utf8(text).unwrap_or_default())
        });
        Self { method: method.into(), params, charge: None }
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The parameters as JSON text.
    ///
    /// # Errors
    ///
    /// They could not be written.
    pub fn params(&self) -> Result<&str, Arc<EncodeError>> {
        self.params.as_ref().map(|text| text.as_str()).map_err(Arc::clone)
    }
}

impl MethodRequest for MethodCall {
    fn of_method(method: impl Into<Cow<'static, str>>, params: &(impl Serialize + ?Sized)) -> Self {
        Self::new(method, params)
    }
}

impl PricedRequest for MethodCall {
    fn with_charge(mut self, charge: Charge) -> Self {
        self.charge = Some(charge);
        self
    }

    fn charge(&self) -> Option<&Charge> {
        self.charge.as_ref()
    }
}

impl fmt::Debug for MethodCall {
    /// Shows the method only: parameters may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MethodCall").field("method", &self.method).finish_non_exhaustive()
    }
}

/// More than any login takes.
const ROOM: usize = 1024;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_cannot_be_written_is_kept_as_an_error() {
        assert!(MethodCall::new("set", &BTreeMap::from([(vec![1], 1)])).params().is_err());
    }

    #[test]
    fn debug_shows_no_parameters() {
        let request = MethodCall::new("login", &BTreeMap::from([("secret", "hunter2")]));
        assert!(!format!("{request:?}").contains("hunter2"));
    }
}
