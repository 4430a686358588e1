//! The Deribit adapter: JSON-RPC 2.0, login, channels, order books and credits of one venue.

mod book;
mod channel;
mod dialect;
pub mod items;
mod messages;
mod number;
mod shared;

pub use book::{Applied, BookError, BookState, OrderBook};
pub use channel::{
    Aggregation, BookDepth, BookGroup, ChannelName, ChannelNameError, Interval, Kind, Market, Resolution,
};
pub use dialect::{DeribitDialect, Request};
pub use messages::{DeribitMessages, Envelope, Id, MessageError};
pub use number::{Decimal, InvalidDecimal, Number};
