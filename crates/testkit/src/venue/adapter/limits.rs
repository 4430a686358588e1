//! What requests cost, and who counts it.

use nova_behaviour::RateLimitHandler;
use nova_ratelimit::{Budget, BudgetId, Charge, InvalidBudget, TokenBuckets};

use super::dialect::{Request, VenueDialect};
use crate::venue::Credits;

/// The credits of a connection.
pub const CONNECTION: BudgetId = BudgetId::new("connection");

/// Every request costs one credit of its connection, the session's own ones included.
#[derive(Clone, Copy, Debug, Default)]
pub struct VenueCredits;

impl RateLimitHandler<VenueDialect> for VenueCredits {
    fn price(&mut self, _request: &Request) -> Charge {
        Charge::one(CONNECTION, 1)
    }
}

/// A limiter for a venue with these terms. It holds one credit less than the venue grants, since
/// one request may travel faster than the one before it.
///
/// # Errors
///
/// Terms under which less than two requests may go at once, or nothing is ever regained.
pub fn limiter(terms: Credits) -> Result<TokenBuckets, InvalidBudget> {
    let budget = Budget::new(terms.burst.saturating_sub(1)).with_refill(1, terms.every).per_link();
    TokenBuckets::new().with_budget(CONNECTION, budget)
}
