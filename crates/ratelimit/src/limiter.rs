//! The two questions a limiter answers.

use std::time::Instant;

use crate::{Budget, BudgetId, Charge, InvalidBudget};

/// Decides whether a request may go now, later, or never.
pub trait Limiter: Send + 'static {
    /// Whether a request of this price can go at all, sooner or later. Asked when the request is made,
    /// so that what could only wait in vain fails at once.
    ///
    /// # Errors
    ///
    /// If a budget could not pay even when full, or does not exist.
    fn check(&self, charge: &Charge) -> Result<(), ChargeError>;

    /// Whether a request of this price may go now. If so, its price has been paid out of all its
    /// budgets; if not, out of none.
    ///
    /// # Errors
    ///
    /// As for [`check`](Self::check): a budget may have shrunk since.
    fn admit(&mut self, now: Instant, charge: &Charge) -> Result<Admission, ChargeError>;

    /// Learns of a budget that the service grants. Told at the beginning, before any charge.
    /// Default: it is ignored.
    ///
    /// # Errors
    ///
    /// Such a budget cannot be kept.
    fn learn(&mut self, id: BudgetId, budget: Budget) -> Result<(), InvalidBudget> {
        let _ = (id, budget);
        Ok(())
    }

    /// A new link is open: budgets that belong to [one link](Budget::per_link) begin anew.
    /// Default: none does.
    fn link_opened(&mut self) {}

    /// What the budgets hold, for those who watch. Default: nothing is told.
    fn levels(&self, now: Instant) -> Vec<Level> {
        let _ = now;
        Vec::new()
    }
}

/// What a budget holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Level {
    /// The budget.
    pub budget: BudgetId,
    /// Whole tokens it holds.
    pub tokens: u32,
    /// What it holds when full.
    pub capacity: u32,
}

impl Level {
    /// A budget with so many tokens out of so many.
    #[must_use]
    pub const fn new(budget: BudgetId, tokens: u32, capacity: u32) -> Self {
        Self { budget, tokens, capacity }
    }
}

/// When a request may go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Admission {
    /// Now; it has been paid for.
    Now,
    /// Not before this instant, and then, unless other requests were faster. Nothing has been paid.
    Later(Instant),
}

/// Why a request can never go.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChargeError {
    /// It costs more than its budget can ever hold.
    #[error("costs {cost} tokens of the budget \"{budget}\", which holds {capacity} at most")]
    TooCostly {
        /// The budget.
        budget: BudgetId,
        /// What the request costs, in tokens.
        cost: u32,
        /// What the budget holds when full, in tokens.
        capacity: u32,
    },
    /// It is charged to a budget that does not exist.
    #[error("charged to the budget \"{budget}\", which does not exist")]
    UnknownBudget {
        /// The budget that was named.
        budget: BudgetId,
    },
}
