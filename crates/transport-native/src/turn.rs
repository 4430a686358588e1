//! How much a link may do before others get a turn.
//!
//! Tokio counts operations, and one read may bring thousands of frames; so frames are counted here.

use std::task::{Context, Poll};

/// What is left of a turn. Each frame costs its bytes and some more for itself.
#[derive(Debug)]
pub(crate) struct Turn {
    left: usize,
    has_yielded: bool,
}

impl Turn {
    pub(crate) const fn new() -> Self {
        Self { left: TURN_COST, has_yielded: false }
    }

    #[inline]
    pub(crate) const fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// Counts a frame.
    #[inline]
    pub(crate) fn spend(&mut self, payload_bytes: usize) {
        self.left = self.left.saturating_sub(payload_bytes + FRAME_COST);
    }

    /// Starts anew: others had their turn.
    pub(crate) fn renew(&mut self) {
        *self = Self::new();
    }

    /// Lets others have their turn, then starts anew.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_yielded {
            self.renew();
            return Poll::Ready(());
        }
        self.has_yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// 256 KiB, or a thousand small frames.
const TURN_COST: usize = 256 * 1024;
const FRAME_COST: usize = 256;
