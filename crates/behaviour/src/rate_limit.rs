//! The behaviour towards limits: what a request costs.

use std::time::Duration;

use nova_ratelimit::{Budget, BudgetId, Charge};

use crate::{body::Body, dialect::Dialect, refusal::Refusal};

/// Prices requests. Whether a price can be paid now, later or never is the limiter's business;
/// heartbeat answers, pongs and close frames are never priced. What the session asks for itself
/// (login, settings, topics) is charged as [urgent](Charge::urgent), so that it may draw on a
/// budget's reserve.
pub trait RateLimitHandler<D: Dialect>: Send + 'static {
    /// The price of a request, in one or several budgets. Default: free.
    fn price(&mut self, request: &D::Request) -> Charge {
        let _ = request;
        Charge::FREE
    }

    /// The price of a message the application wrote itself. Default: free.
    fn price_of_raw(&mut self, message: Body<'_>) -> Charge {
        let _ = message;
        Charge::FREE
    }

    /// What the service grants: the limiter learns it once, when the session begins. What the
    /// application's own limiter says of a budget of the same name comes first. Default: nothing.
    fn budgets(&self) -> Vec<(BudgetId, Budget)> {
        Vec::new()
    }

    /// For how long nothing priced goes out, if the refusal of some request says that the service was
    /// asked too much. Default: no refusal says so.
    fn held_back(&mut self, refusal: &Refusal) -> Option<Duration> {
        let _ = refusal;
        None
    }
}

/// Everything is free.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unpriced;

impl<D: Dialect> RateLimitHandler<D> for Unpriced {}
