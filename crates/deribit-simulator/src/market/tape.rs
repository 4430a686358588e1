//! The trades of an instrument.

use std::collections::VecDeque;

use super::{
    day::Day,
    decimal::Decimal,
    instrument::{Currency, Instrument, Kind},
    ladder::Side,
    number::NumberStyle,
    object::Json,
};

/// Which way a trade went, seen from who took the offer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Direction {
    /// Bought.
    Buy,
    /// Sold.
    Sell,
}

impl Direction {
    /// The word of the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// The side of the book it takes from.
    #[must_use]
    pub const fn takes(self) -> Side {
        match self {
            Self::Buy => Side::Ask,
            Self::Sell => Side::Bid,
        }
    }
}

/// How a price stands to the one before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TickDirection {
    /// Above it.
    Plus = 0,
    /// Equal, after a rise.
    ZeroPlus = 1,
    /// Below it.
    Minus = 2,
    /// Equal, after a fall.
    ZeroMinus = 3,
}

/// One trade.
#[derive(Clone, Debug, PartialEq)]
pub struct Trade {
    /// Counts by one per instrument.
    pub seq: u64,
    /// Its id, with the currency in front where the wire has it.
    pub trade_id: String,
    /// When, in milliseconds.
    pub timestamp_ms: u64,
    /// How its price stands to the one before.
    pub tick_direction: TickDirection,
    /// Its price in ticks.
    pub ticks: i64,
    /// Its amount in steps.
    pub steps: i64,
    /// Which way it went.
    pub direction: Direction,
    /// The mark price then.
    pub mark: Decimal,
    /// The index price then.
    pub index: Decimal,
    /// The implied volatility in percent, of options.
    pub iv: Option<Decimal>,
}

impl Trade {
    /// The object of the public trade channels.
    pub(crate) fn render(&self, instrument: &Instrument, style: NumberStyle) -> String {
        let mut json = Json::object(style);
        json.integer("timestamp", self.timestamp_ms);
        json.price("price", instrument.price(self.ticks));
        json.number("amount", instrument.amount(self.steps));
        json.word("direction", self.direction.word());
        json.price("index_price", self.index);
        json.word("instrument_name", &instrument.name);
        json.integer("trade_seq", self.seq);
        json.price("mark_price", self.mark);
        json.integer("tick_direction", self.tick_direction as u64);
        json.number("contracts", instrument.contracts(self.steps));
        if let Some(iv) = self.iv {
            json.number("iv", iv);
        }
        json.word("trade_id", &self.trade_id);
        json.finish()
    }
}

/// The trades of an instrument, the last ones by heart and the last day in sum.
#[derive(Debug)]
pub(crate) struct Tape {
    kept: usize,
    trades: VecDeque<Trade>,
    seq: u64,
    last_ticks: Option<i64>,
    last_direction: TickDirection,
    pub(crate) day: Day,
}

impl Tape {
    pub(crate) fn new(kept: usize, seq: u64) -> Self {
        Self {
            kept: kept.max(1),
            trades: VecDeque::new(),
            seq,
            last_ticks: None,
            last_direction: TickDirection::Plus,
            day: Day::default(),
        }
    }

    /// A price from before the record begins.
    pub(crate) fn assume_last(&mut self, ticks: i64) {
        self.last_ticks = Some(ticks);
    }

    /// The price of the last trade.
    pub(crate) const fn last_ticks(&self) -> Option<i64> {
        self.last_ticks
    }

    pub(crate) fn last(&self) -> Option<&Trade> {
        self.trades.back()
    }

    /// The remembered trades, the oldest first.
    pub(crate) fn trades(&self) -> impl DoubleEndedIterator<Item = &Trade> {
        self.trades.iter()
    }

    /// Numbers a trade, sets it against the one before, and remembers it.
    pub(crate) fn print(&mut self, mut trade: Trade, instrument: &Instrument, now_us: u64) -> Trade {
        self.seq += 1;
        trade.seq = self.seq;
        trade.tick_direction = self.compare(trade.ticks);
        self.last_direction = trade.tick_direction;
        self.last_ticks = Some(trade.ticks);
        let price = instrument.price(trade.ticks).to_f64();
        let (volume, cost) = (instrument.coins(trade.steps, price), instrument.cost(trade.steps, price));
        self.day.add(now_us, price, volume, cost);
        if self.trades.len() == self.kept {
            self.trades.pop_front();
        }
        self.trades.push_back(trade.clone());
        trade
    }

    fn compare(&self, ticks: i64) -> TickDirection {
        let was_up = matches!(self.last_direction, TickDirection::Plus | TickDirection::ZeroPlus);
        match self.last_ticks.map(|last| ticks.cmp(&last)) {
            Some(std::cmp::Ordering::Less) => TickDirection::Minus,
            Some(std::cmp::Ordering::Equal) if was_up => TickDirection::ZeroPlus,
            Some(std::cmp::Ordering::Equal) => TickDirection::ZeroMinus,
            Some(std::cmp::Ordering::Greater) | None => TickDirection::Plus,
        }
    }
}

/// Numbers that are given out one by one: to changes of books and to trades.
#[derive(Clone, Debug)]
pub(crate) struct Counters {
    changes: [u64; 4],
    trades: [u64; 3],
}

impl Counters {
    pub(crate) fn new(rng: &mut fastrand::Rng) -> Self {
        Self {
            changes: std::array::from_fn(|_| rng.u64(180_000_000_000..200_000_000_000)),
            trades: std::array::from_fn(|_| rng.u64(2_000_000..300_000_000)),
        }
    }

    /// The number of the next change of a book. Groups of instruments share a counter, but nobody is
    /// more than `stride` ahead of their own last number: messages advance by at most 6000.
    pub(crate) fn change_id(
        &mut self,
        instrument: &Instrument,
        last: u64,
        stride: u64,
        rng: &mut fastrand::Rng,
    ) -> u64 {
        let group = match (instrument.kind(), instrument.currency) {
            (Kind::Option, _) => 3,
            (_, Currency::Btc) => 0,
            (_, Currency::Eth) => 1,
            _ => 2,
        };
        self.changes[group] += rng.u64(1..=4);
        self.changes[group].min(last.saturating_add(stride).max(last + 1))
    }

    /// The counter's value, for a book that begins.
    pub(crate) fn first_change_id(&mut self, instrument: &Instrument, rng: &mut fastrand::Rng) -> u64 {
        self.change_id(instrument, 0, u64::MAX, rng)
    }

    pub(crate) fn trade_id(&mut self, instrument: &Instrument) -> String {
        let (place, prefix) = match instrument.currency {
            Currency::Btc => (0, ""),
            Currency::Eth => (1, "ETH-"),
            _ => (2, "USDC-"),
        };
        self.trades[place] += 1;
        format!("{prefix}{}", self.trades[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tick_directions_follow_the_usual_rule() {
        let mut tape = Tape::new(10, 0);
        let directions = [10, 11, 11, 10, 10, 12].map(|ticks| {
            let direction = tape.compare(ticks);
            tape.last_ticks = Some(ticks);
            tape.last_direction = direction;
            direction as u8
        });
        assert_eq!(directions, [0, 0, 1, 2, 3, 0]);
    }
}
