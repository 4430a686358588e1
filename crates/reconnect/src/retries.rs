//! How often to try again.

/// How many attempts there may be before giving up.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Retries {
    /// Attempt number `n` is allowed while `n` is not above this; 0 gives up at once.
    Limited(u32),
    /// There is always another attempt. The default: a client that should hold a connection has nothing
    /// better to do.
    #[default]
    Unlimited,
}

impl Retries {
    /// Whether attempt number `attempt`, counted from 1, may be made.
    #[must_use]
    pub const fn allow(self, attempt: u32) -> bool {
        match self {
            Self::Limited(limit) => attempt <= limit,
            Self::Unlimited => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_itself_is_the_last_attempt_allowed() {
        assert!(Retries::Limited(5).allow(5));
        assert!(!Retries::Limited(5).allow(6));
    }

    #[test]
    fn limit_of_zero_allows_no_attempt() {
        assert!(!Retries::Limited(0).allow(1));
    }

    #[test]
    fn unlimited_allows_the_last_number_there_is() {
        assert!(Retries::Unlimited.allow(u32::MAX));
    }
}
