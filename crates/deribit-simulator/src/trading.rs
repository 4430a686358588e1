//! Orders of clients: enough to exercise private channels and order safety.
//!
//! Like the [market](crate::market) this is pure state that is told the time by the market it trades
//! on. An order takes what the generated book offers; what rests is met by a stranger as soon as the
//! generated best price crosses it. Resting orders of clients do not appear in the public book, but
//! their trades do appear among the public trades. Margins are a notional check, not a simulation.
//!
//! Each action says what private channels are to be told, in the order `user.orders`, `user.trades`,
//! `user.changes`, `user.portfolio`; how that looks on a channel of an interval is a question to the
//! [`PrivateEvent`]. Which channels exist and who listens is the server's business.

mod account;
mod cancel;
mod config;
mod error;
mod event;
mod method;
mod order;
mod place;
mod position;
mod query;
mod request;
mod summary;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use self::{account::Account, order::Order};
use crate::market::{Currency, Decimal, Direction, Market, Sink};

pub use config::TradingConfig;
pub use error::TradingError;
pub use event::{About, PrivateEvent, Subject};
pub use method::{Access, Area, TradingMethod};

/// The number of an account, which is its `user_id` on the wire.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AccountId(pub u64);

/// Who calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Caller {
    /// The account it is logged in to.
    pub account: AccountId,
    /// The number of the connection.
    pub connection: u64,
}

/// What a call leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct TradingOutcome {
    /// The JSON text of `result`.
    pub result: String,
    /// What private channels are to be told, in this order.
    pub events: Vec<PrivateEvent>,
}

/// All accounts and their orders.
#[derive(Debug)]
pub struct Trading {
    config: TradingConfig,
    accounts: BTreeMap<AccountId, Account>,
    orders: BTreeMap<u64, Order>,
    /// The numbers of the open ones.
    open: BTreeSet<u64>,
    /// The numbers of the closed ones that are still known, the oldest first.
    closed: VecDeque<u64>,
    next_order: u64,
    /// Whether the orders of a connection are cancelled when it ends.
    connections: BTreeMap<u64, bool>,
    /// How many of the delivered instruments have been dealt with.
    delivered: usize,
}

impl Trading {
    /// Trading without accounts.
    #[must_use]
    pub fn new(config: TradingConfig) -> Self {
        Self {
            config,
            accounts: BTreeMap::new(),
            orders: BTreeMap::new(),
            open: BTreeSet::new(),
            closed: VecDeque::new(),
            next_order: 74_000_000_000,
            connections: BTreeMap::new(),
            delivered: 0,
        }
    }

    /// Adds an account, or adds to its balances.
    pub fn add_account(&mut self, account: AccountId, balances: &[(Currency, Decimal)]) {
        let account = self.accounts.entry(account).or_default();
        for (currency, amount) in balances {
            account.pay(*currency, amount.to_f64());
        }
    }

    /// Answers a call at the market's present time.
    ///
    /// # Errors
    ///
    /// Why the call is refused; nothing has happened then.
    pub fn handle(
        &mut self,
        method: TradingMethod,
        caller: Caller,
        params: &Map<String, Value>,
        market: &mut Market,
        sink: &mut impl Sink,
    ) -> Result<TradingOutcome, TradingError> {
        if method.is_matching() && market.is_settling() {
            return Err(TradingError::SettlementInProgress);
        }
        let only = |result| TradingOutcome { result, events: Vec::new() };
        match method {
            TradingMethod::Buy => self.place(Direction::Buy, caller, params, market, sink),
            TradingMethod::Sell => self.place(Direction::Sell, caller, params, market, sink),
            TradingMethod::Edit => self.edit(caller, params, market, sink),
            TradingMethod::Cancel => self.cancel(caller, params, market),
            TradingMethod::CancelAll => Ok(self.cancel_all(caller, market)),
            TradingMethod::CancelByLabel => self.cancel_by_label(caller, params, market),
            TradingMethod::GetOpenOrders => self.get_open_orders(caller, params, market).map(only),
            TradingMethod::GetOrderState => self.get_order_state(caller, params, market).map(only),
            TradingMethod::GetUserTradesByInstrument => {
                self.get_user_trades(caller, params, market).map(only)
            }
            TradingMethod::GetPositions => self.get_positions(caller, params, market).map(only),
            TradingMethod::GetAccountSummary => self.get_account_summary(caller, params, market).map(only),
            TradingMethod::EnableCancelOnDisconnect => self.set_cancel_on_disconnect(caller, params, true),
            TradingMethod::DisableCancelOnDisconnect => self.set_cancel_on_disconnect(caller, params, false),
            TradingMethod::GetCancelOnDisconnect => self.get_cancel_on_disconnect(caller, params, market),
        }
    }

    /// The open orders of an account as JSON texts, for the ground truth.
    #[must_use]
    pub fn open_orders(&self, account: AccountId, market: &Market) -> Vec<String> {
        let orders = self.open.iter().map(|number| &self.orders[number]);
        orders
            .filter(|order| order.account == account)
            .map(|order| order.render(market.universe().instrument(order.instrument), market.style()))
            .map(|object| String::from_utf8_lossy(&object).into_owned())
            .collect()
    }

    /// Cancels an order.
    fn close(&mut self, number: u64, reason: Option<&'static str>, market: &Market) {
        if let Some(order) = self.orders.get_mut(&number).filter(|order| order.is_open()) {
            order.cancel(reason, market.now_us() / 1_000);
            self.retire(number);
        }
    }

    /// An order is open no more. The oldest of those is forgotten if there are too many.
    fn retire(&mut self, number: u64) {
        if !self.open.remove(&number) {
            return;
        }
        self.closed.push_back(number);
        if self.closed.len() > self.config.kept.max(1)
            && let Some(oldest) = self.closed.pop_front()
        {
            self.orders.remove(&oldest);
        }
    }
}
