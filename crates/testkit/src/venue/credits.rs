//! What a connection may ask for: so much at once, and so much a second.

use std::time::{Duration, Instant};

/// The terms of a connection's credits. Each request costs one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Credits {
    /// How many a fresh connection has, and the most it can have.
    pub burst: u32,
    /// How long it takes to regain one.
    pub every: Duration,
}

impl Credits {
    /// So many at once, and then one each time this span has passed.
    #[must_use]
    pub const fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every }
    }
}

impl Default for Credits {
    /// 10 at once, and 3.3 a second.
    fn default() -> Self {
        Self::new(10, Duration::from_nanos(10_000_000_000 / 33))
    }
}

/// What one connection has left: the instant at which it would have all of them again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purse {
    full_at: Instant,
}

impl Purse {
    pub(super) const fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes one credit if there is one.
    pub(super) fn pay(&mut self, now: Instant, terms: &Credits) -> bool {
        let full_at = self.full_at.max(now) + terms.every;
        let pays = full_at <= now + terms.every * terms.burst;
        if pays {
            self.full_at = full_at;
        }
        pays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_paid_and_then_one_at_a_time() {
        let (now, terms) = (Instant::now(), Credits::new(3, Duration::from_millis(100)));
        let mut purse = Purse::full(now);
        let mut paid_of_five = |at: Instant| (0..5).filter(|_| purse.pay(at, &terms)).count();
        assert_eq!(paid_of_five(now), 3);
        assert_eq!(paid_of_five(now + Duration::from_millis(250)), 2);
    }
}
