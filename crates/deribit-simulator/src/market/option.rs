//! Black and Scholes on a future, without interest.

use super::instrument::OptionType;

/// A price and how it moves, all in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Valuation {
    pub(crate) price: f64,
    pub(crate) delta: f64,
    pub(crate) gamma: f64,
    /// For one percent of volatility.
    pub(crate) vega: f64,
    /// For one day.
    pub(crate) theta: f64,
    /// For one percent of interest.
    pub(crate) rho: f64,
}

/// What an option is worth.
pub(crate) fn value(
    option_type: OptionType,
    forward: f64,
    strike: f64,
    years: f64,
    volatility: f64,
) -> Valuation {
    let intrinsic = match option_type {
        OptionType::Call => (forward - strike).max(0.0),
        OptionType::Put => (strike - forward).max(0.0),
    };
    let spread = volatility * years.max(0.0).sqrt();
    if spread < 1e-9 || forward <= 0.0 {
        return Valuation { price: intrinsic, ..Valuation::default() };
    }
    let d1 = (forward / strike).ln() / spread + spread / 2.0;
    let d2 = d1 - spread;
    let call = forward * cumulative(d1) - strike * cumulative(d2);
    let (price, delta) = match option_type {
        OptionType::Call => (call, cumulative(d1)),
        OptionType::Put => (call - forward + strike, cumulative(d1) - 1.0),
    };
    let density = density(d1);
    Valuation {
        price: price.max(intrinsic),
        delta,
        gamma: density / (forward * spread),
        vega: forward * density * years.sqrt() / 100.0,
        theta: -forward * density * volatility / (2.0 * years.sqrt()) / 365.0,
        rho: -years * price / 100.0,
    }
}

/// The volatility at which an option has this price, between nought and 500 %.
pub(crate) fn implied_volatility(
    option_type: OptionType,
    forward: f64,
    strike: f64,
    years: f64,
    price: f64,
) -> f64 {
    let (mut low, mut high) = (0.0, 5.0);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if value(option_type, forward, strike, years, middle).price < price {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// The volatility of a strike: higher away from the money, and a little more so below it.
pub(crate) fn smile(at_the_money: f64, forward: f64, strike: f64, years: f64) -> f64 {
    if forward <= 0.0 || strike <= 0.0 {
        return at_the_money;
    }
    let moneyness = (strike / forward).ln() / years.max(0.01).sqrt();
    (at_the_money + 0.12 * moneyness * moneyness - 0.03 * moneyness).clamp(0.05, 2.5)
}

fn density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

/// The normal distribution (Abramowitz and Stegun 26.2.17, within 7.5e-8).
fn cumulative(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let series = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530];
    let tail = density(x) * series.iter().fold(0.0, |sum, factor| (sum + factor) * t);
    if x >= 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_textbook_option_has_its_price() {
        // At the money the price is nearly 0.4 · F · σ · √T.
        let call = value(OptionType::Call, 100.0, 100.0, 1.0, 0.2);
        assert!((call.price - 7.9656).abs() < 1e-3, "{}", call.price);
        assert!((call.delta - 0.53983).abs() < 1e-4);
    }

    #[test]
    fn greeks_are_the_slopes_of_the_price() {
        for option_type in [OptionType::Call, OptionType::Put] {
            for strike in [70.0, 100.0, 130.0] {
                let at =
                    |forward, years, volatility| value(option_type, forward, strike, years, volatility).price;
                let here = value(option_type, 100.0, strike, 0.5, 0.5);
                let delta = (at(100.1, 0.5, 0.5) - at(99.9, 0.5, 0.5)) / 0.2;
                let vega = (at(100.0, 0.5, 0.505) - at(100.0, 0.5, 0.495)) / 1.0;
                let theta = (at(100.0, 0.5 - 1.0 / 365.0, 0.5) - at(100.0, 0.5, 0.5)) / 1.0;
                assert!((here.delta - delta).abs() < 1e-3, "{delta}");
                assert!((here.vega - vega).abs() < 1e-2, "{vega}");
                assert!((here.theta - theta).abs() < 1e-2, "{theta}");
                assert!(here.gamma > 0.0);
            }
        }
    }

    #[test]
    fn calls_and_puts_agree_with_the_forward() {
        let call = value(OptionType::Call, 100.0, 80.0, 0.3, 0.6);
        let put = value(OptionType::Put, 100.0, 80.0, 0.3, 0.6);
        assert!((call.price - put.price - 20.0).abs() < 1e-6);
        assert!((call.delta - put.delta - 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_implied_volatility_leads_back() {
        let price = value(OptionType::Put, 100.0, 90.0, 0.25, 0.62).price;
        let implied = implied_volatility(OptionType::Put, 100.0, 90.0, 0.25, price);
        assert!((implied - 0.62).abs() < 1e-5, "{implied}");
    }
}
