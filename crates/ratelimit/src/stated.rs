//! The limiter that keeps to what the service's adapter states: the default.

use std::{borrow::Cow, time::Instant};

use crate::{Admission, Budget, BudgetId, Charge, ChargeError, InvalidBudget, Level, Limiter, TokenBuckets};

/// Keeps to the budgets it has [learnt](Limiter::learn), and lets everything else go: what is charged
/// to a budget that nobody stated is free. The default.
///
/// An application that knows better gives [`TokenBuckets`], which also learn what they were not told.
#[derive(Clone, Debug, Default)]
pub struct Stated(TokenBuckets);

impl Stated {
    /// The part of a charge that somebody has stated a budget for.
    fn known<'a>(&self, charge: &'a Charge) -> Cow<'a, Charge> {
        if charge.iter().all(|(budget, _)| self.0.knows(budget)) {
            return Cow::Borrowed(charge);
        }
        let stated = charge.iter().filter(|(budget, _)| self.0.knows(*budget));
        let known = stated.fold(Charge::FREE, |known, (budget, cost)| known.with(budget, cost.get()));
        Cow::Owned(if charge.is_urgent() { known.urgent() } else { known })
    }
}

impl Limiter for Stated {
    fn check(&self, charge: &Charge) -> Result<(), ChargeError> {
        self.0.check(&self.known(charge))
    }

    fn admit(&mut self, now: Instant, charge: &Charge) -> Result<Admission, ChargeError> {
        let known = self.known(charge);
        self.0.admit(now, &known)
    }

    fn learn(&mut self, id: BudgetId, budget: Budget) -> Result<(), InvalidBudget> {
        self.0.learn(id, budget)
    }

    fn link_opened(&mut self) {
        self.0.link_opened();
    }

    fn levels(&self, now: Instant) -> Vec<Level> {
        self.0.levels(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATED: BudgetId = BudgetId::new("stated");
    const OTHER: BudgetId = BudgetId::new("other");

    #[test]
    fn only_what_was_stated_limits() {
        let now = Instant::now();
        let mut limiter = Stated::default();
        let both = Charge::one(STATED, 2).with(OTHER, 1_000);
        assert_eq!(limiter.admit(now, &both), Ok(Admission::Now));
        limiter.learn(STATED, Budget::new(2)).expect("a sound budget");
        assert_eq!(limiter.admit(now, &both), Ok(Admission::Now));
        assert!(matches!(limiter.admit(now, &both), Ok(Admission::Later(_))));
        assert!(limiter.check(&Charge::one(STATED, 3).with(OTHER, 1)).is_err());
    }

    #[test]
    fn what_is_urgent_stays_so() {
        let mut limiter = Stated::default();
        limiter.learn(STATED, Budget::new(5).with_reserve(3)).expect("a sound budget");
        assert!(limiter.check(&Charge::one(STATED, 3).with(OTHER, 1)).is_err());
        assert!(limiter.check(&Charge::one(STATED, 3).with(OTHER, 1).urgent()).is_ok());
    }
}
