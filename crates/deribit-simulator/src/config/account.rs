//! Who may log in.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

/// One client id and what it may do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Account {
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: AccountSecret,
    /// The number of the user. Accounts with the same number share orders, positions and credits.
    pub user_id: u64,
    /// What it may do at most, as scope words with a space between.
    #[serde(default = "full_scope")]
    pub scope: String,
    /// The tier of its matching credits, 1 to 4.
    #[serde(default = "lowest_tier")]
    pub tier: u8,
    /// What it owns at the start, by currency.
    #[serde(default)]
    pub balances: Vec<(String, f64)>,
}

impl Account {
    /// An account that may do everything, owns 10 BTC and 100 000 USDC, and is of tier 4.
    #[must_use]
    pub fn new(client_id: &str, client_secret: &str, user_id: u64) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.into(),
            user_id,
            scope: full_scope(),
            tier: lowest_tier(),
            balances: vec![("BTC".to_owned(), 10.0), ("USDC".to_owned(), 100_000.0)],
        }
    }

    /// With this scope at most.
    #[must_use]
    pub fn with_scope(self, scope: &str) -> Self {
        Self { scope: scope.to_owned(), ..self }
    }

    /// The accounts of a simulator nobody configured.
    pub(super) fn defaults() -> Vec<Self> {
        vec![
            Self::new("sim-client", "sim-secret-0001", 1001),
            Self::new("sim-readonly", "sim-secret-0002", 1002).with_scope("account:read trade:read"),
            // So that the published signature verifies, at the right time.
            Self::new("AMANDA", "AMANDASECRECT", 1003),
        ]
    }
}

fn full_scope() -> String {
    "account:read_write trade:read_write wallet:read block_trade:read".to_owned()
}

const fn lowest_tier() -> u8 {
    4
}

/// A client secret. It is never shown, and wiped when dropped.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct AccountSecret(Zeroizing<String>);

impl AccountSecret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for AccountSecret {
    fn from(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }
}

impl From<&str> for AccountSecret {
    fn from(secret: &str) -> Self {
        secret.to_owned().into()
    }
}

impl fmt::Debug for AccountSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert!(!format!("{:?}", Account::defaults()).contains("secret-0001"));
    }
}
