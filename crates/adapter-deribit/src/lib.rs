//! The Deribit adapter: JSON-RPC 2.0, login, channels, order books and credits of one venue.

mod book;
mod channel;
mod channels;
mod dialect;
pub mod items;
mod messages;
mod number;
mod shared;

pub use book::{Applied, BookError, BookState, OrderBook};
pub use channel::{
    Aggregation, BookDepth, BookGroup, ChannelName, ChannelNameError, Interval, Kind, Market, Resolution,
};
pub use channels::{
    Announcements, BlockRfqMaker, BlockRfqMakerQuotes, BlockRfqTaker, BlockRfqTrades, BlockTradeConfirmations,
    Book, Candles, EstimatedExpirationPrice, GroupedBook, IncrementalTicker, InstrumentCreation,
    InstrumentState, OptionMarkPrices, Perpetual, PlatformState, PriceIndex, PriceRanking, PriceStatistics,
    PublicMethodsState, Quote, RawChannel, Rfq, Ticker, Trades, UserAccessLog, UserChanges, UserComboTrades,
    UserIsolatedLiquidation, UserLiquidation, UserLock, UserLsp, UserMmpTrigger, UserOrders, UserPortfolio,
    UserPortfolios, UserTrades, VolatilityIndex,
};
pub use dialect::{DeribitDialect, Request};
pub use messages::{DeribitMessages, Envelope, Id, MessageError};
pub use number::{Decimal, InvalidDecimal, Number};
