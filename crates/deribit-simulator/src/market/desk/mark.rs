//! The mark price of an instrument, and what follows from it.

use std::sync::Arc;

use fastrand::Rng;

use crate::market::{
    book::flow::Shape,
    chance,
    config::MarketConfig,
    decimal::Decimal,
    index::{IndexState, YEAR_S},
    instrument::{Instrument, InstrumentId, Kind, Payoff, Terms},
    option::{self, Valuation},
};

/// How much of a premium is left after a second.
const PREMIUM_MEMORY: f64 = 0.95;

/// The mark price and its company.
#[derive(Debug)]
pub(crate) struct Mark {
    /// The mark price, unrounded, in what the instrument's price counts.
    pub(crate) value: f64,
    /// The mark price as published.
    pub(crate) price: Decimal,
    premium: f64,
    /// The funding rate of eight hours.
    pub(crate) funding: f64,
    /// Its mean over about eight hours.
    pub(crate) funding_8h: f64,
    pub(crate) interest_value: f64,
    pub(crate) settlement: Decimal,
    pub(crate) open_interest: i64,
    pub(crate) option: Option<OptionMark>,
}

/// What only options have.
#[derive(Debug)]
pub(crate) struct OptionMark {
    /// The future it is priced on, if one of its expiry is listed.
    pub(crate) underlying: Option<InstrumentId>,
    pub(crate) underlying_name: Arc<str>,
    pub(crate) forward: f64,
    pub(crate) years: f64,
    pub(crate) volatility: f64,
    pub(crate) greeks: Valuation,
    /// What `markprice.options` said last.
    pub(crate) told: Option<(Decimal, Decimal)>,
}

impl Mark {
    pub(crate) fn new(
        instrument: &Instrument,
        underlying: Option<(InstrumentId, &str)>,
        rng: &mut Rng,
    ) -> Self {
        let option = matches!(instrument.terms, Terms::Option { .. }).then(|| OptionMark {
            underlying: underlying.map(|(id, _)| id),
            underlying_name: underlying.map_or("index_price", |(_, name)| name).into(),
            forward: 0.0,
            years: 0.0,
            volatility: 0.0,
            greeks: Valuation::default(),
            told: None,
        });
        Self {
            value: 0.0,
            price: Decimal::ZERO,
            premium: 0.0,
            funding: 0.0,
            funding_8h: 0.0,
            interest_value: rng.f64(),
            settlement: Decimal::ZERO,
            open_interest: rng.i64(1_000..1_000_000),
            option,
        }
    }

    /// One second passes. `forward` is the mark of the future an option is priced on.
    pub(crate) fn step(
        &mut self,
        instrument: &Instrument,
        index: &IndexState,
        forward: Option<f64>,
        config: &MarketConfig,
        now_us: u64,
        rng: &mut Rng,
    ) {
        let shock = (1.0 - PREMIUM_MEMORY * PREMIUM_MEMORY).sqrt() * config.premium;
        self.premium = PREMIUM_MEMORY * self.premium + shock * chance::normal(rng);
        // A premium of a half and more would be a market of its own.
        self.premium = self.premium.clamp(-0.5, 0.5);
        match self.option.as_mut() {
            Some(option) => {
                self.value = option.step(instrument, forward.unwrap_or(index.value()), config, now_us);
                self.price = Decimal::round(self.value, 4);
            }
            None => {
                self.value = index.value() * (1.0 + self.premium);
                self.price = Decimal::round(self.value, index.scale());
            }
        }
        if instrument.is_perpetual() {
            self.funding = self.premium;
            self.funding_8h += (self.funding - self.funding_8h) / 28_800.0;
            self.interest_value += self.funding / 28_800.0 * index.value();
        }
        if self.settlement.is_zero() {
            self.settlement = self.price;
        }
    }

    /// What the book of the instrument gathers around.
    pub(crate) fn shape(&self, instrument: &Instrument, index: f64) -> Shape {
        let fair = self.value / instrument.tick.to_f64();
        let levels = instrument.activity.levels;
        let reach = (fair * 0.03).max(Shape::reach(levels) * 8.0);
        let bounds = (((fair - reach) as i64).max(1), (fair + reach) as i64 + 1);
        let one_usd = match (instrument.kind(), instrument.payoff) {
            (Kind::Future, Payoff::Inverse) => instrument.step.to_f64(),
            _ => instrument.step.to_f64() * index,
        };
        Shape { fair, levels, steps: (20_000.0 / one_usd).clamp(4.0, 1e7), bounds }
    }
}

impl OptionMark {
    /// The value in what the option's price counts: coins for inverse ones.
    fn step(&mut self, instrument: &Instrument, forward: f64, config: &MarketConfig, now_us: u64) -> f64 {
        let Terms::Option { expiry_ms, strike, option_type } = instrument.terms else { return 0.0 };
        let strike = strike.to_f64();
        self.forward = forward;
        self.years = (expiry_ms as f64 / 1e3 - now_us as f64 / 1e6).max(0.0) / YEAR_S;
        self.volatility = option::smile(config.option_volatility, forward, strike, self.years);
        self.greeks = option::value(option_type, forward, strike, self.years, self.volatility);
        self.greeks.price / self.unit(instrument)
    }

    /// What one unit of the option's price is worth in dollars.
    fn unit(&self, instrument: &Instrument) -> f64 {
        match instrument.payoff {
            Payoff::Inverse if self.forward > 0.0 => self.forward,
            _ => 1.0,
        }
    }

    /// The implied volatility of a price, in percent.
    pub(crate) fn implied(&self, instrument: &Instrument, price: f64) -> f64 {
        let Terms::Option { strike, option_type, .. } = instrument.terms else { return 0.0 };
        let price = price * self.unit(instrument);
        100.0 * option::implied_volatility(option_type, self.forward, strike.to_f64(), self.years, price)
    }
}
