//! A pause that doubles with every attempt, up to a cap.

use std::time::Duration;

use crate::{Retries, Strategy};

/// Waits `base`, then twice, four times, eight times as long, but never longer than `cap`.
///
/// Predictable to the nanosecond, and so fit for one client. Clients of one server that lose it
/// together also return together: see [`Jittered`](crate::Jittered).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Exponential {
    base: Duration,
    cap: Duration,
    retries: Retries,
}

impl Exponential {
    /// Waits `base` before the first attempt and at most `cap` before any, without a limit of attempts.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap, retries: Retries::Unlimited }
    }

    /// Sets how many attempts there may be. Default: unlimited.
    #[must_use]
    pub const fn with_retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    fn doubled(&self, attempt: u32) -> Duration {
        let base = self.base.as_nanos();
        let doublings = attempt.saturating_sub(1);
        // What does not fit the shift is longer than any duration, and so than the cap.
        if base != 0 && doublings >= base.leading_zeros() {
            return self.cap;
        }
        let nanos = base.checked_shl(doublings).unwrap_or(0);
        if nanos < self.cap.as_nanos() { Duration::from_nanos_u128(nanos) } else { self.cap }
    }
}

impl Default for Exponential {
    /// From 1 s up to 60 s, without a limit.
    fn default() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_secs(60))
    }
}

impl Strategy for Exponential {
    fn delay(&self, attempt: u32, _jitter: u64) -> Option<Duration> {
        self.retries.allow(attempt).then(|| self.doubled(attempt))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn pause_doubles_until_the_cap() {
        let strategy = Exponential::new(millis(100), millis(500));
        let pauses: Vec<_> = (1..=5).filter_map(|attempt| strategy.delay(attempt, 7)).collect();
        assert_eq!(pauses, [100, 200, 400, 500, 500].map(millis));
    }

    #[test]
    fn attempt_after_the_limit_is_given_up() {
        let strategy = Exponential::default().with_retries(Retries::Limited(2));
        assert_eq!(strategy.delay(2, 0), Some(Duration::from_secs(2)));
        assert_eq!(strategy.delay(3, 0), None);
    }

    #[test]
    fn last_attempt_there_is_waits_the_cap() {
        assert_eq!(Exponential::default().delay(u32::MAX, 0), Some(Duration::from_secs(60)));
        let longest = Exponential::new(Duration::MAX, Duration::MAX);
        assert_eq!(longest.delay(u32::MAX, 0), Some(Duration::MAX));
    }

    #[test]
    fn base_of_zero_never_waits() {
        let strategy = Exponential::new(Duration::ZERO, Duration::from_secs(60));
        assert_eq!(strategy.delay(1, 0), Some(Duration::ZERO));
        assert_eq!(strategy.delay(u32::MAX, 0), Some(Duration::ZERO));
    }

    #[test]
    fn base_above_the_cap_waits_the_cap() {
        assert_eq!(Exponential::new(millis(900), millis(500)).delay(1, 0), Some(millis(500)));
    }

    proptest! {
        #[test]
        fn pause_never_shrinks_and_never_passes_the_cap(
            base: Duration, cap: Duration, attempt in 1u32..u32::MAX, jitter: u64,
        ) {
            let strategy = Exponential::new(base, cap);
            let [now, next] = [attempt, attempt + 1].map(|n| strategy.delay(n, jitter));
            prop_assert!(now <= next);
            prop_assert!(next <= Some(cap));
        }

        #[test]
        fn early_pauses_double_exactly(nanos in 0u64..1 << 40, attempt in 1u32..24) {
            let strategy = Exponential::new(Duration::from_nanos(nanos), Duration::MAX);
            let expected = Duration::from_nanos(nanos << (attempt - 1));
            prop_assert_eq!(strategy.delay(attempt, 0), Some(expected));
        }
    }
}
