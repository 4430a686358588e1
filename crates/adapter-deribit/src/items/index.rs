//! Prices that are reckoned rather than traded: indices, marks, volatility, funding; and candles.

use std::ops::Deref;

use nova_behaviour::Conflate;
use serde::Deserialize;

use super::{
    absent::or_default,
    name::{IndexName, InstrumentName},
    time::Timestamp,
};
use crate::number::{Decimal, Number, optional};

/// The price of an index. It replaces all that came before it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct PriceIndexData<N = Decimal> {
    /// The index.
    pub index_name: IndexName,
    /// Its price.
    pub price: N,
    /// When it was so.
    pub timestamp: Timestamp,
}

/// What the price of an index is made of. It replaces all that came before it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"), transparent)]
pub struct PriceRankingData<N = Decimal>(Vec<IndexSource<N>>);

impl<N> PriceRankingData<N> {
    /// The sources.
    #[must_use]
    pub fn into_vec(self) -> Vec<IndexSource<N>> {
        self.0
    }
}

impl<N> Deref for PriceRankingData<N> {
    type Target = [IndexSource<N>];

    fn deref(&self) -> &[IndexSource<N>] {
        &self.0
    }
}

/// One source of an index.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct IndexSource<N = Decimal> {
    /// Which market.
    pub identifier: Box<str>,
    /// Whether it counts.
    #[serde(default, deserialize_with = "or_default")]
    pub enabled: bool,
    /// Its weight, in percent.
    #[serde(default, deserialize_with = "optional")]
    pub weight: Option<f64>,
    /// The price that counts.
    #[serde(default, deserialize_with = "optional")]
    pub price: Option<N>,
    /// The price it gave.
    #[serde(default, deserialize_with = "optional")]
    pub original_price: Option<N>,
    /// When it was so.
    pub timestamp: Option<Timestamp>,
}

/// The last 24 hours of an index. It replaces all that came before it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct PriceStatisticsData<N = Decimal> {
    /// The index.
    pub index_name: IndexName,
    /// The lowest price.
    #[serde(default, deserialize_with = "optional")]
    pub low24h: Option<N>,
    /// The highest price.
    #[serde(default, deserialize_with = "optional")]
    pub high24h: Option<N>,
    /// By how much it changed.
    #[serde(default, deserialize_with = "optional")]
    pub change24h: Option<N>,
    /// Whether it is volatile enough that margins are raised.
    #[serde(default, deserialize_with = "or_default")]
    pub high_volatility: bool,
}

/// The volatility index of a currency. It replaces all that came before it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct VolatilityIndexData {
    /// The index.
    pub index_name: IndexName,
    /// The volatility, in percent.
    pub volatility: f64,
    /// When it was so.
    pub timestamp: Timestamp,
}

/// The price at which what expires next would be delivered. It replaces all that came before it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct EstimatedExpirationPriceData<N = Decimal> {
    /// The price.
    pub price: N,
    /// How many seconds there are until then.
    #[serde(default, deserialize_with = "optional")]
    pub seconds: Option<f64>,
    /// Whether the price is already an average over the time before delivery.
    #[serde(default, deserialize_with = "or_default")]
    pub is_estimated: bool,
}

/// The mark price of an option.
///
/// Not [`Conflate`]: after the first message, only those that changed are told.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct OptionMarkPrice<N = Decimal> {
    /// The option.
    pub instrument_name: InstrumentName,
    /// Its mark price.
    pub mark_price: N,
    /// Its implied volatility, as a fraction.
    #[serde(default, deserialize_with = "optional")]
    pub iv: Option<f64>,
    /// When it was so.
    pub timestamp: Timestamp,
}

/// The interest of a perpetual. It replaces all that came before it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct PerpetualData<N = Decimal> {
    /// The present interest.
    pub interest: f64,
    /// The price of the index.
    #[serde(default, deserialize_with = "optional")]
    pub index_price: Option<N>,
    /// When it was so.
    pub timestamp: Timestamp,
}

/// The candle of one period, as far as it has come.
///
/// Not [`Conflate`]: the last state of a candle would be lost to the first of the next.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct Candle<N = Decimal> {
    /// When the period began.
    pub tick: Timestamp,
    /// The first price.
    pub open: N,
    /// The highest price.
    pub high: N,
    /// The lowest price.
    pub low: N,
    /// The last price so far.
    pub close: N,
    /// How much was traded, in the base currency.
    pub volume: N,
    /// The same in the quote currency.
    #[serde(default, deserialize_with = "optional")]
    pub cost: Option<N>,
}

// Each of these streams is of one thing, and each message tells all of it.
impl<N> Conflate for PriceIndexData<N> {}
impl<N> Conflate for PriceRankingData<N> {}
impl<N> Conflate for PriceStatisticsData<N> {}
impl Conflate for VolatilityIndexData {}
impl<N> Conflate for EstimatedExpirationPriceData<N> {}
impl<N> Conflate for PerpetualData<N> {}
