//! The Deribit adapter: JSON-RPC 2.0, login, channels, order books and credits of one venue.

mod adapter;
mod book;
mod channel;
mod channels;
mod credits;
mod dialect;
mod errors;
pub mod items;
mod login;
mod messages;
mod notices;
mod number;
mod settings;
mod shared;
mod topics;

pub use adapter::{Deribit, DeribitHandlers, InvalidName};
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
pub use credits::{
    DeribitCredits, GET_INSTRUMENTS, GET_TRANSACTION_LOG, MATCHING_ENGINE, MOVE_POSITIONS, ORDINARY, SUBSCRIBE,
    Tier,
};
pub use dialect::{DeribitDialect, Request};
pub use errors::{DeribitErrors, ErrorCode, Group, RefusalExt};
pub use login::{Credentials, DeribitLogin, GrantedScope, MissingCredentials, NarrowScope, Scope};
pub use messages::{DeribitMessages, Envelope, Id, MessageError};
pub use notices::{Notifications, StrayError, StrayErrors};
pub use number::{Decimal, InvalidDecimal, Number};
pub use settings::{CancelScope, DeribitSettings, HeartbeatTooShort};
pub use topics::DeribitTopics;
