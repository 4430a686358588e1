//! The heartbeat of one connection: when to ask for a sign of life, when to give up.

use fastrand::Rng;

use crate::config::HeartbeatGrace;

/// A heartbeat that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeat {
    interval_us: u64,
    grace: HeartbeatGrace,
    next: u64,
    /// When the first test request went out that nobody answered.
    unanswered_since: Option<u64>,
}

/// What a heartbeat does when it is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Beat {
    /// Nothing yet.
    Rest,
    /// Sends a test request.
    Ask,
    /// Gives the client up.
    GiveUp,
}

impl Heartbeat {
    pub(crate) fn new(interval_us: u64, grace: HeartbeatGrace, now: u64, rng: &mut Rng) -> Self {
        let next = now + about(interval_us, FIRST, FIRST_SPREAD, rng);
        Self { interval_us, grace, next, unanswered_since: None }
    }

    pub(crate) fn due(&self) -> u64 {
        self.deadline().map_or(self.next, |deadline| deadline.min(self.next))
    }

    pub(crate) const fn interval_us(&self) -> u64 {
        self.interval_us
    }

    /// A sign of life came.
    pub(crate) fn answered(&mut self) {
        self.unanswered_since = None;
    }

    pub(crate) fn handle_timeout(&mut self, now: u64, rng: &mut Rng) -> Beat {
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            return Beat::GiveUp;
        }
        if now < self.next {
            return Beat::Rest;
        }
        if self.grace == HeartbeatGrace::NextCheck && self.unanswered_since.is_some() {
            return Beat::GiveUp;
        }
        self.next = now + about(self.interval_us, LATER, LATER_SPREAD, rng);
        self.unanswered_since.get_or_insert(now);
        Beat::Ask
    }

    /// Goes on without asking, as if the test request had been sent and answered.
    pub(crate) fn skip(&mut self, now: u64, rng: &mut Rng) {
        self.unanswered_since = None;
        if now >= self.next {
            self.next = now + about(self.interval_us, LATER, LATER_SPREAD, rng);
        }
    }

    fn deadline(&self) -> Option<u64> {
        match self.grace {
            HeartbeatGrace::Interval => Some(self.unanswered_since? + self.interval_us),
            HeartbeatGrace::NextCheck => None,
        }
    }
}

/// So many thousandths of a span, and up to so many thousandths of that off.
fn about(span_us: u64, thousandths: u64, spread: u64, rng: &mut Rng) -> u64 {
    let middle = span_us * thousandths / 1_000;
    let most_off = middle * spread / 1_000;
    middle - most_off + rng.u64(..=2 * most_off)
}

/// Measured: 12.0 to 12.6 s at an interval of 10 s, and then 10.6 to 10.7 s.
const FIRST: u64 = 1_200;
const FIRST_SPREAD: u64 = 30;
const LATER: u64 = 1_065;
const LATER_SPREAD: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: u64 = 10_000_000;

    #[test]
    fn the_rhythm_stays_within_what_was_measured() {
        for seed in 0..200 {
            let mut rng = Rng::with_seed(seed);
            let mut beat = Heartbeat::new(TEN, HeartbeatGrace::Interval, 0, &mut rng);
            let mut last = beat.due();
            assert!((11_640_000..=12_360_000).contains(&last), "{last}");
            for _ in 0..20 {
                assert_eq!(beat.handle_timeout(last, &mut rng), Beat::Ask);
                beat.answered();
                let gap = beat.due() - last;
                assert!((10_543_500..=10_756_500).contains(&gap), "{gap}");
                last = beat.due();
            }
        }
    }

    #[test]
    fn who_does_not_answer_is_given_up_one_interval_after_the_first_question() {
        let mut rng = Rng::with_seed(1);
        let mut beat = Heartbeat::new(TEN, HeartbeatGrace::Interval, 0, &mut rng);
        let asked = beat.due();
        assert_eq!(beat.handle_timeout(asked - 1, &mut rng), Beat::Rest);
        assert_eq!(beat.handle_timeout(asked, &mut rng), Beat::Ask);
        assert_eq!(beat.due(), asked + TEN);
        assert_eq!(beat.handle_timeout(asked + TEN, &mut rng), Beat::GiveUp);
    }

    #[test]
    fn without_grace_the_next_check_gives_up() {
        let mut rng = Rng::with_seed(1);
        let mut beat = Heartbeat::new(TEN, HeartbeatGrace::NextCheck, 0, &mut rng);
        let asked = beat.due();
        assert_eq!(beat.handle_timeout(asked, &mut rng), Beat::Ask);
        let check = beat.due();
        assert!(check > asked + TEN);
        assert_eq!(beat.handle_timeout(check, &mut rng), Beat::GiveUp);
    }

    #[test]
    fn an_answer_in_time_keeps_it_going_and_a_skipped_question_needs_none() {
        let mut rng = Rng::with_seed(1);
        let mut beat = Heartbeat::new(TEN, HeartbeatGrace::Interval, 0, &mut rng);
        for round in 0..10 {
            let due = beat.due();
            if round % 2 == 0 {
                assert_eq!(beat.handle_timeout(due, &mut rng), Beat::Ask);
                beat.answered();
            } else {
                beat.skip(due, &mut rng);
            }
            assert!(beat.due() > due);
        }
    }
}
