//! One bucket of tokens, reckoned by governor.
//!
//! governor decides and replaces its state in one step, and cannot give tokens back. Here it works on a
//! draft: [`Bucket::quote`] lets it reckon and keeps what the state would become, without taking
//! anything. The caller asks all buckets for a quote and, once all agree, has each accept its own.

use std::{cell::Cell, num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{NotKeyed, StateStore},
};

use crate::{Budget, InvalidBudget};

/// The tokens of one budget.
///
/// The whole state is one instant: the one at which the bucket would be full if nobody took anything.
/// What is missing is the time until then, so fractions of tokens are kept to the nanosecond.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    quota: Quota,
    full_at: Nanos,
    reserve: u32,
    is_per_link: bool,
}

/// What a bucket says to a price.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Quote {
    /// It can pay, and would then be full at this instant.
    Payable { full_at: Nanos },
    /// It could pay from this instant on.
    From(Nanos),
    /// It could not pay if it were full.
    Never,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn full(budget: &Budget) -> Result<Self, InvalidBudget> {
        let (reserve, is_per_link) = (budget.reserve(), budget.is_per_link());
        Ok(Self { quota: quota(budget)?, full_at: Nanos::new(0), reserve, is_per_link })
    }

    /// Full again, if it belongs to a link, and the link is new.
    pub(crate) fn begin_anew(&mut self) {
        if self.is_per_link {
            self.full_at = Nanos::new(0);
        }
    }

    /// What it holds for something of this urgency when full.
    pub(crate) fn room(&self, is_urgent: bool) -> u32 {
        self.capacity().get() - if is_urgent { 0 } else { self.reserve }
    }

    pub(crate) fn capacity(&self) -> NonZeroU32 {
        self.quota.burst_size()
    }

    /// How many whole tokens it holds at `now`.
    pub(crate) fn tokens(&self, now: Nanos) -> u32 {
        let tokens = self.held(now) / nanos(self.quota.replenish_interval());
        u32::try_from(tokens).expect("a bucket holds no more than its capacity, which is a u32")
    }

    /// What it would say to a price, without paying it. What is not urgent must leave the reserve.
    pub(crate) fn quote(&self, now: Nanos, cost: NonZeroU32, is_urgent: bool) -> Quote {
        if is_urgent || self.reserve == 0 {
            return self.quote_all(now, cost);
        }
        match self.quote_all(now, cost.saturating_add(self.reserve)) {
            Quote::Payable { .. } => self.quote_all(now, cost),
            not_now => not_now,
        }
    }

    fn quote_all(&self, now: Nanos, cost: NonZeroU32) -> Quote {
        let draft = Draft { before: self.full_at, after: Cell::new(self.full_at) };
        let limiter: RateLimiter<_, _, _, NoOpMiddleware<Nanos>> =
            RateLimiter::new(self.quota, draft, ToldTime::default());
        limiter.clock().0.set(now);
        match limiter.check_n(cost) {
            Ok(Ok(())) => Quote::Payable { full_at: limiter.into_state_store().after.get() },
            Ok(Err(not_until)) => Quote::From(not_until.earliest_possible()),
            Err(_insufficient_capacity) => Quote::Never,
        }
    }

    /// Pays a price that was quoted as payable, with nothing taken since.
    pub(crate) fn accept(&mut self, full_at: Nanos) {
        self.full_at = full_at;
    }

    /// Takes over the terms of `budget`. The tokens held stay, as many as fit.
    pub(crate) fn change(&mut self, now: Nanos, budget: &Budget) -> Result<(), InvalidBudget> {
        let new = quota(budget)?;
        let [old_interval, new_interval] =
            [self.quota, new].map(|quota| u128::from(nanos(quota.replenish_interval())));
        let most = nanos(new.burst_size_replenished_in());
        let held = u128::from(self.held(now)) * new_interval / old_interval;
        let held = u64::try_from(held).map_or(most, |held| held.min(most));
        let (reserve, is_per_link) = (budget.reserve(), budget.is_per_link());
        let full_at = Nanos::new(now.as_u64() + (most - held));
        *self = Self { quota: new, full_at, reserve, is_per_link };
        Ok(())
    }

    /// The tokens it holds at `now`, as the time in which they came.
    fn held(&self, now: Nanos) -> u64 {
        let missing = self.full_at.saturating_sub(now).as_u64();
        nanos(self.quota.burst_size_replenished_in()).saturating_sub(missing)
    }
}

fn quota(budget: &Budget) -> Result<Quota, InvalidBudget> {
    let capacity = NonZeroU32::new(budget.capacity()).ok_or(InvalidBudget::NoCapacity)?;
    let quota = Quota::with_period(budget.interval()?).ok_or(InvalidBudget::NoRefill)?;
    Ok(quota.allow_burst(capacity))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).expect("no bucket takes longer than ten years to fill")
}

/// governor's clock: a cell that holds the time we were told.
///
/// It must read zero while the limiter is built, since governor counts its state from there.
#[derive(Debug, Default)]
struct ToldTime(Cell<Nanos>);

impl Clock for ToldTime {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.get()
    }
}

/// governor's state store: lets it reckon from one state and notes the next beside it.
#[derive(Debug)]
struct Draft {
    before: Nanos,
    after: Cell<Nanos>,
}

impl StateStore for Draft {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _key: &NotKeyed, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (outcome, after) = measure(Some(self.before))?;
        self.after.set(after);
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Nanos = Nanos::new(1_000_000_000_000);

    fn cost(tokens: u32) -> NonZeroU32 {
        NonZeroU32::new(tokens).expect("tests charge something")
    }

    /// Ten tokens, one each millisecond, of which `spent` are gone at [`NOW`].
    fn spent(spent: u32) -> Bucket {
        let budget = Budget::new(10).with_refill(1, Duration::from_millis(1));
        let mut bucket = Bucket::full(&budget).expect("a sound budget");
        if let Some(spent) = NonZeroU32::new(spent) {
            let Quote::Payable { full_at } = bucket.quote(NOW, spent, true) else {
                panic!("ten tokens are there")
            };
            bucket.accept(full_at);
        }
        bucket
    }

    #[test]
    fn bucket_starts_full() {
        assert_eq!(spent(0).tokens(Nanos::new(0)), 10);
    }

    #[test]
    fn quote_takes_nothing() {
        let bucket = spent(4);
        assert!(matches!(bucket.quote(NOW, cost(6), true), Quote::Payable { .. }));
        assert_eq!(bucket.tokens(NOW), 6);
    }

    #[test]
    fn quote_names_the_instant_at_which_the_price_is_payable() {
        assert_eq!(spent(4).quote(NOW, cost(7), true), Quote::From(NOW + Nanos::new(1_000_000)));
        assert_eq!(spent(4).quote(NOW, cost(11), true), Quote::Never);
    }

    #[test]
    fn fractions_of_a_token_are_kept() {
        let later = NOW + Nanos::new(999_999);
        assert_eq!(spent(10).tokens(later), 0);
        assert_eq!(spent(10).quote(later, cost(1), true), Quote::From(NOW + Nanos::new(1_000_000)));
    }

    #[test]
    fn change_keeps_the_tokens_that_fit() {
        let mut bucket = spent(4);
        let larger = Budget::new(100).with_refill(1, Duration::from_secs(1));
        bucket.change(NOW, &larger).expect("a sound budget");
        assert_eq!(bucket.tokens(NOW), 6);

        let smaller = Budget::new(3).with_refill(7, Duration::from_secs(1));
        bucket.change(NOW, &smaller).expect("a sound budget");
        assert_eq!(bucket.tokens(NOW), 3);
    }

    #[test]
    fn change_to_an_unsound_budget_changes_nothing() {
        let mut bucket = spent(4);
        assert_eq!(bucket.change(NOW, &Budget::new(0)), Err(InvalidBudget::NoCapacity));
        assert_eq!(bucket.tokens(NOW), 6);
    }
}
