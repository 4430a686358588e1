//! Block trades, and requests for quotes.

use serde::Deserialize;

use super::{
    absent::or_default,
    name::{InstrumentName, Label},
    time::Timestamp,
    trade::Direction,
    word::words,
};
use crate::number::{Decimal, Number, optional};

words! {
    /// Which side of a block one is on.
    BlockRole {
        /// Who quotes.
        Maker = "maker",
        /// Who asks for quotes.
        Taker = "taker",
    }
    /// What has become of a block request, a quote or a confirmation.
    BlockState {
        /// It is open.
        Open = "open",
        /// It was filled.
        Filled = "filled",
        /// It was traded.
        Traded = "traded",
        /// It was cancelled.
        Cancelled = "cancelled",
        /// It has expired.
        Expired = "expired",
        /// It is new.
        Initial = "initial",
        /// It was accepted.
        Accepted = "accepted",
        /// It was rejected.
        Rejected = "rejected",
        /// It was executed.
        Executed = "executed",
    }
    /// How much of a quote may be taken.
    ExecutionInstruction {
        /// All of it or nothing.
        AllOrNone = "all_or_none",
        /// Any part of it.
        AnyPartOf = "any_part_of",
    }
}

/// Somebody asks for quotes on an instrument, in the older way.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct RfqData<N = Decimal> {
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// Whether quotes are asked for.
    pub state: bool,
    /// For which side, if that is told.
    pub side: Option<Direction>,
    /// For how much, if that is told.
    #[serde(default, deserialize_with = "optional")]
    pub amount: Option<N>,
    /// When they were last asked for.
    #[serde(rename = "last_rfq_tstamp")]
    pub last_rfq_timestamp: Option<Timestamp>,
}

/// A block request for quotes, as makers and takers see it. Members that only one side is told are
/// empty on the other.
///
/// Not [`Conflate`](nova_behaviour::Conflate): one stream tells of many requests.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct BlockRfq<N = Decimal> {
    /// The request.
    pub block_rfq_id: u64,
    /// What has become of it.
    pub state: BlockState,
    /// Which side one is on.
    pub role: Option<BlockRole>,
    /// How much.
    #[serde(default, deserialize_with = "optional")]
    pub amount: Option<N>,
    /// The least that can be traded.
    #[serde(default, deserialize_with = "optional")]
    pub min_trade_amount: Option<N>,
    /// What is to be traded.
    #[serde(default, deserialize_with = "or_default")]
    pub legs: Vec<BlockLeg<N>>,
    /// The combination of its parts.
    pub combo_id: Option<InstrumentName>,
    /// What the taker calls it.
    pub label: Option<Label>,
    /// How well the taker's requests end in trades.
    pub taker_rating: Option<Box<str>>,
    /// Who is asked.
    #[serde(default, deserialize_with = "or_default")]
    pub makers: Vec<Box<str>>,
    /// Whether the taker is named.
    pub disclosed: Option<bool>,
    /// What makers bid.
    #[serde(default, deserialize_with = "or_default")]
    pub bids: Vec<BlockOffer<N>>,
    /// What makers ask.
    #[serde(default, deserialize_with = "or_default")]
    pub asks: Vec<BlockOffer<N>>,
    /// When it was made.
    pub creation_timestamp: Option<Timestamp>,
    /// When it ends.
    pub expiration_timestamp: Option<Timestamp>,
}

/// One part of a block.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct BlockLeg<N = Decimal> {
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// Which way.
    pub direction: Direction,
    /// How much of it goes into one of the whole.
    #[serde(default, deserialize_with = "optional")]
    pub ratio: Option<N>,
    /// Its price, where there is one already.
    #[serde(default, deserialize_with = "optional")]
    pub price: Option<N>,
}

/// What makers offer on a block request.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct BlockOffer<N = Decimal> {
    /// The price.
    pub price: N,
    /// How much.
    pub amount: N,
    /// Who.
    #[serde(default, deserialize_with = "or_default")]
    pub makers: Vec<Box<str>>,
    /// How much of it may be taken.
    pub execution_instruction: Option<ExecutionInstruction>,
    /// When it last changed.
    pub last_update_timestamp: Option<Timestamp>,
}

/// A quote of one's own on a block request.
///
/// Not [`Conflate`](nova_behaviour::Conflate): one stream tells of many quotes.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct BlockRfqQuote<N = Decimal> {
    /// The quote.
    pub block_rfq_quote_id: u64,
    /// The request.
    pub block_rfq_id: u64,
    /// What has become of it.
    pub quote_state: BlockState,
    /// Which way.
    pub direction: Direction,
    /// The price.
    #[serde(default, deserialize_with = "optional")]
    pub price: Option<N>,
    /// How much.
    #[serde(default, deserialize_with = "optional")]
    pub amount: Option<N>,
    /// How much was traded.
    #[serde(default, deserialize_with = "optional")]
    pub filled_amount: Option<N>,
    /// What is to be traded.
    #[serde(default, deserialize_with = "or_default")]
    pub legs: Vec<BlockLeg<N>>,
    /// How much of it may be taken.
    pub execution_instruction: Option<ExecutionInstruction>,
    /// What one calls it.
    pub label: Option<Label>,
    /// Whether it was edited.
    #[serde(default, deserialize_with = "or_default")]
    pub replaced: bool,
    /// When it was made.
    pub creation_timestamp: Option<Timestamp>,
    /// When it last changed.
    pub last_update_timestamp: Option<Timestamp>,
}

/// A block request that was traded, between any two.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct BlockRfqTrade<N = Decimal> {
    /// The request.
    pub id: u64,
    /// When.
    pub timestamp: Timestamp,
    /// Which way the taker went.
    pub direction: Option<Direction>,
    /// How much.
    #[serde(default, deserialize_with = "optional")]
    pub amount: Option<N>,
    /// The mark price then.
    #[serde(default, deserialize_with = "optional")]
    pub mark_price: Option<N>,
    /// The combination of its parts.
    pub combo_id: Option<InstrumentName>,
    /// What was traded.
    #[serde(default, deserialize_with = "or_default")]
    pub legs: Vec<BlockLeg<N>>,
    /// At which prices.
    #[serde(default, deserialize_with = "or_default")]
    pub trades: Vec<BlockFill<N>>,
}

/// How much of a block was traded at a price.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct BlockFill<N = Decimal> {
    /// The price.
    pub price: N,
    /// How much.
    pub amount: N,
    /// Which way.
    pub direction: Option<Direction>,
    /// Of which instrument, where the block has several.
    pub instrument_name: Option<InstrumentName>,
}

/// What has become of the approval of a block trade of one's own.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct BlockTradeConfirmation<N = Decimal> {
    /// What the two have agreed to call it.
    pub nonce: Box<str>,
    /// When it was made.
    pub timestamp: Timestamp,
    /// Which side one is on.
    pub role: Option<BlockRole>,
    /// What has become of it.
    pub state: Option<ConfirmationState>,
    /// What is to be traded.
    #[serde(default, deserialize_with = "or_default")]
    pub trades: Vec<BlockFill<N>>,
    /// Whose it is.
    pub user_id: Option<u64>,
}

/// What has become of an approval, and when.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct ConfirmationState {
    /// What.
    pub value: BlockState,
    /// When.
    pub timestamp: Option<Timestamp>,
}
