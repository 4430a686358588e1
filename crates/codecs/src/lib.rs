//! Payload codecs beside JSON, each a feature: [`MessagePack`] (`msgpack`), [`Protobuf`] (`protobuf`) and
//! [`Cbor`] (`cbor`); and [`Bytes`], always, for payloads that are nothing but bytes.
//!
//! A codec is named by a dialect, and nothing else changes: calls and channels are written as with
//! [`Json`](nova_behaviour::Json).
//!
//! ```
//! # #[cfg(feature = "cbor")] {
//! use nova_behaviour::{Call, Decode, Dialect, Kept, Writes};
//! use nova_codecs::Cbor;
//! use serde::{Deserialize, Serialize};
//!
//! /// A venue that speaks CBOR.
//! struct Venue;
//!
//! impl Dialect for Venue {
//!     type Request = Order;
//!     type Codec = Cbor;
//! }
//!
//! #[derive(Serialize)]
//! struct Order {
//!     amount: u32,
//! }
//!
//! #[derive(Deserialize)]
//! struct Filled {
//!     amount: u32,
//! }
//!
//! impl Call<Venue> for Order {
//!     type Reply = Filled;
//!
//!     fn into_request(self) -> Order {
//!         self
//!     }
//! }
//!
//! // What the message handler does with a request, and whoever waits with its reply:
//! let mut payload = Kept::default();
//! Cbor::write(&Order { amount: 7 }, &mut payload).unwrap();
//! assert!(matches!(payload, Kept::Binary(_)));
//! assert_eq!(<Filled as Decode<Cbor>>::decode(&mut payload).unwrap().amount, 7);
//! # }
//! ```
//!
//! # What a peer can do
//!
//! Nothing but have its message refused, as a value. MessagePack and CBOR are walked over once before
//! they are read, without recursion: what is nested deeper than [`MAX_DEPTH`], announces more than came,
//! or ends too early or too late is refused there, so that neither the stack nor the memory depends on
//! what a message says of itself. Protobuf has no lengths without bytes behind them, and its own bound
//! of nesting.
//!
//! # Text or binary
//!
//! All of these use binary messages. A payload that comes in a text message is refused as
//! [`DecodeError::WrongKind`](nova_behaviour::DecodeError::WrongKind), as JSON in a binary one is.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod bytes;
#[cfg(feature = "cbor")]
mod cbor;
#[cfg(feature = "msgpack")]
mod msgpack;
#[cfg(feature = "protobuf")]
mod protobuf;
#[cfg(any(feature = "msgpack", feature = "cbor"))]
mod walk;

pub use bytes::Bytes;
#[cfg(feature = "cbor")]
pub use cbor::Cbor;
#[cfg(feature = "msgpack")]
pub use msgpack::MessagePack;
#[cfg(feature = "protobuf")]
pub use protobuf::Protobuf;

/// How deep arrays and maps may be nested in MessagePack and CBOR; the same as in JSON.
pub const MAX_DEPTH: usize = 128;
