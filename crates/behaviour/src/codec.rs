//! The seam of payload codecs: from values to payloads and back.
//!
//! A codec is a type without values. It says by [`Codec::KIND`] which messages its payloads travel in,
//! and then either reads and writes every `serde` type ([`CodecHandler`]), or the types of a library of
//! its own, one trait for each way ([`Reads`], [`Writes`]). Either makes those types [`Decode`], which is
//! what calls and channels ask for. [`Json`] is the default; the crate `nova-codecs` has further ones.

mod error;
mod json;
mod kind;
mod plain;
mod reason;

use serde::{Serialize, de::DeserializeOwned};

use crate::body::Kept;

pub use error::{DecodeError, EncodeError};
#[cfg(feature = "simd-json")]
pub use json::Dynamic;
pub use json::{Json, JsonCodec};
pub use kind::PayloadKind;
pub use plain::Plain;

/// A payload codec, and the kind of message its payloads travel in.
pub trait Codec: 'static {
    /// Text or binary. A payload of the other kind is refused before the codec sees it.
    const KIND: PayloadKind;
}

/// A codec of every `serde` type.
///
/// ```
/// # use nova_behaviour::*;
/// use serde::{Serialize, de::DeserializeOwned};
///
/// /// JSON, in binary messages.
/// struct JsonBytes;
///
/// impl Codec for JsonBytes {
///     const KIND: PayloadKind = PayloadKind::Binary;
/// }
///
/// impl CodecHandler for JsonBytes {
///     fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Kept) -> Result<(), EncodeError> {
///         serde_json::to_writer(out.binary_mut(), value).map_err(EncodeError::new)
///     }
///
///     fn decode<T: DeserializeOwned>(body: &mut Kept) -> Result<T, DecodeError> {
///         serde_json::from_slice(body.as_binary()?).map_err(|error| DecodeError::of_serde(&error))
///     }
/// }
///
/// let mut body = Kept::default();
/// JsonBytes::encode(&[1, 2], &mut body)?;
/// assert_eq!(<[u8; 2] as Decode<JsonBytes>>::decode(&mut body)?, [1, 2]);
///
/// let refused = <[u8; 2] as Decode<JsonBytes>>::decode(&mut Kept::from("[1,2]"));
/// assert!(refused.unwrap_err().is_wrong_kind());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait CodecHandler: Codec {
    /// Writes `value` into `out`, replacing its content, as a payload of this codec's kind.
    ///
    /// # Errors
    ///
    /// The value cannot be expressed, for example a map without string keys in JSON.
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Kept) -> Result<(), EncodeError>;

    /// Reads a value. The payload may be taken or scrambled.
    ///
    /// # Errors
    ///
    /// The payload does not have the shape of `T`, or is of the other kind.
    fn decode<T: DeserializeOwned>(body: &mut Kept) -> Result<T, DecodeError>;
}

/// A codec that reads `T`. Every [`CodecHandler`] reads what `serde` can deserialise.
#[diagnostic::on_unimplemented(
    message = "codec `{Self}` does not read `{T}`",
    note = "with `Json` and other serde codecs, derive `serde::Deserialize`; with `Plain`, use `String`, `Vec<u8>` or `Kept`"
)]
pub trait Reads<T>: Codec {
    /// Reads a value from a payload of this codec's kind. It may be taken or scrambled.
    ///
    /// # Errors
    ///
    /// The payload does not have the shape of `T`.
    fn read(body: &mut Kept) -> Result<T, DecodeError>;
}

/// A codec that writes `T`. Every [`CodecHandler`] writes what `serde` can serialise.
pub trait Writes<T: ?Sized>: Codec {
    /// Writes `value` into `out`, replacing its content, as a payload of this codec's kind.
    ///
    /// # Errors
    ///
    /// The value cannot be expressed.
    fn write(value: &T, out: &mut Kept) -> Result<(), EncodeError>;
}

impl<C: CodecHandler, T: DeserializeOwned> Reads<T> for C {
    fn read(body: &mut Kept) -> Result<T, DecodeError> {
        C::decode(body)
    }
}

impl<C: CodecHandler, T: Serialize + ?Sized> Writes<T> for C {
    fn write(value: &T, out: &mut Kept) -> Result<(), EncodeError> {
        C::encode(value, out)
    }
}

/// Reads itself from a payload in codec `C`.
///
/// Implemented for every type that the codec [`Reads`], and for strings and bytes over [`Plain`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read by codec `{C}`",
    note = "with `Json` and other serde codecs, derive `serde::Deserialize`; with `Plain`, use `String`, `Vec<u8>` or `Kept`"
)]
pub trait Decode<C>: Sized {
    /// Reads the payload. It may be taken or scrambled: it is the reader's own copy.
    ///
    /// # Errors
    ///
    /// The payload does not have the shape of this type, or is of a kind that the codec does not use.
    fn decode(body: &mut Kept) -> Result<Self, DecodeError>;
}

impl<C: Reads<T>, T> Decode<C> for T {
    fn decode(body: &mut Kept) -> Result<Self, DecodeError> {
        // Here, so that no codec can forget it.
        C::KIND.check(body)?;
        C::read(body)
    }
}
