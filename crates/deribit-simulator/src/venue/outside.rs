//! What is set and seen from outside: faults, switches, the journal, the truth.

use super::{Venue, buckets::Owner};
use crate::{
    config::Config,
    counters::Counters,
    fault::FaultPlan,
    journal::Journal,
    market::{Market, Notice},
    trading::Trading,
};

impl Venue {
    /// Sets a fault and gives its number.
    pub fn set_fault(&mut self, now: u64, plan: impl Into<FaultPlan>) -> u64 {
        self.advance_to(now);
        let id = self.faults.arm(plan.into(), self.clock);
        self.turn_faults();
        self.settle();
        id
    }

    /// Takes a fault away.
    pub fn clear_fault(&mut self, now: u64, id: u64) {
        self.advance_to(now);
        self.clear(id);
        self.settle();
    }

    /// Takes all faults away.
    pub fn clear_faults(&mut self, now: u64) {
        self.advance_to(now);
        self.faults.ids().into_iter().for_each(|id| self.clear(id));
        self.settle();
    }

    /// How many faults are set.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.faults.ids().len()
    }

    /// The present, in microseconds since the epoch.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.clock
    }

    /// What happened.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The configuration, to turn switches. What is already on its way keeps the old ones; accounts
    /// and the market are as they were at the start.
    pub const fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// The market: books, trades, tickers as they are.
    #[must_use]
    pub const fn market(&self) -> &Market {
        &self.market
    }

    /// The orders and positions of the accounts.
    #[must_use]
    pub const fn trading(&self) -> &Trading {
        &self.trading
    }

    /// Does something to the market; who listens is told what follows.
    pub fn change_market<T>(
        &mut self,
        now: u64,
        change: impl FnOnce(&mut Market, &mut Vec<Notice>) -> T,
    ) -> T {
        self.advance_to(now);
        let result = change(&mut self.market, &mut self.notices);
        self.spread_notices();
        self.settle();
        result
    }

    /// The open WebSockets, oldest first.
    pub fn connections(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.conns.iter().filter(|(_, conn)| conn.is_talking()).map(|(id, _)| *id)
    }

    /// The state of a connection, as in the journal; none if it is gone.
    #[must_use]
    pub fn state(&self, id: u64) -> Option<&'static str> {
        self.conns.get(&id).map(|conn| conn.phase.name())
    }

    /// What a connection subscribed, in no particular order.
    #[must_use]
    pub fn subscriptions(&self, id: u64) -> Vec<String> {
        let conn = self.conns.get(&id);
        conn.map(|conn| conn.subscriptions.values().map(|name| name.to_string()).collect())
            .unwrap_or_default()
    }

    /// The counters of a connection, also of one that is gone.
    #[must_use]
    pub fn counters(&self, id: u64) -> Option<Counters> {
        self.conns.get(&id).map(|conn| &conn.counters).or_else(|| self.gone.get(&id)).cloned()
    }

    /// The lowest level each bucket ever had, in credits: whose, which, how much.
    #[must_use]
    pub fn lowest_levels(&self) -> Vec<(String, &'static str, u64)> {
        let lowest = self.buckets.lowest().map(|(owner, pool, level)| {
            let owner = match owner {
                Owner::User(user) => format!("user {user}"),
                Owner::Ip(ip) => format!("ip {ip}"),
            };
            (owner, pool.name(), level)
        });
        lowest.collect()
    }
}
