//! The price of a request.

use std::num::NonZeroU32;

use crate::BudgetId;

/// What a request costs, in tokens, out of which budgets.
///
/// Prices out of up to two budgets are kept without allocation.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Charge {
    inline: [Option<Item>; 2],
    more: Vec<Item>,
    is_urgent: bool,
}

type Item = (BudgetId, NonZeroU32);

impl Charge {
    /// Costs nothing.
    pub const FREE: Self = Self { inline: [None; 2], more: Vec::new(), is_urgent: false };

    /// Costs so many tokens of one budget.
    #[must_use]
    pub fn one(budget: BudgetId, cost: u32) -> Self {
        Self::FREE.with(budget, cost)
    }

    /// Costs so many tokens of `budget` besides.
    ///
    /// What the same budget is charged already is added to; a cost of zero changes nothing. Costs above
    /// `u32::MAX` stay there, which no budget can pay.
    #[must_use]
    pub fn with(mut self, budget: BudgetId, cost: u32) -> Self {
        let Some(cost) = NonZeroU32::new(cost) else { return self };
        let known = self.inline.iter_mut().flatten().chain(&mut self.more);
        for (charged, sum) in known {
            if *charged == budget {
                *sum = sum.saturating_add(cost.get());
                return self;
            }
        }
        match self.inline.iter_mut().find(|slot| slot.is_none()) {
            Some(free) => *free = Some((budget, cost)),
            None => self.more.push((budget, cost)),
        }
        self
    }

    /// Lets the request draw on what its budgets hold in [reserve](crate::Budget::with_reserve).
    #[must_use]
    pub const fn urgent(mut self) -> Self {
        self.is_urgent = true;
        self
    }

    /// Whether it may draw on a reserve.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        self.is_urgent
    }

    /// Whether the request costs nothing.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.inline[0].is_none()
    }

    /// Each budget once, with its cost, in the order in which they were named.
    pub fn iter(&self) -> impl Iterator<Item = (BudgetId, NonZeroU32)> + '_ {
        self.inline.iter().flatten().chain(&self.more).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [BudgetId; 4] =
        [BudgetId::new("a"), BudgetId::new("b"), BudgetId::new("c"), BudgetId::new("d")];

    fn listed(charge: &Charge) -> Vec<(BudgetId, u32)> {
        charge.iter().map(|(budget, cost)| (budget, cost.get())).collect()
    }

    #[test]
    fn every_budget_is_listed_once_in_order() {
        let charge = NAMES.iter().zip(1..).fold(Charge::FREE, |charge, (id, cost)| charge.with(*id, cost));
        let charge = charge.with(NAMES[3], 10).with(NAMES[0], 20);
        assert_eq!(listed(&charge), [(NAMES[0], 21), (NAMES[1], 2), (NAMES[2], 3), (NAMES[3], 14)]);
    }

    #[test]
    fn cost_of_zero_charges_nothing() {
        assert_eq!(Charge::one(NAMES[0], 0), Charge::FREE);
        assert!(Charge::one(NAMES[0], 0).is_free());
        assert!(!Charge::one(NAMES[0], 1).is_free());
    }

    #[test]
    fn sum_beyond_all_numbers_stays_unpayable() {
        let charge = Charge::one(NAMES[0], u32::MAX).with(NAMES[0], 1);
        assert_eq!(listed(&charge), [(NAMES[0], u32::MAX)]);
    }
}
