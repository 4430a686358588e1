//! Orders of clients.

use bytes::Bytes;

use super::AccountId;
use crate::market::{
    Currency, Decimal, Direction, Instrument, InstrumentId, Json, Kind, NumberStyle, Payoff,
};

/// One order.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) account: AccountId,
    /// The connection it came by.
    pub(crate) connection: u64,
    pub(crate) instrument: InstrumentId,
    pub(crate) wish: Wish,
    pub(crate) filled: i64,
    /// Sum over the fills of what the average price is made of, see [`Order::note_fill`].
    average: (f64, f64),
    pub(crate) state: OrderState,
    pub(crate) replaced: bool,
    pub(crate) created_ms: u64,
    pub(crate) updated_ms: u64,
    pub(crate) cancel_reason: Option<&'static str>,
}

/// What the client wants.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) direction: Direction,
    pub(crate) order_type: OrderType,
    /// The limit; of market orders the price at which they stop.
    pub(crate) ticks: i64,
    pub(crate) steps: i64,
    pub(crate) label: String,
    pub(crate) time_in_force: TimeInForce,
    pub(crate) post_only: bool,
    pub(crate) reject_post_only: bool,
    pub(crate) reduce_only: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OrderType {
    Limit,
    Market,
}

impl OrderType {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "limit" => Some(Self::Limit),
            "market" => Some(Self::Market),
            _ => None,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Market => "market",
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TimeInForce {
    GoodTilCancelled,
    ImmediateOrCancel,
    FillOrKill,
}

impl TimeInForce {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "good_til_cancelled" => Some(Self::GoodTilCancelled),
            "immediate_or_cancel" => Some(Self::ImmediateOrCancel),
            "fill_or_kill" => Some(Self::FillOrKill),
            _ => None,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::GoodTilCancelled => "good_til_cancelled",
            Self::ImmediateOrCancel => "immediate_or_cancel",
            Self::FillOrKill => "fill_or_kill",
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OrderState {
    Open,
    Filled,
    Cancelled,
}

impl OrderState {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Order {
    pub(crate) fn new(
        number: u64,
        account: AccountId,
        connection: u64,
        instrument: InstrumentId,
        wish: Wish,
        now_ms: u64,
    ) -> Self {
        Self {
            number,
            account,
            connection,
            instrument,
            wish,
            filled: 0,
            average: (0.0, 0.0),
            state: OrderState::Open,
            replaced: false,
            created_ms: now_ms,
            updated_ms: now_ms,
            cancel_reason: None,
        }
    }

    pub(crate) const fn remaining(&self) -> i64 {
        self.wish.steps - self.filled
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state == OrderState::Open
    }

    /// Counts a fill. The average is such that the whole costs what its parts cost, which for inverse
    /// futures is the harmonic mean.
    pub(crate) fn note_fill(&mut self, instrument: &Instrument, steps: i64, price: f64, now_ms: u64) {
        self.filled += steps;
        let cost = instrument.cost(steps, price);
        self.average = (self.average.0 + cost, self.average.1 + instrument.coins(steps, price));
        self.updated_ms = now_ms;
        if self.remaining() == 0 {
            self.state = OrderState::Filled;
        }
    }

    pub(crate) fn cancel(&mut self, reason: Option<&'static str>, now_ms: u64) {
        self.state = OrderState::Cancelled;
        self.cancel_reason = reason;
        self.updated_ms = now_ms;
    }

    fn average_price(&self, instrument: &Instrument) -> Decimal {
        match self.average {
            (_, coins) if coins <= 0.0 => Decimal::ZERO,
            (cost, coins) => Decimal::round(cost / coins, instrument.tick.scale() + 2),
        }
    }

    pub(crate) fn render(&self, instrument: &Instrument, style: NumberStyle) -> Bytes {
        let wish = &self.wish;
        let mut json = Json::object(style);
        json.text("label", &wish.label);
        json.price("price", instrument.price(wish.ticks));
        json.integer("user_id", self.account.0);
        json.number("amount", instrument.amount(wish.steps));
        json.word("direction", wish.direction.word());
        json.word("time_in_force", wish.time_in_force.word());
        json.word("instrument_name", &instrument.name);
        json.flag("web", false);
        json.flag("api", true);
        json.word("order_id", &order_id(self.number, instrument));
        json.integer("creation_timestamp", self.created_ms);
        json.flag("replaced", self.replaced);
        json.number("filled_amount", instrument.amount(self.filled));
        json.integer("last_update_timestamp", self.updated_ms);
        json.flag("post_only", wish.post_only);
        json.flag("reduce_only", wish.reduce_only);
        if let Some(reason) = self.cancel_reason {
            json.word("cancel_reason", reason);
        }
        json.price("average_price", self.average_price(instrument));
        json.flag("mmp", false);
        json.number("contracts", instrument.contracts(wish.steps));
        json.word("order_state", self.state.word());
        json.word("order_type", wish.order_type.word());
        json.flag("is_liquidation", false);
        json.flag("risk_reducing", false);
        json.into_bytes()
    }
}

/// The text of an order's id: with the currency in front, but for Bitcoin.
pub(crate) fn order_id(number: u64, instrument: &Instrument) -> String {
    match instrument.currency {
        Currency::Btc => number.to_string(),
        currency => format!("{}-{number}", currency.word()),
    }
}

/// The number in the text of an order's id.
pub(crate) fn order_number(text: &str) -> Option<u64> {
    let digits = text.rsplit_once('-').map_or(text, |(_, digits)| digits);
    digits.parse().ok()
}

/// What changes hands in a trade, besides the contracts: the fee and in which currency.
pub(crate) fn fee(instrument: &Instrument, steps: i64, price: f64, index: f64, is_taker: bool) -> f64 {
    match (instrument.kind(), instrument.payoff) {
        (Kind::Option, Payoff::Inverse) => 0.0003 * instrument.coins(steps, price),
        (Kind::Option, Payoff::Linear) => 0.0003 * instrument.coins(steps, price) * index,
        _ if !is_taker => 0.0,
        (_, Payoff::Inverse) => 0.0005 * instrument.coins(steps, price),
        (_, Payoff::Linear) => 0.0005 * instrument.cost(steps, price),
    }
}
