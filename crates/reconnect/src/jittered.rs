//! A random pause under an exponential envelope.

use std::time::Duration;

use crate::{Exponential, Retries, Strategy};

/// Waits a random share of what [`Exponential`] would wait.
///
/// With full jitter, the default, the pause is uniform between nothing and the envelope: clients that
/// lose a server together return spread out, the first attempt included. The pause is never above the
/// cap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jittered {
    envelope: Exponential,
    spread: f64,
}

impl Jittered {
    /// Waits up to `base` before the first attempt, then up to twice as long each time, and at most
    /// `cap`; full jitter, no limit of attempts.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration) -> Self {
        Self { envelope: Exponential::new(base, cap), spread: FULL }
    }

    /// Sets which share of the envelope is left to chance: with 0.25 the pause is uniform between
    /// three quarters of the envelope and all of it. Default: 1, full jitter.
    ///
    /// A share outside of 0 to 1 is taken as the nearer of the two, and a number that is none as 1.
    #[must_use]
    pub const fn with_spread(mut self, share: f64) -> Self {
        self.spread = share_of(share);
        self
    }

    /// Sets how many attempts there may be. Default: unlimited.
    #[must_use]
    pub const fn with_retries(mut self, retries: Retries) -> Self {
        self.envelope = self.envelope.with_retries(retries);
        self
    }
}

impl Default for Jittered {
    /// Full jitter over an envelope from 1 s up to 60 s, without a limit.
    ///
    /// With these values a server that accepts and closes at once sees about 25 attempts in ten
    /// minutes, and the busiest second after an outage of a minute carries less than 4 % of a fleet.
    fn default() -> Self {
        Self { envelope: Exponential::default(), spread: FULL }
    }
}

impl Strategy for Jittered {
    fn delay(&self, attempt: u32, jitter: u64) -> Option<Duration> {
        self.envelope.delay(attempt, jitter).map(|longest| spread(longest, self.spread, jitter))
    }
}

/// A share between 0 and 1; what is no number counts as full jitter, the harmless choice.
pub(crate) const fn share_of(share: f64) -> f64 {
    if share.is_nan() { FULL } else { share.clamp(0.0, 1.0) }
}

/// Uniform between `longest` and what remains of it once `share` is taken away, both included.
pub(crate) fn spread(longest: Duration, share: f64, jitter: u64) -> Duration {
    // A pause is counted in 64-bit nanoseconds, which end after 584 years.
    let longest = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
    let span = if share == FULL { longest } else { ((longest as f64 * share) as u64).min(longest) };
    let taken_away = ((u128::from(span) + 1) * u128::from(jitter)) >> u64::BITS;
    Duration::from_nanos(longest - u64::try_from(taken_away).expect("a share of a u64 is one"))
}

pub(crate) const FULL: f64 = 1.0;

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn full_jitter_reaches_from_nothing_to_the_envelope() {
        let strategy = Jittered::default();
        assert_eq!(strategy.delay(3, 0), Some(Duration::from_secs(4)));
        assert_eq!(strategy.delay(3, u64::MAX), Some(Duration::ZERO));
    }

    #[test]
    fn partial_jitter_stays_in_its_band() {
        let strategy = Jittered::new(millis(125), Duration::from_secs(60)).with_spread(0.4);
        for (attempt, shortest, longest) in [(1, 75, 125), (2, 150, 250)] {
            assert_eq!(strategy.delay(attempt, 0), Some(millis(longest)));
            assert_eq!(strategy.delay(attempt, u64::MAX), Some(millis(shortest)));
        }
    }

    #[test]
    fn spread_of_zero_is_the_envelope() {
        let strategy = Jittered::default().with_spread(0.0);
        for jitter in [0, 1, u64::MAX] {
            assert_eq!(strategy.delay(2, jitter), Some(Duration::from_secs(2)));
        }
    }

    #[test]
    fn spread_outside_its_range_is_taken_as_the_nearest() {
        assert_eq!(Jittered::default().with_spread(7.0), Jittered::default());
        assert_eq!(Jittered::default().with_spread(f64::NAN), Jittered::default());
        assert_eq!(Jittered::default().with_spread(-1.0), Jittered::default().with_spread(0.0));
    }

    #[test]
    fn base_of_zero_never_waits() {
        let strategy = Jittered::new(Duration::ZERO, Duration::from_secs(60));
        assert_eq!(strategy.delay(u32::MAX, u64::MAX), Some(Duration::ZERO));
    }

    #[test]
    fn attempt_after_the_limit_is_given_up() {
        let strategy = Jittered::default().with_retries(Retries::Limited(1));
        assert!(strategy.delay(1, 0).is_some());
        assert_eq!(strategy.delay(2, 0), None);
    }

    #[test]
    fn pauses_are_spread_evenly() {
        let strategy = Jittered::new(millis(1000), millis(1000));
        let mut tenths = [0u32; 10];
        for step in 0..10_000u64 {
            let pause = strategy.delay(1, step * (u64::MAX / 10_000)).expect("no limit is set");
            tenths[usize::try_from(pause.as_millis().min(999) / 100).expect("one of ten")] += 1;
        }
        assert!(tenths.iter().all(|count| (990..=1010).contains(count)), "{tenths:?}");
    }

    proptest! {
        #[test]
        fn pause_stays_between_floor_and_cap(
            base: Duration, cap: Duration, share in 0.0f64..=1.0, attempt in 1u32.., jitter: u64,
        ) {
            let longest = Exponential::new(base, cap).delay(attempt, 0).expect("no limit is set");
            let pause = Jittered::new(base, cap).with_spread(share).delay(attempt, jitter)
                .expect("no limit is set");
            prop_assert!(pause <= longest);
            // A nanosecond and the 53 bits of a float are the whole of the allowed error.
            let century = Duration::from_secs(100 * 365 * 86_400);
            if longest < century {
                let floor = longest.as_secs_f64() * (1.0 - share);
                prop_assert!(pause.as_secs_f64() >= floor * (1.0 - 1e-12) - 2e-9);
            }
        }

        #[test]
        fn equal_jitter_gives_equal_pauses(attempt in 1u32.., jitter: u64) {
            let strategy = Jittered::default();
            prop_assert_eq!(strategy.delay(attempt, jitter), strategy.delay(attempt, jitter));
        }
    }
}
