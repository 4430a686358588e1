//! A first attempt without a pause.

use std::time::Duration;

use crate::Strategy;

/// Makes the first attempt at once and leaves all later ones to the strategy inside.
///
/// A choice, not the default: when a server loses all its clients, all of them come back in the same
/// instant. The limit of the strategy inside still counts the first attempt.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ImmediateFirst<S>(pub S);

impl<S: Strategy> Strategy for ImmediateFirst<S> {
    fn delay(&self, attempt: u32, jitter: u64) -> Option<Duration> {
        let delay = self.0.delay(attempt, jitter)?;
        Some(if attempt <= 1 { Duration::ZERO } else { delay })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Exponential, Linear, Retries};

    #[test]
    fn only_the_first_attempt_is_immediate() {
        let strategy = ImmediateFirst(Exponential::default());
        let pauses: Vec<_> = (1..=3).filter_map(|attempt| strategy.delay(attempt, 0)).collect();
        assert_eq!(pauses, [0, 2, 4].map(Duration::from_secs));
    }

    #[test]
    fn limit_inside_still_holds() {
        let none = ImmediateFirst(Linear::default().with_retries(Retries::Limited(0)));
        assert_eq!(none.delay(1, 0), None);
    }
}
