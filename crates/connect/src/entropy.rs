//! Where random bytes come from.

use std::{fmt, io};

/// A source of unpredictable bytes, for the handshake's key and the seed of masks. Replace it only to make a simulation
/// repeatable.
pub trait Entropy: fmt::Debug + Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    ///
    /// The source is not available.
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()>;
}

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(io::Error::other)
    }
}
