//! Calls about one's own account.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::methods;
use crate::{
    channel::Kind,
    items::{
        Currency, InstrumentName, JsonText, OrderId, PortfolioData, Position, Timestamp, TradeId, or_default,
    },
    number::{Decimal, Number, optional},
};

methods! {
    /// What one has in a currency.
    reads GetAccountSummary<N>(currency: Currency) = "private/get_account_summary" -> AccountSummary<N> [
        /// Of this account of the same user.
        with_subaccount_id(subaccount_id: u64)
        /// Also what is not about money, such as the limits of requests.
        with_extended(extended: bool)
    ] []

    /// What one has in every currency.
    reads GetAccountSummaries<N>() = "private/get_account_summaries" -> AccountSummaries<N> [
        /// Of this account of the same user.
        with_subaccount_id(subaccount_id: u64)
        /// Also what is not about money, such as the limits of requests.
        with_extended(extended: bool)
    ] []

    /// One's position of an instrument.
    reads GetPosition<N>(instrument_name: InstrumentName) = "private/get_position" -> Position<N> [] []

    /// One's positions.
    reads GetPositions<N>() = "private/get_positions" -> Vec<Position<N>> [
        /// Those of this kind of instruments only.
        with_kind(kind: Kind)
        /// Of this account of the same user.
        with_subaccount_id(subaccount_id: u64)
    ] [
        /// Those of this currency only.
        with_currency(currency: Currency)
    ]

    /// The accounts of the user.
    reads GetSubaccounts() = "private/get_subaccounts" -> Vec<Subaccount> [
        /// Whether what is in them is told as well.
        with_portfolio(with_portfolio: bool)
    ] []

    /// What was booked in a time. The venue allows this call more rarely than others.
    reads GetTransactionLog<N>(currency: Currency, start_timestamp: Timestamp, end_timestamp: Timestamp)
        = "private/get_transaction_log" -> TransactionLog<N>
    [
        /// How many.
        with_count(count: u32)
        /// Where the page before this one ended.
        with_continuation(continuation: u64)
        /// Of this account of the same user.
        with_subaccount_id(subaccount_id: u64)
    ] [
        /// Of this kind only, such as `trade` or `deposit`.
        with_query(query: String)
    ]
}

/// What one has in a currency, and what the account is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AccountSummary<N = Decimal> {
    /// What one has.
    pub portfolio: PortfolioData<N>,
    /// What the account is, as far as that was asked for.
    pub account: AccountInfo,
}

/// What one has in every currency, and what the account is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AccountSummaries<N = Decimal> {
    /// What one has, by currency.
    pub summaries: Vec<PortfolioData<N>>,
    /// What the account is, as far as that was asked for.
    pub account: AccountInfo,
}

// In both, members of two kinds lie side by side. `#[serde(flatten)]` would read numbers into floats.
impl<'de, N: Number> Deserialize<'de> for AccountSummary<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = JsonText::deserialize(deserializer)?;
        let portfolio = json.read().map_err(D::Error::custom)?;
        let account = json.read().map_err(D::Error::custom)?;
        Ok(Self { portfolio, account })
    }
}

impl<'de, N: Number> Deserialize<'de> for AccountSummaries<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "N: Number"))]
        struct All<N> {
            summaries: Vec<PortfolioData<N>>,
        }

        let json = JsonText::deserialize(deserializer)?;
        let All { summaries } = json.read().map_err(D::Error::custom)?;
        let account = json.read().map_err(D::Error::custom)?;
        Ok(Self { summaries, account })
    }
}

/// What an account is.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct AccountInfo {
    /// Its number.
    pub id: Option<u64>,
    /// Whether it is the main one or a subaccount.
    pub r#type: Option<Box<str>>,
    /// What the user calls himself.
    pub username: Option<Box<str>>,
    /// What the venue calls it.
    pub system_name: Option<Box<str>>,
    /// Where mail goes to.
    pub email: Option<Box<str>>,
    /// When it was made.
    pub creation_timestamp: Option<Timestamp>,
    /// Whether market makers are protected.
    pub mmp_enabled: Option<bool>,
    /// What happens to orders that would trade with oneself.
    pub self_trading_reject_mode: Option<Box<str>>,
    /// How many requests it may make.
    pub limits: Option<AccountLimits>,
}

/// How many requests an account may make.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct AccountLimits {
    /// Whether these hold for each currency by itself.
    #[serde(default, deserialize_with = "or_default")]
    pub limits_per_currency: bool,
    /// For whatever is no order.
    pub non_matching_engine: Option<RateLimit>,
    /// For orders.
    pub matching_engine: Option<MatchingEngineLimits>,
}

/// How many requests about orders an account may make.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct MatchingEngineLimits {
    /// On derivatives.
    pub trading: Option<TradingLimits>,
    /// On currency pairs.
    pub spot: Option<RateLimit>,
    /// That cancel everything.
    pub cancel_all: Option<RateLimit>,
    /// Of quotes.
    pub quotes: Option<RateLimit>,
    /// Of quotes, at most.
    #[serde(alias = "max_quotes")]
    pub maximum_quotes: Option<RateLimit>,
    /// Of many quotes at once, at most.
    pub maximum_mass_quotes: Option<RateLimit>,
    /// Of quotes, whatever others do.
    #[serde(alias = "guaranteed_quotes")]
    pub guaranteed_mass_quotes: Option<RateLimit>,
}

/// How many requests about orders on derivatives an account may make.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TradingLimits {
    /// In all.
    pub total: Option<RateLimit>,
}

/// How many requests of a kind may be made.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct RateLimit {
    /// In a second, all the time.
    pub rate: f64,
    /// At once.
    pub burst: f64,
}

/// An account of the user.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Subaccount {
    /// Its number.
    pub id: u64,
    /// Whether it is the main one or a subaccount.
    pub r#type: Option<Box<str>>,
    /// What the user calls it.
    pub username: Option<Box<str>>,
    /// What the venue calls it.
    pub system_name: Option<Box<str>>,
    /// Where mail goes to.
    pub email: Option<Box<str>>,
    /// Whether one can log in to it.
    #[serde(default, deserialize_with = "or_default")]
    pub login_enabled: bool,
    /// What is in it, by currency in lower case, if that was asked for.
    pub portfolio: Option<JsonText>,
}

/// A page of what was booked.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct TransactionLog<N = Decimal> {
    /// What was booked.
    pub logs: Vec<Transaction<N>>,
    /// Where the next page begins, if there is one.
    pub continuation: Option<u64>,
}

/// Something that was booked.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct Transaction<N = Decimal> {
    /// Its number.
    pub id: u64,
    /// When.
    pub timestamp: Timestamp,
    /// What, such as `trade`, `deposit` or `settlement`.
    pub r#type: Box<str>,
    /// In which currency.
    pub currency: Currency,
    /// By how much what one has changed.
    #[serde(default, deserialize_with = "optional")]
    pub change: Option<N>,
    /// What one had afterwards.
    #[serde(default, deserialize_with = "optional")]
    pub balance: Option<N>,
    /// The same with what positions would gain or lose.
    #[serde(default, deserialize_with = "optional")]
    pub equity: Option<N>,
    /// What was paid for an option, gained or lost.
    #[serde(default, deserialize_with = "optional")]
    pub cashflow: Option<N>,
    /// The fee.
    #[serde(default, deserialize_with = "optional")]
    pub commission: Option<N>,
    /// Of which instrument.
    pub instrument_name: Option<InstrumentName>,
    /// How much of it.
    #[serde(default, deserialize_with = "optional")]
    pub amount: Option<N>,
    /// At which price.
    #[serde(default, deserialize_with = "optional")]
    pub price: Option<N>,
    /// The mark price then.
    #[serde(default, deserialize_with = "optional")]
    pub mark_price: Option<N>,
    /// The index price then.
    #[serde(default, deserialize_with = "optional")]
    pub index_price: Option<N>,
    /// The position afterwards.
    #[serde(default, deserialize_with = "optional")]
    pub position: Option<N>,
    /// Which way, such as `open buy` or `close sell`.
    pub side: Option<Box<str>>,
    /// Of which order.
    pub order_id: Option<OrderId>,
    /// Of which trade.
    pub trade_id: Option<TradeId>,
    /// Its number among the user's.
    pub user_seq: Option<u64>,
    /// Whose it is.
    pub user_id: Option<u64>,
}
