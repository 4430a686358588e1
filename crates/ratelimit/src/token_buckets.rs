//! Several buckets of tokens that are charged together.

use std::time::{Duration, Instant};

use governor::nanos::Nanos;

use crate::{
    Admission, Budget, BudgetId, Charge, ChargeError, InvalidBudget, Level, Limiter,
    bucket::{Bucket, Quote},
};

/// A bucket of tokens for each budget, full at the start.
///
/// A price is paid out of all its budgets or out of none: every bucket is first asked for a quote,
/// which takes nothing, and only when all can pay is any of them charged. No tokens ever have to be
/// given back, and a request that must wait for one budget does not drain another meanwhile.
///
/// Time is what [`admit`](Limiter::admit) was told. When it runs backwards, nothing is refilled until
/// it has caught up; when it jumps ahead, buckets are full and no more.
#[derive(Clone, Debug, Default)]
pub struct TokenBuckets {
    buckets: Vec<(BudgetId, Bucket)>,
    epoch: Option<Instant>,
    told: Nanos,
}

impl TokenBuckets {
    /// No budgets yet: only what is free is admitted.
    #[must_use]
    pub const fn new() -> Self {
        Self { buckets: Vec::new(), epoch: None, told: Nanos::new(0) }
    }

    /// Adds a full bucket, or replaces the one of the same name.
    ///
    /// # Errors
    ///
    /// If the budget holds nothing, never refills, or takes more than ten years to.
    pub fn with_budget(mut self, id: BudgetId, budget: Budget) -> Result<Self, InvalidBudget> {
        let bucket = Bucket::full(&budget)?;
        self.buckets.retain(|(known, _)| *known != id);
        self.buckets.push((id, bucket));
        Ok(self)
    }

    /// Changes the terms of a budget while it is in use, or adds a full one.
    ///
    /// The tokens held stay, as many as fit the new capacity; so growing a budget grants nothing at
    /// once, and shrinking it takes away only what has no room.
    ///
    /// # Errors
    ///
    /// As for [`with_budget`](Self::with_budget); the old terms then stay in force.
    pub fn set_budget(&mut self, now: Instant, id: BudgetId, budget: Budget) -> Result<(), InvalidBudget> {
        let now = self.tell(now);
        match self.buckets.iter_mut().find(|(known, _)| *known == id) {
            Some((_, bucket)) => bucket.change(now, &budget),
            None => Bucket::full(&budget).map(|bucket| self.buckets.push((id, bucket))),
        }
    }

    /// How many whole tokens a budget holds at `now`; `None` if there is no such budget.
    #[must_use]
    pub fn tokens(&self, now: Instant, id: BudgetId) -> Option<u32> {
        let now = self.since_epoch(self.epoch.unwrap_or(now), now);
        self.bucket(id).ok().map(|bucket| bucket.tokens(now))
    }

    /// Whether there is a budget of this name.
    #[must_use]
    pub fn knows(&self, id: BudgetId) -> bool {
        self.bucket(id).is_ok()
    }

    fn bucket(&self, budget: BudgetId) -> Result<&Bucket, ChargeError> {
        let found = self.buckets.iter().find(|(known, _)| *known == budget);
        found.map(|(_, bucket)| bucket).ok_or(ChargeError::UnknownBudget { budget })
    }

    /// Moves the told time ahead, never back.
    fn tell(&mut self, now: Instant) -> Nanos {
        let epoch = *self.epoch.get_or_insert(now);
        self.told = self.since_epoch(epoch, now);
        self.told
    }

    fn since_epoch(&self, epoch: Instant, now: Instant) -> Nanos {
        let elapsed = now.saturating_duration_since(epoch).min(END_OF_TIME);
        Nanos::from(elapsed).max(self.told)
    }
}

impl Limiter for TokenBuckets {
    fn check(&self, charge: &Charge) -> Result<(), ChargeError> {
        charge.iter().try_for_each(|(budget, cost)| {
            let room = self.bucket(budget)?.room(charge.is_urgent());
            if cost.get() > room { Err(too_costly(budget, cost.get(), room)) } else { Ok(()) }
        })
    }

    fn admit(&mut self, now: Instant, charge: &Charge) -> Result<Admission, ChargeError> {
        let epoch = *self.epoch.get_or_insert(now);
        let now = self.tell(now);
        let mut all_can_pay_from = None;
        for (budget, cost) in charge.iter() {
            let bucket = self.bucket(budget)?;
            match bucket.quote(now, cost, charge.is_urgent()) {
                Quote::Payable { .. } => {}
                Quote::From(at) => all_can_pay_from = all_can_pay_from.max(Some(at)),
                Quote::Never => {
                    return Err(too_costly(budget, cost.get(), bucket.room(charge.is_urgent())));
                }
            }
        }
        if let Some(at) = all_can_pay_from {
            return Ok(Admission::Later(epoch + Duration::from(at)));
        }
        for (id, bucket) in &mut self.buckets {
            let cost = charge.iter().find(|(budget, _)| budget == id).map(|(_, cost)| cost);
            if let Some(Quote::Payable { full_at }) =
                cost.map(|cost| bucket.quote(now, cost, charge.is_urgent()))
            {
                bucket.accept(full_at);
            }
        }
        Ok(Admission::Now)
    }

    fn learn(&mut self, id: BudgetId, budget: Budget) -> Result<(), InvalidBudget> {
        let bucket = Bucket::full(&budget)?;
        if self.bucket(id).is_err() {
            self.buckets.push((id, bucket));
        }
        Ok(())
    }

    fn link_opened(&mut self) {
        self.buckets.iter_mut().for_each(|(_, bucket)| bucket.begin_anew());
    }

    fn levels(&self, now: Instant) -> Vec<Level> {
        let now = self.since_epoch(self.epoch.unwrap_or(now), now);
        let level =
            |(id, bucket): &(BudgetId, Bucket)| Level::new(*id, bucket.tokens(now), bucket.capacity().get());
        self.buckets.iter().map(level).collect()
    }
}

const fn too_costly(budget: BudgetId, cost: u32, capacity: u32) -> ChargeError {
    ChargeError::TooCostly { budget, cost, capacity }
}

/// Told time stands still a century after it began, where no sum of it and a refill overflows.
const END_OF_TIME: Duration = Duration::from_secs(100 * 365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: BudgetId = BudgetId::new("connection");
    const ACCOUNT: BudgetId = BudgetId::new("account");
    const SECOND: Duration = Duration::from_secs(1);

    /// Ten tokens at one a second for the connection, twenty at two for the account.
    fn limiter() -> TokenBuckets {
        TokenBuckets::new()
            .with_budget(CONNECTION, Budget::new(10))
            .and_then(|limiter| limiter.with_budget(ACCOUNT, Budget::new(20).with_refill(2, SECOND)))
            .expect("sound budgets")
    }

    #[test]
    fn burst_up_to_the_capacity_goes_and_the_next_request_waits() {
        let (mut limiter, now) = (limiter(), Instant::now());
        for _ in 0..10 {
            assert_eq!(limiter.admit(now, &Charge::one(CONNECTION, 1)), Ok(Admission::Now));
        }
        let later = Admission::Later(now + SECOND);
        assert_eq!(limiter.admit(now, &Charge::one(CONNECTION, 1)), Ok(later));
    }

    #[test]
    fn price_out_of_two_budgets_is_paid_by_both_or_by_none() {
        let (mut limiter, now) = (limiter(), Instant::now());
        let both = Charge::one(CONNECTION, 7).with(ACCOUNT, 5);
        assert_eq!(limiter.admit(now, &both), Ok(Admission::Now));
        assert_eq!(limiter.admit(now, &both), Ok(Admission::Later(now + 4 * SECOND)));
        assert_eq!(limiter.tokens(now, CONNECTION), Some(3));
        assert_eq!(limiter.tokens(now, ACCOUNT), Some(15));
    }

    #[test]
    fn the_slowest_budget_says_when() {
        let (mut limiter, now) = (limiter(), Instant::now());
        let all = Charge::one(CONNECTION, 10).with(ACCOUNT, 20);
        assert_eq!(limiter.admit(now, &all), Ok(Admission::Now));
        let next = Charge::one(ACCOUNT, 16).with(CONNECTION, 3);
        assert_eq!(limiter.admit(now, &next), Ok(Admission::Later(now + 8 * SECOND)));
    }

    #[test]
    fn cost_above_the_capacity_fails_at_once() {
        let too_costly = ChargeError::TooCostly { budget: CONNECTION, cost: 11, capacity: 10 };
        let charge = Charge::one(ACCOUNT, 1).with(CONNECTION, 11);
        let mut limiter = limiter();
        assert_eq!(limiter.check(&charge), Err(too_costly));
        assert_eq!(limiter.admit(Instant::now(), &charge), Err(too_costly));
        assert_eq!(limiter.tokens(Instant::now(), ACCOUNT), Some(20));
        assert_eq!(
            too_costly.to_string(),
            "costs 11 tokens of the budget \"connection\", which holds 10 at most"
        );
    }

    #[test]
    fn unknown_budget_is_refused_and_not_ignored() {
        let budget = BudgetId::new("matching engine");
        let charge = Charge::one(CONNECTION, 1).with(budget, 1);
        let mut limiter = limiter();
        assert_eq!(limiter.check(&charge), Err(ChargeError::UnknownBudget { budget }));
        assert_eq!(limiter.admit(Instant::now(), &charge), Err(ChargeError::UnknownBudget { budget }));
        assert_eq!(limiter.tokens(Instant::now(), CONNECTION), Some(10));
    }

    #[test]
    fn what_is_free_goes_even_when_all_is_spent() {
        let (mut limiter, now) = (limiter(), Instant::now());
        assert_eq!(limiter.admit(now, &Charge::one(CONNECTION, 10)), Ok(Admission::Now));
        assert_eq!(limiter.admit(now, &Charge::FREE), Ok(Admission::Now));
    }

    #[test]
    fn time_running_backwards_refills_nothing_and_takes_nothing() {
        let (mut limiter, now) = (limiter(), Instant::now() + 100 * SECOND);
        assert_eq!(limiter.admit(now, &Charge::one(CONNECTION, 10)), Ok(Admission::Now));
        let before = now - 50 * SECOND;
        let later = Ok(Admission::Later(now + SECOND));
        assert_eq!(limiter.admit(before, &Charge::one(CONNECTION, 1)), later);
        assert_eq!(limiter.admit(now, &Charge::one(CONNECTION, 1)), later);
        assert_eq!(limiter.admit(now + SECOND, &Charge::one(CONNECTION, 1)), Ok(Admission::Now));
    }

    #[test]
    fn jump_of_an_age_fills_the_budget_and_no_more() {
        let (mut limiter, now) = (limiter(), Instant::now());
        assert_eq!(limiter.admit(now, &Charge::one(CONNECTION, 10)), Ok(Admission::Now));
        let age = now + 2 * END_OF_TIME;
        assert_eq!(limiter.tokens(age, CONNECTION), Some(10));
        assert_eq!(limiter.admit(age, &Charge::one(CONNECTION, 10)), Ok(Admission::Now));
    }

    #[test]
    fn budget_changed_in_use_rules_from_then_on() {
        let (mut limiter, now) = (limiter(), Instant::now());
        assert_eq!(limiter.admit(now, &Charge::one(CONNECTION, 10)), Ok(Admission::Now));
        let faster = Budget::new(4).with_refill(4, SECOND);
        limiter.set_budget(now, CONNECTION, faster).expect("a sound budget");
        let later = Admission::Later(now + SECOND / 2);
        assert_eq!(limiter.admit(now, &Charge::one(CONNECTION, 2)), Ok(later));
        assert!(matches!(
            limiter.check(&Charge::one(CONNECTION, 5)),
            Err(ChargeError::TooCostly { capacity: 4, .. })
        ));
    }

    #[test]
    fn budget_set_anew_is_added_full() {
        let (mut limiter, now) = (limiter(), Instant::now());
        let added = BudgetId::new("added");
        assert_eq!(limiter.tokens(now, added), None);
        limiter.set_budget(now, added, Budget::new(3)).expect("a sound budget");
        assert_eq!(limiter.tokens(now, added), Some(3));
    }

    #[test]
    fn the_reserve_is_left_for_what_is_urgent() {
        let now = Instant::now();
        let budget = Budget::new(10).with_reserve(4);
        let mut limiter = TokenBuckets::new().with_budget(CONNECTION, budget).expect("a sound budget");
        assert_eq!(limiter.admit(now, &Charge::one(CONNECTION, 6)), Ok(Admission::Now));
        let one = Charge::one(CONNECTION, 1);
        assert_eq!(limiter.admit(now, &one), Ok(Admission::Later(now + SECOND)));
        assert_eq!(limiter.admit(now, &Charge::one(CONNECTION, 4).urgent()), Ok(Admission::Now));
        assert_eq!(limiter.admit(now, &one.urgent()), Ok(Admission::Later(now + SECOND)));
        let too_costly = ChargeError::TooCostly { budget: CONNECTION, cost: 7, capacity: 6 };
        assert_eq!(limiter.check(&Charge::one(CONNECTION, 7)), Err(too_costly));
        assert_eq!(limiter.check(&Charge::one(CONNECTION, 7).urgent()), Ok(()));
    }

    #[test]
    fn a_new_link_fills_the_budgets_that_belong_to_one() {
        let now = Instant::now();
        let mut limiter = TokenBuckets::new()
            .with_budget(CONNECTION, Budget::new(5).per_link())
            .and_then(|limiter| limiter.with_budget(ACCOUNT, Budget::new(5)))
            .expect("sound budgets");
        let all = Charge::one(CONNECTION, 5).with(ACCOUNT, 5);
        assert_eq!(limiter.admit(now, &all), Ok(Admission::Now));
        limiter.link_opened();
        assert_eq!(limiter.tokens(now, CONNECTION), Some(5));
        assert_eq!(limiter.tokens(now, ACCOUNT), Some(0));
    }

    #[test]
    fn what_the_application_says_of_a_budget_comes_first() {
        let mut limiter = limiter();
        limiter.learn(CONNECTION, Budget::new(99)).expect("a sound budget");
        limiter.learn(BudgetId::new("orders"), Budget::new(3)).expect("a sound budget");
        assert_eq!(limiter.tokens(Instant::now(), CONNECTION), Some(10));
        assert_eq!(limiter.tokens(Instant::now(), BudgetId::new("orders")), Some(3));
        let now = Instant::now();
        assert_eq!(limiter.levels(now)[2], Level::new(BudgetId::new("orders"), 3, 3));
        assert_eq!(limiter.learn(ACCOUNT, Budget::new(0)), Err(InvalidBudget::NoCapacity));
    }

    #[test]
    fn limiter_can_move_between_threads() {
        fn is_limiter<L: Limiter>(_: &L) {}
        is_limiter(&limiter());
    }
}
