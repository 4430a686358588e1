//! What the venue publishes: a type for the payload of every family of channels.
//!
//! Members the venue adds are ignored, words it adds are kept (`Other`), and what may be missing is
//! an `Option`. Prices and amounts are of the type `N`: exact by default, `f64` on demand; see
//! [`Number`](crate::Number). An item is `Conflate` only where each message of its stream replaces all
//! that came before it.

mod absent;
mod account;
mod block;
mod book;
mod index;
mod instrument;
mod json;
pub(crate) mod name;
mod order;
mod platform;
mod ticker;
mod time;
mod trade;
mod word;

pub use account::{
    AccessLogEntry, AccountLock, Liquidation, LiquidationState, MmpTrigger, PortfolioData, PortfolioOfAny,
    Position, UserChangesData,
};
pub use block::{
    BlockFill, BlockLeg, BlockOffer, BlockRfq, BlockRfqQuote, BlockRfqTrade, BlockRole, BlockState,
    BlockTradeConfirmation, ConfirmationState, ExecutionInstruction, RfqData,
};
pub use book::{BookUpdate, BookWindow, Level, LevelAction, LevelChange};
pub use index::{
    Candle, EstimatedExpirationPriceData, IndexSource, OptionMarkPrice, PerpetualData, PriceIndexData,
    PriceRankingData, PriceStatisticsData, VolatilityIndexData,
};
pub use instrument::{
    Instrument, InstrumentKind, InstrumentStateData, InstrumentType, OptionType, TickSizeStep, TradingState,
};
pub use json::JsonText;
pub use name::{Currency, IndexName, InstrumentName, Label, OrderId, TradeId};
pub use order::{Advanced, CancelReason, Order, OrderState, OrderType, OrderUpdates, TimeInForce, Trigger};
pub use platform::{Announcement, AnnouncementAction, PlatformStateData, PublicMethodsStateData};
pub use ticker::{
    Extent, Greeks, GreeksChange, QuoteData, TickerChange, TickerData, TickerStats, TickerStatsChange,
};
pub use time::Timestamp;
pub use trade::{Direction, Liquidity, TickDirection, Trade, UserTrade};

pub(crate) use absent::or_default;
pub(crate) use word::{WordVisitor, words};
