//! Frames as bytes, legal or not (RFC 6455 §5.2).
//!
//! Written apart from the codec under test on purpose: a mistake made there cannot hide here. What
//! the codec refuses to make or to read, this makes and reads.

/// A frame in which every field can be chosen, also against the rules.
///
/// ```
/// # use nova_testkit::net::RawFrame;
/// // A fragmented ping, which RFC 6455 §5.5 forbids.
/// let illegal = RawFrame::new(0x9, b"hi").with_fin(false).to_bytes();
/// assert_eq!(illegal, [0x09, 0x02, b'h', b'i']);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RawFrame {
    /// Whether this frame ends its message. Default: true.
    pub fin: bool,
    /// The three reserved bits, RSV1 being the highest (0b100). Default: 0.
    pub rsv: u8,
    /// The opcode, four bits.
    pub opcode: u8,
    /// How the length is written. Default: as short as possible.
    pub length_form: LengthForm,
    /// The length that is written; `None` for the true one. Default: `None`.
    pub announced: Option<u64>,
    /// The masking key, if the frame is masked. Default: `None`.
    pub mask: Option<[u8; 4]>,
    /// The payload, not masked.
    pub payload: Vec<u8>,
}

/// The three ways to write a length.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LengthForm {
    /// The shortest that holds the length, as RFC 6455 demands.
    Shortest,
    /// 7 bits. A length above 125 is cut to its lowest 7 bits, so it lies.
    Bits7,
    /// 16 bits. A length above 65 535 is cut to its lowest 16 bits, so it lies.
    Bits16,
    /// 64 bits.
    Bits64,
}

impl RawFrame {
    /// A whole, unmasked frame with this opcode (its lowest four bits).
    #[must_use]
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            fin: true,
            rsv: 0,
            opcode: opcode & 0xF,
            length_form: LengthForm::Shortest,
            announced: None,
            mask: None,
            payload: payload.into(),
        }
    }

    /// A whole text message; `text` need not be UTF-8.
    #[must_use]
    pub fn text(text: impl Into<Vec<u8>>) -> Self {
        Self::new(0x1, text)
    }

    /// A whole binary message.
    #[must_use]
    pub fn binary(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(0x2, bytes)
    }

    /// The next, and unless changed the last, part of a fragmented message.
    #[must_use]
    pub fn continuation(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(0x0, bytes)
    }

    /// A ping; `payload` may be longer than allowed.
    #[must_use]
    pub fn ping(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(0x9, payload)
    }

    /// A pong; `payload` may be longer than allowed.
    #[must_use]
    pub fn pong(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(0xA, payload)
    }

    /// A close frame with any code, also one that must not travel.
    #[must_use]
    pub fn close(code: u16, reason: &str) -> Self {
        Self::new(0x8, [&code.to_be_bytes(), reason.as_bytes()].concat())
    }

    /// Says whether this frame ends its message.
    #[must_use]
    pub fn with_fin(self, fin: bool) -> Self {
        Self { fin, ..self }
    }

    /// Sets the reserved bits: the lowest three of `rsv`, RSV1 being the highest of them.
    #[must_use]
    pub fn with_rsv(self, rsv: u8) -> Self {
        Self { rsv: rsv & 0b111, ..self }
    }

    /// Chooses how the length is written.
    #[must_use]
    pub fn with_length_form(self, length_form: LengthForm) -> Self {
        Self { length_form, ..self }
    }

    /// Writes another length than the payload's.
    #[must_use]
    pub fn with_announced(self, bytes: u64) -> Self {
        Self { announced: Some(bytes), ..self }
    }

    /// Masks the payload with this key.
    #[must_use]
    pub fn with_mask(self, key: [u8; 4]) -> Self {
        Self { mask: Some(key), ..self }
    }

    /// The bytes on the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let length = self.announced.unwrap_or(self.payload.len() as u64);
        let mut bytes = vec![u8::from(self.fin) << 7 | self.rsv << 4 | self.opcode];
        match self.length_form.resolved(length) {
            LengthForm::Bits16 => {
                bytes.push(masked | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            LengthForm::Bits64 => {
                bytes.push(masked | 127);
                bytes.extend(length.to_be_bytes());
            }
            LengthForm::Bits7 | LengthForm::Shortest => bytes.push(masked | (length as u8 & 0x7F)),
        }
        let payload_at = bytes.len() + self.mask.map_or(0, |key| key.len());
        bytes.extend(self.mask.into_iter().flatten());
        bytes.extend(&self.payload);
        if let Some(key) = self.mask {
            apply_mask(key, &mut bytes[payload_at..]);
        }
        bytes
    }

    /// Reads one frame from the start of `bytes`, and says how many bytes it took; `None` while it
    /// is incomplete. No frame is refused: whether it obeys the rules is for the test to ask.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let (length_form, length, rest) = match second & 0x7F {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (LengthForm::Bits16, u16::from_be_bytes(*length).into(), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk()?;
                (LengthForm::Bits64, u64::from_be_bytes(*length), rest)
            }
            short => (LengthForm::Bits7, short.into(), rest),
        };
        let (mask, rest) = match second & 0x80 {
            0 => (None, rest),
            _ => {
                let (key, rest) = rest.split_first_chunk()?;
                (Some(*key), rest)
            }
        };
        let (payload, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let mut payload = payload.to_vec();
        if let Some(key) = mask {
            apply_mask(key, &mut payload);
        }
        let length_form = match LengthForm::Shortest.resolved(length) {
            shortest if shortest == length_form => LengthForm::Shortest,
            _ => length_form,
        };
        let (fin, rsv, opcode) = (first & 0x80 != 0, first >> 4 & 0b111, first & 0xF);
        let frame = Self { fin, rsv, opcode, length_form, announced: None, mask, payload };
        Some((frame, bytes.len() - rest.len()))
    }

    /// The payload as text.
    ///
    /// # Panics
    ///
    /// It is not UTF-8.
    #[must_use]
    #[track_caller]
    pub fn as_text(&self) -> &str {
        std::str::from_utf8(&self.payload).expect("the frame's payload is UTF-8")
    }

    /// The code in a close frame's payload, if there is one.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        let code = self.payload.first_chunk().filter(|_| self.opcode == 0x8)?;
        Some(u16::from_be_bytes(*code))
    }
}

impl LengthForm {
    /// This form, or the one that "shortest" means for a length.
    const fn resolved(self, length: u64) -> Self {
        match (self, length) {
            (Self::Shortest, ..=125) => Self::Bits7,
            (Self::Shortest, ..=0xFFFF) => Self::Bits16,
            (Self::Shortest, _) => Self::Bits64,
            (chosen, _) => chosen,
        }
    }
}

/// Masks, or unmasks, in place (RFC 6455 §5.3).
fn apply_mask(key: [u8; 4], payload: &mut [u8]) {
    for (byte, key) in payload.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_come_out_byte_for_byte() {
        let masked = RawFrame::text("Hello").with_mask([0x37, 0xFA, 0x21, 0x3D]);
        assert_eq!(RawFrame::text("Hello").to_bytes(), b"\x81\x05Hello");
        assert_eq!(masked.to_bytes(), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        assert_eq!(RawFrame::text("Hel").with_fin(false).to_bytes(), b"\x01\x03Hel");
        assert_eq!(RawFrame::continuation("lo").to_bytes(), b"\x80\x02lo");
        assert_eq!(RawFrame::binary([0; 256]).to_bytes()[..4], [0x82, 0x7E, 0x01, 0x00]);
        assert_eq!(RawFrame::binary([0; 65536]).to_bytes()[..10], *b"\x82\x7f\0\0\0\0\0\x01\0\0");
    }

    #[test]
    fn every_rule_can_be_broken() {
        let long_form = RawFrame::text("x").with_length_form(LengthForm::Bits16).to_bytes();
        assert_eq!(long_form, b"\x81\x7e\0\x01x");
        let longest_form = RawFrame::text("x").with_length_form(LengthForm::Bits64).to_bytes();
        assert_eq!(longest_form, b"\x81\x7f\0\0\0\0\0\0\0\x01x");
        let lie = RawFrame::text("x").with_announced(u64::MAX).to_bytes();
        assert_eq!(lie, b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xffx");
        assert_eq!(RawFrame::new(0xB, "").with_rsv(0b101).to_bytes(), [0xDB, 0]);
        assert_eq!(RawFrame::close(1005, "no").to_bytes(), b"\x88\x04\x03\xedno");
    }

    #[test]
    fn what_was_built_is_read_back_and_never_too_early() {
        let frames = [
            RawFrame::text("Hello").with_mask([1, 2, 3, 4]),
            RawFrame::binary(vec![7; 300]).with_fin(false).with_rsv(0b100),
            RawFrame::ping("").with_length_form(LengthForm::Bits64).with_mask([9; 4]),
        ];
        for frame in frames {
            let mut bytes = frame.to_bytes();
            for cut in 0..bytes.len() {
                assert_eq!(RawFrame::parse(&bytes[..cut]), None, "{cut}");
            }
            let taken = bytes.len();
            bytes.push(0xFF);
            assert_eq!(RawFrame::parse(&bytes), Some((frame, taken)));
        }
    }
}
