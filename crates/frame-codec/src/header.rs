//! Frame headers (RFC 6455 §5.2): two to fourteen bytes, read at two speeds.
//!
//! [`Common`] knows the shape nearly all market data has, be it in one frame or in several, and says
//! nothing about the rest; [`Header::strict`] knows every rule. Whatever the first accepts, the second
//! would too.

use crate::{error::ProtocolError, frame::Coding, mask::MaskKey, opcode::OpCode, role::Role};

/// A header that broke no rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Header {
    pub(crate) fin: bool,
    pub(crate) opcode: OpCode,
    /// Length of the header itself.
    pub(crate) header_bytes: usize,
    /// Length of what follows it.
    pub(crate) payload_bytes: usize,
    pub(crate) mask: Option<MaskKey>,
    pub(crate) coding: Coding,
}

/// The header of an unmasked data frame below 64 KiB, all of which is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Common {
    pub(crate) opcode: OpCode,
    pub(crate) header_bytes: usize,
    pub(crate) payload_bytes: usize,
}

impl Common {
    /// The frame that is a whole message; `None` for anything else, be it rare, wrong or not yet there.
    #[inline(always)]
    pub(crate) fn message(bytes: &[u8], limit: usize) -> Option<Self> {
        let &[first, second, high, low, ..] = bytes else { return None };
        let opcode = match first {
            0x81 => OpCode::Text,
            0x82 => OpCode::Binary,
            _ => return None,
        };
        Self::sized(opcode, [second, high, low], bytes.len(), limit)
    }

    /// The frame that is a part of a message, and whether it is the last; `None` as for a
    /// [`message`](Self::message).
    #[inline(always)]
    pub(crate) fn fragment(bytes: &[u8], limit: usize) -> Option<(bool, Self)> {
        let &[first, second, high, low, ..] = bytes else { return None };
        let (fin, opcode) = match first {
            0x00 => (false, OpCode::Continuation),
            0x80 => (true, OpCode::Continuation),
            0x01 => (false, OpCode::Text),
            0x02 => (false, OpCode::Binary),
            _ => return None,
        };
        Some((fin, Self::sized(opcode, [second, high, low], bytes.len(), limit)?))
    }

    /// By what stands behind the first byte, of so many bytes that are there.
    #[inline(always)]
    fn sized(opcode: OpCode, length: [u8; 3], there: usize, limit: usize) -> Option<Self> {
        let [second, high, low] = length;
        let (header_bytes, payload_bytes) = match second {
            0..=125 => (2, usize::from(second)),
            126 => (4, usize::from(u16::from_be_bytes([high, low]))),
            _ => return None,
        };
        let minimal = header_bytes == 2 || payload_bytes > 125;
        let whole = payload_bytes <= there - header_bytes;
        (minimal && whole && payload_bytes <= limit).then_some(Self { opcode, header_bytes, payload_bytes })
    }

    #[inline]
    pub(crate) fn into_header(self, fin: bool) -> Header {
        let Self { opcode, header_bytes, payload_bytes } = self;
        Header { fin, opcode, header_bytes, payload_bytes, mask: None, coding: Coding::Identity }
    }
}

/// What was negotiated that gives a reserved bit a meaning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Extension {
    /// Nothing: every reserved bit must be 0.
    None,
    /// RSV1 marks the first frame of a compressed message (RFC 7692 §6).
    Deflate,
}

impl Header {
    /// The longest header: two bytes, a 64-bit length, a mask key.
    pub(crate) const MAX_BYTES: usize = 14;

    /// Reads any header; `None` when it is not whole yet. `limit` bounds the payload of data
    /// frames. Rules are checked as soon as their byte is there, so what is found does not depend
    /// on how the bytes were cut into reads.
    pub(crate) fn strict<R: Role>(
        bytes: &[u8],
        limit: usize,
        extension: Extension,
    ) -> Result<Option<Self>, ProtocolError> {
        let [first, rest @ ..] = bytes else { return Ok(None) };
        let coding = match (first & RESERVED_BITS, extension) {
            (0, _) => Coding::Identity,
            (RSV1_BIT, Extension::Deflate) => Coding::Deflate,
            _ => return Err(ProtocolError::ReservedBit),
        };
        let opcode = first & OPCODE_BITS;
        let opcode = OpCode::from_bits(opcode).ok_or(ProtocolError::ReservedOpCode(opcode))?;
        let fin = first & FIN_BIT != 0;
        if coding == Coding::Deflate && !matches!(opcode, OpCode::Text | OpCode::Binary) {
            return Err(ProtocolError::ReservedBit);
        }
        if opcode.is_control() && !fin {
            return Err(ProtocolError::FragmentedControl);
        }

        let [second, rest @ ..] = rest else { return Ok(None) };
        match (second & MASK_BIT != 0, R::PEER_MASKS) {
            (true, false) => return Err(ProtocolError::MaskedByServer),
            (false, true) => return Err(ProtocolError::UnmaskedByClient),
            _ => {}
        }
        let (payload_bytes, rest) = match second & !MASK_BIT {
            126 | 127 if opcode.is_control() => return Err(ProtocolError::ControlTooLong),
            126 => {
                let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
                (minimal(u64::from(u16::from_be_bytes(*length)), 126)?, rest)
            }
            127 => {
                let Some((length, rest)) = rest.split_first_chunk() else { return Ok(None) };
                let length = u64::from_be_bytes(*length);
                if length > i64::MAX as u64 {
                    return Err(ProtocolError::LengthOverflow);
                }
                (minimal(length, 0x1_0000)?, rest)
            }
            short => (u64::from(short), rest),
        };
        let payload_bytes = match usize::try_from(payload_bytes) {
            Ok(length) if length <= limit || opcode.is_control() => length,
            _ => return Err(ProtocolError::TooBig { limit }),
        };

        let (mask, rest) = if R::PEER_MASKS {
            let Some((key, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
            (Some(MaskKey::from(*key)), rest)
        } else {
            (None, rest)
        };
        Ok(Some(Self { fin, opcode, header_bytes: bytes.len() - rest.len(), payload_bytes, mask, coding }))
    }
}

/// A length that could not have been written in fewer bytes.
fn minimal(length: u64, least: u64) -> Result<u64, ProtocolError> {
    if length < least { Err(ProtocolError::NonMinimalLength) } else { Ok(length) }
}

pub(crate) const FIN_BIT: u8 = 0b1000_0000;
pub(crate) const MASK_BIT: u8 = 0b1000_0000;
pub(crate) const RSV1_BIT: u8 = 0b0100_0000;
const RESERVED_BITS: u8 = 0b0111_0000;
const OPCODE_BITS: u8 = 0b0000_1111;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Client;

    #[test]
    fn the_fast_path_accepts_nothing_the_strict_path_refuses() {
        let limits = [0, 1, 125, 126, 127, 300, 65_535, 70_000];
        let mut bytes = vec![0; 70_000];
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                for length in [0_u16, 125, 126, 127, 300, 301, u16::MAX] {
                    let [high, low] = length.to_be_bytes();
                    bytes[..4].copy_from_slice(&[first, second, high, low]);
                    for limit in limits {
                        let message = Common::message(&bytes, limit).map(|common| (true, common));
                        let fragment = Common::fragment(&bytes, limit);
                        assert!(message.is_none() || fragment.is_none());
                        if let Some((fin, common)) = message.or(fragment) {
                            let common = common.into_header(fin);
                            for extension in [Extension::None, Extension::Deflate] {
                                let strict = Header::strict::<Client>(&bytes, limit, extension);
                                assert_eq!(strict, Ok(Some(common)));
                            }
                        }
                    }
                }
            }
        }
    }
}
