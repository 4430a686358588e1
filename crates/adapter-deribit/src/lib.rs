//! The Deribit adapter: JSON-RPC 2.0, login, channels, order books and credits of one venue.
//!
//! [`Deribit`] is the adapter: where the venue is, who talks to it and on which terms. With a client it
//! is all that is needed:
//!
//! ```
//! use nova_adapter_deribit::{Credentials, Deribit, Ticker};
//! use nova_behaviour::Channel;
//!
//! let adapter = Deribit::testnet().with_credentials(Credentials::new("my client id", "its secret"));
//! let channel = Ticker::every_100ms("BTC-PERPETUAL");
//! // let client = Client::connect(adapter).await?;
//! // let mut ticks = client.subscribe(channel).conflated().await?;
//! # assert_eq!(channel.topic().as_str(), "ticker.BTC-PERPETUAL.100ms");
//! # let _ = adapter;
//! ```
//!
//! Reading order: a [`Request`] is a method and its parameters; a [`ChannelName`] is the name of a
//! stream, both ways. [`DeribitMessages`] writes the ones and routes the others by their [`Envelope`];
//! [`DeribitLogin`], [`DeribitSettings`], [`DeribitTopics`], [`DeribitCredits`] and [`DeribitErrors`] are
//! the other behaviours. What a refusal means, [`RefusalExt`] tells. Typed channels have the names of the
//! families ([`Ticker`], [`Book`], [`UserOrders`], …), and what they carry is in [`items`]; an
//! [`OrderBook`] is kept from the items of a [`Book`]. [`StrayErrors`] and [`Notifications`] are what the
//! venue says besides. What can be asked is in [`calls`].
//!
//! On each connection the session asks for the heartbeat, then logs in if there are credentials, then
//! asks for cancel-on-disconnect if that is wished, then subscribes. Nothing private is sent before the
//! login has succeeded, and without credentials it is refused here, with a text that says what to do.

mod adapter;
mod book;
pub mod calls;
mod channel;
mod channels;
mod codec;
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
    Announcements, BlockRfqMaker, BlockRfqMakerQuotes, BlockRfqTaker, BlockRfqTrades,
    BlockTradeConfirmations, Book, Candles, EstimatedExpirationPrice, GroupedBook, IncrementalTicker,
    InstrumentCreation, InstrumentState, OptionMarkPrices, Perpetual, PlatformState, PriceIndex,
    PriceRanking, PriceStatistics, PublicMethodsState, Quote, RawChannel, Rfq, Ticker, Trades, UserAccessLog,
    UserChanges, UserComboTrades, UserIsolatedLiquidation, UserLiquidation, UserLock, UserLsp,
    UserMmpTrigger, UserOrders, UserPortfolio, UserPortfolios, UserTrades, VolatilityIndex,
};
pub use codec::DeribitJson;
pub use credits::{
    DeribitCredits, GET_INSTRUMENTS, GET_TRANSACTION_LOG, MATCHING_ENGINE, MOVE_POSITIONS, ORDINARY,
    SUBSCRIBE, Tier,
};
pub use dialect::{DeribitDialect, Request};
pub use errors::{DeribitErrors, ErrorCode, Group, RefusalExt};
pub use login::{Credentials, DeribitLogin, GrantedScope, MissingCredentials, NarrowScope, Scope};
pub use messages::{DeribitMessages, Envelope, Id, MessageError};
pub use notices::{Notifications, StrayError, StrayErrors};
pub use number::{Decimal, InvalidDecimal, Number};
pub use settings::{CancelScope, DeribitSettings, HeartbeatTooShort};
pub use topics::DeribitTopics;
