//! Accounts: balances, positions, and what they traded.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::position::Position;
use crate::market::{Currency, Decimal, Direction, Instrument, InstrumentId, Kind, Market};

/// Digits of money after the point.
const MONEY: u8 = 8;

/// One account.
#[derive(Debug, Default)]
pub(crate) struct Account {
    balances: BTreeMap<Currency, f64>,
    pub(crate) positions: BTreeMap<InstrumentId, Position>,
    /// The newest last.
    pub(crate) trades: VecDeque<UserTrade>,
    /// Profit realised, fees taken off. Settlements do not reset it.
    session: BTreeMap<(Currency, Kind), f64>,
    /// Whether connections to come cancel their orders when they end.
    pub(crate) cancels_on_disconnect: bool,
}

/// A trade of a client.
#[derive(Clone, Debug)]
pub(crate) struct UserTrade {
    pub(crate) instrument: InstrumentId,
    pub(crate) seq: u64,
    pub(crate) object: Bytes,
}

/// An account in one currency.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    pub(crate) balance: f64,
    pub(crate) equity: f64,
    pub(crate) initial_margin: f64,
    pub(crate) maintenance_margin: f64,
    pub(crate) futures_floating: f64,
    pub(crate) options_floating: f64,
    pub(crate) options_value: f64,
    pub(crate) futures_session: f64,
    pub(crate) options_session: f64,
    pub(crate) delta: f64,
    pub(crate) options_delta: f64,
}

impl Account {
    pub(crate) fn balance(&self, currency: Currency) -> f64 {
        self.balances.get(&currency).copied().unwrap_or(0.0)
    }

    /// Adds to a balance. Money has eight digits, so sums are rounded to them at once.
    pub(crate) fn pay(&mut self, currency: Currency, amount: f64) {
        let balance = self.balances.entry(currency).or_insert(0.0);
        *balance = Decimal::round(*balance + amount, MONEY).to_f64();
    }

    /// Counts a trade: the position, the profit, what is paid and the fee. Says what was earned.
    pub(crate) fn trade(
        &mut self,
        instrument: &Instrument,
        direction: Direction,
        steps: i64,
        price: f64,
        fee: f64,
    ) -> f64 {
        let sign = if direction == Direction::Buy { 1.0 } else { -1.0 };
        let (currency, kind) = (instrument.currency, instrument.kind());
        if kind == Kind::Spot {
            self.pay(currency, -sign * instrument.cost(steps, price) - fee);
            if let Some(base) = Currency::parse(&instrument.base) {
                self.pay(base, sign * instrument.coins(steps, price));
            }
            return 0.0;
        }
        let position = self.positions.entry(instrument.id()).or_default();
        let profit = position.apply(instrument, direction, steps, price);
        *self.session.entry((currency, kind)).or_insert(0.0) += profit - fee;
        // Of futures the profit is paid, of options the premium is.
        let paid = if kind == Kind::Option { -sign * instrument.cost(steps, price) } else { profit };
        self.pay(currency, paid - fee);
        profit
    }

    /// Pays out what is left of a position when its instrument expires.
    pub(crate) fn deliver(&mut self, instrument: &Instrument, price: f64) {
        let Some(position) = self.positions.remove(&instrument.id()) else { return };
        let paid = match instrument.kind() {
            Kind::Option => instrument.cost(position.steps, price),
            _ => position.floating(instrument, price),
        };
        self.pay(instrument.currency, paid);
    }

    pub(crate) fn remember(&mut self, trade: UserTrade, kept: usize) {
        if self.trades.len() >= kept.max(1) {
            self.trades.pop_front();
        }
        self.trades.push_back(trade);
    }

    pub(crate) fn standing(&self, currency: Currency, market: &Market, leverage: u32) -> Standing {
        let mut standing = Standing { balance: self.balance(currency), ..Standing::default() };
        for (id, position) in &self.positions {
            let instrument = market.universe().instrument(*id);
            if instrument.currency != currency {
                continue;
            }
            let price = market.mark_price(*id).to_f64();
            let floating = position.floating(instrument, price);
            let worth = position.worth(instrument, price);
            if instrument.kind() == Kind::Option {
                standing.options_floating += floating;
                standing.options_value += worth;
                standing.options_delta += position.coins(instrument, price);
            } else {
                standing.futures_floating += floating;
                standing.initial_margin += worth.abs() / f64::from(leverage);
            }
            standing.delta += position.coins(instrument, price);
        }
        standing.maintenance_margin = standing.initial_margin / 2.0;
        standing.equity = standing.balance + standing.futures_floating + standing.options_value;
        let session = |kind| self.session.get(&(currency, kind)).copied().unwrap_or(0.0);
        standing.futures_session = session(Kind::Future);
        standing.options_session = session(Kind::Option);
        standing
    }
}
