//! CBOR (RFC 8949), by `ciborium`.
//!
//! Of the crates that read CBOR with `serde`, this one passes over tags, reads floats of half precision,
//! and takes its bound of nesting as an argument. `cbor4ii` refuses the first, `serde_cbor_2` says of
//! itself that it is only passively maintained, and the licence of `minicbor` is none of ours.

use ciborium::de::Error;
use nova_behaviour::{Codec, CodecHandler, DecodeError, EncodeError, Kept, PayloadKind};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    MAX_DEPTH,
    walk::{Head, Unsound, number, walk},
};

/// CBOR, in binary messages.
///
/// Structs are maps of their fields' names. Tags are passed over; lengths may be indefinite.
///
/// ```
/// # use nova_behaviour::{Decode, Kept, Writes};
/// # use nova_codecs::Cbor;
/// let mut payload = Kept::default();
/// Cbor::write(&("BTC", 7), &mut payload)?;
/// let read = <(String, u8) as Decode<Cbor>>::decode(&mut payload)?;
/// assert_eq!(read, ("BTC".to_owned(), 7));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Cbor;

impl Codec for Cbor {
    const KIND: PayloadKind = PayloadKind::Binary;
}

impl CodecHandler for Cbor {
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Kept) -> Result<(), EncodeError> {
        ciborium::into_writer(value, out.binary_mut()).map_err(EncodeError::new)
    }

    fn decode<T: DeserializeOwned>(body: &mut Kept) -> Result<T, DecodeError> {
        let message = body.as_binary()?;
        walk(message, head).map_err(DecodeError::new)?;
        // The walk has counted; the reader counts an enum's name as a level of its own.
        ciborium::de::from_reader_with_recursion_limit(message, 2 * MAX_DEPTH).map_err(|error| match error {
            // Only this one quotes the payload.
            Error::Semantic(_, said) => DecodeError::of_serde(&said),
            other => DecodeError::new(other),
        })
    }
}

/// The head of a data item (RFC 8949 §3).
fn head(message: &[u8]) -> Result<(Head, usize), Unsound> {
    let first = *message.first().ok_or(Unsound::Short)?;
    let (major, short) = (first >> 5, first & 0x1F);
    let (argument, bytes) = match short {
        0..=23 => (Some(u64::from(short)), 1),
        24..=27 => {
            let bytes = 1 << (short - 24);
            (Some(number(message, bytes)?), 1 + bytes)
        }
        31 => (None, 1),
        _ => return Err(Unsound::Head),
    };
    let head = match (major, argument) {
        (0 | 1 | 7, Some(_)) => Head::Leaf(0),
        (2 | 3, Some(bytes)) => Head::Leaf(bytes),
        (4, Some(values)) => Head::Nest(values),
        (5, Some(pairs)) => Head::Nest(pairs.checked_mul(2).ok_or(Unsound::Short)?),
        // A tag stands before the one value it is of.
        (6, Some(_)) => Head::Nest(1),
        (2..=5, None) => Head::Open,
        (7, None) => Head::Break,
        _ => return Err(Unsound::Head),
    };
    Ok((head, bytes))
}
