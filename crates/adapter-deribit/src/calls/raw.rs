//! Any method, by its name.

use std::{borrow::Cow, fmt, marker::PhantomData};

use nova_behaviour::{Call, Decode};
use serde::Serialize;

use crate::{
    codec::DeribitJson,
    dialect::{DeribitDialect, Request},
    items::JsonText,
};

/// Calls any method with any parameters; the answer is its JSON text unless it is read as something
/// else.
///
/// ```
/// # use std::collections::BTreeMap;
/// # use nova_adapter_deribit::calls::call;
/// let prices = call("public/get_delivery_prices", &BTreeMap::from([("index_name", "btc_usd")]))
///     .reading::<BTreeMap<String, serde_json::Value>>();
/// # let _ = prices;
/// ```
#[must_use]
pub fn call(method: impl Into<Cow<'static, str>>, params: &(impl Serialize + ?Sized)) -> RawCall {
    RawCall { request: Request::new(method, params), reply: PhantomData }
}

/// A call of any method; see [`call`].
///
/// It counts as one that acts, whatever the method: it is never replayed.
pub struct RawCall<R = JsonText> {
    request: Request,
    reply: PhantomData<fn() -> R>,
}

impl<R> RawCall<R> {
    /// Reads the answer as something else.
    #[must_use]
    pub fn reading<T: Decode<DeribitJson>>(self) -> RawCall<T> {
        RawCall { request: self.request, reply: PhantomData }
    }
}

impl<R: Decode<DeribitJson> + Send + 'static> Call<DeribitDialect> for RawCall<R> {
    type Reply = R;

    fn into_request(self) -> Request {
        self.request
    }
}

impl<R> Clone for RawCall<R> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), reply: PhantomData }
    }
}

impl<R> fmt::Debug for RawCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RawCall").field(&self.request).finish()
    }
}
