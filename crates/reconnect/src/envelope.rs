//! The exponential policy of the `backoff` crate, as a strategy.
//!
//! Only its numbers are used: the first interval, the factor, the longest interval. Its own clock, its
//! own random numbers and its time limit stay asleep, because this crate is told time and chance.

use std::time::Duration;

use backoff::ExponentialBackoff;

use crate::{
    Retries, Strategy,
    jittered::{FULL, share_of, spread},
};

/// Waits a random share of what a [`backoff::ExponentialBackoff`] would wait without jitter.
///
/// Three things differ from `backoff` itself, on purpose. The jitter is ours: full by default, drawn by
/// the caller, and never above `max_interval`, where `randomization_factor` would go beyond it. There is
/// no end after `max_elapsed_time`: set [`Retries`] instead. And the attempt number alone decides, so
/// `current_interval` and `start_time` have no meaning here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope {
    first: Duration,
    factor: f64,
    cap: Duration,
    spread: f64,
    retries: Retries,
}

impl Envelope {
    /// Takes over the intervals and the multiplier of `policy`; full jitter, no limit of attempts.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "a policy handed over here has no other use")]
    pub fn new(policy: ExponentialBackoff) -> Self {
        Self {
            first: policy.initial_interval,
            factor: policy.multiplier,
            cap: policy.max_interval,
            spread: FULL,
            retries: Retries::Unlimited,
        }
    }

    /// Sets which share of the interval is left to chance, as
    /// [`Jittered::with_spread`](crate::Jittered::with_spread) does. Default: 1, full jitter.
    #[must_use]
    pub const fn with_spread(mut self, share: f64) -> Self {
        self.spread = share_of(share);
        self
    }

    /// Sets how many attempts there may be. Default: unlimited.
    #[must_use]
    pub const fn with_retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    fn interval(&self, attempt: u32) -> Duration {
        let grown = self.first.as_secs_f64() * self.factor.powf(f64::from(attempt.saturating_sub(1)));
        // What is too long for a duration, negative or no number at all waits the cap.
        Duration::try_from_secs_f64(grown).unwrap_or(self.cap).min(self.cap)
    }
}

impl Strategy for Envelope {
    fn delay(&self, attempt: u32, jitter: u64) -> Option<Duration> {
        self.retries.allow(attempt).then(|| spread(self.interval(attempt), self.spread, jitter))
    }
}

#[cfg(test)]
mod tests {
    use backoff::{ExponentialBackoffBuilder, backoff::Backoff as _};
    use proptest::{prop_assert, proptest};

    use super::*;

    fn policy(first: Duration, factor: f64, cap: Duration) -> ExponentialBackoff {
        ExponentialBackoffBuilder::new()
            .with_initial_interval(first)
            .with_multiplier(factor)
            .with_max_interval(cap)
            .with_max_elapsed_time(None)
            .with_randomization_factor(0.0)
            .build()
    }

    #[test]
    fn intervals_are_those_of_the_policy() {
        let mut theirs = policy(Duration::from_millis(100), 2.0, Duration::from_secs(5));
        let ours = Envelope::new(theirs.clone()).with_spread(0.0);
        for attempt in 1..=20 {
            let (theirs, ours) = (theirs.next_backoff(), ours.delay(attempt, 0));
            let apart = theirs.expect("no time limit").abs_diff(ours.expect("no limit"));
            assert!(apart < Duration::from_micros(1), "attempt {attempt}: {theirs:?}, {ours:?}");
        }
    }

    #[test]
    fn time_limit_of_the_policy_is_not_taken_over() {
        let impatient =
            ExponentialBackoff { max_elapsed_time: Some(Duration::ZERO), ..ExponentialBackoff::default() };
        assert!(Envelope::new(impatient).delay(u32::MAX, 0).is_some());
    }

    #[test]
    fn attempt_after_the_limit_is_given_up() {
        let strategy = Envelope::new(ExponentialBackoff::default()).with_retries(Retries::Limited(3));
        assert!(strategy.delay(3, 0).is_some());
        assert_eq!(strategy.delay(4, 0), None);
    }

    #[test]
    fn factor_that_is_no_number_waits_the_cap() {
        let cap = Duration::from_secs(5);
        for factor in [f64::NAN, f64::INFINITY] {
            let strategy = Envelope::new(policy(Duration::from_secs(1), factor, cap)).with_spread(0.0);
            assert_eq!(strategy.delay(2, 0), Some(cap));
        }
    }

    proptest! {
        #[test]
        fn pause_never_passes_the_cap(
            first: Duration, factor: f64, cap: Duration, attempt in 1u32.., jitter: u64,
        ) {
            let pause = Envelope::new(policy(first, factor, cap)).delay(attempt, jitter);
            prop_assert!(pause.is_some_and(|pause| pause <= cap));
        }

        #[test]
        fn envelope_never_shrinks_while_the_factor_does_not(
            millis in 0u64..100_000, factor in 1.0f64..8.0, attempt in 1u32..1_000_000,
        ) {
            let policy = policy(Duration::from_millis(millis), factor, Duration::from_secs(60));
            let strategy = Envelope::new(policy).with_spread(0.0);
            prop_assert!(strategy.delay(attempt, 0) <= strategy.delay(attempt + 1, 0));
        }
    }
}
