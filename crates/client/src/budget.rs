//! A budget of reconnections that clients of one process share (law L10).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use nova_ratelimit::{Admission, Budget, BudgetId, Charge, InvalidBudget, Limiter, TokenBuckets};
use tokio::sync::Semaphore;

use crate::shared::now;

/// How many reconnection attempts the clients that share it may begin, together: give clones of one
/// to all clients of a host or an account.
///
/// Each client paces itself; this bounds their sum. Those over the budget wait their turn, in order.
/// First connects are not counted.
///
/// ```
/// # use std::time::Duration;
/// # use nova_client::ReconnectBudget;
/// // Ten at once, then two a second.
/// let budget = ReconnectBudget::new(10, 2, Duration::from_secs(1))?;
/// # Ok::<(), nova_ratelimit::InvalidBudget>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReconnectBudget {
    shared: Arc<Turns>,
}

#[derive(Debug)]
struct Turns {
    /// Who is next; the others queue here.
    turn: Semaphore,
    tokens: Mutex<TokenBuckets>,
}

const ATTEMPTS: BudgetId = BudgetId::new("reconnections");

impl ReconnectBudget {
    /// So many attempts at once, and then so many `per` span of time.
    ///
    /// # Errors
    ///
    /// A number or the span is zero.
    pub fn new(at_once: u32, then: u32, per: Duration) -> Result<Self, InvalidBudget> {
        let tokens =
            TokenBuckets::new().with_budget(ATTEMPTS, Budget::new(at_once).with_refill(then, per))?;
        Ok(Self { shared: Arc::new(Turns { turn: Semaphore::new(1), tokens: Mutex::new(tokens) }) })
    }

    /// Waits until an attempt may begin, and counts it.
    ///
    /// # Cancel safety
    ///
    /// Whoever stops waiting loses its turn, and counts nothing.
    pub(crate) async fn admit(&self) {
        // The semaphore is never closed; were it, nobody would be held back.
        let _turn = self.shared.turn.acquire().await;
        while let Some(at) = self.later() {
            tokio::time::sleep_until(at.into()).await;
        }
    }

    fn later(&self) -> Option<std::time::Instant> {
        let mut tokens = self.shared.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        match tokens.admit(now(), &Charge::one(ATTEMPTS, 1)) {
            Ok(Admission::Later(at)) => Some(at),
            // One attempt always fits: a budget of nothing cannot be made.
            Ok(Admission::Now) | Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn attempts_over_the_budget_wait_their_turn() {
        let budget = ReconnectBudget::new(2, 1, Duration::from_secs(1)).unwrap();
        let start = Instant::now();
        let mut begun = Vec::new();
        for _ in 0..5 {
            budget.clone().admit().await;
            begun.push((Instant::now() - start).as_secs_f64().round() as u64);
        }
        assert_eq!(begun, [0, 0, 1, 2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_stops_waiting_counts_nothing() {
        let budget = ReconnectBudget::new(1, 1, Duration::from_secs(10)).unwrap();
        budget.admit().await;
        let start = Instant::now();
        assert!(tokio::time::timeout(Duration::from_secs(1), budget.admit()).await.is_err());
        budget.admit().await;
        assert_eq!((Instant::now() - start).as_secs(), 10);
    }
}
