//! What one end wants of compression.

/// Settings of permessage-deflate, as seen from the end that holds them.
///
/// Compressing takes memory from the first compressed message on: 370 KiB for sending with 15 bits,
/// 245 KiB with 9, and 46 KiB for receiving. A direction that keeps no context takes it only while there
/// is something to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Compression {
    /// How far back what we send may refer. Default: 15 bits.
    pub send_window: WindowBits,
    /// How far back what we receive may refer. Default: 15 bits.
    pub receive_window: WindowBits,
    /// Whether what we send may refer to earlier messages. Default: kept.
    pub send_context: Context,
    /// Whether what we receive may refer to earlier messages. Default: kept.
    pub receive_context: Context,
    /// Messages shorter than this are sent as they are. Default: 1 KiB, below which the time it takes
    /// outweighs the bytes it saves.
    pub threshold_bytes: usize,
    /// How hard to try, from 0 (not at all) to 9. Default: 6.
    pub level: u8,
}

/// Whether the window is kept from one message to the next ("context takeover").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Context {
    /// Kept: similar messages become much smaller.
    Kept,
    /// Dropped after each message.
    Dropped,
}

/// The size of a window, as a power of two: 8 to 15.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 256 bytes.
    pub const MIN: Self = Self(8);
    /// 32 KiB.
    pub const MAX: Self = Self(15);

    /// The exponent.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for WindowBits {
    type Error = WindowBitsOutOfRange;

    fn try_from(bits: u8) -> Result<Self, Self::Error> {
        match bits {
            8..=15 => Ok(Self(bits)),
            _ => Err(WindowBitsOutOfRange(bits)),
        }
    }
}

/// A window that RFC 7692 does not know.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a window has 8 to 15 bits, not {0}")]
pub struct WindowBitsOutOfRange(pub u8);

impl Compression {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            send_window: WindowBits::MAX,
            receive_window: WindowBits::MAX,
            send_context: Context::Kept,
            receive_context: Context::Kept,
            threshold_bytes: 1024,
            level: 6,
        }
    }

    /// Sets how far back what we send may refer, which bounds the memory of both ends.
    #[must_use]
    pub const fn with_send_window(mut self, bits: WindowBits) -> Self {
        self.send_window = bits;
        self
    }

    /// Sets how far back what we receive may refer. A server that cannot keep to it refuses.
    #[must_use]
    pub const fn with_receive_window(mut self, bits: WindowBits) -> Self {
        self.receive_window = bits;
        self
    }

    /// Sets whether what we send may refer to earlier messages.
    #[must_use]
    pub const fn with_send_context(mut self, context: Context) -> Self {
        self.send_context = context;
        self
    }

    /// Sets whether what we receive may refer to earlier messages.
    #[must_use]
    pub const fn with_receive_context(mut self, context: Context) -> Self {
        self.receive_context = context;
        self
    }

    /// Sets from how many bytes on a message is compressed.
    #[must_use]
    pub const fn with_threshold(mut self, bytes: usize) -> Self {
        self.threshold_bytes = bytes;
        self
    }

    /// Sets how hard to try, from 0 to 9; more counts as 9.
    #[must_use]
    pub const fn with_level(mut self, level: u8) -> Self {
        self.level = if level > 9 { 9 } else { level };
        self
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self::new()
    }
}
