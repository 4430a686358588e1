//! Protocol Buffers, by `prost`.

use nova_behaviour::{Codec, DecodeError, EncodeError, Kept, PayloadKind, Reads, Writes};
use prost::Message;

/// Protocol Buffers, in binary messages, for types that derive `prost::Message`.
///
/// No compiler of `.proto` files is needed: the fields are numbered in the type. A message without
/// fields is an empty payload, and every payload that only has fields unknown to a type is read as its
/// default; so a message says nothing about its own type, and a protocol needs one that encloses all.
///
/// ```
/// # use nova_behaviour::{Decode, Kept, Writes};
/// # use nova_codecs::Protobuf;
/// #[derive(Clone, PartialEq, prost::Message)]
/// struct Trade {
///     #[prost(string, tag = "1")]
///     instrument: String,
///     #[prost(double, tag = "2")]
///     price: f64,
/// }
///
/// let trade = Trade { instrument: "BTC".to_owned(), price: 7.5 };
/// let mut payload = Kept::default();
/// Protobuf::write(&trade, &mut payload)?;
/// assert_eq!(<Trade as Decode<Protobuf>>::decode(&mut payload)?, trade);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Protobuf;

impl Codec for Protobuf {
    const KIND: PayloadKind = PayloadKind::Binary;
}

impl<T: Message + Default> Reads<T> for Protobuf {
    fn read(body: &mut Kept) -> Result<T, DecodeError> {
        T::decode(body.as_binary()?).map_err(DecodeError::new)
    }
}

impl<T: Message> Writes<T> for Protobuf {
    fn write(value: &T, out: &mut Kept) -> Result<(), EncodeError> {
        value.encode(out.binary_mut()).map_err(EncodeError::new)
    }
}
