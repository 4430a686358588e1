//! The same pause before every attempt.

use std::time::Duration;

use crate::{Retries, Strategy};

/// Waits equally long before every attempt.
///
/// Fit for one client and one server. Clients of one server that lose it together also return
/// together: see [`Jittered`](crate::Jittered).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Linear {
    pause: Duration,
    retries: Retries,
}

impl Linear {
    /// Waits `pause` before every attempt, of which there is no limit.
    #[must_use]
    pub const fn every(pause: Duration) -> Self {
        Self { pause, retries: Retries::Unlimited }
    }

    /// Sets how many attempts there may be. Default: unlimited.
    #[must_use]
    pub const fn with_retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }
}

impl Default for Linear {
    /// Every second, without a limit.
    fn default() -> Self {
        Self::every(Duration::from_secs(1))
    }
}

impl Strategy for Linear {
    fn delay(&self, attempt: u32, _jitter: u64) -> Option<Duration> {
        self.retries.allow(attempt).then_some(self.pause)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn default_waits_a_second() {
        assert_eq!(Linear::default().delay(1, 0), Some(Duration::from_secs(1)));
    }

    #[test]
    fn attempt_after_the_limit_is_given_up() {
        let strategy = Linear::default().with_retries(Retries::Limited(5));
        assert!(strategy.delay(5, 0).is_some());
        assert_eq!(strategy.delay(6, 0), None);
    }

    proptest! {
        #[test]
        fn pause_is_the_same_before_every_attempt(attempt in 1u32.., jitter: u64, millis: u64) {
            let pause = Duration::from_millis(millis);
            prop_assert_eq!(Linear::every(pause).delay(attempt, jitter), Some(pause));
        }
    }
}
