//! Whether a request may go now, later, or never.
//!
//! A request has a price, its [`Charge`]: so many tokens out of one or several named budgets. A
//! [`Limiter`] admits it, or says from when on it would: [`Unlimited`] admits everything, the
//! choice of whoever needs no limits; [`TokenBuckets`] keeps a bucket of tokens for each budget;
//! [`Stated`], the default, keeps to the budgets that the service's adapter states.
//!
//! Time is told, never read: every question carries its `now`. Queueing is not done here either; the
//! session holds what must wait, in order of priority, and asks again at the instant it was told.
//!
//! Capacities and costs are counted in tokens, whole numbers whose worth the venue decides (a request,
//! a credit, a cancelled order). Refill is a number of tokens per a [`Duration`](std::time::Duration).
//!
//! ```
//! use std::time::{Duration, Instant};
//! use nova_ratelimit::{Admission, Budget, BudgetId, Charge, Limiter as _, TokenBuckets};
//!
//! const CONNECTION: BudgetId = BudgetId::new("connection");
//! const ACCOUNT: BudgetId = BudgetId::new("account");
//!
//! let mut limiter = TokenBuckets::new()
//!     .with_budget(CONNECTION, Budget::new(10).with_refill(20, Duration::from_secs(1)))?
//!     .with_budget(ACCOUNT, Budget::new(100).with_refill(5, Duration::from_secs(1)))?;
//!
//! let subscribe = Charge::one(CONNECTION, 8).with(ACCOUNT, 3);
//! let now = Instant::now();
//! assert_eq!(limiter.admit(now, &subscribe)?, Admission::Now);
//! // Two of ten tokens are left; the missing six return at twenty a second.
//! assert_eq!(limiter.admit(now, &subscribe)?, Admission::Later(now + Duration::from_millis(300)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bucket;
mod budget;
mod charge;
mod limiter;
mod stated;
mod token_buckets;
mod unlimited;

pub use budget::{Budget, BudgetId, InvalidBudget};
pub use charge::Charge;
pub use limiter::{Admission, ChargeError, Level, Limiter};
pub use stated::Stated;
pub use token_buckets::TokenBuckets;
pub use unlimited::Unlimited;
