//! Questions about orders, trades and positions.

use serde_json::{Map, Value};

use super::{Caller, Trading, error::TradingError};
use crate::market::{Currency, Json, Kind, Market, ParamError, integer, named_currency, word};

/// The most trades one question may ask for.
const COUNT_MAX: u64 = 1_000;

impl Trading {
    pub(super) fn get_open_orders(
        &self,
        caller: Caller,
        params: &Map<String, Value>,
        market: &Market,
    ) -> Result<String, TradingError> {
        let kind = read_kind(params)?;
        let order_type = word(params, "type")?.unwrap_or("all");
        let mut json = Json::new(market.style());
        json.begin_array();
        for order in self.open.iter().map(|number| &self.orders[number]) {
            let instrument = market.universe().instrument(order.instrument);
            if order.account == caller.account
                && kind.is_none_or(|kind| instrument.kind() == kind)
                && (order_type == "all" || order_type == order.wish.order_type.word())
            {
                json.raw(&String::from_utf8_lossy(&order.render(instrument, market.style())));
            }
        }
        Ok(json.finish_array())
    }

    pub(super) fn get_order_state(
        &self,
        caller: Caller,
        params: &Map<String, Value>,
        market: &Market,
    ) -> Result<String, TradingError> {
        let order = &self.orders[&self.own_order(caller, params, market)?];
        let object = order.render(market.universe().instrument(order.instrument), market.style());
        Ok(String::from_utf8_lossy(&object).into_owned())
    }

    pub(super) fn get_user_trades(
        &self,
        caller: Caller,
        params: &Map<String, Value>,
        market: &Market,
    ) -> Result<String, TradingError> {
        let id = market.named(params)?;
        let count = integer(params, "count", 1, COUNT_MAX)?.unwrap_or(10) as usize;
        let start = integer(params, "start_seq", 0, u64::MAX)?;
        let end = integer(params, "end_seq", 0, u64::MAX)?;
        let ascending = match word(params, "sorting")? {
            Some("asc") => true,
            None | Some("desc" | "default") => false,
            Some(_) => return Err(ParamError::Format("sorting").into()),
        };
        let trades = self.accounts.get(&caller.account).map(|account| &account.trades);
        let mut chosen: Vec<_> = trades
            .into_iter()
            .flatten()
            .filter(|trade| trade.instrument == id)
            .filter(|trade| start.is_none_or(|start| trade.seq >= start))
            .filter(|trade| end.is_none_or(|end| trade.seq <= end))
            .collect();
        if !ascending {
            chosen.reverse();
        }
        let has_more = chosen.len() > count;
        chosen.truncate(count);
        let mut json = Json::object(market.style());
        json.key("trades");
        json.begin_array();
        for trade in chosen {
            json.raw(&String::from_utf8_lossy(&trade.object));
        }
        json.end_array();
        json.flag("has_more", has_more);
        Ok(json.finish())
    }

    /// All positions there have been; those that were closed have size nought.
    pub(super) fn get_positions(
        &self,
        caller: Caller,
        params: &Map<String, Value>,
        market: &Market,
    ) -> Result<String, TradingError> {
        let currency = read_currency(params)?;
        let kind = read_kind(params)?;
        let mut json = Json::new(market.style());
        json.begin_array();
        let positions = self.accounts.get(&caller.account).map(|account| &account.positions);
        for (id, position) in positions.into_iter().flatten() {
            let instrument = market.universe().instrument(*id);
            if currency.is_none_or(|currency| instrument.currency == currency)
                && kind.is_none_or(|kind| instrument.kind() == kind)
            {
                let object = position.render(instrument, market, self.config.leverage, market.style());
                json.raw(&String::from_utf8_lossy(&object));
            }
        }
        Ok(json.finish_array())
    }
}

fn read_currency(params: &Map<String, Value>) -> Result<Option<Currency>, ParamError> {
    match word(params, "currency")? {
        None | Some("any") => Ok(None),
        Some(word) => named_currency(word).map(Some),
    }
}

fn read_kind(params: &Map<String, Value>) -> Result<Option<Kind>, ParamError> {
    match word(params, "kind")? {
        None | Some("any") => Ok(None),
        Some(word) => Kind::parse(word).map(Some).ok_or(ParamError::Format("kind")),
    }
}
