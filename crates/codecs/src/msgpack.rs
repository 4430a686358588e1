//! MessagePack, by `rmp-serde`.

use nova_behaviour::{Codec, CodecHandler, DecodeError, EncodeError, Kept, PayloadKind};
use rmp_serde::decode::Error;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    MAX_DEPTH,
    walk::{Head, Unsound, number, walk},
};

/// MessagePack, in binary messages.
///
/// Structs are written as maps of their fields' names, so that a peer in any language reads them and
/// fields can be added; they are read from maps and from arrays.
///
/// ```
/// # use nova_behaviour::{Decode, Kept, Writes};
/// # use nova_codecs::MessagePack;
/// let mut payload = Kept::default();
/// MessagePack::write(&("BTC", 7), &mut payload)?;
/// let read = <(String, u8) as Decode<MessagePack>>::decode(&mut payload)?;
/// assert_eq!(read, ("BTC".to_owned(), 7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagePack;

impl Codec for MessagePack {
    const KIND: PayloadKind = PayloadKind::Binary;
}

impl CodecHandler for MessagePack {
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Kept) -> Result<(), EncodeError> {
        rmp_serde::encode::write_named(out.binary_mut(), value).map_err(EncodeError::new)
    }

    fn decode<T: DeserializeOwned>(body: &mut Kept) -> Result<T, DecodeError> {
        let message = body.as_binary()?;
        walk(message, head).map_err(DecodeError::new)?;
        let mut reader = rmp_serde::Deserializer::from_read_ref(message);
        // The walk has counted; the reader counts an enum's name as a level of its own.
        reader.set_max_depth(2 * MAX_DEPTH);
        T::deserialize(&mut reader).map_err(|error| match error {
            // Only these two quote the payload.
            Error::Uncategorized(said) | Error::Syntax(said) => DecodeError::of_serde(&said),
            other => DecodeError::new(other),
        })
    }
}

/// The head of a value, by the format's table of first bytes.
fn head(message: &[u8]) -> Result<(Head, usize), Unsound> {
    let first = *message.first().ok_or(Unsound::Short)?;
    let sized = |bytes: usize| number(message, bytes).map(|count| (count, 1 + bytes));
    let leaf = |bytes: u64| Ok((Head::Leaf(bytes), 1));
    let text = |(count, bytes)| (Head::Leaf(count), bytes);
    let array = |(count, bytes)| (Head::Nest(count), bytes);
    // Of a number of pairs that fits in four bytes, the double fits in eight.
    let map = |(count, bytes): (u64, usize)| (Head::Nest(2 * count), bytes);
    // An extension has its type's number before its content.
    let extension = |(count, bytes): (u64, usize)| (Head::Leaf(count + 1), bytes);
    match first {
        0x00..=0x7F | 0xC0 | 0xC2 | 0xC3 | 0xE0..=0xFF => leaf(0),
        0x80..=0x8F => Ok((Head::Nest(2 * u64::from(first & 0x0F)), 1)),
        0x90..=0x9F => Ok((Head::Nest(u64::from(first & 0x0F)), 1)),
        0xA0..=0xBF => leaf(u64::from(first & 0x1F)),
        0xC4 | 0xD9 => sized(1).map(text),
        0xC5 | 0xDA => sized(2).map(text),
        0xC6 | 0xDB => sized(4).map(text),
        0xC7 => sized(1).map(extension),
        0xC8 => sized(2).map(extension),
        0xC9 => sized(4).map(extension),
        0xCC | 0xD0 => leaf(1),
        0xCD | 0xD1 => leaf(2),
        0xCA | 0xCE | 0xD2 => leaf(4),
        0xCB | 0xCF | 0xD3 => leaf(8),
        0xD4..=0xD8 => leaf(1 + (1 << (first - 0xD4))),
        0xDC => sized(2).map(array),
        0xDD => sized(4).map(array),
        0xDE => sized(2).map(map),
        0xDF => sized(4).map(map),
        // The one byte that the format never uses.
        0xC1 => Err(Unsound::Head),
    }
}
