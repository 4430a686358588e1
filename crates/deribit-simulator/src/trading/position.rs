//! Positions.

use bytes::Bytes;

use crate::market::{Decimal, Direction, Instrument, Json, Kind, Market, NumberStyle, Payoff};

/// What an account holds of an instrument.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position {
    /// In steps; negative if sold.
    pub(crate) steps: i64,
    pub(crate) average: f64,
    /// Profit made by closing, less what was lost, in the instrument's currency.
    pub(crate) realized: f64,
}

impl Position {
    /// Counts a trade and says what profit it realised.
    pub(crate) fn apply(
        &mut self,
        instrument: &Instrument,
        direction: Direction,
        steps: i64,
        price: f64,
    ) -> f64 {
        let signed = if direction == Direction::Buy { steps } else { -steps };
        let closed = if self.steps.signum() * signed.signum() < 0 { steps.min(self.steps.abs()) } else { 0 };
        let profit = self.profit_of(instrument, closed * self.steps.signum(), price);
        let opened = steps - closed;
        let after = self.steps + signed;
        if opened > 0 {
            let kept = if closed > 0 { 0 } else { self.steps.abs() };
            self.average = mean(instrument, (kept, self.average), (opened, price));
        }
        if after == 0 {
            self.average = 0.0;
        }
        self.steps = after;
        self.realized += profit;
        profit
    }

    /// What so many of its steps would earn at a price.
    fn profit_of(&self, instrument: &Instrument, steps: i64, price: f64) -> f64 {
        if steps == 0 || self.average <= 0.0 || price <= 0.0 {
            return 0.0;
        }
        let amount = instrument.amount(steps).to_f64();
        match (instrument.kind(), instrument.payoff) {
            (Kind::Future, Payoff::Inverse) => amount * (1.0 / self.average - 1.0 / price),
            _ => amount * (price - self.average),
        }
    }

    /// What it would earn if it were closed at a price.
    pub(crate) fn floating(&self, instrument: &Instrument, price: f64) -> f64 {
        self.profit_of(instrument, self.steps, price)
    }

    /// What it is worth in the instrument's currency.
    pub(crate) fn worth(&self, instrument: &Instrument, price: f64) -> f64 {
        match instrument.payoff {
            Payoff::Inverse if instrument.kind() == Kind::Future => instrument.coins(self.steps, price),
            _ => instrument.cost(self.steps, price),
        }
    }

    /// How much of its coin it is.
    pub(crate) fn coins(&self, instrument: &Instrument, price: f64) -> f64 {
        instrument.coins(self.steps, price)
    }

    pub(crate) fn direction_word(&self) -> &'static str {
        match self.steps.signum() {
            0 => "zero",
            1 => "buy",
            _ => "sell",
        }
    }

    pub(crate) fn render(
        &self,
        instrument: &Instrument,
        market: &Market,
        leverage: u32,
        style: NumberStyle,
    ) -> Bytes {
        let mark = market.mark_price(instrument.id());
        let price = mark.to_f64();
        let money = |value: f64| Decimal::round(value, 9);
        let worth = self.worth(instrument, price).abs();
        let floating = self.floating(instrument, price);
        let is_future = instrument.kind() == Kind::Future;
        let mut json = Json::object(style);
        json.number("size", instrument.amount(self.steps));
        json.word("kind", instrument.kind().word());
        json.number("maintenance_margin", money(worth / f64::from(leverage) / 2.0));
        json.number("initial_margin", money(worth / f64::from(leverage)));
        json.word("direction", self.direction_word());
        json.price("index_price", market.index_price(instrument.index));
        json.word("instrument_name", &instrument.name);
        json.price("settlement_price", market.settlement_price(instrument.id()));
        json.price("mark_price", mark);
        if is_future {
            json.float("interest_value", market.interest_value(instrument.id()));
        }
        json.number("delta", money(self.coins(instrument, price)));
        json.price("average_price", Decimal::round(self.average, instrument.tick.scale() + 2));
        json.number("floating_profit_loss", money(floating));
        json.number("realized_profit_loss", money(self.realized));
        json.number("total_profit_loss", money(floating));
        if is_future {
            json.number("realized_funding", Decimal::ZERO);
            json.integer("leverage", u64::from(leverage));
            json.number("size_currency", money(self.coins(instrument, price)));
        }
        json.into_bytes()
    }
}

/// The price at which both parts together were made.
fn mean(instrument: &Instrument, one: (i64, f64), other: (i64, f64)) -> f64 {
    let is_harmonic = instrument.kind() == Kind::Future && instrument.payoff == Payoff::Inverse;
    let ((a, p), (b, q)) = ((one.0 as f64, one.1), (other.0 as f64, other.1));
    match (a > 0.0 && p > 0.0, is_harmonic) {
        (false, _) => q,
        (true, true) => (a + b) / (a / p + b / q),
        (true, false) => (a * p + b * q) / (a + b),
    }
}
