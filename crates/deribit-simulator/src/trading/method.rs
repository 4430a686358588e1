//! The methods of trading, and what each of them needs.

/// A method this half of the simulator answers.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TradingMethod {
    /// `private/buy`
    Buy,
    /// `private/sell`
    Sell,
    /// `private/edit`
    Edit,
    /// `private/cancel`
    Cancel,
    /// `private/cancel_all`
    CancelAll,
    /// `private/cancel_by_label`
    CancelByLabel,
    /// `private/get_open_orders`
    GetOpenOrders,
    /// `private/get_order_state`
    GetOrderState,
    /// `private/get_user_trades_by_instrument`
    GetUserTradesByInstrument,
    /// `private/get_positions`
    GetPositions,
    /// `private/get_account_summary`
    GetAccountSummary,
    /// `private/enable_cancel_on_disconnect`
    EnableCancelOnDisconnect,
    /// `private/disable_cancel_on_disconnect`
    DisableCancelOnDisconnect,
    /// `private/get_cancel_on_disconnect`
    GetCancelOnDisconnect,
}

/// The area of a scope.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Area {
    /// `account:…`
    Account,
    /// `trade:…`
    Trade,
}

/// How far a scope must reach.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Access {
    /// `…:read`
    Read,
    /// `…:read_write`
    ReadWrite,
}

impl TradingMethod {
    /// Reads the name of a method.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "private/buy" => Self::Buy,
            "private/sell" => Self::Sell,
            "private/edit" => Self::Edit,
            "private/cancel" => Self::Cancel,
            "private/cancel_all" => Self::CancelAll,
            "private/cancel_by_label" => Self::CancelByLabel,
            "private/get_open_orders" => Self::GetOpenOrders,
            "private/get_order_state" => Self::GetOrderState,
            "private/get_user_trades_by_instrument" => Self::GetUserTradesByInstrument,
            "private/get_positions" => Self::GetPositions,
            "private/get_account_summary" => Self::GetAccountSummary,
            "private/enable_cancel_on_disconnect" => Self::EnableCancelOnDisconnect,
            "private/disable_cancel_on_disconnect" => Self::DisableCancelOnDisconnect,
            "private/get_cancel_on_disconnect" => Self::GetCancelOnDisconnect,
            _ => return None,
        })
    }

    /// The scope it needs.
    #[must_use]
    pub const fn scope(self) -> (Area, Access) {
        match self {
            Self::Buy | Self::Sell | Self::Edit | Self::Cancel | Self::CancelAll | Self::CancelByLabel => {
                (Area::Trade, Access::ReadWrite)
            }
            Self::GetOpenOrders
            | Self::GetOrderState
            | Self::GetUserTradesByInstrument
            | Self::GetPositions => (Area::Trade, Access::Read),
            Self::GetAccountSummary | Self::GetCancelOnDisconnect => (Area::Account, Access::Read),
            Self::EnableCancelOnDisconnect | Self::DisableCancelOnDisconnect => {
                (Area::Account, Access::ReadWrite)
            }
        }
    }

    /// Whether it goes to the matching engine, whose credits are counted apart.
    #[must_use]
    pub const fn is_matching(self) -> bool {
        matches!(self.scope(), (Area::Trade, Access::ReadWrite))
    }
}
