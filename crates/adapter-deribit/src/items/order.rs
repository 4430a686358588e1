//! Orders of one's own.

use std::{fmt, marker::PhantomData, ops::Deref};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    absent::or_default,
    name::{InstrumentName, Label, OrderId},
    time::Timestamp,
    trade::Direction,
    word::words,
};
use crate::number::{Decimal, Number, optional};

words! {
    /// What has become of an order.
    OrderState {
        /// It waits in the book.
        Open = "open",
        /// All of it was traded.
        Filled = "filled",
        /// It was refused.
        Rejected = "rejected",
        /// It was cancelled.
        Cancelled = "cancelled",
        /// It waits for its trigger.
        Untriggered = "untriggered",
        /// Its trigger came.
        Triggered = "triggered",
        /// It is kept.
        Archive = "archive",
    }
    /// What kind of order.
    OrderType {
        /// At this price or a better one.
        Limit = "limit",
        /// At whatever price.
        Market = "market",
        /// At the best price there is; what cannot be had at it waits there.
        MarketLimit = "market_limit",
        /// A limit order, once the price has got worse up to the trigger.
        StopLimit = "stop_limit",
        /// A market order, once the price has got worse up to the trigger.
        StopMarket = "stop_market",
        /// A limit order, once the price has got better up to the trigger.
        TakeLimit = "take_limit",
        /// A market order, once the price has got better up to the trigger.
        TakeMarket = "take_market",
        /// A market order, once the price has turned round by the offset.
        TrailingStop = "trailing_stop",
        /// The venue's own, of a position that is liquidated.
        Liquidation = "liquidation",
    }
    /// How long an order lives.
    TimeInForce {
        /// Until it is cancelled.
        GoodTilCancelled = "good_til_cancelled",
        /// Until the end of the day.
        GoodTilDay = "good_til_day",
        /// It is filled whole at once, or not at all.
        FillOrKill = "fill_or_kill",
        /// What cannot be filled at once is cancelled.
        ImmediateOrCancel = "immediate_or_cancel",
    }
    /// The price that is watched for a trigger.
    Trigger {
        /// The index.
        IndexPrice = "index_price",
        /// The mark price.
        MarkPrice = "mark_price",
        /// The last trade.
        LastPrice = "last_price",
    }
    /// What the price of an option's order is given in, if not in the quote currency.
    Advanced {
        /// In US dollars.
        Usd = "usd",
        /// In implied volatility.
        ImpliedVolatility = "implv",
    }
    /// Why an order was cancelled.
    CancelReason {
        /// The user wished so.
        UserRequest = "user_request",
        /// The connection it was placed over has ended.
        CancelOnDisconnect = "cancel_on_disconnect",
        /// The position was liquidated.
        Autoliquidation = "autoliquidation",
        /// The risk had to be brought down.
        RiskMitigation = "risk_mitigation",
        /// The protection of market makers.
        MmpTrigger = "mmp_trigger",
        /// An edit would have made it a taker.
        EditPostOnlyReject = "edit_post_only_reject",
        /// The other one of its pair has ended.
        OcoOtherClosed = "oco_other_closed",
        /// The order that was to place it has ended.
        OtoPrimaryClosed = "oto_primary_closed",
        /// The instrument was settled.
        Settlement = "settlement",
    }
}

/// An order of one's own.
///
/// Not [`Conflate`](nova_behaviour::Conflate): each change of an order is an event of its own.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct Order<N = Decimal> {
    /// The order.
    pub order_id: OrderId,
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// Which way.
    pub direction: Direction,
    /// What kind.
    pub order_type: OrderType,
    /// What has become of it.
    pub order_state: OrderState,
    /// The price; none where it is traded at whatever price.
    #[serde(default, deserialize_with = "optional")]
    pub price: Option<N>,
    /// How much. A closing order may not say.
    #[serde(default, deserialize_with = "optional")]
    pub amount: Option<N>,
    /// The same in contracts.
    #[serde(default, deserialize_with = "optional")]
    pub contracts: Option<N>,
    /// How much was traded.
    #[serde(default, deserialize_with = "optional")]
    pub filled_amount: Option<N>,
    /// At what price on average.
    #[serde(default, deserialize_with = "optional")]
    pub average_price: Option<N>,
    /// How long it lives.
    pub time_in_force: Option<TimeInForce>,
    /// What one calls it.
    pub label: Option<Label>,
    /// When it was placed.
    pub creation_timestamp: Option<Timestamp>,
    /// When it last changed.
    pub last_update_timestamp: Option<Timestamp>,
    /// What kind it was when it was placed.
    pub original_order_type: Option<OrderType>,
    /// How much of it is shown.
    #[serde(default, deserialize_with = "optional")]
    pub display_amount: Option<N>,
    /// How much of it is shown, by the older name.
    #[serde(default, deserialize_with = "optional")]
    pub max_show: Option<N>,
    /// Why it was cancelled.
    pub cancel_reason: Option<CancelReason>,
    /// Why it was refused.
    pub reject_reason: Option<Box<str>>,
    /// The price that is watched.
    pub trigger: Option<Trigger>,
    /// The price it waits for.
    #[serde(default, deserialize_with = "optional")]
    pub trigger_price: Option<N>,
    /// By how much the price has to turn round.
    #[serde(default, deserialize_with = "optional")]
    pub trigger_offset: Option<N>,
    /// The price it has to turn round from.
    #[serde(default, deserialize_with = "optional")]
    pub trigger_reference_price: Option<N>,
    /// The id it had while it waited for its trigger.
    pub trigger_order_id: Option<OrderId>,
    /// Whether its trigger came.
    pub triggered: Option<bool>,
    /// What an option's price is given in.
    pub advanced: Option<Advanced>,
    /// The implied volatility it is to have, in percent.
    #[serde(default, deserialize_with = "optional")]
    pub implv: Option<f64>,
    /// The price in US dollars it is to have.
    #[serde(default, deserialize_with = "optional")]
    pub usd: Option<N>,
    /// Whether it may only be a maker.
    #[serde(default, deserialize_with = "or_default")]
    pub post_only: bool,
    /// Whether it is refused rather than moved where it would be a taker.
    #[serde(default, deserialize_with = "or_default")]
    pub reject_post_only: bool,
    /// Whether it may only reduce a position.
    #[serde(default, deserialize_with = "or_default")]
    pub reduce_only: bool,
    /// Whether it reduces the risk.
    #[serde(default, deserialize_with = "or_default")]
    pub risk_reducing: bool,
    /// Whether it was edited.
    #[serde(default, deserialize_with = "or_default")]
    pub replaced: bool,
    /// Whether the venue moved it with the price it is given in.
    #[serde(default, deserialize_with = "or_default")]
    pub auto_replaced: bool,
    /// Whether it liquidates a position.
    #[serde(default, deserialize_with = "or_default")]
    pub is_liquidation: bool,
    /// Whether it keeps a margin in balance.
    #[serde(default, deserialize_with = "or_default")]
    pub is_rebalance: bool,
    /// Whether it is under the protection of market makers.
    #[serde(default, deserialize_with = "or_default")]
    pub mmp: bool,
    /// Whether that protection cancelled it.
    #[serde(default, deserialize_with = "or_default")]
    pub mmp_cancelled: bool,
    /// The group it is protected with.
    pub mmp_group: Option<Box<str>>,
    /// Whether it was placed by a program.
    #[serde(default, deserialize_with = "or_default")]
    pub api: bool,
    /// Whether it was placed by the web site.
    #[serde(default, deserialize_with = "or_default")]
    pub web: bool,
    /// The application that placed it.
    pub app_name: Option<Box<str>>,
    /// Whether it is one side of a quote.
    #[serde(default, deserialize_with = "or_default")]
    pub quote: bool,
    /// The quote it is a side of.
    pub quote_id: Option<Box<str>>,
    /// The set of quotes that is in.
    pub quote_set_id: Option<Box<str>>,
    /// The pair of orders, of which one cancels the other.
    pub oco_ref: Option<Box<str>>,
    /// The orders that are placed once it is filled.
    #[serde(default, deserialize_with = "or_default")]
    pub oto_order_ids: Vec<OrderId>,
    /// Whose it is.
    pub user_id: Option<u64>,
}

/// One message of changed orders. The venue sends a single order, or several at once; both are read.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderUpdates<N = Decimal>(Vec<Order<N>>);

impl<N> OrderUpdates<N> {
    /// The orders, in the order of their changes.
    #[must_use]
    pub fn into_vec(self) -> Vec<Order<N>> {
        self.0
    }
}

impl<N> Deref for OrderUpdates<N> {
    type Target = [Order<N>];

    fn deref(&self) -> &[Order<N>] {
        &self.0
    }
}

impl<N> IntoIterator for OrderUpdates<N> {
    type Item = Order<N>;
    type IntoIter = std::vec::IntoIter<Order<N>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, N> IntoIterator for &'a OrderUpdates<N> {
    type Item = &'a Order<N>;
    type IntoIter = std::slice::Iter<'a, Order<N>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de, N: Number> Deserialize<'de> for OrderUpdates<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany(PhantomData)).map(Self)
    }
}

/// `#[serde(untagged)]` would do it as well, but reads numbers into floats on its way.
struct OneOrMany<N>(PhantomData<N>);

impl<'de, N: Number> Visitor<'de> for OneOrMany<N> {
    type Value = Vec<Order<N>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an order or an array of orders")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Order::deserialize(MapAccessDeserializer::new(map)).map(|order| vec![order])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut orders = Vec::new();
        while let Some(order) = seq.next_element()? {
            orders.push(order);
        }
        Ok(orders)
    }
}
