//! The behaviour towards limits: what a request costs.

use nova_ratelimit::Charge;

use crate::{body::Body, dialect::Dialect};

/// Prices requests. Whether a price can be paid now, later or never is the limiter's business;
/// heartbeat answers, pongs and close frames are never priced.
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
}

/// Everything is free.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unpriced;

impl<D: Dialect> RateLimitHandler<D> for Unpriced {}
