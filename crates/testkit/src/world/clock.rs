//! Virtual time: monotonic and wall, moved by the world alone.

use std::time::{Duration, Instant, SystemTime};

/// The two clocks. What lies between two of their readings depends on the seed only, never on the
/// machine.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    base: Instant,
    elapsed: Duration,
    /// What the wall clock shows at the beginning, jumps included.
    wall_base: SystemTime,
}

impl Clock {
    pub(super) fn new() -> Self {
        // 2026-01-01, so that dates in tests look like dates.
        let wall_base = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
        Self { base: Instant::now(), elapsed: Duration::ZERO, wall_base }
    }

    pub(super) fn now(&self) -> Instant {
        self.base + self.elapsed
    }

    /// Since the beginning.
    pub(super) const fn elapsed(&self) -> Duration {
        self.elapsed
    }

    pub(super) fn wall(&self) -> SystemTime {
        self.wall_base + self.elapsed
    }

    /// An instant of the session as time since the beginning.
    pub(super) fn since_start(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.base)
    }

    /// Moves both clocks to this moment; never back.
    pub(super) fn advance_to(&mut self, at: Duration) {
        self.elapsed = self.elapsed.max(at);
    }

    /// Sets the wall clock ahead.
    pub(super) fn jump_ahead(&mut self, by: Duration) {
        self.wall_base += by;
    }

    /// Sets the wall clock back.
    pub(super) fn jump_back(&mut self, by: Duration) {
        self.wall_base -= by;
    }
}
