//! Close codes and close frames (RFC 6455 §5.5.1, §7.4).
//!
//! Only codes that may travel on the wire exist here. "No code given" is `None`, not a number.

use std::fmt;

use crate::{control::ControlPayload, error::ProtocolError};

/// A status code that may stand in a close frame.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the endpoint goes away (a server stops, a page is left).
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of data this endpoint cannot accept.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1007: data that contradicts its type, such as text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// 1008: a message that breaks the endpoint's policy.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message too big to process.
    pub const TOO_BIG: Self = Self(1009);
    /// 1010: the client wanted an extension the server did not negotiate.
    pub const MISSING_EXTENSION: Self = Self(1010);
    /// 1011: the server met a condition that kept it from fulfilling the request.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the service restarts; come back after a pause.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: the server is overloaded; come back later.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: a gateway got an invalid answer from its upstream.
    pub const BAD_GATEWAY: Self = Self(1014);

    /// The number on the wire.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The registered name, or a general one for codes that have none.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            1000 => "normal closure",
            1001 => "going away",
            1002 => "protocol error",
            1003 => "unsupported data",
            1007 => "invalid data",
            1008 => "policy violation",
            1009 => "message too big",
            1010 => "mandatory extension missing",
            1011 => "internal error",
            1012 => "service restart",
            1013 => "try again later",
            1014 => "bad gateway",
            3000..=3999 => "registered by a library or framework",
            _ => "private use",
        }
    }
}

impl TryFrom<u16> for CloseCode {
    type Error = InvalidCloseCode;

    /// # Errors
    ///
    /// The codes that must not travel: below 1000, 1004 to 1006, 1015 to 2999, above 4999.
    fn try_from(code: u16) -> Result<Self, Self::Error> {
        match code {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Ok(Self(code)),
            _ => Err(InvalidCloseCode(code)),
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0, self.name())
    }
}

/// A number that may not stand in a close frame (RFC 6455 §7.4.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("close code {0} may not be sent: use 1000 to 1003, 1007 to 1014, or 3000 to 4999")]
pub struct InvalidCloseCode(pub u16);

/// Why an endpoint closes: a code and a text of at most 123 bytes.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct CloseFrame {
    code: CloseCode,
    reason: String,
}

impl CloseFrame {
    /// The longest reason that fits a control frame beside its code, in bytes.
    pub const MAX_REASON_BYTES: usize = ControlPayload::MAX_BYTES - 2;

    /// A close frame. A reason over 123 bytes is cut at the last character that fits, since a
    /// shortened explanation is better than a close that cannot be sent.
    #[must_use]
    pub fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        let mut reason = reason.into();
        reason.truncate(reason.floor_char_boundary(Self::MAX_REASON_BYTES));
        Self { code, reason }
    }

    /// The status code.
    #[must_use]
    pub const fn code(&self) -> CloseCode {
        self.code
    }

    /// The explanation, possibly empty.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Reads the payload of a close frame; an empty one gives `None` ("no code given").
    ///
    /// # Errors
    ///
    /// A single byte, a code that may not travel, or a reason that is not UTF-8 (§5.5.1).
    pub fn parse(payload: &[u8]) -> Result<Option<Self>, ProtocolError> {
        let (code, reason) = match payload {
            [] => return Ok(None),
            [_] => return Err(ProtocolError::TruncatedCloseCode),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        };
        let code = CloseCode::try_from(code).map_err(|bad| ProtocolError::InvalidCloseCode(bad.0))?;
        let reason = simdutf8::basic::from_utf8(reason).map_err(|_| ProtocolError::InvalidUtf8)?;
        Ok(Some(Self::new(code, reason)))
    }
}

impl From<CloseCode> for CloseFrame {
    fn from(code: CloseCode) -> Self {
        Self::new(code, "")
    }
}

impl fmt::Display for CloseFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.reason.is_empty() {
            // The peer chose this text: escape it, so that it cannot forge lines of a log.
            write!(f, " \"{}\"", self.reason.escape_debug())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_that_may_travel_exist() {
        let legal = [1000, 1001, 1002, 1003, 1007, 1013, 1014, 3000, 3999, 4000, 4999];
        let illegal = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX];
        for code in legal {
            assert_eq!(CloseCode::try_from(code).map(CloseCode::get), Ok(code));
        }
        for code in illegal {
            assert_eq!(CloseCode::try_from(code), Err(InvalidCloseCode(code)));
        }
    }

    #[test]
    fn registered_codes_have_their_names_and_others_a_general_one() {
        let name = |code| CloseCode::try_from(code).map(CloseCode::name);
        let registered = [
            (1000, "normal closure"),
            (1001, "going away"),
            (1002, "protocol error"),
            (1003, "unsupported data"),
            (1007, "invalid data"),
            (1008, "policy violation"),
            (1009, "message too big"),
            (1010, "mandatory extension missing"),
            (1011, "internal error"),
            (1012, "service restart"),
            (1013, "try again later"),
            (1014, "bad gateway"),
        ];
        for (code, expected) in registered {
            assert_eq!(name(code), Ok(expected));
        }
        let of_a_library = "registered by a library or framework";
        assert_eq!((name(3000), name(3999)), (Ok(of_a_library), Ok(of_a_library)));
        assert_eq!(name(4000), Ok("private use"));
    }

    #[test]
    fn payloads_are_read_strictly() {
        assert_eq!(CloseFrame::parse(b""), Ok(None));
        assert_eq!(CloseFrame::parse(&[3]), Err(ProtocolError::TruncatedCloseCode));
        assert_eq!(CloseFrame::parse(&[3, 237]), Err(ProtocolError::InvalidCloseCode(1005)));
        assert_eq!(CloseFrame::parse(&[3, 232, 0xFF]), Err(ProtocolError::InvalidUtf8));
        let read = CloseFrame::parse(&[3, 232, b'o', b'k']);
        assert_eq!(read, Ok(Some(CloseFrame::new(CloseCode::NORMAL, "ok"))));
    }

    #[test]
    fn a_long_reason_is_cut_at_a_character() {
        let frame = CloseFrame::new(CloseCode::NORMAL, "ä".repeat(100));
        assert_eq!(frame.reason().len(), 122);
    }

    #[test]
    fn a_reason_cannot_forge_a_log_line() {
        let shown = CloseFrame::new(CloseCode::NORMAL, "a\nlevel=error").to_string();
        assert_eq!(shown, r#"1000 (normal closure) "a\nlevel=error""#);
    }
}
