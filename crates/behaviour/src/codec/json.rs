//! JSON text (RFC 8259): the default codec.
//!
//! Typed data is read by `serde_json` from text that the frame layer has proven UTF-8; [`Dynamic`] reads
//! JSON whose shape is not known, by `simd-json`.

use serde::{Serialize, de::DeserializeOwned};

#[cfg(feature = "simd-json")]
use super::Reads;
use super::{
    Codec, CodecHandler,
    error::{DecodeError, EncodeError},
    kind::PayloadKind,
};
use crate::body::Kept;

/// JSON text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

impl Codec for Json {
    const KIND: PayloadKind = PayloadKind::Text;
}

impl CodecHandler for Json {
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Kept) -> Result<(), EncodeError> {
        *out = Kept::Text(serde_json::to_string(value).map_err(EncodeError::new)?);
        Ok(())
    }

    fn decode<T: DeserializeOwned>(body: &mut Kept) -> Result<T, DecodeError> {
        serde_json::from_str(body.as_text()?).map_err(|error| DecodeError::of_serde(&error))
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

/// JSON of unknown shape, read by `simd-json`.
#[cfg(feature = "simd-json")]
#[derive(Clone, Debug, PartialEq)]
pub struct Dynamic(pub simd_json::OwnedValue);

#[cfg(feature = "simd-json")]
impl<C: JsonCodec> Reads<Dynamic> for C {
    fn read(body: &mut Kept) -> Result<Dynamic, DecodeError> {
        C::trim(body)?;
        // simd-json scrambles its input, also when it fails; the body is the reader's own copy.
        let mut bytes = match std::mem::take(body) {
            Kept::Text(text) => text.into_bytes(),
            Kept::Binary(bytes) => bytes,
        };
        let value = read_with_buffers(&mut bytes).map(Dynamic);
        let value = value.map_err(|error| DecodeError::of_serde(&error));
        *body = Kept::Binary(bytes);
        value
    }
}

/// The parser's own buffers are those of the thread: of its work, only the value is allocated. They grow
/// with the messages, so one that is unusually long has buffers of its own.
#[cfg(feature = "simd-json")]
fn read_with_buffers(bytes: &mut [u8]) -> simd_json::Result<simd_json::OwnedValue> {
    const USUAL_BYTES: usize = 64 << 10;
    thread_local! {
        static BUFFERS: std::cell::RefCell<simd_json::Buffers> = std::cell::RefCell::default();
    }
    if bytes.len() > USUAL_BYTES {
        return simd_json::to_owned_value(bytes);
    }
    BUFFERS.with_borrow_mut(|buffers| simd_json::value::owned::to_value_with_buffers(bytes, buffers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    fn read<T: codec::Decode<Json>>(body: &mut Kept) -> Result<T, DecodeError> {
        T::decode(body)
    }

    #[test]
    fn json_goes_both_ways() {
        let mut kept = Kept::default();
        Json::encode(&[1, 2, 3], &mut kept).unwrap();
        assert_eq!(kept, Kept::from("[1,2,3]"));
        let read: Vec<u8> = Json::decode(&mut kept).unwrap();
        assert_eq!(read, [1, 2, 3]);
    }

    #[test]
    fn json_in_a_binary_message_is_refused() {
        let mut bytes = Kept::Binary(b"[1]".to_vec());
        assert!(read::<Vec<u8>>(&mut bytes).unwrap_err().is_wrong_kind());
        assert!(Json::decode::<Vec<u8>>(&mut bytes).unwrap_err().is_wrong_kind());
    }

    #[cfg(feature = "simd-json")]
    #[test]
    fn json_of_unknown_shape_is_read() {
        let first = read::<Dynamic>(&mut Kept::from(r#"{"a":[1]}"#)).unwrap();
        assert_eq!(first.0["a"][0], 1);
        assert!(read::<Dynamic>(&mut Kept::from("{")).is_err());
        let again = read::<Dynamic>(&mut Kept::from(r#"{"b":2}"#)).unwrap();
        assert_eq!(again.0["b"], 2);
        let long = format!("[{}1]", "0,".repeat(100_000));
        let long = read::<Dynamic>(&mut Kept::from(long)).unwrap();
        assert_eq!(long.0[100_000], 1);
    }
}
