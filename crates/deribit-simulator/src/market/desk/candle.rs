//! Candles of one instrument at one resolution.

use bytes::Bytes;

use crate::market::{
    channel::Resolution, decimal::Decimal, instrument::Instrument, number::NumberStyle, object::Json,
    tape::Trade,
};

/// The candle that is being drawn.
#[derive(Debug)]
pub(crate) struct Candle {
    pub(crate) resolution: Resolution,
    start_us: u64,
    open: i64,
    high: i64,
    low: i64,
    close: i64,
    volume: f64,
    cost: f64,
}

impl Candle {
    /// The candle of the present period, drawn from what is remembered of it.
    pub(crate) fn begun<'a>(
        resolution: Resolution,
        now_us: u64,
        last: i64,
        trades: impl Iterator<Item = &'a Trade>,
        instrument: &Instrument,
    ) -> Self {
        let start_us = now_us / resolution.period_us() * resolution.period_us();
        let mut candle = Self::filler(resolution, start_us, last);
        for trade in trades.filter(|trade| trade.timestamp_ms * 1_000 >= start_us) {
            candle.add(trade, instrument);
        }
        candle
    }

    /// A candle in which nothing happened.
    fn filler(resolution: Resolution, start_us: u64, last: i64) -> Self {
        Self { resolution, start_us, open: last, high: last, low: last, close: last, volume: 0.0, cost: 0.0 }
    }

    pub(crate) fn add(&mut self, trade: &Trade, instrument: &Instrument) {
        if self.volume == 0.0 {
            *self = Self::filler(self.resolution, self.start_us, trade.ticks);
        }
        let price = instrument.price(trade.ticks).to_f64();
        self.high = self.high.max(trade.ticks);
        self.low = self.low.min(trade.ticks);
        self.close = trade.ticks;
        self.volume += instrument.coins(trade.steps, price);
        self.cost += instrument.cost(trade.steps, price);
    }

    /// When the period is over.
    pub(crate) const fn end_us(&self) -> u64 {
        self.start_us + self.resolution.period_us()
    }

    /// Begins the next period.
    pub(crate) fn turn(&mut self) {
        *self = Self::filler(self.resolution, self.end_us(), self.close);
    }

    pub(crate) fn render(&self, instrument: &Instrument, style: NumberStyle) -> Bytes {
        let mut json = Json::object(style);
        json.number("volume", Decimal::round(self.volume, 8));
        json.integer("tick", self.start_us / 1_000);
        json.price("open", instrument.price(self.open));
        json.price("low", instrument.price(self.low));
        json.price("high", instrument.price(self.high));
        json.number("cost", Decimal::round(self.cost, 8));
        json.price("close", instrument.price(self.close));
        json.into_bytes()
    }
}
