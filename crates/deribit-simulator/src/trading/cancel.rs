//! Cancelling: by wish, by label, by the end of a connection, by expiry.

use serde_json::{Map, Value};

use super::{Caller, PrivateEvent, Trading, TradingOutcome, error::TradingError};
use crate::market::{Json, Market, ParamError, named_currency, word};

/// The reason of all cancels a client asks for.
const BY_REQUEST: &str = "user_request";
/// The reason of cancels at the end of a connection.
const BY_DISCONNECT: &str = "cancel_on_disconnect";

impl Trading {
    pub(super) fn cancel(
        &mut self,
        caller: Caller,
        params: &Map<String, Value>,
        market: &Market,
    ) -> Result<TradingOutcome, TradingError> {
        let number = self.own_order(caller, params, market)?;
        if !self.orders[&number].is_open() {
            return Err(TradingError::NotOpenOrder);
        }
        self.close(number, Some(BY_REQUEST), market);
        let order = &self.orders[&number];
        let object = order.render(market.universe().instrument(order.instrument), market.style());
        let result = String::from_utf8_lossy(&object).into_owned();
        Ok(TradingOutcome { result, events: self.events_of(number, Vec::new(), market) })
    }

    pub(super) fn cancel_all(&mut self, caller: Caller, market: &Market) -> TradingOutcome {
        self.cancel_these(market, |order| order.account == caller.account)
    }

    pub(super) fn cancel_by_label(
        &mut self,
        caller: Caller,
        params: &Map<String, Value>,
        market: &Market,
    ) -> Result<TradingOutcome, TradingError> {
        let label = word(params, "label")?.ok_or(ParamError::Required("label"))?;
        let currency = match word(params, "currency")? {
            None | Some("any") => None,
            Some(word) => Some(named_currency(word)?),
        };
        Ok(self.cancel_these(market, |order| {
            let instrument = market.universe().instrument(order.instrument);
            order.account == caller.account
                && order.wish.label == label
                && currency.is_none_or(|currency| instrument.currency == currency)
        }))
    }

    fn cancel_these(
        &mut self,
        market: &Market,
        is_meant: impl Fn(&super::order::Order) -> bool,
    ) -> TradingOutcome {
        let meant = |number: &u64| self.orders.get(number).is_some_and(&is_meant);
        let numbers: Vec<u64> = self.open.iter().copied().filter(meant).collect();
        let events = self.cancel_numbers(&numbers, Some(BY_REQUEST), market);
        TradingOutcome { result: numbers.len().to_string(), events }
    }

    fn cancel_numbers(
        &mut self,
        numbers: &[u64],
        reason: Option<&'static str>,
        market: &Market,
    ) -> Vec<PrivateEvent> {
        let mut events = Vec::new();
        for number in numbers {
            self.close(*number, reason, market);
            events.extend(self.events_of(*number, Vec::new(), market));
        }
        events
    }

    /// An account logged in on a connection: from now on its settings hold there.
    pub fn connection_opened(&mut self, connection: u64, account: super::AccountId) {
        let by_default = self.accounts.get(&account).is_some_and(|account| account.cancels_on_disconnect);
        self.connections.entry(connection).or_insert(by_default);
    }

    /// A connection ended, and not by logout: its orders are cancelled if that was wished.
    pub fn connection_lost(&mut self, connection: u64, market: &Market) -> Vec<PrivateEvent> {
        if self.connections.remove(&connection) != Some(true) {
            return Vec::new();
        }
        let is_meant = |number: &u64| self.orders[number].connection == connection;
        let numbers: Vec<u64> = self.open.iter().copied().filter(is_meant).collect();
        self.cancel_numbers(&numbers, Some(BY_DISCONNECT), market)
    }

    /// A connection logged out: its orders stay.
    pub fn connection_left(&mut self, connection: u64) {
        self.connections.remove(&connection);
    }

    pub(super) fn set_cancel_on_disconnect(
        &mut self,
        caller: Caller,
        params: &Map<String, Value>,
        enabled: bool,
    ) -> Result<TradingOutcome, TradingError> {
        match read_scope(params)? {
            Scope::Connection => {
                self.connections.insert(caller.connection, enabled);
            }
            Scope::Account => {
                self.accounts.entry(caller.account).or_default().cancels_on_disconnect = enabled;
            }
        }
        Ok(TradingOutcome { result: "\"ok\"".to_owned(), events: Vec::new() })
    }

    pub(super) fn get_cancel_on_disconnect(
        &self,
        caller: Caller,
        params: &Map<String, Value>,
        market: &Market,
    ) -> Result<TradingOutcome, TradingError> {
        let (scope, enabled) = match read_scope(params)? {
            Scope::Connection => {
                ("connection", self.connections.get(&caller.connection).copied().unwrap_or(false))
            }
            Scope::Account => {
                let account = self.accounts.get(&caller.account);
                ("account", account.is_some_and(|account| account.cancels_on_disconnect))
            }
        };
        let mut json = Json::object(market.style());
        json.word("scope", scope);
        json.flag("enabled", enabled);
        Ok(TradingOutcome { result: json.finish(), events: Vec::new() })
    }

    /// Cancels what rests in instruments that expired, and pays out the positions in them.
    pub(super) fn deliver(&mut self, market: &Market) -> Vec<PrivateEvent> {
        let mut events = Vec::new();
        for id in &market.delivered()[self.delivered..] {
            let in_it = |number: &u64| self.orders[number].instrument == *id;
            let numbers: Vec<u64> = self.open.iter().copied().filter(in_it).collect();
            events.extend(self.cancel_numbers(&numbers, None, market));
            let instrument = market.universe().instrument(*id);
            let price = market.settlement_price(*id).to_f64();
            for account in self.accounts.values_mut() {
                account.deliver(instrument, price);
            }
        }
        self.delivered = market.delivered().len();
        events
    }
}

enum Scope {
    Connection,
    Account,
}

fn read_scope(params: &Map<String, Value>) -> Result<Scope, ParamError> {
    match word(params, "scope")? {
        None | Some("connection") => Ok(Scope::Connection),
        Some("account") => Ok(Scope::Account),
        Some(_) => Err(ParamError::Format("scope")),
    }
}
