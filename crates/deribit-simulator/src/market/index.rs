//! Indices: random walks that never stand still and never reach nought.

use fastrand::Rng;

use super::{chance, config::MarketConfig, day::Day, decimal::Decimal, universe::Index};

/// Seconds of a year.
pub(crate) const YEAR_S: f64 = 365.0 * 86_400.0;

/// The half hour whose mean is the delivery price.
const AVERAGE_S: u64 = 1_800;

/// An index in motion.
#[derive(Debug)]
pub(crate) struct IndexState {
    rng: Rng,
    value: f64,
    scale: u8,
    /// The price as published.
    pub(crate) price: Decimal,
    /// The volatility index, in percent.
    pub(crate) volatility: f64,
    pub(crate) day: Day,
    pub(crate) is_locked: bool,
    /// Sum and count of the prices in the half hour before the settlement.
    average: (f64, u32),
}

impl IndexState {
    pub(crate) fn new(index: &Index, config: &MarketConfig, seed: u64, now_us: u64) -> Self {
        let mut rng = chance::generator(seed, &index.name);
        let value = index.first.to_f64();
        let mut day = Day::default();
        // A day before the first one, so that its statistics are not a single point.
        let earlier = now_us.saturating_sub(3_600_000_000);
        day.add(earlier, value * (1.0 - 0.01 * rng.f64()), 0.0, 0.0);
        day.add(earlier, value * (1.0 + 0.01 * rng.f64()), 0.0, 0.0);
        day.add(now_us, value, 0.0, 0.0);
        Self {
            rng,
            value,
            scale: index.scale,
            price: index.first,
            volatility: config.volatility * 100.0,
            day,
            is_locked: false,
            average: (0.0, 0),
        }
    }

    /// One second passes: p ← p · exp(σ · √dt · z).
    pub(crate) fn step(&mut self, config: &MarketConfig, now_us: u64, settlement_us: u64) {
        let shock = config.volatility / YEAR_S.sqrt() * chance::normal(&mut self.rng);
        // A single second never moves a price by more than half, whatever volatility is set.
        self.value *= shock.clamp(-0.5, 0.5).exp();
        let price = Decimal::round(self.value, self.scale);
        self.price = if price.units() > 0 { price } else { Decimal::new(1, self.scale) };
        self.day.add(now_us, self.value(), 0.0, 0.0);
        let pull = (config.volatility * 100.0 - self.volatility) * 0.001;
        let shock = 0.02 * chance::normal(&mut self.rng);
        self.volatility = (self.volatility + pull + shock).clamp(1.0, 500.0);
        if settlement_us.saturating_sub(now_us) <= AVERAGE_S * 1_000_000 {
            self.average = (self.average.0 + self.value(), self.average.1 + 1);
        } else {
            self.average = (0.0, 0);
        }
    }

    /// The price as published.
    pub(crate) fn value(&self) -> f64 {
        self.price.to_f64()
    }

    pub(crate) const fn scale(&self) -> u8 {
        self.scale
    }

    /// The delivery price as it stands, and whether it is a mean already.
    pub(crate) fn delivery_price(&self) -> (Decimal, bool) {
        match self.average {
            (_, 0) => (self.price, false),
            (sum, count) => (Decimal::round(sum / f64::from(count), self.scale), true),
        }
    }
}
