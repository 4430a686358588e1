//! Channels of one's own account. All of them need a login.

use super::{by_interval, channels, of_one, only_one};
use crate::{
    ChannelName, Market,
    items::{
        AccessLogEntry, AccountLock, Currency, IndexName, JsonText, Liquidation, MmpTrigger, OrderUpdates,
        PortfolioData, PortfolioOfAny, UserChangesData, UserTrade,
    },
};

channels! {
    /// One's own orders, of an instrument or of a kind in a currency.
    UserOrders<N> => OrderUpdates<N>;
    /// One's own trades.
    UserTrades<N> => Vec<UserTrade<N>>;
    /// One's own orders, trades and positions, together as they change.
    UserChanges<N> => UserChangesData<N>;
    /// One's own trades of combinations, each with its parts.
    UserComboTrades<N> => Vec<UserTrade<N>>;
    /// What one has in one currency. For all of them, see [`UserPortfolios`]: those do not replace each
    /// other, and must not be taken from here.
    UserPortfolio<N> => PortfolioData<N>;
    /// What one has in each currency.
    UserPortfolios<N> => PortfolioOfAny<N>;
    /// That the protection of market makers was triggered on an index; `any` is all.
    UserMmpTrigger => MmpTrigger;
    /// Accesses to the account.
    UserAccessLog => AccessLogEntry;
    /// That the account is locked, or free again.
    UserLock => AccountLock;
    /// Liquidations of the account's positions.
    UserLiquidation => Liquidation;
    /// Liquidations of isolated positions. The venue has not yet said what it sends.
    UserIsolatedLiquidation => JsonText;
    /// What a liquidity support provider is told. The venue has not yet said what it sends.
    UserLsp => JsonText;
}

by_interval! {
    UserOrders { market: Market }
    UserTrades { market: Market }
    UserChanges { market: Market }
    UserComboTrades { market: Market }
}

of_one! {
    UserPortfolio { currency: Currency }
    UserMmpTrigger { index: IndexName }
}

only_one! { UserAccessLog UserLock UserLiquidation UserIsolatedLiquidation UserLsp }

impl UserPortfolios {
    /// There is only one.
    #[must_use]
    pub fn new() -> Self {
        Self::named(ChannelName::UserPortfolio { currency: "any".into() })
    }
}

impl Default for UserPortfolios {
    fn default() -> Self {
        Self::new()
    }
}
