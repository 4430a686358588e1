//! Why a trading call is refused.

use crate::market::{Decimal, ParamError};

/// Why a trading call is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TradingError {
    /// A parameter is wrong.
    #[error("Invalid params")]
    Param(#[from] ParamError),
    /// The account cannot pay for it.
    #[error("not_enough_funds")]
    NotEnoughFunds,
    /// This account has no such order.
    #[error("order_not_found")]
    OrderNotFound,
    /// The order is filled or cancelled already.
    #[error("not_open_order")]
    NotOpenOrder,
    /// The new amount is not above what is filled already.
    #[error("invalid_quantity")]
    InvalidQuantity,
    /// The instrument or its index is locked.
    #[error("locked_by_admin")]
    Locked,
    /// The instrument has no book any more.
    #[error("book_closed")]
    BookClosed,
    /// The daily settlement is under way.
    #[error("settlement_in_progress")]
    SettlementInProgress,
    /// The price is off the grid.
    #[error("price_wrong_tick")]
    WrongTick,
    /// The price is above what may trade.
    #[error("price_too_high {0}")]
    PriceTooHigh(Decimal),
    /// The price is below what may trade.
    #[error("price_too_low {0}")]
    PriceTooLow(Decimal),
    /// The order would take, and wished to be refused then.
    #[error("post_only_reject")]
    PostOnlyReject,
    /// There is no position the order could reduce.
    #[error("other_reject invalid_reduce_only_order")]
    ReduceOnly,
    /// It came after `valid_until`.
    #[error("timed_out")]
    TimedOut,
}

impl TradingError {
    /// The code of the wire.
    #[must_use]
    pub const fn code(&self) -> i64 {
        match self {
            Self::Param(_) => -32_602,
            Self::NotEnoughFunds => 10_009,
            Self::OrderNotFound => 10_004,
            Self::NotOpenOrder => 11_044,
            Self::InvalidQuantity => 10_022,
            Self::Locked => 10_019,
            Self::BookClosed => 10_012,
            Self::SettlementInProgress => 10_041,
            Self::WrongTick => 10_043,
            Self::PriceTooHigh(_) => 10_007,
            Self::PriceTooLow(_) => 10_005,
            Self::PostOnlyReject => 11_054,
            Self::ReduceOnly => 11_030,
            Self::TimedOut => 13_888,
        }
    }

    /// The message of the wire.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The JSON text of the error's `data`, if it has any.
    #[must_use]
    pub fn data(&self) -> Option<String> {
        match self {
            Self::Param(error) => Some(error.data()),
            _ => None,
        }
    }
}
