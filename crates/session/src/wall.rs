//! Wall time, told at construction and on each connect, and derived between.

use std::time::{Instant, SystemTime};

/// Translates the session's monotonic clock into wall time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    at: Instant,
    wall: SystemTime,
}

impl WallClock {
    pub(crate) const fn new(at: Instant, wall: SystemTime) -> Self {
        Self { at, wall }
    }

    pub(crate) fn at(&self, now: Instant) -> SystemTime {
        self.wall + now.saturating_duration_since(self.at)
    }
}
