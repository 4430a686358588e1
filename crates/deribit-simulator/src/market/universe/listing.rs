//! The instruments that are listed at the start, and those that follow expired ones.

use super::{Index, IndexId, Universe};
use crate::market::{
    calendar,
    config::MarketConfig,
    decimal::Decimal,
    instrument::{Activity, Currency, Instrument, InstrumentId, InstrumentState, OptionType, Payoff, Terms},
};

/// A coin's index, its first price and the digits of it.
const INDICES: [(&str, &str, f64, u8); 6] = [
    ("btc_usd", "BTC", 87_000.0, 2),
    ("eth_usd", "ETH", 2_950.0, 2),
    ("btc_usdc", "BTC", 87_010.0, 2),
    ("eth_usdc", "ETH", 2_950.5, 2),
    ("xrp_usdc", "XRP", 0.63, 4),
    ("towns_usdc", "TOWNS", 0.0127, 6),
];

/// Strikes as parts of the first index price.
const STRIKES: [f64; 9] = [0.80, 0.85, 0.90, 0.95, 1.0, 1.05, 1.10, 1.15, 1.20];

/// How far off the nearest expiry is at least.
const LEAD_DAYS: u64 = 14;

impl Universe {
    /// The universe of the specification, enlarged as the configuration says.
    pub(crate) fn build(config: &MarketConfig, now_us: u64) -> Self {
        let mut universe = Self::default();
        for (name, base, first, scale) in INDICES {
            universe.add_priced_index(config, name, base, first, scale);
        }
        let now_ms = now_us / 1_000;
        let lister = Lister { config, now_ms };
        let near = calendar::quarterly_expiry(now_us / calendar::DAY_US, LEAD_DAYS);
        let far = calendar::quarterly_expiry(near, 1);
        lister.perpetuals(&mut universe);
        for day in [near, far] {
            for base in ["BTC", "ETH"] {
                lister.future(&mut universe, base, day);
            }
        }
        for day in [near, far] {
            lister.chain(&mut universe, day);
        }
        lister.rest(&mut universe, near);
        let missing = config.instruments.saturating_sub(universe.instruments.len());
        for number in 0..missing {
            lister.invented(&mut universe, number);
        }
        universe
    }

    fn add_priced_index(
        &mut self,
        config: &MarketConfig,
        name: &str,
        base: &str,
        first: f64,
        scale: u8,
    ) -> IndexId {
        let set = config.index_prices.get(name).copied().filter(|price| *price > 0.0);
        let first = Decimal::round(set.unwrap_or(first), scale);
        let first = if first.is_zero() { Decimal::new(1, scale) } else { first };
        self.add_index(Index { name: name.to_owned(), base: base.to_owned(), scale, first })
    }

    /// What is listed in place of an expired future or option: the same, one quarter on.
    pub(crate) fn successor(&self, id: InstrumentId, now_us: u64) -> Option<Instrument> {
        let old = self.instrument(id);
        let old_day = old.expiry_ms()? / 86_400_000;
        // The two next quarters are listed already, so what follows is the one after them.
        let mut day = old_day;
        let listed =
            |day: u64| self.find(&old.name.replace(&calendar::day_name(old_day), &calendar::day_name(day)));
        while listed(day).is_some() || calendar::expiry_ms(day) * 1_000 <= now_us {
            day = calendar::quarterly_expiry(day, 1);
        }
        let expiry_ms = calendar::expiry_ms(day);
        let terms = match old.terms {
            Terms::Future { .. } => Terms::Future { expiry_ms },
            Terms::Option { strike, option_type, .. } => Terms::Option { expiry_ms, strike, option_type },
            Terms::Perpetual | Terms::Spot => return None,
        };
        Some(Instrument {
            name: old.name.replace(&calendar::day_name(old_day), &calendar::day_name(day)),
            terms,
            state: InstrumentState::Open,
            created_ms: now_us / 1_000,
            ..old.clone()
        })
    }
}

struct Lister<'a> {
    config: &'a MarketConfig,
    now_ms: u64,
}

impl Lister<'_> {
    fn perpetuals(&self, universe: &mut Universe) {
        let rates = &self.config.rates;
        let large = self.activity(rates.perpetual, rates.perpetual_trades, 120);
        for (name, base, index, payoff, tick, contract) in [
            ("BTC-PERPETUAL", "BTC", "btc_usd", Payoff::Inverse, (5, 1), (10, 0)),
            ("ETH-PERPETUAL", "ETH", "eth_usd", Payoff::Inverse, (5, 2), (1, 0)),
            ("BTC_USDC-PERPETUAL", "BTC", "btc_usdc", Payoff::Linear, (1, 1), (1, 4)),
            ("ETH_USDC-PERPETUAL", "ETH", "eth_usdc", Payoff::Linear, (5, 2), (1, 3)),
        ] {
            self.add(universe, name, base, index, payoff, Terms::Perpetual, tick, contract, large);
        }
    }

    fn future(&self, universe: &mut Universe, base: &str, day: u64) {
        let rates = &self.config.rates;
        let name = format!("{base}-{}", calendar::day_name(day));
        let index = format!("{}_usd", base.to_lowercase());
        let (tick, contract) = if base == "BTC" { ((25, 1), (10, 0)) } else { ((25, 2), (1, 0)) };
        let terms = Terms::Future { expiry_ms: calendar::expiry_ms(day) };
        let activity = self.activity(rates.future, rates.future_trades, 60);
        self.add(universe, &name, base, &index, Payoff::Inverse, terms, tick, contract, activity);
    }

    /// Nine strikes with a call and a put each.
    fn chain(&self, universe: &mut Universe, day: u64) {
        let first = universe.find_index("btc_usd").map_or(0.0, |id| universe.price_index(id).first.to_f64());
        for part in STRIKES {
            let strike = ((first * part / 1_000.0).round() as i64 * 1_000).max(1_000);
            for (option_type, letter) in [(OptionType::Call, 'C'), (OptionType::Put, 'P')] {
                let name = format!("BTC-{}-{strike}-{letter}", calendar::day_name(day));
                let terms = Terms::Option {
                    expiry_ms: calendar::expiry_ms(day),
                    strike: Decimal::new(strike, 0),
                    option_type,
                };
                let activity = self.option_activity();
                let id = self.add(
                    universe,
                    &name,
                    "BTC",
                    "btc_usd",
                    Payoff::Inverse,
                    terms,
                    (5, 4),
                    (1, 1),
                    activity,
                );
                universe.instrument_mut(id).contract = Decimal::new(1, 0);
                universe.instrument_mut(id).quote = "BTC".to_owned();
            }
        }
    }

    /// The pairs, the option with a point in its strike, the nearly dead book and the locked one.
    fn rest(&self, universe: &mut Universe, day: u64) {
        let rates = &self.config.rates;
        let pair = self.activity(rates.future, rates.future_trades, 60);
        let linear = Payoff::Linear;
        self.add(universe, "BTC_USDC", "BTC", "btc_usdc", linear, Terms::Spot, (1, 0), (1, 4), pair);
        let name = format!("XRP_USDC-{}-0d625-C", calendar::day_name(day));
        let terms = Terms::Option {
            expiry_ms: calendar::expiry_ms(day),
            strike: Decimal::new(625, 3),
            option_type: OptionType::Call,
        };
        let option = self.option_activity();
        self.add(universe, &name, "XRP", "xrp_usdc", linear, terms, (1, 4), (1_000, 0), option);
        let quiet = self.activity(rates.quiet, rates.quiet / 60.0, 24);
        let perpetual = Terms::Perpetual;
        self.add(
            universe,
            "TOWNS_USDC-PERPETUAL",
            "TOWNS",
            "towns_usdc",
            linear,
            perpetual,
            (1, 5),
            (1, 0),
            quiet,
        );
        let still = Activity { book_per_s: 0.0, trades_per_s: 0.0, levels: 40 };
        let locked =
            self.add(universe, "ETH_USDC", "ETH", "eth_usdc", linear, Terms::Spot, (1, 2), (1, 3), still);
        universe.instrument_mut(locked).state = InstrumentState::Locked;
    }

    /// A linear perpetual of a coin that exists nowhere, with an index of its own.
    fn invented(&self, universe: &mut Universe, number: usize) {
        let rates = &self.config.rates;
        let letter = |place: usize| char::from(b'A' + (number / 26_usize.pow(place as u32) % 26) as u8);
        let coin: String = std::iter::once('Q').chain((0..3).rev().map(letter)).collect();
        let index = format!("{}_usdc", coin.to_lowercase());
        let first = 5.0 + (number % 97) as f64 * 1.37;
        self.add_index_if_new(universe, &index, &coin, first);
        let activity = self.activity(rates.invented, rates.future_trades, 40);
        let name = format!("{coin}_USDC-PERPETUAL");
        let (linear, perpetual) = (Payoff::Linear, Terms::Perpetual);
        self.add(universe, &name, &coin, &index, linear, perpetual, (1, 3), (1, 1), activity);
    }

    fn add_index_if_new(&self, universe: &mut Universe, index: &str, coin: &str, first: f64) {
        if universe.find_index(index).is_none() {
            universe.add_priced_index(self.config, index, coin, first, 4);
        }
    }

    fn option_activity(&self) -> Activity {
        self.activity(self.config.rates.option, self.config.rates.option_trades, 24)
    }

    fn activity(&self, book_per_s: f64, trades_per_s: f64, levels: usize) -> Activity {
        let scale = self.config.rates.scale;
        Activity { book_per_s: book_per_s * scale, trades_per_s: trades_per_s * scale, levels }
    }

    // The columns of a table: naming them in a struct would say each of them twice.
    #[expect(clippy::too_many_arguments)]
    fn add(
        &self,
        universe: &mut Universe,
        name: &str,
        base: &str,
        index: &str,
        payoff: Payoff,
        terms: Terms,
        tick: (i64, u8),
        step: (i64, u8),
        activity: Activity,
    ) -> InstrumentId {
        let (currency, quote) = match (payoff, base) {
            (Payoff::Linear, _) => (Currency::Usdc, "USDC"),
            (Payoff::Inverse, "BTC") => (Currency::Btc, "USD"),
            (Payoff::Inverse, _) => (Currency::Eth, "USD"),
        };
        let step = Decimal::new(step.0, step.1);
        universe.add(Instrument {
            id: InstrumentId(0),
            name: name.to_owned(),
            base: base.to_owned(),
            quote: quote.to_owned(),
            currency,
            payoff,
            terms,
            index: universe.find_index(index).unwrap_or(IndexId(0)),
            tick: Decimal::new(tick.0, tick.1),
            step,
            contract: step,
            state: InstrumentState::Open,
            created_ms: self.now_ms.saturating_sub(30 * 86_400_000),
            activity,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::instrument::Kind;

    const START: u64 = 1_767_225_600_000_000;

    #[test]
    fn the_default_universe_is_that_of_the_specification() {
        let universe = Universe::build(&MarketConfig::default(), START);
        for name in [
            "BTC-PERPETUAL",
            "ETH_USDC-PERPETUAL",
            "BTC-27MAR26",
            "ETH-26JUN26",
            "BTC-27MAR26-87000-C",
            "BTC-26JUN26-70000-P",
            "BTC_USDC",
            "XRP_USDC-27MAR26-0d625-C",
            "TOWNS_USDC-PERPETUAL",
        ] {
            assert!(universe.find_listed(name).is_some(), "{name}");
        }
        let options = universe.listed(Some(Kind::Option), Some(Currency::Btc)).count();
        assert_eq!(options, 2 * 9 * 2);
        let locked = universe.instruments().filter(|instrument| instrument.state == InstrumentState::Locked);
        assert_eq!(locked.count(), 1);
        assert!(universe.find_index("towns_usdc").is_some());
    }

    #[test]
    fn the_universe_grows_to_two_thousand_different_instruments() {
        let config = MarketConfig { instruments: 2_000, ..MarketConfig::default() };
        let universe = Universe::build(&config, START);
        assert_eq!(universe.instruments().len(), 2_000);
        assert_eq!(universe.by_name.len(), 2_000);
    }

    #[test]
    fn an_expired_future_is_followed_by_the_next_unlisted_quarter() {
        let universe = Universe::build(&MarketConfig::default(), START);
        let old = universe.find("BTC-27MAR26").unwrap();
        let now_us = universe.instrument(old).expiry_ms().unwrap() * 1_000;
        assert_eq!(universe.successor(old, now_us).unwrap().name, "BTC-25SEP26");
    }
}
