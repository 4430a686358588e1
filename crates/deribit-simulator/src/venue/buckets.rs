//! Credits: buckets that refill continuously.
//!
//! Levels are kept in millionths of a credit, so that every refill of a whole microsecond is exact.

use std::collections::BTreeMap;

/// Whose credits they are.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Owner {
    /// A user, on all connections.
    User(u64),
    /// An address, where nobody is logged in.
    Ip(String),
}

/// What a call is paid from.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Pool {
    Ordinary,
    Subscribe,
    Instruments,
    Matching,
}

/// Size, refill and price of a pool, in credits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Terms {
    cost: u64,
    capacity: u64,
    per_second: u64,
}

/// What was left after a call, or was too little for it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Paid {
    pub(crate) is_enough: bool,
    /// In whole credits.
    pub(crate) level: u64,
    /// The level is in a lower tenth of the bucket than ever before.
    pub(crate) is_new_low: bool,
}

/// All buckets that were ever drawn from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets {
    buckets: BTreeMap<(Owner, Pool), Bucket>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    level: u64,
    at: u64,
    lowest: u64,
    lowest_tenth: u64,
}

impl Pool {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Subscribe => "subscribe",
            Self::Instruments => "get_instruments",
            Self::Matching => "matching",
        }
    }

    const fn terms(self, tier: u8) -> Terms {
        match (self, tier) {
            (Self::Ordinary, _) => Terms { cost: 500, capacity: 50_000, per_second: 10_000 },
            (Self::Subscribe, _) => Terms { cost: 3_000, capacity: 30_000, per_second: 10_000 },
            (Self::Instruments, _) => Terms { cost: 10_000, capacity: 500_000, per_second: 10_000 },
            (Self::Matching, 1) => Terms { cost: 1, capacity: 100, per_second: 30 },
            (Self::Matching, 2) => Terms { cost: 1, capacity: 50, per_second: 20 },
            (Self::Matching, 3) => Terms { cost: 1, capacity: 30, per_second: 10 },
            (Self::Matching, _) => Terms { cost: 1, capacity: 20, per_second: 5 },
        }
    }
}

impl Buckets {
    /// Takes what one call costs, or nothing if that is not there.
    pub(crate) fn pay(&mut self, now: u64, owner: Owner, pool: Pool, tier: u8) -> Paid {
        let terms = pool.terms(tier);
        let capacity = terms.capacity * UNIT;
        let full = Bucket { level: capacity, at: now, lowest: capacity, lowest_tenth: 10 };
        let bucket = self.buckets.entry((owner, pool)).or_insert(full);
        // So many millionths of a credit a microsecond as whole ones a second.
        let gained = now.saturating_sub(bucket.at).saturating_mul(terms.per_second);
        bucket.level = bucket.level.saturating_add(gained).min(capacity);
        bucket.at = bucket.at.max(now);
        let left = bucket.level.checked_sub(terms.cost * UNIT);
        bucket.level = left.unwrap_or(bucket.level);
        bucket.lowest = bucket.lowest.min(bucket.level);
        let tenth = bucket.lowest * 10 / capacity;
        let is_new_low = tenth < bucket.lowest_tenth;
        bucket.lowest_tenth = tenth;
        Paid { is_enough: left.is_some(), level: bucket.level / UNIT, is_new_low }
    }

    /// The lowest level each bucket ever had, in whole credits.
    pub(crate) fn lowest(&self) -> impl Iterator<Item = (&Owner, Pool, u64)> {
        self.buckets.iter().map(|((owner, pool), bucket)| (owner, *pool, bucket.lowest / UNIT))
    }
}

/// Parts of a credit.
const UNIT: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(buckets: &mut Buckets, now: u64, pool: Pool, calls: usize) -> usize {
        (0..calls).filter(|_| buckets.pay(now, Owner::User(1), pool, 4).is_enough).count()
    }

    #[test]
    fn a_hundred_ordinary_calls_pass_at_once_and_one_more_after_50_ms() {
        let mut buckets = Buckets::default();
        assert_eq!(passes(&mut buckets, 1_000_000, Pool::Ordinary, 101), 100);
        assert_eq!(passes(&mut buckets, 1_049_999, Pool::Ordinary, 1), 0, "a microsecond too early");
        assert_eq!(passes(&mut buckets, 1_050_000, Pool::Ordinary, 2), 1);
    }

    #[test]
    fn ten_subscribe_calls_pass_at_once_and_one_more_after_300_ms() {
        let mut buckets = Buckets::default();
        assert_eq!(passes(&mut buckets, 0, Pool::Subscribe, 11), 10);
        assert_eq!(passes(&mut buckets, 299_999, Pool::Subscribe, 1), 0);
        assert_eq!(passes(&mut buckets, 300_000, Pool::Subscribe, 2), 1);
    }

    #[test]
    fn a_refused_call_takes_nothing() {
        let mut buckets = Buckets::default();
        passes(&mut buckets, 0, Pool::Subscribe, 10);
        // Refused calls every millisecond must not delay the one that can be paid.
        for ms in 1..300 {
            assert_eq!(passes(&mut buckets, ms * 1_000, Pool::Subscribe, 1), 0);
        }
        assert_eq!(passes(&mut buckets, 300_000, Pool::Subscribe, 1), 1);
    }

    #[test]
    fn tiers_have_their_own_matching_bursts_and_pools_do_not_touch_each_other() {
        for (tier, burst) in [(1, 100), (2, 50), (3, 30), (4, 20)] {
            let mut buckets = Buckets::default();
            let mut pay = |pool| buckets.pay(0, Owner::User(1), pool, tier).is_enough;
            assert_eq!((0..200).filter(|_| pay(Pool::Matching)).count(), burst);
            assert_eq!((0..60).filter(|_| pay(Pool::Instruments)).count(), 50);
        }
    }

    #[test]
    fn owners_do_not_share_and_lows_are_told_by_tenths() {
        let mut buckets = Buckets::default();
        let ip = || Owner::Ip("127.0.0.1".to_owned());
        let lows = (0..100).filter(|_| buckets.pay(0, ip(), Pool::Ordinary, 4).is_new_low).count();
        assert_eq!(lows, 10);
        assert_eq!(buckets.pay(0, Owner::User(1), Pool::Ordinary, 4).level, 49_500);
        assert_eq!(buckets.lowest().map(|(_, _, level)| level).collect::<Vec<_>>(), [49_500, 0]);
    }
}
