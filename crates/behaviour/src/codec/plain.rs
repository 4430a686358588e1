//! No codec: payloads as they are.

use super::{Decode, error::DecodeError, kind::PayloadKind};
use crate::body::Kept;

/// No codec: payloads are taken as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Decode<Plain> for String {
    fn decode(body: &mut Kept) -> Result<Self, DecodeError> {
        match std::mem::take(body) {
            Kept::Text(text) => Ok(text),
            Kept::Binary(_) => Err(PayloadKind::Text.instead_of(PayloadKind::Binary)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_not_taken_from_binary() {
        let mut bytes = Kept::Binary(vec![b'a']);
        assert!(<String as Decode<Plain>>::decode(&mut bytes).unwrap_err().is_wrong_kind());
        assert_eq!(<Vec<u8> as Decode<Plain>>::decode(&mut Kept::from("a")).unwrap(), b"a");
    }
}
