//! The door through which payloads are decoded: a reader that panics is one that could not read.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nova_behaviour::DecodeError;

/// Decodes, in the task of whoever takes the payload. The panic's message went to the panic hook; only
/// the payload is at risk, and it is used no further.
pub(crate) fn contained<T>(decode: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err(DecodeError::new("its reader panicked")))
}
