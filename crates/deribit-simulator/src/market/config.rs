//! What can be set about the market. The defaults are those of the specification.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::number::NumberStyle;

/// The settings of a [`Market`](super::Market).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MarketConfig {
    /// How many instruments there are in all. Below the size of the default universe it means just
    /// that; above, invented linear perpetuals are added. Default: 0.
    pub instruments: usize,
    /// First prices of indices, by index name, instead of the built-in ones.
    pub index_prices: BTreeMap<String, f64>,
    /// Standard deviation of an index in a year. Default: 0.6.
    pub volatility: f64,
    /// Standard deviation of the premium of mark over index. Default: 1 basis point.
    pub premium: f64,
    /// The volatility at which options are priced at the money. Default: 0.5.
    pub option_volatility: f64,
    /// How busy books and trades are.
    pub rates: Rates,
    /// The slot of `agg2` in milliseconds. Measured: 1000; documented: 2000.
    pub agg2_ms: u64,
    /// How numbers are written. Default: as seen on the wire.
    pub number_style: NumberStyle,
    /// Whether tickers of options without trades carry `"undefined"` as last price and `"expired"` as
    /// estimated delivery price, as older captures do. Default: no, they carry `null` and a number.
    pub weird_strings: bool,
    /// How likely a book snapshot is followed by one outdated change. Default: 0.2.
    pub redundant_change: f64,
    /// How long the daily settlement takes, in seconds. Default: 5.
    pub settlement_s: u64,
    /// How often `platform_state` repeats an unchanged state, per second. Default: 2.5.
    pub platform_state_per_s: f64,
    /// How many trades of each instrument are remembered. Default: 1000.
    pub trades_kept: usize,
}

impl Default for MarketConfig {
    fn default() -> Self {
        Self {
            instruments: 0,
            index_prices: BTreeMap::new(),
            volatility: 0.6,
            premium: 1e-4,
            option_volatility: 0.5,
            rates: Rates::default(),
            agg2_ms: 1_000,
            number_style: NumberStyle::Live,
            weird_strings: false,
            redundant_change: 0.2,
            settlement_s: 5,
            platform_state_per_s: 2.5,
            trades_kept: 1_000,
        }
    }
}

/// Events per second, by kind of instrument.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Rates {
    /// Multiplies all of the others. Default: 1.
    pub scale: f64,
    /// Book events of each of the four large perpetuals. Default: 40.
    pub perpetual: f64,
    /// Book events of dated futures and of spot pairs. Default: 5.
    pub future: f64,
    /// Book events of options. Default: 1.
    pub option: f64,
    /// Book events of the nearly dead book. Default: one a minute.
    pub quiet: f64,
    /// Book events of the invented perpetuals. Default: 5.
    pub invented: f64,
    /// Trades of each of the four large perpetuals. Default: 2.
    pub perpetual_trades: f64,
    /// Trades of dated futures, spot pairs and invented perpetuals. Default: 0.2.
    pub future_trades: f64,
    /// Trades of options. Default: 0.02.
    pub option_trades: f64,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            scale: 1.0,
            perpetual: 40.0,
            future: 5.0,
            option: 1.0,
            quiet: 1.0 / 60.0,
            invented: 5.0,
            perpetual_trades: 2.0,
            future_trades: 0.2,
            option_trades: 0.02,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_by_name_and_default_otherwise() {
        let config: MarketConfig =
            serde_json::from_str(r#"{"agg2_ms":2000,"number_style":"plain","rates":{"scale":3}}"#).unwrap();
        assert_eq!(config.agg2_ms, 2_000);
        assert_eq!(config.number_style, NumberStyle::Plain);
        assert_eq!(config.rates, Rates { scale: 3.0, ..Rates::default() });
        assert!(serde_json::from_str::<MarketConfig>(r#"{"agg_ms":1}"#).is_err());
    }
}
