//! Liveness of a link: probes on schedule, whatever the traffic (law L9).

use std::time::{Duration, Instant};

use nova_behaviour::KeepAlive;

/// The probes of one link.
#[derive(Debug)]
pub(crate) struct Beat {
    plan: KeepAlive,
    /// When the next probe is due; `None` if never.
    next: Option<Instant>,
    /// When the probe under way is given up.
    due: Option<Instant>,
    /// Whether anything was heard since the probe under way was sent.
    heard: bool,
    missed: u32,
}

/// What the clock asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Beating {
    Rest,
    Probe,
    Silent,
}

impl Beat {
    pub(crate) fn new(plan: KeepAlive, now: Instant) -> Self {
        Self { plan, next: now.checked_add(plan.every), due: None, heard: false, missed: 0 }
    }

    /// Until when the probe under way may be answered, if nothing was heard since it was sent, and how
    /// many before it were answered by nothing at all.
    pub(crate) fn unanswered(&self) -> Option<(Instant, u32)> {
        self.due.filter(|_| !self.heard).map(|due| (due, self.missed))
    }

    /// Something arrived. No clock is read for it.
    pub(crate) fn hear(&mut self) {
        self.heard = true;
    }

    /// Reading had been paused by us for this long: such silence is not the peer's.
    pub(crate) fn forgive(&mut self, paused: Duration) {
        self.due = self.due.and_then(|due| due.checked_add(paused));
    }

    /// One probe at a time: while one is under way, only its deadline counts, even if the next has
    /// become due meanwhile.
    pub(crate) fn timeout(&self) -> Option<Instant> {
        self.due.or(self.next)
    }

    /// Sends a probe, judges the one under way, or waits on.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Beating {
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            self.missed = if self.heard { 0 } else { self.missed + 1 };
            if self.missed >= self.plan.misses.max(1) {
                return Beating::Silent;
            }
            if self.missed > 0 {
                return self.probe(now);
            }
        }
        if self.due.is_none() && self.next.is_some_and(|next| next <= now) {
            return self.probe(now);
        }
        Beating::Rest
    }

    fn probe(&mut self, now: Instant) -> Beating {
        self.heard = false;
        self.due = now.checked_add(self.plan.deadline);
        self.next = now.checked_add(self.plan.every);
        Beating::Probe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(misses: u32) -> KeepAlive {
        KeepAlive { every: Duration::from_secs(15), deadline: Duration::from_secs(5), misses }
    }

    /// Runs a beat to its end, or for ten steps; tells the seconds of each probe and of the end.
    fn run(plan: KeepAlive, hears: bool) -> (Vec<u64>, Option<u64>) {
        let start = Instant::now();
        let mut beat = Beat::new(plan, start);
        let mut probes = Vec::new();
        for _ in 0..10 {
            let Some(now) = beat.timeout() else { break };
            let second = (now - start).as_secs();
            match beat.handle_timeout(now) {
                Beating::Probe => probes.push(second),
                Beating::Silent => return (probes, Some(second)),
                Beating::Rest => {}
            }
            if hears {
                beat.hear();
            }
        }
        (probes, None)
    }

    #[test]
    fn silent_peer_is_given_up_after_the_last_unanswered_probe() {
        assert_eq!(run(plan(1), false), (vec![15], Some(20)));
        assert_eq!(run(plan(3), false), (vec![15, 20, 25], Some(30)));
    }

    #[test]
    fn a_peer_that_is_heard_is_probed_on_schedule() {
        assert_eq!(run(plan(1), true), (vec![15, 30, 45, 60, 75], None));
    }

    #[test]
    fn time_in_which_reading_paused_does_not_count() {
        let start = Instant::now();
        let mut beat = Beat::new(plan(1), start);
        let second = |n| start + Duration::from_secs(n);
        assert_eq!(beat.handle_timeout(second(15)), Beating::Probe);
        beat.forgive(Duration::from_secs(4));
        assert_eq!(beat.handle_timeout(second(20)), Beating::Rest);
        assert_eq!(beat.handle_timeout(second(24)), Beating::Silent);
    }

    #[test]
    fn a_deadline_longer_than_the_interval_leaves_no_timer_in_the_past() {
        let plan = KeepAlive { every: Duration::from_secs(5), deadline: Duration::from_secs(8), misses: 1 };
        assert_eq!(run(plan, true), ((0..10).map(|n| 5 + 8 * n).collect(), None));
        assert_eq!(run(plan, false), (vec![5], Some(13)));
    }

    #[test]
    fn switched_off_it_never_wakes() {
        assert_eq!(Beat::new(KeepAlive::OFF, Instant::now()).timeout(), None);
    }
}
