//! Instruments: what they are, and what becomes of them.

use serde::Deserialize;

use super::{
    absent::or_default,
    name::{Currency, IndexName, InstrumentName},
    time::Timestamp,
    word::words,
};
use crate::number::{Decimal, Number, optional};

words! {
    /// What kind of instrument.
    InstrumentKind {
        /// Futures, perpetual ones among them.
        Future = "future",
        /// Options.
        Option = "option",
        /// Currency pairs.
        Spot = "spot",
        /// Combinations of futures.
        FutureCombo = "future_combo",
        /// Combinations of options.
        OptionCombo = "option_combo",
    }
    /// Whether an option is one to buy or to sell.
    OptionType {
        /// To buy.
        Call = "call",
        /// To sell.
        Put = "put",
    }
    /// What an instrument's value is counted in.
    InstrumentType {
        /// In the base currency.
        Reversed = "reversed",
        /// In the quote currency.
        Linear = "linear",
    }
    /// Whether an instrument can be traded.
    TradingState {
        /// Orders are taken.
        Open = "open",
        /// It is being settled.
        Settlement = "settlement",
        /// It has been delivered.
        Delivered = "delivered",
        /// It is not traded.
        Inactive = "inactive",
        /// Trading is locked.
        Locked = "locked",
        /// Trading is halted.
        Halted = "halted",
        /// It is gone.
        Archivized = "archivized",
        /// It is not traded (until 2026).
        Closed = "closed",
        /// It was made (until 2026).
        Created = "created",
        /// It can be traded (until 2026).
        Started = "started",
        /// It was settled (until 2026).
        Settled = "settled",
        /// It cannot be traded any more (until 2026).
        Deactivated = "deactivated",
        /// It has ended (until 2026).
        Terminated = "terminated",
    }
}

/// What an instrument is.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct Instrument<N = Decimal> {
    /// Its name.
    pub instrument_name: InstrumentName,
    /// Its number.
    pub instrument_id: Option<u64>,
    /// What kind.
    pub kind: InstrumentKind,
    /// What its value is counted in.
    pub instrument_type: Option<InstrumentType>,
    /// What is traded.
    pub base_currency: Currency,
    /// What prices are in.
    pub quote_currency: Currency,
    /// What the base currency is priced in.
    pub counter_currency: Option<Currency>,
    /// What gains and losses are settled in.
    pub settlement_currency: Option<Currency>,
    /// How often it is settled, such as `week`, or `perpetual`.
    pub settlement_period: Option<Box<str>>,
    /// The index it goes by.
    pub price_index: Option<IndexName>,
    /// The steps of its prices.
    pub tick_size: N,
    /// Wider steps of higher prices.
    #[serde(default, deserialize_with = "or_default")]
    pub tick_size_steps: Vec<TickSizeStep<N>>,
    /// The least that can be traded.
    pub min_trade_amount: N,
    /// How much one contract is.
    #[serde(default, deserialize_with = "optional")]
    pub contract_size: Option<N>,
    /// Options: the price that is agreed on.
    #[serde(default, deserialize_with = "optional")]
    pub strike: Option<N>,
    /// Options: whether to buy or to sell.
    pub option_type: Option<OptionType>,
    /// When it was made.
    pub creation_timestamp: Option<Timestamp>,
    /// When it ends; that of a perpetual is far away.
    pub expiration_timestamp: Option<Timestamp>,
    /// Whether it can be traded, or once could.
    #[serde(default, deserialize_with = "or_default")]
    pub is_active: bool,
    /// Whether it can be traded now.
    pub state: Option<TradingState>,
    /// Whether quotes are asked for.
    #[serde(default, deserialize_with = "or_default")]
    pub rfq: bool,
    /// The fee of who was there first, as a fraction.
    #[serde(default, deserialize_with = "optional")]
    pub maker_commission: Option<N>,
    /// The fee of who takes.
    #[serde(default, deserialize_with = "optional")]
    pub taker_commission: Option<N>,
    /// The fee of a block trade.
    #[serde(default, deserialize_with = "optional")]
    pub block_trade_commission: Option<N>,
    /// The least of a block trade.
    #[serde(default, deserialize_with = "optional")]
    pub block_trade_min_trade_amount: Option<N>,
    /// The steps of the prices of block trades.
    #[serde(default, deserialize_with = "optional")]
    pub block_trade_tick_size: Option<N>,
    /// The most leverage.
    #[serde(default, deserialize_with = "optional")]
    pub max_leverage: Option<f64>,
    /// The most a liquidation costs.
    #[serde(default, deserialize_with = "optional")]
    pub max_liquidation_commission: Option<N>,
}

/// From which price on the steps are wider.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct TickSizeStep<N = Decimal> {
    /// From this price on,
    pub above_price: N,
    /// the steps are these.
    pub tick_size: N,
}

/// What has become of an instrument.
///
/// Not [`Conflate`](nova_behaviour::Conflate): one stream tells of many instruments.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct InstrumentStateData {
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// What it is now.
    pub state: TradingState,
    /// Since when.
    pub timestamp: Timestamp,
}
