//! Names of channels: every family the venue publishes, as a value and as text.
//!
//! Which items a channel carries is the business of `channels`; here is the grammar only.

mod grammar;
mod words;

use std::{fmt, str::FromStr};

use nova_behaviour::Topic;

pub use grammar::ChannelNameError;
pub use words::{Aggregation, BookDepth, BookGroup, Interval, Kind, Resolution};

use crate::items::name::{Currency, IndexName, InstrumentName};

/// The name of a channel.
///
/// A name read from text ([`FromStr`]) is well formed; one put together from words is as good as its
/// words. Either way the adapter reads it once more when somebody subscribes.
///
/// ```
/// # use nova_adapter_deribit::{ChannelName, Interval};
/// let name: ChannelName = "ticker.BTC-PERPETUAL.100ms".parse()?;
/// assert_eq!(name, ChannelName::Ticker { instrument: "BTC-PERPETUAL".into(), interval: Interval::Every100ms });
///
/// let error = "tiker.btc-perpetual.100ms".parse::<ChannelName>().unwrap_err();
/// assert_eq!(error.nearest(), "ticker.BTC-PERPETUAL.100ms");
/// # Ok::<(), nova_adapter_deribit::ChannelNameError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the words of the name, each a type that is documented")]
pub enum ChannelName {
    /// `announcements`: news of the platform.
    Announcements,
    /// `platform_state`: maintenance and locked indices.
    PlatformState,
    /// `platform_state.public_methods_state`: whether who is not logged in may call.
    PublicMethodsState,
    /// `book.{instrument}.{interval}`: the whole book, then its changes.
    Book { instrument: InstrumentName, interval: Interval },
    /// `book.{instrument}.{group}.{depth}.{interval}`: the top of the book, whole each time.
    BookGrouped { instrument: InstrumentName, group: BookGroup, depth: BookDepth, interval: Aggregation },
    /// `ticker.{instrument}.{interval}`.
    Ticker { instrument: InstrumentName, interval: Interval },
    /// `incremental_ticker.{instrument}`: a ticker of which only what changed is sent.
    IncrementalTicker { instrument: InstrumentName },
    /// `quote.{instrument}`: the best bid and ask.
    Quote { instrument: InstrumentName },
    /// `trades.{instrument}.{interval}` or `trades.{kind}.{currency}.{interval}`.
    Trades { market: Market, interval: Interval },
    /// `perpetual.{instrument}.{interval}`: the funding of a perpetual.
    Perpetual { instrument: InstrumentName, interval: Interval },
    /// `chart.trades.{instrument}.{resolution}`: candles.
    ChartTrades { instrument: InstrumentName, resolution: Resolution },
    /// `deribit_price_index.{index}`.
    PriceIndex { index: IndexName },
    /// `deribit_price_ranking.{index}`: the constituents of an index.
    PriceRanking { index: IndexName },
    /// `deribit_price_statistics.{index}`.
    PriceStatistics { index: IndexName },
    /// `deribit_volatility_index.{index}`.
    VolatilityIndex { index: IndexName },
    /// `estimated_expiration_price.{index}`.
    EstimatedExpirationPrice { index: IndexName },
    /// `markprice.options.{index}`: the mark prices of all options of an index.
    OptionMarkPrices { index: IndexName },
    /// `instrument.state.{kind}.{currency}`: what becomes of instruments.
    InstrumentState { kind: Kind, currency: Currency },
    /// `instrument.creation.{kind}.{currency}`: new instruments.
    InstrumentCreation { kind: Kind, currency: Currency },
    /// `rfq.{currency}`: requests for quotes.
    Rfq { currency: Currency },
    /// `block_rfq.trades.{currency}`: block trades.
    BlockRfqTrades { currency: Currency },
    /// `user.orders.…`: one's own orders. Private.
    UserOrders { market: Market, interval: Interval },
    /// `user.trades.…`: one's own trades. Private.
    UserTrades { market: Market, interval: Interval },
    /// `user.changes.…`: one's own orders, trades and positions, together. Private.
    UserChanges { market: Market, interval: Interval },
    /// `user.combo_trades.…`: one's own trades of combos, with their legs. Private.
    UserComboTrades { market: Market, interval: Interval },
    /// `user.portfolio.{currency}`: margins and balances. Private.
    UserPortfolio { currency: Currency },
    /// `user.mmp_trigger.{index}`: market maker protection was triggered. Private.
    UserMmpTrigger { index: IndexName },
    /// `user.access_log`: who logged in. Private.
    UserAccessLog,
    /// `user.lock`: the account was locked or unlocked. Private.
    UserLock,
    /// `user.liquidation`: what becomes of a liquidation. Private.
    UserLiquidation,
    /// `user.isolated.liquidation`. Private.
    UserIsolatedLiquidation,
    /// `user.lsp`: what a liquidity support provider is told. Private.
    UserLsp,
    /// `block_rfq.maker.{currency}`: requests one may quote. Private.
    BlockRfqMaker { currency: Currency },
    /// `block_rfq.maker.quotes.{currency}`: one's own quotes. Private.
    BlockRfqMakerQuotes { currency: Currency },
    /// `block_rfq.taker.{currency}`: one's own requests. Private.
    BlockRfqTaker { currency: Currency },
    /// `block_trade_confirmations` or `block_trade_confirmations.{currency}`: one's own block trades.
    /// Private.
    BlockTradeConfirmations { currency: Option<Currency> },
}

/// Whose orders or trades: those of one instrument, or of a kind in a currency.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Market {
    /// Of one instrument.
    Instrument(InstrumentName),
    /// Of all instruments of a kind, in a currency; [`Kind::Any`] and the currency `any` take all.
    Kind(Kind, Currency),
}

impl Market {
    /// Everything there is.
    #[must_use]
    pub fn any() -> Self {
        Self::Kind(Kind::Any, "any".into())
    }
}

impl From<InstrumentName> for Market {
    fn from(instrument: InstrumentName) -> Self {
        Self::Instrument(instrument)
    }
}

impl From<&str> for Market {
    fn from(instrument: &str) -> Self {
        Self::Instrument(instrument.into())
    }
}

impl fmt::Display for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instrument(instrument) => instrument.fmt(f),
            Self::Kind(kind, currency) => write!(f, "{kind}.{}", words::upper(currency.as_str())),
        }
    }
}

impl ChannelName {
    /// Whether it needs a login, and a scope that covers it.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        matches!(
            self,
            Self::UserOrders { .. }
                | Self::UserTrades { .. }
                | Self::UserChanges { .. }
                | Self::UserComboTrades { .. }
                | Self::UserPortfolio { .. }
                | Self::UserMmpTrigger { .. }
                | Self::UserAccessLog
                | Self::UserLock
                | Self::UserLiquidation
                | Self::UserIsolatedLiquidation
                | Self::UserLsp
                | Self::BlockRfqMaker { .. }
                | Self::BlockRfqMakerQuotes { .. }
                | Self::BlockRfqTaker { .. }
                | Self::BlockTradeConfirmations { .. }
        )
    }

    /// Whether each event is sent by itself: public channels of this interval need a login too.
    #[must_use]
    pub const fn is_raw(&self) -> bool {
        match self {
            Self::Book { interval, .. }
            | Self::Ticker { interval, .. }
            | Self::Trades { interval, .. }
            | Self::Perpetual { interval, .. }
            | Self::UserOrders { interval, .. }
            | Self::UserTrades { interval, .. }
            | Self::UserChanges { interval, .. }
            | Self::UserComboTrades { interval, .. } => matches!(interval, Interval::Raw),
            _ => false,
        }
    }

    /// The topic under which its items are delivered.
    #[must_use]
    pub fn to_topic(&self) -> Topic {
        Topic::from(self.to_string())
    }
}

impl FromStr for ChannelName {
    type Err = ChannelNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        grammar::read(text)
    }
}

impl From<ChannelName> for Topic {
    fn from(name: ChannelName) -> Self {
        name.to_topic()
    }
}

impl fmt::Display for ChannelName {
    /// The name as the venue's notifications have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Announcements => f.write_str("announcements"),
            Self::PlatformState => f.write_str("platform_state"),
            Self::PublicMethodsState => f.write_str("platform_state.public_methods_state"),
            Self::Book { instrument, interval } => write!(f, "book.{instrument}.{interval}"),
            Self::BookGrouped { instrument, group, depth, interval } => {
                write!(f, "book.{instrument}.{group}.{depth}.{interval}")
            }
            Self::Ticker { instrument, interval } => write!(f, "ticker.{instrument}.{interval}"),
            Self::IncrementalTicker { instrument } => write!(f, "incremental_ticker.{instrument}"),
            Self::Quote { instrument } => write!(f, "quote.{instrument}"),
            Self::Trades { market, interval } => write!(f, "trades.{market}.{interval}"),
            Self::Perpetual { instrument, interval } => write!(f, "perpetual.{instrument}.{interval}"),
            Self::ChartTrades { instrument, resolution } => {
                write!(f, "chart.trades.{instrument}.{resolution}")
            }
            Self::PriceIndex { index } => {
                write!(f, "deribit_price_index.{}", index.as_str().to_ascii_lowercase())
            }
            Self::PriceRanking { index } => {
                write!(f, "deribit_price_ranking.{}", index.as_str().to_ascii_lowercase())
            }
            Self::PriceStatistics { index } => {
                write!(f, "deribit_price_statistics.{}", index.as_str().to_ascii_lowercase())
            }
            Self::VolatilityIndex { index } => {
                write!(f, "deribit_volatility_index.{}", index.as_str().to_ascii_lowercase())
            }
            Self::EstimatedExpirationPrice { index } => {
                write!(f, "estimated_expiration_price.{}", index.as_str().to_ascii_lowercase())
            }
            Self::OptionMarkPrices { index } => {
                write!(f, "markprice.options.{}", index.as_str().to_ascii_lowercase())
            }
            Self::InstrumentState { kind, currency } => {
                write!(f, "instrument.state.{kind}.{}", words::upper(currency.as_str()))
            }
            Self::InstrumentCreation { kind, currency } => {
                write!(f, "instrument.creation.{kind}.{}", words::upper(currency.as_str()))
            }
            Self::Rfq { currency } => write!(f, "rfq.{}", currency.as_str().to_ascii_lowercase()),
            Self::BlockRfqTrades { currency } => {
                write!(f, "block_rfq.trades.{}", words::upper(currency.as_str()))
            }
            Self::UserOrders { market, interval } => write!(f, "user.orders.{market}.{interval}"),
            Self::UserTrades { market, interval } => write!(f, "user.trades.{market}.{interval}"),
            Self::UserChanges { market, interval } => write!(f, "user.changes.{market}.{interval}"),
            Self::UserComboTrades { market, interval } => {
                write!(f, "user.combo_trades.{market}.{interval}")
            }
            Self::UserPortfolio { currency } => {
                write!(f, "user.portfolio.{}", currency.as_str().to_ascii_lowercase())
            }
            Self::UserMmpTrigger { index } => {
                write!(f, "user.mmp_trigger.{}", index.as_str().to_ascii_lowercase())
            }
            Self::UserAccessLog => f.write_str("user.access_log"),
            Self::UserLock => f.write_str("user.lock"),
            Self::UserLiquidation => f.write_str("user.liquidation"),
            Self::UserIsolatedLiquidation => f.write_str("user.isolated.liquidation"),
            Self::UserLsp => f.write_str("user.lsp"),
            Self::BlockRfqMaker { currency } => {
                write!(f, "block_rfq.maker.{}", currency.as_str().to_ascii_lowercase())
            }
            Self::BlockRfqMakerQuotes { currency } => {
                write!(f, "block_rfq.maker.quotes.{}", currency.as_str().to_ascii_lowercase())
            }
            Self::BlockRfqTaker { currency } => {
                write!(f, "block_rfq.taker.{}", currency.as_str().to_ascii_lowercase())
            }
            Self::BlockTradeConfirmations { currency: None } => f.write_str("block_trade_confirmations"),
            Self::BlockTradeConfirmations { currency: Some(currency) } => {
                write!(f, "block_trade_confirmations.{}", words::upper(currency.as_str()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
