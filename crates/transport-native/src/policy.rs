//! How many frames may gather before they leave in one write.
//!
//! The choice is a type, so that asking costs nothing. A sink never writes by itself: whoever drives
//! it feeds while there is room, then flushes, so the room is the policy.

/// When what was fed leaves: [`Immediate`], [`EndOfTurn`] or [`Explicit`].
pub trait FlushPolicy: sealed::Sealed + Send + Sync + Unpin + 'static {
    /// From how many waiting bytes on a sink wants to be flushed before it is fed again.
    const ROOM_BYTES: usize;
}

/// Each frame leaves in a write of its own, before the next is fed. For the lowest delay of the first
/// of several frames; costs a system call for each.
#[derive(Clone, Copy, Debug)]
pub struct Immediate;

/// What there is to send in one turn of the executor leaves in one write: a driver feeds until it has
/// nothing more, up to 64 KiB, then flushes. The default.
#[derive(Clone, Copy, Debug)]
pub struct EndOfTurn;

/// Frames gather until the owner of the link flushes, over as many turns as it likes, up to 1 MiB. For
/// those who drive a link themselves.
#[derive(Clone, Copy, Debug)]
pub struct Explicit;

impl FlushPolicy for Immediate {
    const ROOM_BYTES: usize = 1;
}

impl FlushPolicy for EndOfTurn {
    const ROOM_BYTES: usize = 64 * 1024;
}

impl FlushPolicy for Explicit {
    const ROOM_BYTES: usize = 1024 * 1024;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Immediate {}
    impl Sealed for super::EndOfTurn {}
    impl Sealed for super::Explicit {}
}
