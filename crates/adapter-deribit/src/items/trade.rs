//! Trades: those of everybody, and one's own.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    absent::or_default,
    name::{Currency, InstrumentName, Label, OrderId, TradeId},
    order::{OrderState, OrderType},
    time::Timestamp,
    word::words,
};
use crate::number::{Decimal, Number, optional};

words! {
    /// Which way to trade, or to be positioned.
    Direction {
        /// To have more.
        Buy = "buy",
        /// To have less.
        Sell = "sell",
        /// A position of nothing.
        Zero = "zero",
    }
    /// Whose order was there first.
    Liquidity {
        /// One's own.
        Maker = "M",
        /// The other's.
        Taker = "T",
    }
}

/// How a trade's price stands to the one before it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TickDirection {
    /// Higher.
    Plus,
    /// The same, and the last different one was lower.
    ZeroPlus,
    /// Lower.
    Minus,
    /// The same, and the last different one was higher.
    ZeroMinus,
    /// A number this version does not know.
    Other(u64),
}

impl<'de> Deserialize<'de> for TickDirection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match u64::deserialize(deserializer)? {
            0 => Self::Plus,
            1 => Self::ZeroPlus,
            2 => Self::Minus,
            3 => Self::ZeroMinus,
            other => Self::Other(other),
        })
    }
}

impl Serialize for TickDirection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(match self {
            Self::Plus => 0,
            Self::ZeroPlus => 1,
            Self::Minus => 2,
            Self::ZeroMinus => 3,
            Self::Other(other) => *other,
        })
    }
}

/// A trade between any two.
///
/// Not [`Conflate`](nova_behaviour::Conflate): each is an event of its own.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct Trade<N = Decimal> {
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// The trade.
    pub trade_id: TradeId,
    /// Its number among those of the instrument, which are counted by one.
    pub trade_seq: u64,
    /// When it was.
    pub timestamp: Timestamp,
    /// Which way the one went who took the other's offer.
    pub direction: Direction,
    /// The price.
    pub price: N,
    /// How much.
    pub amount: N,
    /// The same in contracts.
    #[serde(default, deserialize_with = "optional")]
    pub contracts: Option<N>,
    /// How the price stands to the one before it.
    pub tick_direction: Option<TickDirection>,
    /// The mark price then.
    #[serde(default, deserialize_with = "optional")]
    pub mark_price: Option<N>,
    /// The index price then.
    #[serde(default, deserialize_with = "optional")]
    pub index_price: Option<N>,
    /// Options: the implied volatility, in percent.
    #[serde(default, deserialize_with = "optional")]
    pub iv: Option<f64>,
    /// Which sides were liquidated: `M`, `T` or `MT`. Only in history, an hour later.
    pub liquidation: Option<Box<str>>,
    /// The block trade it is part of.
    pub block_trade_id: Option<TradeId>,
    /// How many parts that has.
    pub block_trade_leg_count: Option<u32>,
    /// The block request for quotes it came of.
    pub block_rfq_id: Option<u64>,
    /// The combination it is part of.
    pub combo_id: Option<InstrumentName>,
    /// The trade of the combination.
    pub combo_trade_id: Option<TradeId>,
}

/// A trade of one's own.
///
/// Not [`Conflate`](nova_behaviour::Conflate): each is an event of its own.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct UserTrade<N = Decimal> {
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// The trade.
    pub trade_id: TradeId,
    /// Its number among those of the instrument.
    pub trade_seq: u64,
    /// The order that was filled.
    pub order_id: OrderId,
    /// When it was.
    pub timestamp: Timestamp,
    /// Which way one went oneself.
    pub direction: Direction,
    /// The price.
    pub price: N,
    /// How much.
    pub amount: N,
    /// The same in contracts.
    #[serde(default, deserialize_with = "optional")]
    pub contracts: Option<N>,
    /// The fee, negative where it is a rebate.
    #[serde(default, deserialize_with = "optional")]
    pub fee: Option<N>,
    /// The currency of the fee.
    pub fee_currency: Option<Currency>,
    /// What it gained or lost, where it closed something.
    #[serde(default, deserialize_with = "optional")]
    pub profit_loss: Option<N>,
    /// Whether one's own order was there first.
    pub liquidity: Option<Liquidity>,
    /// What the order was when it traded.
    pub order_type: Option<OrderType>,
    /// What has become of the order by it.
    pub state: Option<OrderState>,
    /// What one calls the order.
    pub label: Option<Label>,
    /// How the price stands to the one before it.
    pub tick_direction: Option<TickDirection>,
    /// The mark price then.
    #[serde(default, deserialize_with = "optional")]
    pub mark_price: Option<N>,
    /// The index price then.
    #[serde(default, deserialize_with = "optional")]
    pub index_price: Option<N>,
    /// Options: the price of what it is an option on.
    #[serde(default, deserialize_with = "optional")]
    pub underlying_price: Option<N>,
    /// Options: the implied volatility, in percent.
    #[serde(default, deserialize_with = "optional")]
    pub iv: Option<f64>,
    /// The other trade, where one traded with oneself.
    pub matching_id: Option<TradeId>,
    /// Whether one traded with oneself.
    #[serde(default, deserialize_with = "or_default")]
    pub self_trade: bool,
    /// Whether the order could only be a maker.
    #[serde(default, deserialize_with = "or_default")]
    pub post_only: bool,
    /// Whether the order could only reduce a position.
    #[serde(default, deserialize_with = "or_default")]
    pub reduce_only: bool,
    /// Whether the order reduced the risk.
    #[serde(default, deserialize_with = "or_default")]
    pub risk_reducing: bool,
    /// Whether the order was under the protection of market makers.
    #[serde(default, deserialize_with = "or_default")]
    pub mmp: bool,
    /// Whether the order was placed by a program.
    #[serde(default, deserialize_with = "or_default")]
    pub api: bool,
    /// Which sides were liquidated: `M`, `T` or `MT`.
    pub liquidation: Option<Box<str>>,
    /// The block trade it is part of.
    pub block_trade_id: Option<TradeId>,
    /// The block request for quotes it came of.
    pub block_rfq_id: Option<u64>,
    /// The combination it is part of.
    pub combo_id: Option<InstrumentName>,
    /// The trade of the combination.
    pub combo_trade_id: Option<TradeId>,
    /// The trades of its parts, where it is the trade of a combination.
    #[serde(default, deserialize_with = "or_default")]
    pub legs: Vec<UserTrade<N>>,
    /// Whose it is.
    pub user_id: Option<u64>,
}
