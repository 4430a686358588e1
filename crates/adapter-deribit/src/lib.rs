//! The Deribit adapter: JSON-RPC 2.0, login, channels, order books and credits of one venue.

mod channel;
mod dialect;
pub mod items;
mod number;

pub use channel::{
    Aggregation, BookDepth, BookGroup, ChannelName, ChannelNameError, Interval, Kind, Market, Resolution,
};
pub use dialect::{DeribitDialect, Request};
pub use number::{Decimal, InvalidDecimal, Number};
