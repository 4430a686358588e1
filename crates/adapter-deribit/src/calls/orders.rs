//! Calls about orders and trades of one's own, other than placing them.

use serde::{Deserialize, Serialize};

use super::{market_replies::TradePage, methods, place::PlacedOrder};
use crate::{
    channel::Kind,
    items::{Currency, InstrumentName, Label, Order, OrderId, Timestamp, TradeId, UserTrade, words},
    number::{Decimal, Number, optional},
};

words! {
    /// In which order trades are given.
    Sorting {
        /// Oldest first.
        Ascending = "asc",
        /// Newest first.
        Descending = "desc",
        /// As the venue likes.
        Default = "default",
    }
    /// Which orders are meant.
    OrderFilter {
        /// Every one.
        All = "all",
        /// Limit orders.
        Limit = "limit",
        /// Those that wait for a trigger, of whatever kind.
        TriggerAll = "trigger_all",
        /// Those that stop losses.
        Stop = "stop",
        /// Stop orders that are limit orders then.
        StopLimit = "stop_limit",
        /// Stop orders that are market orders then.
        StopMarket = "stop_market",
        /// Those that take profits.
        Take = "take",
        /// Take orders that are limit orders then.
        TakeLimit = "take_limit",
        /// Take orders that are market orders then.
        TakeMarket = "take_market",
        /// Those whose trigger follows the price.
        TrailingStop = "trailing_stop",
    }
}

methods! {
    /// Changes an order: how much of it there is, and whatever else is told.
    acts Edit<N>(order_id: OrderId, amount: Decimal) = "private/edit" -> PlacedOrder<N> [
        /// Whether it may only be a maker.
        with_post_only(post_only: bool)
        /// Whether it is refused rather than moved where it would be a taker.
        with_reject_post_only(reject_post_only: bool)
        /// Whether it may only reduce a position.
        with_reduce_only(reduce_only: bool)
        /// The time after which the venue no longer does it.
        with_valid_until(valid_until: Timestamp)
    ] [
        /// The price.
        with_price(price: Decimal)
        /// The price it waits for.
        with_trigger_price(trigger_price: Decimal)
        /// By how much the price has to turn round.
        with_trigger_offset(trigger_offset: Decimal)
        /// How much of it is shown.
        with_display_amount(display_amount: Decimal)
    ]

    /// Changes the only order of a label.
    acts EditByLabel<N>(label: Label, instrument_name: InstrumentName, amount: Decimal)
        = "private/edit_by_label" -> PlacedOrder<N>
    [
        /// Whether it may only be a maker.
        with_post_only(post_only: bool)
        /// Whether it is refused rather than moved where it would be a taker.
        with_reject_post_only(reject_post_only: bool)
        /// Whether it may only reduce a position.
        with_reduce_only(reduce_only: bool)
        /// The time after which the venue no longer does it.
        with_valid_until(valid_until: Timestamp)
    ] [
        /// The price.
        with_price(price: Decimal)
        /// The price it waits for.
        with_trigger_price(trigger_price: Decimal)
    ]

    /// Cancels an order.
    acts Cancel<N>(order_id: OrderId) = "private/cancel" -> Order<N> [] []

    /// Cancels every order; the answer is how many there were.
    acts CancelAll() = "private/cancel_all" -> u64 [
        /// Whether quotes are refused for a moment, so that none of them comes in between.
        with_freeze_quotes(freeze_quotes: bool)
    ] []

    /// Cancels the orders of a currency; the answer is how many there were.
    acts CancelAllByCurrency(currency: Currency) = "private/cancel_all_by_currency" -> u64 [
        /// Those of this kind of instruments only.
        with_kind(kind: Kind)
        /// Those of this kind only.
        with_type(r#type: OrderFilter)
        /// Whether quotes are refused for a moment.
        with_freeze_quotes(freeze_quotes: bool)
    ] []

    /// Cancels the orders of an instrument; the answer is how many there were.
    acts CancelAllByInstrument(instrument_name: InstrumentName) = "private/cancel_all_by_instrument" -> u64 [
        /// Those of this kind only.
        with_type(r#type: OrderFilter)
        /// Also those of combinations it is in.
        with_include_combos(include_combos: bool)
        /// Whether quotes are refused for a moment.
        with_freeze_quotes(freeze_quotes: bool)
    ] []

    /// Cancels the orders of a currency (`any` is all) of some kind; the answer is how many there were.
    acts CancelAllByKindOrType(currency: Currency) = "private/cancel_all_by_kind_or_type" -> u64 [
        /// Those of this kind of instruments only.
        with_kind(kind: Kind)
        /// Those of this kind only.
        with_type(r#type: OrderFilter)
        /// Whether quotes are refused for a moment.
        with_freeze_quotes(freeze_quotes: bool)
    ] []

    /// Cancels the orders of a label; the answer is how many there were.
    acts CancelByLabel(label: Label) = "private/cancel_by_label" -> u64 [] [
        /// Those of this currency only, which is quicker.
        with_currency(currency: Currency)
    ]

    /// One's open orders.
    reads GetOpenOrders<N>() = "private/get_open_orders" -> Vec<Order<N>> [
        /// Those of this kind of instruments only.
        with_kind(kind: Kind)
        /// Those of this kind only.
        with_type(r#type: OrderFilter)
    ] []

    /// One's open orders of an instrument.
    reads GetOpenOrdersByInstrument<N>(instrument_name: InstrumentName)
        = "private/get_open_orders_by_instrument" -> Vec<Order<N>>
    [
        /// Those of this kind only.
        with_type(r#type: OrderFilter)
    ] []

    /// One's open orders of a currency.
    reads GetOpenOrdersByCurrency<N>(currency: Currency)
        = "private/get_open_orders_by_currency" -> Vec<Order<N>>
    [
        /// Those of this kind of instruments only.
        with_kind(kind: Kind)
        /// Those of this kind only.
        with_type(r#type: OrderFilter)
    ] []

    /// One's open orders of a label. After a lost link, this tells what became of an order.
    reads GetOpenOrdersByLabel<N>(currency: Currency) = "private/get_open_orders_by_label" -> Vec<Order<N>> [] [
        /// The label.
        with_label(label: Label)
    ]

    /// What has become of an order.
    reads GetOrderState<N>(order_id: OrderId) = "private/get_order_state" -> Order<N> [] []

    /// What has become of the orders of a label. After a lost link, this tells whether an order was
    /// placed.
    reads GetOrderStateByLabel<N>(currency: Currency, label: Label)
        = "private/get_order_state_by_label" -> Vec<Order<N>> [] []

    /// One's past orders of a currency.
    reads GetOrderHistoryByCurrency<N>(currency: Currency)
        = "private/get_order_history_by_currency" -> Vec<Order<N>>
    [
        /// Those of this kind of instruments only.
        with_kind(kind: Kind)
        /// How many.
        with_count(count: u32)
        /// How many to leave out before.
        with_offset(offset: u32)
        /// Also those older than two days.
        with_include_old(include_old: bool)
        /// Also those nothing of which was traded.
        with_include_unfilled(include_unfilled: bool)
    ] []

    /// One's past orders of an instrument.
    reads GetOrderHistoryByInstrument<N>(instrument_name: InstrumentName)
        = "private/get_order_history_by_instrument" -> Vec<Order<N>>
    [
        /// How many.
        with_count(count: u32)
        /// How many to leave out before.
        with_offset(offset: u32)
        /// Also those older than two days.
        with_include_old(include_old: bool)
        /// Also those nothing of which was traded.
        with_include_unfilled(include_unfilled: bool)
    ] []

    /// One's trades of an instrument.
    reads GetUserTradesByInstrument<N>(instrument_name: InstrumentName)
        = "private/get_user_trades_by_instrument" -> TradePage<UserTrade<N>>
    [
        /// From this number on.
        with_start_seq(start_seq: u64)
        /// Up to this number.
        with_end_seq(end_seq: u64)
        /// From this time on.
        with_start_timestamp(start_timestamp: Timestamp)
        /// Up to this time.
        with_end_timestamp(end_timestamp: Timestamp)
        /// How many.
        with_count(count: u32)
        /// In which order.
        with_sorting(sorting: Sorting)
        /// Whether from the archive rather than from the last day.
        with_historical(historical: bool)
    ] []

    /// One's trades in a currency.
    reads GetUserTradesByCurrency<N>(currency: Currency)
        = "private/get_user_trades_by_currency" -> TradePage<UserTrade<N>>
    [
        /// Those of this kind of instruments only.
        with_kind(kind: Kind)
        /// From this time on.
        with_start_timestamp(start_timestamp: Timestamp)
        /// Up to this time.
        with_end_timestamp(end_timestamp: Timestamp)
        /// How many.
        with_count(count: u32)
        /// In which order.
        with_sorting(sorting: Sorting)
        /// Whether from the archive rather than from the last day.
        with_historical(historical: bool)
    ] [
        /// From this trade on.
        with_start_id(start_id: TradeId)
        /// Up to this trade.
        with_end_id(end_id: TradeId)
    ]

    /// The trades of an order.
    reads GetUserTradesByOrder<N>(order_id: OrderId) = "private/get_user_trades_by_order" -> Vec<UserTrade<N>> [
        /// In which order.
        with_sorting(sorting: Sorting)
        /// Whether from the archive rather than from the last day.
        with_historical(historical: bool)
    ] []

    /// The margin an order would take.
    reads GetMargins<N>(instrument_name: InstrumentName, amount: Decimal, price: Decimal)
        = "private/get_margins" -> Margins<N> [] []
}

/// Places an order that closes the position of an instrument (`private/close_position`).
#[derive(Clone, Debug, Serialize)]
#[serde(bound = "")]
pub struct ClosePosition<N = Decimal> {
    instrument_name: InstrumentName,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Decimal>,
    #[serde(skip)]
    numbers: std::marker::PhantomData<fn() -> N>,
}

impl ClosePosition {
    /// At this price or a better one.
    #[must_use]
    pub fn at_limit(instrument_name: impl Into<InstrumentName>, price: impl Into<Decimal>) -> Self {
        Self::of(instrument_name.into(), "limit", Some(price.into()))
    }

    /// At whatever price.
    #[must_use]
    pub fn at_market(instrument_name: impl Into<InstrumentName>) -> Self {
        Self::of(instrument_name.into(), "market", None)
    }

    const fn of(instrument_name: InstrumentName, r#type: &'static str, price: Option<Decimal>) -> Self {
        Self { instrument_name, r#type, price, numbers: std::marker::PhantomData }
    }
}

impl<N> ClosePosition<N> {
    /// Reads prices and amounts of the answer as `f64`.
    #[must_use]
    pub fn as_floats(self) -> ClosePosition<f64> {
        let Self { instrument_name, r#type, price, .. } = self;
        ClosePosition { instrument_name, r#type, price, numbers: std::marker::PhantomData }
    }
}

impl<N: Number> nova_behaviour::Call<crate::DeribitDialect> for ClosePosition<N> {
    type Reply = PlacedOrder<N>;

    fn into_request(self) -> crate::Request {
        crate::Request::new("private/close_position", &self)
    }
}

/// The margin an order would take.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct Margins<N = Decimal> {
    /// To buy.
    pub buy: N,
    /// To sell.
    pub sell: N,
    /// The lowest price an order may have.
    #[serde(default, deserialize_with = "optional")]
    pub min_price: Option<N>,
    /// The highest price an order may have.
    #[serde(default, deserialize_with = "optional")]
    pub max_price: Option<N>,
}
