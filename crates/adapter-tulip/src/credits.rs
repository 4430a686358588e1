//! What requests cost, and what the venue grants.

use std::time::Duration;

use nova_behaviour::{RateLimitHandler, Refusal};
use nova_ratelimit::{Budget, BudgetId, Charge};

use crate::{
    dialect::{Request, TulipDialect},
    errors::{Meaning, meaning},
};

/// The credits of a connection: 20 at once, 10 regained a second.
pub const REQUESTS: BudgetId = BudgetId::new("tulip requests");

/// Prices requests by the venue's table, and states the budget.
#[derive(Clone, Copy, Debug, Default)]
pub struct TulipCredits;

impl RateLimitHandler<TulipDialect> for TulipCredits {
    fn price(&mut self, request: &Request) -> Charge {
        match request {
            Request::PlaceOrder(_) => Charge::one(REQUESTS, 2),
            _ => Charge::one(REQUESTS, 1),
        }
    }

    fn budgets(&self) -> Vec<(BudgetId, Budget)> {
        // Two less than the venue grants, since a request may travel faster than the one before it;
        // and five that only the session may draw: logging in does not wait behind orders.
        let budget = Budget::new(18).with_refill(10, Duration::from_secs(1)).with_reserve(5).per_link();
        vec![(REQUESTS, budget)]
    }

    fn held_back(&mut self, refusal: &Refusal) -> Option<Duration> {
        (meaning(refusal) == Meaning::TooMuch).then_some(Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::PlaceOrder;

    #[test]
    fn an_order_costs_twice_as_much() {
        let price = |request| TulipCredits.price(&request);
        let order = Request::PlaceOrder(PlaceOrder::buy("mine", "ABC", 1, 1));
        assert_eq!(price(order), Charge::one(REQUESTS, 2));
        assert_eq!(price(Request::Beat { every: 1 }), Charge::one(REQUESTS, 1));
    }

    #[test]
    fn only_a_refusal_for_too_much_holds_back() {
        let held = |code| TulipCredits.held_back(&Refusal::new("no").with_code(code));
        assert_eq!((held(40), held(10)), (Some(Duration::from_secs(1)), None));
    }
}
