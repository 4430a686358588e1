//! The Deribit adapter: JSON-RPC 2.0, login, channels, order books and credits of one venue.

mod dialect;
mod number;

pub use dialect::{DeribitDialect, Request};
pub use number::{Decimal, InvalidDecimal, Number};
