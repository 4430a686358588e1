//! What requests cost, as they say themselves.

use std::time::Duration;

use nova_ratelimit::{Budget, BudgetId, Charge};

use super::PricedRequest;
use crate::{body::Body, dialect::Dialect, rate_limit::RateLimitHandler, refusal::Refusal};

/// Charges what a request carries, and a usual price where it carries none.
#[derive(Clone, Debug, Default)]
pub struct CarriedPrices {
    usual: Charge,
    budgets: Vec<(BudgetId, Budget)>,
    held_back: Vec<(i64, Duration)>,
}

impl CarriedPrices {
    /// Everything that says nothing else is free, and the service grants nothing in particular.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what requests cost that do not say so, and messages the application wrote itself.
    #[must_use]
    pub fn with_usual(mut self, usual: Charge) -> Self {
        self.usual = usual;
        self
    }

    /// Adds what the service grants.
    #[must_use]
    pub fn with_budget(mut self, id: BudgetId, budget: Budget) -> Self {
        self.budgets.push((id, budget));
        self
    }

    /// Holds back everything priced for a while, when a refusal has this number.
    #[must_use]
    pub fn with_held_back(mut self, code: i64, pause: Duration) -> Self {
        self.held_back.push((code, pause));
        self
    }
}

impl<D: Dialect> RateLimitHandler<D> for CarriedPrices
where
    D::Request: PricedRequest,
{
    fn price(&mut self, request: &D::Request) -> Charge {
        request.charge().unwrap_or(&self.usual).clone()
    }

    fn price_of_raw(&mut self, _message: Body<'_>) -> Charge {
        self.usual.clone()
    }

    fn budgets(&self) -> Vec<(BudgetId, Budget)> {
        self.budgets.clone()
    }

    fn held_back(&mut self, refusal: &Refusal) -> Option<Duration> {
        let code = refusal.code?;
        self.held_back.iter().find(|(known, _)| *known == code).map(|(_, pause)| *pause)
    }
}
