//! The attempt counter and the rule by which it starts again.
//!
//! Not here: timers, and what counts as ready. The session knows both.

use std::time::{Duration, Instant};

use crate::Strategy;

/// How long a connection must be ready to prove useful, unless chosen otherwise: 10 s.
///
/// Long enough that accept-then-close cannot pass for success, short enough that two outages a minute
/// apart are two outages.
pub const STABLE_AFTER: Duration = Duration::from_secs(10);

/// Counts attempts and asks a [`Strategy`] for the pause before each.
///
/// The count starts again only after a *useful* connection: one that was ready, and stayed so for a
/// minimum time. A server that accepts and closes at once is therefore paced like one that refuses.
#[derive(Clone, Debug)]
pub struct Pacer<S> {
    strategy: S,
    stable_after: Duration,
    attempt: u32,
    ready_since: Option<Instant>,
}

impl<S> Pacer<S> {
    /// A pacer that has made no attempt. With a `stable_after` of zero, every ready connection counts
    /// as useful.
    #[must_use]
    pub const fn new(strategy: S, stable_after: Duration) -> Self {
        Self { strategy, stable_after, attempt: 0, ready_since: None }
    }

    /// The number of the attempt last granted; 0 before the first and after a useful connection.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Notes that the connection is ready for use. Saying so again changes nothing.
    pub fn ready(&mut self, now: Instant) {
        self.ready_since.get_or_insert(now);
    }

    /// Notes that the connection, or the attempt at one, came to an end.
    pub fn lost(&mut self, now: Instant) {
        if self.ready_since.is_some_and(|since| now.saturating_duration_since(since) >= self.stable_after) {
            self.attempt = 0;
        }
        self.ready_since = None;
    }

    /// When the ready connection will have proved useful; `None` while there is none, and after
    /// [`reset`](Self::reset).
    ///
    /// Only needed by those who want the counter to read 0 from that instant on: [`lost`](Self::lost)
    /// finds out by itself.
    #[must_use]
    pub fn stable_at(&self) -> Option<Instant> {
        self.ready_since?.checked_add(self.stable_after)
    }

    /// Changes how long a connection must have been ready for the count to start again. One that is
    /// ready now is judged by the new time when it is lost.
    pub fn set_stable_after(&mut self, stable_after: Duration) {
        self.stable_after = stable_after;
    }

    /// Starts counting anew, as after a useful connection.
    pub fn reset(&mut self) {
        self.attempt = 0;
        self.ready_since = None;
    }
}

impl<S: Strategy> Pacer<S> {
    /// The pause before the next attempt, which is counted hereby; or `None` to give up, which counts
    /// nothing.
    ///
    /// `jitter` must be uniform over all of `u64`.
    pub fn next_delay(&mut self, jitter: u64) -> Option<Duration> {
        let attempt = self.attempt.saturating_add(1);
        let delay = self.strategy.delay(attempt, jitter)?;
        self.attempt = attempt;
        Some(delay)
    }
}

impl<S: Default> Default for Pacer<S> {
    /// The default strategy, and [`STABLE_AFTER`].
    fn default() -> Self {
        Self::new(S::default(), STABLE_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Exponential, Linear, Retries};

    const STABLE: Duration = STABLE_AFTER;

    fn after_three_attempts() -> Pacer<Exponential> {
        let mut pacer = Pacer::default();
        for seconds in [1, 2, 4] {
            assert_eq!(pacer.next_delay(0), Some(Duration::from_secs(seconds)));
        }
        pacer
    }

    #[test]
    fn attempts_are_counted_from_one() {
        assert_eq!(Pacer::<Linear>::default().attempt(), 0);
        assert_eq!(after_three_attempts().attempt(), 3);
    }

    #[test]
    fn useful_connection_starts_the_count_again() {
        let (mut pacer, start) = (after_three_attempts(), Instant::now());
        pacer.ready(start);
        assert_eq!(pacer.stable_at(), Some(start + STABLE));
        pacer.lost(start + STABLE);
        assert_eq!(pacer.attempt(), 0);
        assert_eq!(pacer.next_delay(0), Some(Duration::from_secs(1)));
    }

    #[test]
    fn connection_lost_before_it_is_stable_keeps_the_count() {
        let (mut pacer, start) = (after_three_attempts(), Instant::now());
        pacer.ready(start);
        pacer.lost(start + STABLE - Duration::from_nanos(1));
        assert_eq!(pacer.next_delay(0), Some(Duration::from_secs(8)));
    }

    #[test]
    fn connection_never_ready_keeps_the_count_however_long_it_lived() {
        let mut pacer = after_three_attempts();
        pacer.lost(Instant::now() + 100 * STABLE);
        assert_eq!(pacer.attempt(), 3);
    }

    #[test]
    fn stability_of_one_connection_is_not_lent_to_the_next() {
        let (mut pacer, start) = (after_three_attempts(), Instant::now());
        pacer.ready(start);
        pacer.lost(start + STABLE / 2);
        assert_eq!(pacer.stable_at(), None);
        pacer.lost(start + STABLE * 2);
        assert_eq!(pacer.attempt(), 3);
    }

    #[test]
    fn being_ready_twice_counts_from_the_first() {
        let (mut pacer, start) = (after_three_attempts(), Instant::now());
        pacer.ready(start);
        pacer.ready(start + STABLE / 2);
        pacer.lost(start + STABLE);
        assert_eq!(pacer.attempt(), 0);
    }

    #[test]
    fn time_that_runs_backwards_is_not_stability() {
        let (mut pacer, start) = (after_three_attempts(), Instant::now());
        pacer.ready(start + STABLE);
        pacer.lost(start);
        assert_eq!(pacer.attempt(), 3);
    }

    #[test]
    fn giving_up_counts_no_attempt_and_stays() {
        let mut pacer = Pacer::new(Linear::default().with_retries(Retries::Limited(1)), STABLE);
        assert!(pacer.next_delay(0).is_some());
        assert_eq!((pacer.next_delay(0), pacer.next_delay(0)), (None, None));
        assert_eq!(pacer.attempt(), 1);
        pacer.reset();
        assert!(pacer.next_delay(0).is_some());
    }

    #[test]
    fn reset_ends_the_wait_for_stability() {
        let (mut pacer, start) = (after_three_attempts(), Instant::now());
        pacer.ready(start);
        pacer.reset();
        assert_eq!((pacer.attempt(), pacer.stable_at()), (0, None));
    }

    #[test]
    fn last_number_there_is_stays_the_last() {
        let mut pacer = Pacer { attempt: u32::MAX, ..Pacer::<Exponential>::default() };
        assert_eq!(pacer.next_delay(0), Some(Duration::from_secs(60)));
        assert_eq!(pacer.attempt(), u32::MAX);
    }
}
