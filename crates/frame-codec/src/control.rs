//! Payloads of control frames (RFC 6455 §5.5): at most 125 bytes, kept inline.

use std::fmt;

use crate::close::CloseFrame;

/// Up to 125 bytes for a ping, a pong or a close. Copying it allocates nothing.
#[derive(Clone, Copy)]
pub struct ControlPayload {
    bytes: [u8; Self::MAX_BYTES],
    len: u8,
}

impl ControlPayload {
    /// The most a control frame may carry, in bytes.
    pub const MAX_BYTES: usize = 125;

    /// A payload without bytes.
    pub const EMPTY: Self = Self { bytes: [0; Self::MAX_BYTES], len: 0 };

    /// Copies the payload.
    ///
    /// # Errors
    ///
    /// More than [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn new(payload: &[u8]) -> Result<Self, ControlTooLong> {
        let mut this = Self::EMPTY;
        let room = this.bytes.get_mut(..payload.len()).ok_or(ControlTooLong(payload.len()))?;
        room.copy_from_slice(payload);
        this.len = payload.len() as u8;
        Ok(this)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl From<&CloseFrame> for ControlPayload {
    fn from(frame: &CloseFrame) -> Self {
        let mut this = Self::EMPTY;
        let reason = frame.reason().as_bytes();
        this.bytes[..2].copy_from_slice(&frame.code().get().to_be_bytes());
        this.bytes[2..2 + reason.len()].copy_from_slice(reason);
        this.len = 2 + reason.len() as u8;
        this
    }
}

impl PartialEq for ControlPayload {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for ControlPayload {}

impl fmt::Debug for ControlPayload {
    /// Shows the length only: payloads may not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlPayload({} bytes)", self.len)
    }
}

/// A control payload of more than 125 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a control frame carries at most 125 bytes, not {0}")]
pub struct ControlTooLong(pub usize);
