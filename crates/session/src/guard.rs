//! The one door through which foreign code is called.
//!
//! A panic of a handler is contained here: only the handler's own state is at risk, and the
//! session's lock is never poisoned by it. `panic = "abort"` disables this.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A handler panicked; its message went to the panic hook.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panicked;

/// Calls a handler.
pub(crate) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| Panicked)
}
