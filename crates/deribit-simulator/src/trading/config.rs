//! What can be set about trading.

use serde::{Deserialize, Serialize};

/// The settings of [`Trading`](super::Trading).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TradingConfig {
    /// How many times its margin a future may be worth. Default: 50.
    pub leverage: u32,
    /// How many closed orders and how many trades of each account are remembered. Default: 10 000.
    pub kept: usize,
}

impl Default for TradingConfig {
    fn default() -> Self {
        Self { leverage: 50, kept: 10_000 }
    }
}
