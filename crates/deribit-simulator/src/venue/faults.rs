//! The faults that are set: which begin, which hit, which end. What they do is elsewhere.

use crate::{
    config::span_micros,
    fault::{Fault, FaultPlan, Lasting, Start, Target},
};

/// A fault that was set.
#[derive(Clone, Debug)]
pub(crate) struct Armed {
    pub(crate) id: u64,
    pub(crate) fault: Fault,
    pub(crate) target: Target,
    nth: Option<u64>,
    phase: Phase,
    lasting: Lasting,
    /// Matching frames or calls so far.
    seen: u64,
    hits_left: Option<u32>,
    ends_at: Option<u64>,
    /// When a fault that does something again and again does it next.
    pub(crate) next_at: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// Until this time.
    Waiting(u64),
    /// Until so many more matching frames were sent.
    Counting(u64),
    Active,
}

/// What hit.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) id: u64,
    pub(crate) fault: Fault,
    /// It acts by count, so that the hit is worth an entry in the journal.
    pub(crate) is_counted: bool,
}

/// All faults that are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    armed: Vec<Armed>,
    next_id: u64,
}

impl Faults {
    /// Sets a fault; it begins when its time has come.
    pub(crate) fn arm(&mut self, plan: FaultPlan, now: u64) -> u64 {
        self.next_id += 1;
        let phase = match plan.start {
            Start::In(span) => Phase::Waiting(now.saturating_add(span_micros(span))),
            Start::AfterFrames(frames) => Phase::Counting(frames),
        };
        let hits_left = match plan.lasting {
            Lasting::Times(times) => Some(times),
            _ => None,
        };
        self.armed.push(Armed {
            id: self.next_id,
            fault: plan.fault,
            target: plan.target,
            nth: plan.nth,
            phase,
            lasting: plan.lasting,
            seen: 0,
            hits_left,
            ends_at: None,
            next_at: now,
        });
        self.next_id
    }

    /// Takes a fault away.
    pub(crate) fn clear(&mut self, id: u64) -> Option<Armed> {
        let place = self.armed.iter().position(|armed| armed.id == id)?;
        Some(self.armed.remove(place))
    }

    /// The numbers of all that are set.
    pub(crate) fn ids(&self) -> Vec<u64> {
        self.armed.iter().map(|armed| armed.id).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.armed.is_empty()
    }

    /// When the next one begins or ends.
    pub(crate) fn due(&self) -> Option<u64> {
        let due = self.armed.iter().filter_map(|armed| match armed.phase {
            Phase::Waiting(at) => Some(at),
            Phase::Counting(_) => None,
            Phase::Active => [armed.ends_at, armed.repeats_at()].into_iter().flatten().min(),
        });
        due.min()
    }

    /// Takes one that ends now.
    pub(crate) fn take_ended(&mut self, now: u64) -> Option<Armed> {
        let is_over = |armed: &Armed| armed.ends_at.is_some_and(|at| at <= now);
        let place = self.armed.iter().position(is_over)?;
        Some(self.armed.remove(place))
    }

    /// The number of one whose time to begin has come.
    pub(crate) fn take_beginning(&mut self, now: u64) -> Option<u64> {
        let armed =
            self.armed.iter_mut().find(|armed| matches!(armed.phase, Phase::Waiting(at) if at <= now))?;
        armed.begin(now);
        Some(armed.id)
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Armed> {
        self.armed.iter().find(|armed| armed.id == id)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Armed> {
        self.armed.iter_mut().find(|armed| armed.id == id)
    }

    /// Counts a frame that is about to be sent. Gives the numbers of the faults that begin with it.
    pub(crate) fn count_frame(&mut self, connection: u64, channel: Option<&str>, now: u64) -> Vec<u64> {
        let mut begun = Vec::new();
        for armed in &mut self.armed {
            if let Phase::Counting(left) = armed.phase
                && armed.is_at(connection, channel)
            {
                if left == 0 {
                    armed.begin(now);
                    begun.push(armed.id);
                } else {
                    armed.phase = Phase::Counting(left - 1);
                }
            }
        }
        begun
    }

    /// The acts that are due on the n-th matching frame and this is it.
    pub(crate) fn acts_on_frame(&mut self, connection: u64, channel: Option<&str>) -> Vec<u64> {
        let mut due = Vec::new();
        for armed in &mut self.armed {
            if armed.phase == Phase::Active && armed.is_frame_act() && armed.is_at(connection, channel) {
                armed.seen += 1;
                if armed.nth == Some(armed.seen) {
                    due.push(armed.id);
                }
            }
        }
        due
    }

    /// The first active fault of a kind that acts here; it is used up as its plan says.
    pub(crate) fn hit(
        &mut self,
        connection: u64,
        channel: Option<&str>,
        is_kind: impl Fn(&Fault) -> bool,
    ) -> Option<Hit> {
        for place in 0..self.armed.len() {
            let armed = &mut self.armed[place];
            if armed.phase != Phase::Active || !is_kind(&armed.fault) || !armed.is_at(connection, channel) {
                continue;
            }
            armed.seen += 1;
            if armed.nth.is_some_and(|nth| nth != armed.seen) {
                continue;
            }
            let hit = Hit { id: armed.id, fault: armed.fault.clone(), is_counted: armed.hits_left.is_some() };
            if let Some(left) = &mut armed.hits_left {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    self.armed.remove(place);
                }
            }
            return Some(hit);
        }
        None
    }

    /// The active faults that act here, without using them up.
    pub(crate) fn active(&self, connection: u64, channel: Option<&str>) -> impl Iterator<Item = &Fault> {
        let here = self.armed.iter().filter(move |armed| armed.is_at(connection, channel));
        here.filter(|armed| armed.phase == Phase::Active).map(|armed| &armed.fault)
    }

    /// All active ones.
    pub(crate) fn all_active(&self) -> impl Iterator<Item = &Armed> {
        self.armed.iter().filter(|armed| armed.phase == Phase::Active)
    }

    /// Whether any of them has to be asked about notifications.
    pub(crate) fn touch_notifications(&self) -> bool {
        self.armed.iter().any(|armed| armed.phase == Phase::Active && armed.fault.touches_notifications())
    }
}

impl Armed {
    /// Whether it is an act that waits for a certain frame.
    pub(crate) fn is_frame_act(&self) -> bool {
        self.fault.is_act() && self.nth.is_some()
    }

    pub(crate) const fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active)
    }

    /// When it ends by itself.
    pub(crate) const fn ends_at(&self) -> Option<u64> {
        self.ends_at
    }

    /// Moves on what it does again and again.
    pub(crate) fn schedule(&mut self) {
        if let Fault::HeartbeatFlood { per_second } = self.fault {
            // At least once in an hour, at most a thousand times a second.
            self.next_at += (1e6 / per_second.clamp(1.0 / 3_600.0, 1_000.0)) as u64;
        }
    }

    fn repeats_at(&self) -> Option<u64> {
        matches!(self.fault, Fault::HeartbeatFlood { .. }).then_some(self.next_at)
    }

    fn begin(&mut self, now: u64) {
        self.phase = Phase::Active;
        self.next_at = now;
        self.ends_at = match self.lasting {
            Lasting::For(span) => Some(now.saturating_add(span_micros(span))),
            _ => None,
        };
    }

    /// Whether it acts on this connection, and on this channel if there is one.
    fn is_at(&self, connection: u64, channel: Option<&str>) -> bool {
        match &self.target {
            Target::All => true,
            Target::Connection(wanted) => *wanted == connection,
            Target::Channel(wanted) => channel.is_some_and(|name| name.eq_ignore_ascii_case(wanted)),
            // Both are replaced by what they mean when the fault begins.
            Target::NewestConnection | Target::RandomBook => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const BOOK: &str = "book.BTC-PERPETUAL.raw";

    fn is_gap(fault: &Fault) -> bool {
        matches!(fault, Fault::Gap { .. })
    }

    fn begun(plan: FaultPlan) -> Faults {
        let mut faults = Faults::default();
        faults.arm(plan, 0);
        faults.take_beginning(0);
        faults
    }

    #[test]
    fn a_fault_waits_for_its_time_and_ends_at_its_end() {
        let plan = FaultPlan::from(Fault::MuteChannel {}).starting_in(Duration::from_secs(2));
        let mut faults = Faults::default();
        faults.arm(plan.lasting(Duration::from_secs(3)), 1_000_000);
        assert_eq!(faults.due(), Some(3_000_000));
        assert_eq!(faults.take_beginning(2_999_999), None);
        assert_eq!(faults.take_beginning(3_000_000), Some(1));
        assert_eq!(faults.due(), Some(6_000_000));
        assert!(faults.take_ended(5_999_999).is_none());
        assert!(faults.take_ended(6_000_000).is_some() && faults.is_empty());
    }

    #[test]
    fn a_counted_fault_is_used_up_and_only_where_it_acts() {
        let mut faults = begun(Fault::Gap { n: 1 }.on_channel(BOOK).times(2));
        assert!(faults.hit(1, Some("book.ETH-PERPETUAL.raw"), is_gap).is_none());
        assert!(faults.hit(1, None, is_gap).is_none());
        assert!(faults.hit(1, Some(BOOK), is_gap).is_some());
        assert!(faults.hit(2, Some(BOOK), is_gap).is_some());
        assert!(faults.hit(1, Some(BOOK), is_gap).is_none() && faults.is_empty());
    }

    #[test]
    fn the_nth_frame_alone_is_hit() {
        let mut faults = begun(FaultPlan::from(Fault::Gap { n: 1 }).on_nth(3));
        let hits: Vec<_> = (0..5).map(|_| faults.hit(1, Some(BOOK), is_gap).is_some()).collect();
        assert_eq!(hits, [false, false, true, false, false]);
    }

    #[test]
    fn frames_are_counted_before_it_begins() {
        let mut faults = Faults::default();
        faults.arm(FaultPlan::from(Fault::Gap { n: 1 }).after_frames(2), 0);
        assert!(faults.count_frame(1, Some(BOOK), 5).is_empty());
        assert!(faults.count_frame(1, None, 6).is_empty());
        assert!(faults.hit(1, Some(BOOK), is_gap).is_none());
        assert_eq!(faults.count_frame(1, Some(BOOK), 7), [1]);
        assert!(faults.hit(1, Some(BOOK), is_gap).is_some());
    }
}
