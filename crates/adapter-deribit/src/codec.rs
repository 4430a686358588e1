//! How items and replies are read: a JSON value, and whatever stands behind it in the message.
//!
//! To find the end of an item means to walk over it, which costs nearly half as much as reading it. So
//! where a notification looks as usual, its item is handed on together with the rest of the message,
//! and whoever reads the item finds its end in passing.

use nova_behaviour::{Codec, CodecHandler, DecodeError, EncodeError, Json, JsonCodec, Kept, PayloadKind};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// JSON text whose value may be followed by the rest of the message it stood in.
///
/// In all else it is [`Json`]: types read by it derive `serde::Deserialize`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeribitJson;

impl Codec for DeribitJson {
    const KIND: PayloadKind = PayloadKind::Text;
}

impl CodecHandler for DeribitJson {
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Kept) -> Result<(), EncodeError> {
        Json::encode(value, out)
    }

    fn decode<T: DeserializeOwned>(body: &mut Kept) -> Result<T, DecodeError> {
        first(body.as_text()?).map(|(value, _)| value)
    }
}

impl JsonCodec for DeribitJson {
    fn trim(body: &mut Kept) -> Result<(), DecodeError> {
        let value = first::<&RawValue>(body.as_text()?)?.0.get().to_owned();
        *body = Kept::Text(value);
        Ok(())
    }
}

/// The first value of a text, and how many bytes it takes. What follows must look as the rest of an
/// object does.
fn first<'a, T: Deserialize<'a>>(text: &'a str) -> Result<(T, usize), DecodeError> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    let value = values.next().unwrap_or_else(|| serde_json::from_str(""));
    let value = value.map_err(|error| DecodeError::of_serde(&error))?;
    let bytes = values.byte_offset();
    match text[bytes..].trim_start().as_bytes().first() {
        None | Some(b'}' | b',') => Ok((value, bytes)),
        Some(_) => Err(DecodeError::new("trailing characters behind the value")),
    }
}

#[cfg(test)]
mod tests {
    use nova_behaviour::{Decode, Dynamic};

    use super::*;

    fn read<T: Decode<DeribitJson>>(text: &str) -> Result<T, DecodeError> {
        T::decode(&mut Kept::from(text))
    }

    #[test]
    fn the_rest_of_a_message_behind_a_value_is_not_looked_at() {
        for rest in ["", "}}", ",\"label\":\"x\"}}", " } }\n", "},\"testnet\":true}"] {
            assert_eq!(read::<Vec<u8>>(&format!("[1,2]{rest}")).unwrap(), [1, 2], "{rest}");
            let raw = read::<Box<RawValue>>(&format!("{{\"a\":1}}{rest}")).unwrap();
            assert_eq!(raw.get(), "{\"a\":1}");
            assert_eq!(read::<Dynamic>(&format!("[7]{rest}")).unwrap().0[0], 7);
        }
    }

    #[test]
    fn what_is_no_rest_of_a_message_is_refused() {
        for text in ["[1]x", "[1][2]", "[1] 2", "", "}}", "[1"] {
            assert!(read::<Vec<u8>>(text).is_err(), "{text}");
        }
        assert!(<Vec<u8> as Decode<DeribitJson>>::decode(&mut Kept::Binary(b"[1]".to_vec())).is_err());
    }
}
