//! The question every strategy answers.

use std::time::Duration;

/// Decides how long to stay away after a connection is lost.
pub trait Strategy: Send + 'static {
    /// The pause before attempt number `attempt` (the first *re*connection attempt is 1), or `None` to
    /// give up.
    ///
    /// `jitter` is uniform over all of `u64`; the session draws it, so equal seeds give equal pauses.
    fn delay(&self, attempt: u32, jitter: u64) -> Option<Duration>;
}

impl<S: Strategy + ?Sized> Strategy for Box<S> {
    fn delay(&self, attempt: u32, jitter: u64) -> Option<Duration> {
        (**self).delay(attempt, jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Linear;

    #[test]
    fn strategy_chosen_at_run_time_is_a_strategy() {
        let chosen: Box<dyn Strategy> = Box::new(Linear::every(Duration::from_secs(3)));
        assert_eq!(Strategy::delay(&chosen, 1, 0), Some(Duration::from_secs(3)));
    }
}
