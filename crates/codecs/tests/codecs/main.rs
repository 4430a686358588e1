//! What holds of every codec: values go both ways, and no bytes do harm.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

mod bounds;
mod malformed;
mod round_trips;

use nova_behaviour::{Decode, DecodeError, EncodeError, Kept, Reads, Writes};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// A message with what messages hold, for the codecs of `serde` and for Protobuf alike.
#[derive(Clone, PartialEq, Deserialize, Serialize, prost::Message)]
pub(crate) struct Order {
    #[prost(string, tag = "1")]
    pub(crate) instrument: String,
    #[prost(double, tag = "2")]
    pub(crate) price: f64,
    #[prost(sint64, tag = "3")]
    pub(crate) amount: i64,
    #[prost(string, optional, tag = "4")]
    pub(crate) label: Option<String>,
    #[prost(bool, tag = "5")]
    pub(crate) is_limit: bool,
    #[prost(message, repeated, tag = "6")]
    pub(crate) legs: Vec<Order>,
    #[prost(uint64, repeated, tag = "7")]
    pub(crate) fills: Vec<u64>,
}

/// Orders of orders, three levels deep at most.
pub(crate) fn orders() -> impl Strategy<Value = Order> {
    let flat = (
        "\\PC{0,12}",
        any::<i32>(),
        any::<i64>(),
        proptest::option::of("\\PC{0,6}"),
        any::<bool>(),
        proptest::collection::vec(any::<u64>(), 0..6),
    );
    // Prices are such that they are equal to themselves.
    let flat = flat.prop_map(|(instrument, price, amount, label, is_limit, fills)| Order {
        instrument,
        price: f64::from(price) / 8.0,
        amount,
        label,
        is_limit,
        legs: Vec::new(),
        fills,
    });
    flat.prop_recursive(3, 12, 3, |inner| {
        (inner.clone(), proptest::collection::vec(inner, 0..3))
            .prop_map(|(order, legs)| Order { legs, ..order })
    })
}

pub(crate) fn written<C: Writes<T>, T>(value: &T) -> Result<Kept, EncodeError> {
    // Left over from another message, in the other kind.
    let mut out = Kept::from("what stood here before");
    C::write(value, &mut out).map(|()| out)
}

pub(crate) fn read<C: Reads<T>, T>(bytes: impl Into<Vec<u8>>) -> Result<T, DecodeError> {
    <T as Decode<C>>::decode(&mut Kept::Binary(bytes.into()))
}
