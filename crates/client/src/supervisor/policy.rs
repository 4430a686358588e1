//! How often a child may be restarted.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How many restarts a child may have in how long a time. One more, and it stays down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RestartPolicy {
    /// How many restarts. Default: 3. With 0, nothing is ever restarted.
    pub max_restarts: u32,
    /// In how long a time. Default: 5 s.
    pub within: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self { max_restarts: 3, within: Duration::from_secs(5) }
    }
}

/// The restarts of one child that still count.
#[derive(Debug)]
pub(super) struct Budget {
    policy: RestartPolicy,
    spent: VecDeque<Instant>,
}

impl Budget {
    pub(super) const fn new(policy: RestartPolicy) -> Self {
        Self { policy, spent: VecDeque::new() }
    }

    /// Takes one restart out of the budget, if there is one left.
    pub(super) fn spend(&mut self, now: Instant) -> bool {
        let within = self.policy.within;
        while self.spent.front().is_some_and(|at| now.saturating_duration_since(*at) >= within) {
            self.spent.pop_front();
        }
        let has_some = self.spent.len() < self.policy.max_restarts as usize;
        if has_some {
            self.spent.push_back(now);
        }
        has_some
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks at these milliseconds.
    fn asked<const N: usize>(policy: RestartPolicy, at: [u64; N]) -> [bool; N] {
        let (mut budget, start) = (Budget::new(policy), Instant::now());
        at.map(|at| budget.spend(start + Duration::from_millis(at)))
    }

    #[test]
    fn by_default_the_fourth_restart_in_five_seconds_is_one_too_many() {
        assert_eq!(asked(RestartPolicy::default(), [0, 1, 4_998, 4_999]), [true, true, true, false]);
    }

    #[test]
    fn a_restart_counts_for_the_time_given_and_no_longer() {
        assert_eq!(asked(RestartPolicy::default(), [0, 1, 2, 5_000, 5_000]), [true, true, true, true, false]);
    }

    #[test]
    fn a_refused_restart_does_not_count() {
        let once = RestartPolicy { max_restarts: 1, within: Duration::from_secs(1) };
        assert_eq!(asked(once, [0, 999, 1_000]), [true, false, true]);
    }

    #[test]
    fn none_is_none() {
        assert_eq!(asked(RestartPolicy { max_restarts: 0, within: Duration::ZERO }, [0, 1_000]), [false; 2]);
    }
}
