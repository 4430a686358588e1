//! Payload codecs: from values to payloads and back.
//!
//! [`Json`] is the default. Typed data is read by `serde_json` from text that the frame layer has
//! proven UTF-8; [`Dynamic`] reads JSON whose shape is not known, by `simd-json`.

use std::error::Error as StdError;

use serde::{Serialize, de::DeserializeOwned};

use crate::body::{Body, Kept};

/// Reads itself from a payload in codec `C`.
///
/// Implemented for every `serde` type over a [`CodecHandler`] such as [`Json`], and for strings and
/// bytes over [`Plain`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read by codec `{C}`",
    note = "with `Json` and other serde codecs, derive `serde::Deserialize`; with `Plain`, use `String`, `Vec<u8>` or `Kept`"
)]
pub trait Decode<C>: Sized {
    /// Reads the payload. It may be taken or scrambled: it is the reader's own copy.
    ///
    /// # Errors
    ///
    /// The payload does not have the shape of this type.
    fn decode(body: &mut Kept) -> Result<Self, DecodeError>;
}

/// A payload codec: turns any `serde` value into a payload and back.
pub trait CodecHandler: 'static {
    /// Writes `value` into `out`, replacing its content and choosing text or binary.
    ///
    /// # Errors
    ///
    /// The value cannot be expressed, for example a map without string keys in JSON.
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Kept) -> Result<(), EncodeError>;

    /// Reads a value. The payload may be taken or scrambled.
    ///
    /// # Errors
    ///
    /// The payload does not have the shape of `T`.
    fn decode<T: DeserializeOwned>(body: &mut Kept) -> Result<T, DecodeError>;
}

/// JSON text (RFC 8259).
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl CodecHandler for Json {
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Kept) -> Result<(), EncodeError> {
        *out = Kept::Text(serde_json::to_string(value).map_err(EncodeError::new)?);
        Ok(())
    }

    fn decode<T: DeserializeOwned>(body: &mut Kept) -> Result<T, DecodeError> {
        match body.as_body() {
            Body::Text(text) => serde_json::from_str(text),
            Body::Binary(bytes) => serde_json::from_slice(bytes),
        }
        .map_err(DecodeError::new)
    }
}

/// A codec whose payloads are JSON.
pub trait JsonCodec: CodecHandler {
    /// Leaves of a payload only its value, for readers that need just that. Default: a payload is one
    /// value and nothing else.
    ///
    /// # Errors
    ///
    /// There is no value.
    fn trim(body: &mut Kept) -> Result<(), DecodeError> {
        let _ = body;
        Ok(())
    }
}

impl JsonCodec for Json {}

impl<C: CodecHandler, T: DeserializeOwned> Decode<C> for T {
    fn decode(body: &mut Kept) -> Result<Self, DecodeError> {
        C::decode(body)
    }
}

/// No codec: payloads are taken as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Decode<Plain> for String {
    fn decode(body: &mut Kept) -> Result<Self, DecodeError> {
        match std::mem::take(body) {
            Kept::Text(text) => Ok(text),
            Kept::Binary(_) => Err(DecodeError::new("a binary message where text was expected")),
        }
    }
}

impl Decode<Plain> for Vec<u8> {
    fn decode(body: &mut Kept) -> Result<Self, DecodeError> {
        match std::mem::take(body) {
            Kept::Text(text) => Ok(text.into_bytes()),
            Kept::Binary(bytes) => Ok(bytes),
        }
    }
}

impl Decode<Plain> for Kept {
    fn decode(body: &mut Kept) -> Result<Self, DecodeError> {
        Ok(std::mem::take(body))
    }
}

/// JSON of unknown shape, read by `simd-json`.
#[cfg(feature = "simd-json")]
#[derive(Clone, Debug, PartialEq)]
pub struct Dynamic(pub simd_json::OwnedValue);

#[cfg(feature = "simd-json")]
impl<C: JsonCodec> Decode<C> for Dynamic {
    fn decode(body: &mut Kept) -> Result<Self, DecodeError> {
        C::trim(body)?;
        // simd-json scrambles its input, also when it fails; the body is the reader's own copy.
        let mut bytes = match std::mem::take(body) {
            Kept::Text(text) => text.into_bytes(),
            Kept::Binary(bytes) => bytes,
        };
        let value = simd_json::to_owned_value(&mut bytes).map(Self).map_err(DecodeError::new);
        *body = Kept::Binary(bytes);
        value
    }
}

/// A payload without the expected shape. The text names the place, never the payload.
#[derive(Debug, thiserror::Error)]
#[error("the payload does not have the expected shape")]
pub struct DecodeError(#[source] Box<dyn StdError + Send + Sync>);

impl DecodeError {
    /// Wraps what the codec said.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// A value that cannot be turned into a payload.
#[derive(Debug, thiserror::Error)]
#[error("the value cannot be encoded")]
pub struct EncodeError(#[source] Box<dyn StdError + Send + Sync>);

impl EncodeError {
    /// Wraps what the codec said.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_goes_both_ways() {
        let mut kept = Kept::default();
        Json::encode(&[1, 2, 3], &mut kept).unwrap();
        assert_eq!(kept, Kept::from("[1,2,3]"));
        let read: Vec<u8> = Json::decode(&mut kept).unwrap();
        assert_eq!(read, [1, 2, 3]);
    }

    #[test]
    fn text_is_not_taken_from_binary() {
        assert!(<String as Decode<Plain>>::decode(&mut Kept::Binary(vec![b'a'])).is_err());
        assert_eq!(<Vec<u8> as Decode<Plain>>::decode(&mut Kept::from("a")).unwrap(), b"a");
    }

    #[cfg(feature = "simd-json")]
    #[test]
    fn json_of_unknown_shape_is_read() {
        let read = <Dynamic as Decode<Json>>::decode(&mut Kept::from(r#"{"a":[1]}"#)).unwrap();
        assert_eq!(read.0["a"][0], 1);
        assert!(<Dynamic as Decode<Json>>::decode(&mut Kept::from("{")).is_err());
    }
}
