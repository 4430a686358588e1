//! Calls that place orders.
//!
//! The kind of an order is part of its type, so that a limit order cannot lack a price and a market
//! order cannot have one. None is `Idempotent`: after a lost link nobody knows whether an order was
//! placed, and a repeated one could be a second one. Give orders a label, and ask for it by
//! [`GetOrderStateByLabel`](super::GetOrderStateByLabel).

use std::marker::PhantomData;

use nova_behaviour::Call;
use serde::{Deserialize, Serialize};

use crate::{
    dialect::{DeribitDialect, Request},
    items::{Advanced, InstrumentName, Label, Order, TimeInForce, Timestamp, Trigger, UserTrade, or_default},
    number::{Decimal, Number},
};

/// Orders to buy (`private/buy`).
#[derive(Clone, Copy, Debug)]
pub struct Buy;

/// Orders to sell (`private/sell`).
#[derive(Clone, Copy, Debug)]
pub struct Sell;

/// An order of the kind `K` to be placed; [`Buy`] and [`Sell`] make them.
///
/// ```
/// # use nova_adapter_deribit::{Decimal, calls::Buy, items::TimeInForce};
/// let order = Buy::limit("ETH-PERPETUAL", 250, "3998.75".parse::<Decimal>()?)
///     .post_only()
///     .with_time_in_force(TimeInForce::GoodTilDay)
///     .with_label("mine");
/// # let _ = order;
/// # Ok::<(), nova_adapter_deribit::InvalidDecimal>(())
/// ```
///
/// A market order has no price:
///
/// ```compile_fail
/// # use nova_adapter_deribit::calls::Buy;
/// Buy::market("ETH-PERPETUAL", 250).post_only();
/// ```
#[derive(Clone, Debug)]
pub struct PlaceOrder<K, N = Decimal> {
    method: &'static str,
    terms: Terms,
    kind: PhantomData<fn() -> (K, N)>,
}

/// What the venue is told.
#[derive(Clone, Debug, Default, Serialize)]
struct Terms {
    instrument_name: Option<InstrumentName>,
    amount: Option<Decimal>,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger: Option<Trigger>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger_price: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger_offset: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_in_force: Option<TimeInForce>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_amount: Option<Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject_post_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reduce_only: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mmp: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advanced: Option<Advanced>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
}

/// Gives both sides their constructors.
macro_rules! sides {
    ($($side:ident $method:literal)*) => {$(
        impl $side {
            /// At this price or a better one.
            #[must_use]
            pub fn limit(
                instrument_name: impl Into<InstrumentName>,
                amount: impl Into<Decimal>,
                price: impl Into<Decimal>,
            ) -> PlaceOrder<LimitOrder> {
                PlaceOrder::new($method, instrument_name.into(), amount.into()).priced(price.into())
            }

            /// At whatever price.
            #[must_use]
            pub fn market(
                instrument_name: impl Into<InstrumentName>,
                amount: impl Into<Decimal>,
            ) -> PlaceOrder<MarketOrder> {
                PlaceOrder::new($method, instrument_name.into(), amount.into())
            }

            /// At the best price there is; what cannot be had at it waits there.
            #[must_use]
            pub fn market_limit(
                instrument_name: impl Into<InstrumentName>,
                amount: impl Into<Decimal>,
            ) -> PlaceOrder<MarketLimitOrder> {
                PlaceOrder::new($method, instrument_name.into(), amount.into())
            }

            /// A limit order, once the watched price has got worse up to the trigger.
            #[must_use]
            pub fn stop_limit(
                instrument_name: impl Into<InstrumentName>,
                amount: impl Into<Decimal>,
                price: impl Into<Decimal>,
                trigger: Trigger,
                trigger_price: impl Into<Decimal>,
            ) -> PlaceOrder<StopLimitOrder> {
                PlaceOrder::new($method, instrument_name.into(), amount.into())
                    .priced(price.into())
                    .triggered(trigger, trigger_price.into())
            }

            /// A market order, once the watched price has got worse up to the trigger.
            #[must_use]
            pub fn stop_market(
                instrument_name: impl Into<InstrumentName>,
                amount: impl Into<Decimal>,
                trigger: Trigger,
                trigger_price: impl Into<Decimal>,
            ) -> PlaceOrder<StopMarketOrder> {
                PlaceOrder::new($method, instrument_name.into(), amount.into())
                    .triggered(trigger, trigger_price.into())
            }

            /// A limit order, once the watched price has got better up to the trigger.
            #[must_use]
            pub fn take_limit(
                instrument_name: impl Into<InstrumentName>,
                amount: impl Into<Decimal>,
                price: impl Into<Decimal>,
                trigger: Trigger,
                trigger_price: impl Into<Decimal>,
            ) -> PlaceOrder<TakeLimitOrder> {
                PlaceOrder::new($method, instrument_name.into(), amount.into())
                    .priced(price.into())
                    .triggered(trigger, trigger_price.into())
            }

            /// A market order, once the watched price has got better up to the trigger.
            #[must_use]
            pub fn take_market(
                instrument_name: impl Into<InstrumentName>,
                amount: impl Into<Decimal>,
                trigger: Trigger,
                trigger_price: impl Into<Decimal>,
            ) -> PlaceOrder<TakeMarketOrder> {
                PlaceOrder::new($method, instrument_name.into(), amount.into())
                    .triggered(trigger, trigger_price.into())
            }

            /// A market order, once the watched price has turned round by the offset.
            #[must_use]
            pub fn trailing_stop(
                instrument_name: impl Into<InstrumentName>,
                amount: impl Into<Decimal>,
                trigger: Trigger,
                trigger_offset: impl Into<Decimal>,
            ) -> PlaceOrder<TrailingStopOrder> {
                let mut order = PlaceOrder::new($method, instrument_name.into(), amount.into());
                order.terms.trigger = Some(trigger);
                order.terms.trigger_offset = Some(trigger_offset.into());
                order
            }
        }
    )*};
}

sides! { Buy "private/buy" Sell "private/sell" }

impl<K: OrderKind> PlaceOrder<K> {
    fn new(method: &'static str, instrument_name: InstrumentName, amount: Decimal) -> Self {
        let (instrument_name, amount) = (Some(instrument_name), Some(amount));
        let terms = Terms { instrument_name, amount, r#type: K::WORD, ..Terms::default() };
        Self { method, terms, kind: PhantomData }
    }

    const fn priced(mut self, price: Decimal) -> Self {
        self.terms.price = Some(price);
        self
    }

    fn triggered(mut self, trigger: Trigger, price: Decimal) -> Self {
        self.terms.trigger = Some(trigger);
        self.terms.trigger_price = Some(price);
        self
    }
}

impl<K, N> PlaceOrder<K, N> {
    /// What one calls it, 64 characters at most. With it one can ask what has become of the order.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<Label>) -> Self {
        self.terms.label = Some(label.into());
        self
    }

    /// It may only reduce a position.
    #[must_use]
    pub const fn reduce_only(mut self) -> Self {
        self.terms.reduce_only = Some(true);
        self
    }

    /// It is under the protection of market makers.
    #[must_use]
    pub const fn protected(mut self) -> Self {
        self.terms.mmp = Some(true);
        self
    }

    /// The time after which the venue no longer places it, so that a late one does no harm.
    #[must_use]
    pub const fn with_valid_until(mut self, valid_until: Timestamp) -> Self {
        self.terms.valid_until = Some(valid_until);
        self
    }

    /// Reads prices and amounts of the answer as `f64`.
    #[must_use]
    pub fn as_floats(self) -> PlaceOrder<K, f64> {
        PlaceOrder { method: self.method, terms: self.terms, kind: PhantomData }
    }
}

impl<K: Resting, N> PlaceOrder<K, N> {
    /// How long it lives, unless until it is cancelled.
    #[must_use]
    pub fn with_time_in_force(mut self, time_in_force: TimeInForce) -> Self {
        self.terms.time_in_force = Some(time_in_force);
        self
    }

    /// How much of it is shown.
    #[must_use]
    pub fn with_display_amount(mut self, display_amount: impl Into<Decimal>) -> Self {
        self.terms.display_amount = Some(display_amount.into());
        self
    }
}

impl<K: Priced, N> PlaceOrder<K, N> {
    /// It may only be a maker: where it would be a taker, its price is moved.
    #[must_use]
    pub const fn post_only(mut self) -> Self {
        self.terms.post_only = Some(true);
        self
    }

    /// It may only be a maker: where it would be a taker, it is refused.
    #[must_use]
    pub const fn post_only_or_reject(mut self) -> Self {
        self.terms.post_only = Some(true);
        self.terms.reject_post_only = Some(true);
        self
    }

    /// Options: what the price is given in.
    #[must_use]
    pub fn with_advanced(mut self, advanced: Advanced) -> Self {
        self.terms.advanced = Some(advanced);
        self
    }
}

impl<K: OrderKind, N: Number> Call<DeribitDialect> for PlaceOrder<K, N> {
    type Reply = PlacedOrder<N>;

    fn into_request(self) -> Request {
        Request::new(self.method, &self.terms)
    }
}

/// An order as it is after it was placed or changed, and what was traded at once.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct PlacedOrder<N = Decimal> {
    /// The order.
    pub order: Order<N>,
    /// What was traded.
    #[serde(default, deserialize_with = "or_default")]
    pub trades: Vec<UserTrade<N>>,
}

/// A kind of order.
pub trait OrderKind: Send + 'static {
    /// As the wire has it.
    #[doc(hidden)]
    const WORD: &'static str;
}

/// A kind of order that can wait in the book.
pub trait Resting: OrderKind {}

/// A kind of order that has a price of its own.
pub trait Priced: Resting {}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $word:literal: $($ability:ident)*;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $kind;

        impl OrderKind for $kind {
            const WORD: &'static str = $word;
        }

        $(impl $ability for $kind {})*
    )*};
}

kinds! {
    /// At a price or a better one.
    LimitOrder "limit": Resting Priced;
    /// At whatever price.
    MarketOrder "market": ;
    /// At the best price there is.
    MarketLimitOrder "market_limit": Resting;
    /// A limit order, once the price has got worse up to the trigger.
    StopLimitOrder "stop_limit": Resting Priced;
    /// A market order, once the price has got worse up to the trigger.
    StopMarketOrder "stop_market": ;
    /// A limit order, once the price has got better up to the trigger.
    TakeLimitOrder "take_limit": Resting Priced;
    /// A market order, once the price has got better up to the trigger.
    TakeMarketOrder "take_market": ;
    /// A market order, once the price has turned round.
    TrailingStopOrder "trailing_stop": ;
}
