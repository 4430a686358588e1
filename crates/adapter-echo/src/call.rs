//! What can be echoed: text, bytes, and values as JSON.

use nova_behaviour::{Call, Decode, DecodeError, Idempotent, Json, Kept};
use serde::{Serialize, de::DeserializeOwned};

use crate::dialect::EchoDialect;

impl Call<EchoDialect> for &str {
    type Reply = String;

    fn into_request(self) -> Kept {
        Kept::from(self)
    }
}

impl Call<EchoDialect> for String {
    type Reply = String;

    fn into_request(self) -> Kept {
        Kept::Text(self)
    }
}

impl Call<EchoDialect> for &[u8] {
    type Reply = Vec<u8>;

    fn into_request(self) -> Kept {
        Kept::Binary(self.to_vec())
    }
}

impl Call<EchoDialect> for Vec<u8> {
    type Reply = Vec<u8>;

    fn into_request(self) -> Kept {
        Kept::Binary(self)
    }
}

/// A value that travels as JSON text, and comes back the same.
///
/// A value that JSON cannot express, such as a map without string keys, travels as `null`, and is
/// then refused when it is read back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Same<T>(pub T);

impl<T: Serialize + DeserializeOwned + Send + 'static> Call<EchoDialect> for Same<T> {
    type Reply = Self;

    fn into_request(self) -> Kept {
        let mut body = Kept::default();
        match <Json as nova_behaviour::CodecHandler>::encode(&self.0, &mut body) {
            Ok(()) => body,
            Err(_) => Kept::from("null"),
        }
    }
}

/// Being told the same twice does an echo service no harm.
impl<T> Idempotent for Same<T> {}

impl<T: DeserializeOwned> Decode<nova_behaviour::Plain> for Same<T> {
    fn decode(body: &mut Kept) -> Result<Self, DecodeError> {
        <Json as nova_behaviour::CodecHandler>::decode(body).map(Self)
    }
}
