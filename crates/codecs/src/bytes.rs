//! Payloads that are nothing but bytes.

use nova_behaviour::{Codec, DecodeError, EncodeError, Kept, PayloadKind, Reads, Writes};

/// Bytes as they are, in binary messages only.
///
/// [`Plain`](nova_behaviour::Plain) takes the bytes of text messages as well; here those are refused.
///
/// ```
/// # use nova_behaviour::{Decode, Kept, Writes};
/// # use nova_codecs::Bytes;
/// let mut payload = Kept::default();
/// Bytes::write(&[0xFF, 0][..], &mut payload)?;
/// assert_eq!(<Vec<u8> as Decode<Bytes>>::decode(&mut payload)?, [0xFF, 0]);
/// assert!(<Vec<u8> as Decode<Bytes>>::decode(&mut Kept::from("text")).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Bytes;

impl Codec for Bytes {
    const KIND: PayloadKind = PayloadKind::Binary;
}

impl Reads<Vec<u8>> for Bytes {
    fn read(body: &mut Kept) -> Result<Vec<u8>, DecodeError> {
        body.as_binary()?;
        let Kept::Binary(bytes) = std::mem::take(body) else { unreachable!("it was binary above") };
        Ok(bytes)
    }
}

impl<const N: usize> Reads<[u8; N]> for Bytes {
    fn read(body: &mut Kept) -> Result<[u8; N], DecodeError> {
        body.as_binary()?.try_into().map_err(DecodeError::new)
    }
}

impl<T: AsRef<[u8]> + ?Sized> Writes<T> for Bytes {
    fn write(value: &T, out: &mut Kept) -> Result<(), EncodeError> {
        out.binary_mut().extend_from_slice(value.as_ref());
        Ok(())
    }
}
