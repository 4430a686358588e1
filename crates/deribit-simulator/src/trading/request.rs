//! Reading the parameters of orders.

use serde_json::{Map, Value};

use super::{
    error::TradingError,
    order::{OrderType, TimeInForce, Wish},
};
use crate::market::{
    Decimal, Direction, Instrument, InstrumentId, InstrumentState, Market, ParamError, flag, integer, word,
};

/// The longest label.
const LABEL_CHARS: usize = 64;

/// The most steps of one order. Sums of many such orders still fit everywhere.
const STEPS_MAX: i64 = 1_000_000_000_000;

/// Reads an order, and checks all that can be checked without an account.
pub(crate) fn read_wish(
    direction: Direction,
    params: &Map<String, Value>,
    market: &Market,
) -> Result<(InstrumentId, Wish), TradingError> {
    let id = market.named(params)?;
    let instrument = market.universe().instrument(id);
    let order_type = match word(params, "type")? {
        None => OrderType::Limit,
        Some(kind) => OrderType::parse(kind).ok_or(ParamError::Format("type"))?,
    };
    let steps = read_steps(params, instrument)?.ok_or(ParamError::Required("amount"))?;
    let time_in_force = match word(params, "time_in_force")? {
        None => TimeInForce::GoodTilCancelled,
        Some(kind) => TimeInForce::parse(kind).ok_or(ParamError::Format("time_in_force"))?,
    };
    let label = word(params, "label")?.unwrap_or_default();
    if label.chars().count() > LABEL_CHARS {
        return Err(ParamError::Format("label").into());
    }
    let price = read_price(params)?;
    let mut wish = Wish {
        direction,
        order_type,
        ticks: 0,
        steps,
        label: label.to_owned(),
        time_in_force,
        post_only: flag(params, "post_only")?.unwrap_or(false),
        reject_post_only: flag(params, "reject_post_only")?.unwrap_or(false),
        reduce_only: flag(params, "reduce_only")?.unwrap_or(false),
    };
    check_time(params, market)?;
    check_state(id, market)?;
    wish.ticks = match (order_type, price) {
        (OrderType::Limit, None) => return Err(ParamError::Required("price").into()),
        (OrderType::Limit, Some(price)) => limit_ticks(price, direction, id, market)?,
        (OrderType::Market, _) => match (direction, market.price_bounds(id)) {
            (Direction::Buy, (_, highest)) => highest,
            (Direction::Sell, (lowest, _)) => lowest,
        },
    };
    Ok((id, wish))
}

/// The amount in steps, if there is one.
pub(crate) fn read_steps(
    params: &Map<String, Value>,
    instrument: &Instrument,
) -> Result<Option<i64>, ParamError> {
    let Some(amount) = number(params, "amount")? else { return Ok(None) };
    let steps = amount.multiples_of(instrument.step).ok_or(ParamError::NotMultiple)?;
    match steps {
        ..=0 => Err(ParamError::TooLow("amount")),
        1..=STEPS_MAX => Ok(Some(steps)),
        _ => Err(ParamError::TooHigh("amount")),
    }
}

/// The price, if there is one.
pub(crate) fn read_price(params: &Map<String, Value>) -> Result<Option<Decimal>, ParamError> {
    number(params, "price")
}

/// A limit price in ticks: on the grid, and not so far that it would trade outside the bounds.
pub(crate) fn limit_ticks(
    price: Decimal,
    direction: Direction,
    id: InstrumentId,
    market: &Market,
) -> Result<i64, TradingError> {
    let instrument = market.universe().instrument(id);
    let (lowest, highest) = market.price_bounds(id);
    let ticks = price.multiples_of(instrument.tick).ok_or(TradingError::WrongTick)?;
    match direction {
        Direction::Buy if ticks > highest => Err(TradingError::PriceTooHigh(instrument.price(highest))),
        Direction::Sell if ticks < lowest => Err(TradingError::PriceTooLow(instrument.price(lowest))),
        // Above all bounds an offer never trades, but it must be a price.
        _ if ticks < 1 => Err(TradingError::PriceTooLow(instrument.price(1))),
        _ if ticks > STEPS_MAX => Err(TradingError::PriceTooHigh(instrument.price(highest))),
        _ => Ok(ticks),
    }
}

/// Refuses what came after its `valid_until`.
pub(crate) fn check_time(params: &Map<String, Value>, market: &Market) -> Result<(), TradingError> {
    match integer(params, "valid_until", 0, u64::MAX)? {
        Some(valid_until) if valid_until < market.now_us() / 1_000 => Err(TradingError::TimedOut),
        _ => Ok(()),
    }
}

/// Refuses what may not trade now.
pub(crate) fn check_state(id: InstrumentId, market: &Market) -> Result<(), TradingError> {
    let instrument = market.universe().instrument(id);
    match instrument.state {
        _ if market.is_index_locked(instrument.index) => Err(TradingError::Locked),
        InstrumentState::Open => Ok(()),
        InstrumentState::Settlement => Err(TradingError::SettlementInProgress),
        InstrumentState::Locked | InstrumentState::Halted => Err(TradingError::Locked),
        _ => Err(TradingError::BookClosed),
    }
}

/// A number, read from its digits.
fn number(params: &Map<String, Value>, name: &'static str) -> Result<Option<Decimal>, ParamError> {
    match params.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => match Decimal::parse(&number.to_string()) {
            Some(decimal) => Ok(Some(decimal)),
            None if number.as_f64().is_some_and(|value| value.abs() > 1.0) => Err(ParamError::TooHigh(name)),
            None => Err(ParamError::Format(name)),
        },
        Some(_) => Err(ParamError::Format(name)),
    }
}
