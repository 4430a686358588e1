//! Where connections and logins meet trading.

use bytes::Bytes;

use super::{
    Venue,
    envelope::Body,
    params::Params,
    scope::{Area, Level},
    tokens::GrantId,
};
use crate::{
    config::{Account, Config},
    market::{Currency, Decimal},
    trading::{self, AccountId, Caller, PrivateEvent, Trading, TradingConfig, TradingMethod},
};

/// Trading with all accounts of a configuration.
pub(super) fn trading(config: &Config) -> Trading {
    let mut trading = Trading::new(TradingConfig::default());
    for account in &config.accounts {
        let balances: Vec<_> = account.balances.iter().filter_map(balance).collect();
        trading.add_account(AccountId(account.user_id), &balances);
    }
    trading
}

/// What a method of trading needs.
pub(super) fn needed_scope(method: TradingMethod) -> (Area, Level) {
    let (area, access) = method.scope();
    let area = match area {
        trading::Area::Account => Area::Account,
        trading::Area::Trade => Area::Trade,
    };
    let level = match access {
        trading::Access::Read => Level::Read,
        trading::Access::ReadWrite => Level::ReadWrite,
    };
    (area, level)
}

impl Venue {
    pub(super) fn trade(
        &mut self,
        conn: u64,
        grant: GrantId,
        method: TradingMethod,
        params: &Params,
    ) -> Result<(Body, Vec<PrivateEvent>), Body> {
        let account = AccountId(self.user_of(grant).ok_or_else(Body::invalid_token)?);
        let caller = Caller { account, connection: conn };
        let outcome = self.trading.handle(method, caller, params, &mut self.market, &mut self.notices);
        let outcome = outcome.map_err(|error| Body::Error {
            code: error.code(),
            message: error.message(),
            data: error.data(),
        })?;
        Ok((Body::Result(outcome.result), outcome.events))
    }

    /// The user a grant belongs to.
    pub(super) fn user_of(&self, grant: GrantId) -> Option<u64> {
        self.account_of(grant).map(|account| account.user_id)
    }

    /// The account a grant belongs to.
    pub(super) fn account_of(&self, grant: GrantId) -> Option<&Account> {
        self.config.accounts.get(self.tokens.any_grant(grant)?.account)
    }

    /// A connection has logged in.
    pub(super) fn join_trading(&mut self, conn: u64, grant: GrantId) {
        if let Some(user) = self.user_of(grant) {
            self.trading.connection_opened(conn, AccountId(user));
        }
    }

    /// A connection is lost: its orders are cancelled if it wished so.
    pub(super) fn lose_trading(&mut self, conn: u64) {
        if self.marks_left(conn) {
            let events = self.trading.connection_lost(conn, &self.market);
            self.spread_private(events);
        }
    }

    /// A connection leaves of its own will: its orders stay.
    pub(super) fn leave_trading(&mut self, conn: u64) {
        if self.marks_left(conn) {
            self.trading.connection_left(conn);
        }
    }

    /// The first message of a portfolio channel.
    pub(super) fn portfolio(&self, user: u64, currency: Option<&str>) -> Vec<Bytes> {
        let wanted =
            Currency::ALL.into_iter().filter(|known| currency.is_none_or(|word| word == known.word()));
        wanted.filter_map(|known| self.trading.portfolio(AccountId(user), known, &self.market)).collect()
    }

    fn marks_left(&mut self, conn: u64) -> bool {
        self.conns.get_mut(&conn).is_some_and(|conn| !std::mem::replace(&mut conn.is_left, true))
    }
}

fn balance((currency, amount): &(String, f64)) -> Option<(Currency, Decimal)> {
    // Eight places, as exchanges count.
    let units = (amount * 1e8).round();
    Some((Currency::parse(currency)?, Decimal::new(units as i64, 8)))
}
