//! Answers to the public questions about the market: the text of `result`, or what is wrong with the
//! question.

use serde_json::{Map, Value};

use super::{
    Market,
    instrument::{Currency, InstrumentId, Kind},
    ladder::Side,
    object::Json,
    param::ParamError,
};

mod object;
mod params;

pub(crate) use object::instrument_object;
use params::check_name;
pub(crate) use params::{flag, integer, named_currency, word};

/// The depths `public/get_order_book` knows.
const DEPTHS: [u64; 8] = [1, 5, 10, 20, 50, 100, 1_000, 10_000];

/// The most trades one question may ask for.
const COUNT_MAX: u64 = 1_000;

impl Market {
    /// The `result` of a public method about the market; `None` if the method is not one of those.
    ///
    /// # Errors
    ///
    /// What is wrong with the parameters.
    pub fn answer(&self, method: &str, params: &Map<String, Value>) -> Option<Result<String, ParamError>> {
        Some(match method {
            "public/get_instruments" => self.get_instruments(params),
            "public/get_instrument" => self.get_instrument(params),
            "public/get_order_book" => self.get_order_book(params),
            "public/ticker" => self.named(params).map(|id| self.ticker(id)),
            "public/get_last_trades_by_instrument" => self.get_last_trades(params),
            "public/get_index_price" => self.get_index_price(params),
            "public/get_currencies" => Ok(self.get_currencies()),
            "public/status" => Ok(self.get_status()),
            _ => return None,
        })
    }

    /// The instrument that `instrument_name` names, whether it still trades or not.
    ///
    /// # Errors
    ///
    /// It is missing, not a text, not a name, or not the name of an instrument.
    pub fn named(&self, params: &Map<String, Value>) -> Result<InstrumentId, ParamError> {
        let name = word(params, "instrument_name")?.ok_or(ParamError::Required("instrument_name"))?;
        if let Some(id) = self.universe.find(name) {
            return Ok(id);
        }
        Err(if check_name(name) { ParamError::UnknownInstrument } else { ParamError::WrongFormat })
    }

    fn get_instruments(&self, params: &Map<String, Value>) -> Result<String, ParamError> {
        let currency = word(params, "currency")?.ok_or(ParamError::Required("currency"))?;
        let currency = if currency == "any" { None } else { Some(named_currency(currency)?) };
        let kind = match word(params, "kind")? {
            None | Some("any") => None,
            Some(kind) => Some(Kind::parse(kind).ok_or(ParamError::Format("kind"))?),
        };
        let expired = flag(params, "expired")?.unwrap_or(false);
        let mut json = Json::new(self.style());
        json.begin_array();
        for instrument in self.universe.instruments() {
            let is_wanted = currency.is_none_or(|currency| instrument.currency == currency)
                && kind.is_none_or(|kind| instrument.kind() == kind)
                && instrument.state.is_gone() == expired;
            if is_wanted {
                json.begin();
                instrument_object(&mut json, instrument, &self.universe);
                json.end();
            }
        }
        Ok(json.finish_array())
    }

    fn get_instrument(&self, params: &Map<String, Value>) -> Result<String, ParamError> {
        let id = self.named(params)?;
        let mut json = Json::object(self.style());
        instrument_object(&mut json, self.universe.instrument(id), &self.universe);
        Ok(json.finish())
    }

    fn get_order_book(&self, params: &Map<String, Value>) -> Result<String, ParamError> {
        let id = self.named(params)?;
        let depth = integer(params, "depth", 1, 10_000)?.unwrap_or(5);
        if !DEPTHS.contains(&depth) {
            return Err(ParamError::Format("depth"));
        }
        let (instrument, book) = (self.universe.instrument(id), &self.desk(id).book);
        let mut json = Json::object(self.style());
        json.integer("timestamp", book.changed_us / 1_000);
        json.word("instrument_name", &instrument.name);
        self.sheet(id).write(&mut json);
        json.integer("change_id", book.change_id);
        for (name, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
            json.key(name);
            json.begin_array();
            for level in book.side(side).levels().iter().take(depth as usize) {
                json.begin_array();
                json.price_element(instrument.price(level.ticks));
                json.number_element(instrument.amount(level.steps));
                json.end_array();
            }
            json.end_array();
        }
        Ok(json.finish())
    }

    /// The last trades, the newest first unless asked otherwise. Within bounds of `trade_seq`, the
    /// oldest of those are meant if only the lower bound is given.
    fn get_last_trades(&self, params: &Map<String, Value>) -> Result<String, ParamError> {
        let id = self.named(params)?;
        let count = integer(params, "count", 1, COUNT_MAX)?.unwrap_or(10) as usize;
        let start = integer(params, "start_seq", 0, u64::MAX)?;
        let end = integer(params, "end_seq", 0, u64::MAX)?;
        let sorting = word(params, "sorting")?.unwrap_or("default");
        if !matches!(sorting, "asc" | "desc" | "default") {
            return Err(ParamError::Format("sorting"));
        }
        let is_within = |seq: u64| start.is_none_or(|start| seq >= start) && end.is_none_or(|end| seq <= end);
        let trades = self.desk(id).tape.trades().filter(|trade| is_within(trade.seq));
        let ascending = match sorting {
            "asc" => true,
            "desc" => false,
            _ => start.is_some() && end.is_none(),
        };
        let mut chosen: Vec<_> =
            if ascending { trades.take(count + 1).collect() } else { trades.rev().take(count + 1).collect() };
        let has_more = chosen.len() > count;
        chosen.truncate(count);
        let (instrument, style) = (self.universe.instrument(id), self.style());
        let mut json = Json::object(style);
        json.key("trades");
        json.begin_array();
        for trade in chosen {
            json.raw(&trade.render(instrument, style));
        }
        json.end_array();
        json.flag("has_more", has_more);
        Ok(json.finish())
    }

    fn get_index_price(&self, params: &Map<String, Value>) -> Result<String, ParamError> {
        let name = word(params, "index_name")?.ok_or(ParamError::Required("index_name"))?;
        let id = self.universe.find_index(name).ok_or(ParamError::Format("index_name"))?;
        let mut json = Json::object(self.style());
        json.price("index_price", self.indices[id.place()].price);
        json.price("estimated_delivery_price", self.indices[id.place()].delivery_price().0);
        Ok(json.finish())
    }

    fn get_currencies(&self) -> String {
        let mut json = Json::new(self.style());
        json.begin_array();
        for currency in Currency::ALL {
            json.begin();
            object::currency_members(&mut json, currency);
            json.end();
        }
        json.finish_array()
    }

    fn get_status(&self) -> String {
        let locked: Vec<&str> = self
            .universe
            .indices()
            .filter(|(id, _)| self.indices[id.place()].is_locked)
            .map(|(_, index)| index.name.as_str())
            .collect();
        let mut json = Json::object(self.style());
        let word = match locked.len() {
            0 => "false",
            count if count == self.indices.len() => "true",
            _ => "partial",
        };
        json.word("locked", word);
        if !locked.is_empty() {
            json.key("locked_indices");
            json.begin_array();
            for name in locked {
                json.word_element(name);
            }
            json.end_array();
        }
        json.finish()
    }
}
