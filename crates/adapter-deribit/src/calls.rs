//! What can be asked of the venue: a type for each method, which knows the type of its answer.
//!
//! What a method requires is an argument of `new`, what it may be told besides is a `with_…`. Answers
//! that hold prices or amounts are read exactly unless the call is asked for `.as_floats()`. Calls that
//! only read are `Idempotent`; those that place, change or cancel orders never are. Any method without a
//! type here can be called by [`call`].
//!
//! Subscribing and unsubscribing is not here: which channels are wanted is the session's knowledge, and
//! `public/unsubscribe_all` behind its back would leave it waiting for items. So is the login: the
//! adapter logs in by itself, and [`Auth`] is for those who want tokens for something else.

mod account;
mod auth;
mod market;
mod market_replies;
mod orders;
mod place;
mod raw;
mod support;

use serde::{Serialize, Serializer};

use crate::channel::{Kind, Resolution};

pub use account::{
    AccountInfo, AccountLimits, AccountSummaries, AccountSummary, GetAccountSummaries, GetAccountSummary,
    GetPosition, GetPositions, GetSubaccounts, GetTransactionLog, MatchingEngineLimits, RateLimit,
    Subaccount, TradingLimits, Transaction, TransactionLog,
};
pub use auth::{Auth, ExchangeToken, ForkToken, Logout, Tokens};
pub use market::{
    GetBookSummaryByCurrency, GetBookSummaryByInstrument, GetContractSize, GetCurrencies,
    GetFundingRateHistory, GetFundingRateValue, GetHistoricalVolatility, GetIndexPrice, GetIndexPriceNames,
    GetInstrument, GetInstruments, GetLastTradesByCurrency, GetLastTradesByCurrencyAndTime,
    GetLastTradesByInstrument, GetLastTradesByInstrumentAndTime, GetOrderBook, GetTicker,
    GetTradingviewChartData,
};
pub use market_replies::{
    BookSummary, ChartData, ChartStatus, ContractSize, CurrencyInfo, FundingRate, IndexPrice, OrderBookData,
    TradePage, Volatility,
};
pub use orders::{
    Cancel, CancelAll, CancelAllByCurrency, CancelAllByInstrument, CancelAllByKindOrType, CancelByLabel,
    ClosePosition, Edit, EditByLabel, GetMargins, GetOpenOrders, GetOpenOrdersByCurrency,
    GetOpenOrdersByInstrument, GetOpenOrdersByLabel, GetOrderHistoryByCurrency, GetOrderHistoryByInstrument,
    GetOrderState, GetOrderStateByLabel, GetUserTradesByCurrency, GetUserTradesByInstrument,
    GetUserTradesByOrder, Margins, OrderFilter, Sorting,
};
pub use place::{
    Buy, LimitOrder, MarketLimitOrder, MarketOrder, OrderKind, PlaceOrder, PlacedOrder, Priced, Resting,
    Sell, StopLimitOrder, StopMarketOrder, TakeLimitOrder, TakeMarketOrder, TrailingStopOrder,
};
pub use raw::{RawCall, call};
pub use support::{
    Acknowledgement, CancelOnDisconnect, DisableCancelOnDisconnect, DisableHeartbeat,
    EnableCancelOnDisconnect, GetCancelOnDisconnect, GetTime, Hello, Locked, ReportedScope, SetHeartbeat,
    Status, StatusData, Test, Version,
};

/// Defines calls. In the first brackets stands what a method may be told besides, taken as it is; in the
/// second, what is taken from anything that becomes it.
macro_rules! methods {
    () => {};
    (
        $(#[$doc:meta])*
        $effect:ident $name:ident<N>($($required:ident: $required_type:ty),*) = $method:literal -> $reply:ty
        [$($(#[$plain_doc:meta])* $plain_with:ident($plain:ident: $plain_type:ty))*]
        [$($(#[$into_doc:meta])* $into_with:ident($into:ident: $into_type:ty))*]
        $($rest:tt)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize)]
        #[serde(bound = "")]
        pub struct $name<N = crate::Decimal> {
            $($required: $required_type,)*
            $(#[serde(skip_serializing_if = "Option::is_none")] $plain: Option<$plain_type>,)*
            $(#[serde(skip_serializing_if = "Option::is_none")] $into: Option<$into_type>,)*
            #[serde(skip)]
            numbers: std::marker::PhantomData<fn() -> N>,
        }

        impl $name {
            /// Asks for it, with what it requires.
            #[must_use]
            pub fn new($($required: impl Into<$required_type>),*) -> Self {
                Self {
                    $($required: $required.into(),)*
                    $($plain: None,)*
                    $($into: None,)*
                    numbers: std::marker::PhantomData,
                }
            }
        }

        impl<N> $name<N> {
            /// Reads prices and amounts of the answer as `f64`.
            #[must_use]
            pub fn as_floats(self) -> $name<f64> {
                $name {
                    $($required: self.$required,)*
                    $($plain: self.$plain,)*
                    $($into: self.$into,)*
                    numbers: std::marker::PhantomData,
                }
            }

            $(
                $(#[$plain_doc])*
                #[must_use]
                pub fn $plain_with(mut self, $plain: $plain_type) -> Self {
                    self.$plain = Some($plain);
                    self
                }
            )*
            $(
                $(#[$into_doc])*
                #[must_use]
                pub fn $into_with(mut self, $into: impl Into<$into_type>) -> Self {
                    self.$into = Some($into.into());
                    self
                }
            )*
        }

        impl<N: crate::Number> nova_behaviour::Call<crate::DeribitDialect> for $name<N> {
            type Reply = $reply;

            fn into_request(self) -> crate::Request {
                crate::Request::new($method, &self)
            }
        }

        crate::calls::methods! { @effect $effect [<N>] $name<N> }
        crate::calls::methods! { @default $name ($($required)*) }
        crate::calls::methods! { $($rest)* }
    };
    (
        $(#[$doc:meta])*
        $effect:ident $name:ident($($required:ident: $required_type:ty),*) = $method:literal -> $reply:ty
        [$($(#[$plain_doc:meta])* $plain_with:ident($plain:ident: $plain_type:ty))*]
        [$($(#[$into_doc:meta])* $into_with:ident($into:ident: $into_type:ty))*]
        $($rest:tt)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize)]
        pub struct $name {
            $($required: $required_type,)*
            $(#[serde(skip_serializing_if = "Option::is_none")] $plain: Option<$plain_type>,)*
            $(#[serde(skip_serializing_if = "Option::is_none")] $into: Option<$into_type>,)*
        }

        impl $name {
            /// Asks for it, with what it requires.
            #[must_use]
            pub fn new($($required: impl Into<$required_type>),*) -> Self {
                Self { $($required: $required.into(),)* $($plain: None,)* $($into: None,)* }
            }

            $(
                $(#[$plain_doc])*
                #[must_use]
                pub fn $plain_with(mut self, $plain: $plain_type) -> Self {
                    self.$plain = Some($plain);
                    self
                }
            )*
            $(
                $(#[$into_doc])*
                #[must_use]
                pub fn $into_with(mut self, $into: impl Into<$into_type>) -> Self {
                    self.$into = Some($into.into());
                    self
                }
            )*
        }

        impl nova_behaviour::Call<crate::DeribitDialect> for $name {
            type Reply = $reply;

            fn into_request(self) -> crate::Request {
                crate::Request::new($method, &self)
            }
        }

        crate::calls::methods! { @effect $effect [] $name }
        crate::calls::methods! { @default $name ($($required)*) }
        crate::calls::methods! { $($rest)* }
    };
    (@effect reads [$($generics:tt)*] $name:ty) => {
        impl $($generics)* nova_behaviour::Idempotent for $name {}
    };
    (@effect acts [$($generics:tt)*] $name:ty) => {};
    (@default $name:ident ()) => {
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    (@default $name:ident ($($required:ident)+)) => {};
}

use methods;

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Resolution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
