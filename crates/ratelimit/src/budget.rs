//! A budget: its name, how many tokens it holds, and how fast they return.

use std::{fmt, time::Duration};

/// The name of a budget, such as `connection` or `account`.
///
/// A name says what shares the budget, not who: the limiter of one account knows one `account`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BudgetId(&'static str);

impl BudgetId {
    /// The budget of this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for BudgetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How many tokens a budget holds and how fast spent ones return.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget {
    capacity: u32,
    tokens: u32,
    per: Duration,
    reserve: u32,
    is_per_link: bool,
}

impl Budget {
    /// Holds `capacity` tokens, so that a burst may cost so much, and regains one each second.
    #[must_use]
    pub const fn new(capacity: u32) -> Self {
        Self { capacity, tokens: 1, per: Duration::from_secs(1), reserve: 0, is_per_link: false }
    }

    /// Sets how many `tokens` return `per` time. Default: one each second.
    ///
    /// They return one by one, at equal distances, not all together when the time is over. The distance
    /// is counted in whole nanoseconds and rounded up, so a budget may refill slower than asked by a
    /// nanosecond a token, but never faster.
    #[must_use]
    pub const fn with_refill(mut self, tokens: u32, per: Duration) -> Self {
        self.tokens = tokens;
        self.per = per;
        self
    }

    /// Keeps so many tokens for what is [urgent](crate::Charge::urgent): everything else may draw the
    /// budget down to them, and no further. Default: none.
    #[must_use]
    pub const fn with_reserve(mut self, tokens: u32) -> Self {
        self.reserve = tokens;
        self
    }

    /// Says that the service counts for each connection apart: with a new link the budget is full
    /// again. Default: it outlives links.
    #[must_use]
    pub const fn per_link(mut self) -> Self {
        self.is_per_link = true;
        self
    }

    /// The tokens kept for what is urgent.
    #[must_use]
    pub const fn reserve(&self) -> u32 {
        self.reserve
    }

    pub(crate) const fn is_per_link(&self) -> bool {
        self.is_per_link
    }

    /// The most tokens the budget can hold, and with it the dearest request that can ever go.
    #[must_use]
    pub const fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The time from one token to the next, or why there is none.
    pub(crate) fn interval(&self) -> Result<Duration, InvalidBudget> {
        if self.capacity == 0 {
            return Err(InvalidBudget::NoCapacity);
        }
        if self.reserve >= self.capacity {
            return Err(InvalidBudget::AllReserved);
        }
        if self.tokens == 0 || self.per.is_zero() {
            return Err(InvalidBudget::NoRefill);
        }
        let nanos = self.per.as_nanos().div_ceil(u128::from(self.tokens));
        if nanos * u128::from(self.capacity) > SLOWEST.as_nanos() {
            return Err(InvalidBudget::TooSlow);
        }
        Ok(Duration::from_nanos_u128(nanos))
    }
}

/// Why a [`Budget`] cannot be kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidBudget {
    /// A budget without tokens admits nothing, ever.
    #[error("a budget must hold at least one token")]
    NoCapacity,
    /// With everything in reserve, only what is urgent could ever go.
    #[error("a budget must hold more than its reserve")]
    AllReserved,
    /// A number of tokens or a time of zero.
    #[error("a budget must regain at least one token in a time above zero")]
    NoRefill,
    /// From empty to full takes more than ten years.
    #[error("a budget must fill up within ten years")]
    TooSlow,
}

/// Far beyond any real budget, and short enough that no sum of instants overflows.
const SLOWEST: Duration = Duration::from_secs(10 * 365 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn interval_is_rounded_up_so_that_no_budget_refills_too_fast() {
        let third = Budget::new(1).with_refill(3, SECOND).interval();
        assert_eq!(third, Ok(Duration::from_nanos(333_333_334)));
    }

    #[test]
    fn default_refill_is_a_token_a_second() {
        assert_eq!(Budget::new(60).interval(), Ok(SECOND));
    }

    #[test]
    fn refill_faster_than_a_nanosecond_is_slowed_to_one() {
        let interval = Budget::new(1).with_refill(u32::MAX, SECOND).interval();
        assert_eq!(interval, Ok(Duration::from_nanos(1)));
    }

    #[test]
    fn budgets_that_could_never_work_are_refused() {
        assert_eq!(Budget::new(0).interval(), Err(InvalidBudget::NoCapacity));
        assert_eq!(Budget::new(5).with_reserve(5).interval(), Err(InvalidBudget::AllReserved));
        assert_eq!(Budget::new(1).with_refill(0, SECOND).interval(), Err(InvalidBudget::NoRefill));
        assert_eq!(Budget::new(1).with_refill(1, Duration::ZERO).interval(), Err(InvalidBudget::NoRefill));
        assert_eq!(Budget::new(u32::MAX).interval(), Err(InvalidBudget::TooSlow));
        let eternal = Budget::new(u32::MAX).with_refill(1, Duration::MAX);
        assert_eq!(eternal.interval(), Err(InvalidBudget::TooSlow));
    }
}
