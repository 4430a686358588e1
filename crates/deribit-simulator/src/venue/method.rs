//! The methods there are: what each needs and what pays for it.

use crate::trading::TradingMethod;

use super::buckets::Pool;

/// A method that is carried out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Method {
    Hello,
    Test,
    Time,
    Auth,
    ExchangeToken,
    ForkToken,
    SetHeartbeat,
    DisableHeartbeat,
    Subscribe(Side),
    Unsubscribe(Side),
    UnsubscribeAll(Side),
    Logout,
    /// A question about the market, which knows it by its name.
    Market,
    Trading(TradingMethod),
}

/// Which of two methods of the same purpose.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Public,
    Private,
}

impl Method {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "public/hello" => Self::Hello,
            "public/test" => Self::Test,
            "public/get_time" => Self::Time,
            "public/auth" => Self::Auth,
            "public/exchange_token" => Self::ExchangeToken,
            "public/fork_token" => Self::ForkToken,
            "public/set_heartbeat" => Self::SetHeartbeat,
            "public/disable_heartbeat" => Self::DisableHeartbeat,
            "public/subscribe" => Self::Subscribe(Side::Public),
            "private/subscribe" => Self::Subscribe(Side::Private),
            "public/unsubscribe" => Self::Unsubscribe(Side::Public),
            "private/unsubscribe" => Self::Unsubscribe(Side::Private),
            "public/unsubscribe_all" => Self::UnsubscribeAll(Side::Public),
            "private/unsubscribe_all" => Self::UnsubscribeAll(Side::Private),
            "private/logout" => Self::Logout,
            "public/get_instruments"
            | "public/get_instrument"
            | "public/get_order_book"
            | "public/ticker"
            | "public/get_last_trades_by_instrument"
            | "public/get_index_price"
            | "public/get_currencies"
            | "public/status" => Self::Market,
            _ => Self::Trading(TradingMethod::parse(name)?),
        })
    }

    pub(crate) const fn is_private(self) -> bool {
        matches!(
            self,
            Self::Subscribe(Side::Private)
                | Self::Unsubscribe(Side::Private)
                | Self::UnsubscribeAll(Side::Private)
                | Self::Logout
                | Self::Trading(_)
        )
    }

    pub(crate) fn pool(self, name: &str) -> Pool {
        match self {
            Self::Subscribe(_) => Pool::Subscribe,
            Self::Market if name == "public/get_instruments" => Pool::Instruments,
            Self::Trading(method) if method.is_matching() => Pool::Matching,
            _ => Pool::Ordinary,
        }
    }
}
