//! The limiter that never limits.

use std::time::Instant;

use crate::{Admission, Charge, ChargeError, Limiter};

/// Admits everything at once, whatever it costs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Unlimited;

impl Limiter for Unlimited {
    fn check(&self, _charge: &Charge) -> Result<(), ChargeError> {
        Ok(())
    }

    fn admit(&mut self, _now: Instant, _charge: &Charge) -> Result<Admission, ChargeError> {
        Ok(Admission::Now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BudgetId;

    #[test]
    fn unlimited_admits_what_no_budget_could_pay() {
        let dear = Charge::one(BudgetId::new("never heard of"), u32::MAX);
        assert_eq!(Unlimited.check(&dear), Ok(()));
        assert_eq!(Unlimited.admit(Instant::now(), &dear), Ok(Admission::Now));
    }
}
