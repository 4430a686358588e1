//! One's own account: positions, portfolios, and what befalls it.

use std::{collections::BTreeMap, ops::Deref};

use nova_behaviour::Conflate;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{
    absent::or_default,
    instrument::InstrumentKind,
    json::JsonText,
    name::{Currency, IndexName, InstrumentName},
    order::Order,
    time::Timestamp,
    trade::{Direction, UserTrade},
    word::words,
};
use crate::number::{Decimal, Number, optional};

words! {
    /// How far a liquidation has come.
    LiquidationState {
        /// It has begun.
        Started = "liquidation_started",
        /// It is over.
        Completed = "liquidation_completed",
        /// Closing out has begun.
        CloseOutStarted = "close_out_liquidation_started",
        /// Closing out is over.
        CloseOutCompleted = "close_out_liquidation_completed",
        /// Positions went to a liquidity support provider.
        LspTransfer = "lsp_transfer",
        /// Positions went to others by automatic deleveraging.
        AdlTransfer = "adl_transfer",
        /// Positions came from others by automatic deleveraging.
        AdlTransferReceived = "adl_transfer_received",
    }
}

/// What became of orders, and what that did to trades and positions of an instrument.
///
/// Not [`Conflate`]: each trade in it is an event of its own.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct UserChangesData<N = Decimal> {
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// Orders that changed.
    #[serde(default, deserialize_with = "or_default")]
    pub orders: Vec<Order<N>>,
    /// Trades that were made.
    #[serde(default, deserialize_with = "or_default")]
    pub trades: Vec<UserTrade<N>>,
    /// Positions as they are now.
    #[serde(default, deserialize_with = "or_default")]
    pub positions: Vec<Position<N>>,
}

/// How much of an instrument one holds.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct Position<N = Decimal> {
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// What kind.
    pub kind: Option<InstrumentKind>,
    /// Which way.
    pub direction: Direction,
    /// How much; negative where it is sold. Futures in US dollars, or in the base currency.
    pub size: N,
    /// Futures: the same in the base currency.
    #[serde(default, deserialize_with = "optional")]
    pub size_currency: Option<N>,
    /// The price it was had at, on average.
    #[serde(default, deserialize_with = "optional")]
    pub average_price: Option<N>,
    /// Options: the same in US dollars.
    #[serde(default, deserialize_with = "optional")]
    pub average_price_usd: Option<N>,
    /// The mark price.
    #[serde(default, deserialize_with = "optional")]
    pub mark_price: Option<N>,
    /// The index price.
    #[serde(default, deserialize_with = "optional")]
    pub index_price: Option<N>,
    /// The price of the last settlement.
    #[serde(default, deserialize_with = "optional")]
    pub settlement_price: Option<N>,
    /// The price at which it would be liquidated.
    #[serde(default, deserialize_with = "optional")]
    pub estimated_liquidation_price: Option<N>,
    /// The margin it took to have.
    #[serde(default, deserialize_with = "optional")]
    pub initial_margin: Option<N>,
    /// The margin it takes to keep.
    #[serde(default, deserialize_with = "optional")]
    pub maintenance_margin: Option<N>,
    /// The margin of open orders.
    #[serde(default, deserialize_with = "optional")]
    pub open_orders_margin: Option<N>,
    /// What it would gain or lose now, since the last settlement.
    #[serde(default, deserialize_with = "optional")]
    pub floating_profit_loss: Option<N>,
    /// Options: the same in US dollars.
    #[serde(default, deserialize_with = "optional")]
    pub floating_profit_loss_usd: Option<N>,
    /// What it has gained or lost.
    #[serde(default, deserialize_with = "optional")]
    pub realized_profit_loss: Option<N>,
    /// Both together.
    #[serde(default, deserialize_with = "optional")]
    pub total_profit_loss: Option<N>,
    /// Perpetuals: what funding has brought or cost since the last settlement.
    #[serde(default, deserialize_with = "optional")]
    pub realized_funding: Option<N>,
    /// Perpetuals: what the realised funding is reckoned from.
    #[serde(default, deserialize_with = "optional")]
    pub interest_value: Option<f64>,
    /// How many times more it is than its margin.
    #[serde(default, deserialize_with = "optional")]
    pub leverage: Option<f64>,
    /// How its value answers to the price.
    #[serde(default, deserialize_with = "optional")]
    pub delta: Option<f64>,
    /// Options: the change of delta.
    #[serde(default, deserialize_with = "optional")]
    pub gamma: Option<f64>,
    /// Options: how its value answers to time.
    #[serde(default, deserialize_with = "optional")]
    pub theta: Option<f64>,
    /// Options: how its value answers to volatility.
    #[serde(default, deserialize_with = "optional")]
    pub vega: Option<f64>,
}

/// What one has in a currency. It replaces all that came before it of that currency.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct PortfolioData<N = Decimal> {
    /// The currency.
    pub currency: Currency,
    /// What was paid in, gained and lost.
    pub balance: N,
    /// The same with what positions would gain or lose now.
    #[serde(default, deserialize_with = "optional")]
    pub equity: Option<N>,
    /// What margins are taken from.
    #[serde(default, deserialize_with = "optional")]
    pub margin_balance: Option<N>,
    /// What is free for new orders.
    #[serde(default, deserialize_with = "optional")]
    pub available_funds: Option<N>,
    /// What can be withdrawn.
    #[serde(default, deserialize_with = "optional")]
    pub available_withdrawal_funds: Option<N>,
    /// What is locked.
    #[serde(default, deserialize_with = "optional")]
    pub locked_balance: Option<N>,
    /// What is kept besides.
    #[serde(default, deserialize_with = "optional")]
    pub additional_reserve: Option<N>,
    /// What spot orders keep.
    #[serde(default, deserialize_with = "optional")]
    pub spot_reserve: Option<N>,
    /// What fees are paid from first.
    #[serde(default, deserialize_with = "optional")]
    pub fee_balance: Option<N>,
    /// The margin it took to have the positions.
    #[serde(default, deserialize_with = "optional")]
    pub initial_margin: Option<N>,
    /// The margin it takes to keep them.
    #[serde(default, deserialize_with = "optional")]
    pub maintenance_margin: Option<N>,
    /// The initial margin after the next delivery.
    #[serde(default, deserialize_with = "optional")]
    pub projected_initial_margin: Option<N>,
    /// The maintenance margin after the next delivery.
    #[serde(default, deserialize_with = "optional")]
    pub projected_maintenance_margin: Option<N>,
    /// What was gained or lost.
    #[serde(default, deserialize_with = "optional")]
    pub total_pl: Option<N>,
    /// What was gained or lost since the last settlement.
    #[serde(default, deserialize_with = "optional")]
    pub session_rpl: Option<N>,
    /// What would be gained or lost now.
    #[serde(default, deserialize_with = "optional")]
    pub session_upl: Option<N>,
    /// Futures: gained or lost.
    #[serde(default, deserialize_with = "optional")]
    pub futures_pl: Option<N>,
    /// Futures: gained or lost since the last settlement.
    #[serde(default, deserialize_with = "optional")]
    pub futures_session_rpl: Option<N>,
    /// Futures: would be gained or lost now.
    #[serde(default, deserialize_with = "optional")]
    pub futures_session_upl: Option<N>,
    /// Options: gained or lost.
    #[serde(default, deserialize_with = "optional")]
    pub options_pl: Option<N>,
    /// Options: gained or lost since the last settlement.
    #[serde(default, deserialize_with = "optional")]
    pub options_session_rpl: Option<N>,
    /// Options: would be gained or lost now.
    #[serde(default, deserialize_with = "optional")]
    pub options_session_upl: Option<N>,
    /// What the options are worth.
    #[serde(default, deserialize_with = "optional")]
    pub options_value: Option<N>,
    /// Options: delta in all.
    #[serde(default, deserialize_with = "optional")]
    pub options_delta: Option<f64>,
    /// Options: gamma in all.
    #[serde(default, deserialize_with = "optional")]
    pub options_gamma: Option<f64>,
    /// Options: theta in all.
    #[serde(default, deserialize_with = "optional")]
    pub options_theta: Option<f64>,
    /// Options: vega in all.
    #[serde(default, deserialize_with = "optional")]
    pub options_vega: Option<f64>,
    /// Delta of everything.
    #[serde(default, deserialize_with = "optional")]
    pub delta_total: Option<f64>,
    /// Delta of everything after the next delivery.
    #[serde(default, deserialize_with = "optional")]
    pub projected_delta_total: Option<f64>,
    /// Delta, by index.
    #[serde(default, deserialize_with = "or_default")]
    pub delta_total_map: BTreeMap<IndexName, f64>,
    /// How near liquidation is, as a fraction.
    #[serde(default, deserialize_with = "optional")]
    pub estimated_liquidation_ratio: Option<f64>,
    /// The same, by index.
    #[serde(default, deserialize_with = "or_default")]
    pub estimated_liquidation_ratio_map: BTreeMap<IndexName, f64>,
    /// How margins are reckoned.
    pub margin_model: Option<Box<str>>,
    /// Whether margins are reckoned over the whole portfolio.
    pub portfolio_margining_enabled: Option<bool>,
    /// Whether other currencies count as margin.
    pub cross_collateral_enabled: Option<bool>,
}

// The stream of one currency; `PortfolioOfAny` is the item of the stream of all.
impl<N> Conflate for PortfolioData<N> {}

/// What one has in some currency, of a stream that tells of every one.
///
/// Not [`Conflate`]: one currency does not replace another.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"), transparent)]
pub struct PortfolioOfAny<N = Decimal>(pub PortfolioData<N>);

impl<N> Deref for PortfolioOfAny<N> {
    type Target = PortfolioData<N>;

    fn deref(&self) -> &PortfolioData<N> {
        &self.0
    }
}

/// The protection of market makers was triggered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct MmpTrigger {
    /// On this index.
    pub index_name: IndexName,
    /// Quotes are refused until then; zero says until it is reset.
    pub frozen_until: Timestamp,
    /// The group it protects.
    pub mmp_group: Option<Box<str>>,
}

/// An access to the account.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct AccessLogEntry {
    /// Its number.
    pub id: u64,
    /// When.
    pub timestamp: Timestamp,
    /// What was done, such as `success` of a login.
    pub log: Box<str>,
    /// From which address.
    pub ip: Option<Box<str>>,
    /// From which country, by the address.
    pub country: Option<Box<str>>,
    /// From which city, by the address.
    pub city: Option<Box<str>>,
}

/// That the account is locked in a currency, or free again.
///
/// Not [`Conflate`]: one currency does not replace another.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct AccountLock {
    /// Whether it is locked.
    pub locked: bool,
    /// In which currency; `ALL` is every one.
    pub currency: Option<Currency>,
}

/// A liquidation of positions of the account.
///
/// The venue documents no member but the state, so the whole message is kept besides.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Liquidation {
    /// How far it has come.
    pub state: LiquidationState,
    /// The message.
    pub json: JsonText,
}

impl<'de> Deserialize<'de> for Liquidation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Known {
            state: LiquidationState,
        }

        let json = JsonText::deserialize(deserializer)?;
        let Known { state } = json.read().map_err(D::Error::custom)?;
        Ok(Self { state, json })
    }
}
