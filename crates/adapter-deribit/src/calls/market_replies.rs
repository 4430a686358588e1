//! Answers about instruments, prices and trades of everybody.

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::{
    items::{Candle, Currency, InstrumentName, JsonText, Level, TickerData, Timestamp, or_default, words},
    number::{Decimal, Number, optional},
};

words! {
    /// Whether there were candles.
    ChartStatus {
        /// There were.
        Ok = "ok",
        /// There were none.
        NoData = "no_data",
    }
}

/// An order book, and the instrument at a glance.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OrderBookData<N = Decimal> {
    /// The number of this state of the book.
    pub change_id: u64,
    /// The bids, highest first.
    pub bids: Vec<Level<N>>,
    /// The asks, lowest first.
    pub asks: Vec<Level<N>>,
    /// The instrument at a glance.
    pub ticker: TickerData<N>,
}

impl<'de, N: Number> Deserialize<'de> for OrderBookData<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "N: Number"))]
        struct Book<N> {
            change_id: u64,
            bids: Vec<Level<N>>,
            asks: Vec<Level<N>>,
        }

        // The members of both lie side by side. `#[serde(flatten)]` would read numbers into floats.
        let json = JsonText::deserialize(deserializer)?;
        let Book { change_id, bids, asks } = json.read().map_err(D::Error::custom)?;
        let ticker = json.read().map_err(D::Error::custom)?;
        Ok(Self { change_id, bids, asks, ticker })
    }
}

/// Some trades, and whether there are more.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TradePage<T> {
    /// The trades.
    pub trades: Vec<T>,
    /// Whether there are more.
    #[serde(default, deserialize_with = "or_default")]
    pub has_more: bool,
}

/// The price of an index.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct IndexPrice<N = Decimal> {
    /// The price.
    pub index_price: N,
    /// The price at which what expires next would be delivered.
    #[serde(default, deserialize_with = "optional")]
    pub estimated_delivery_price: Option<N>,
}

/// A currency.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct CurrencyInfo<N = Decimal> {
    /// Its name.
    pub currency: Currency,
    /// Its name in full.
    #[serde(default)]
    pub currency_long: String,
    /// What its network is called.
    pub coin_type: Option<Box<str>>,
    /// How many digits its amounts have.
    pub fee_precision: Option<u32>,
    /// How many confirmations a deposit takes.
    pub min_confirmations: Option<u32>,
    /// The least fee of a withdrawal.
    #[serde(default, deserialize_with = "optional")]
    pub min_withdrawal_fee: Option<N>,
    /// The fee of a withdrawal.
    #[serde(default, deserialize_with = "optional")]
    pub withdrawal_fee: Option<N>,
}

/// An instrument at a glance, as a list of many has it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct BookSummary<N = Decimal> {
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// What is traded.
    pub base_currency: Option<Currency>,
    /// What prices are in.
    pub quote_currency: Option<Currency>,
    /// When it was so.
    pub creation_timestamp: Option<Timestamp>,
    /// The highest price bid.
    #[serde(default, deserialize_with = "optional")]
    pub bid_price: Option<N>,
    /// The lowest price asked.
    #[serde(default, deserialize_with = "optional")]
    pub ask_price: Option<N>,
    /// The price between the two.
    #[serde(default, deserialize_with = "optional")]
    pub mid_price: Option<N>,
    /// The mark price.
    #[serde(default, deserialize_with = "optional")]
    pub mark_price: Option<N>,
    /// The price of the last trade.
    #[serde(default, deserialize_with = "optional")]
    pub last: Option<N>,
    /// The highest price of the last 24 hours.
    #[serde(default, deserialize_with = "optional")]
    pub high: Option<N>,
    /// The lowest price of the last 24 hours.
    #[serde(default, deserialize_with = "optional")]
    pub low: Option<N>,
    /// By how much the price changed in that time, in percent.
    #[serde(default, deserialize_with = "optional")]
    pub price_change: Option<f64>,
    /// How much was traded in that time, in the base currency.
    #[serde(default, deserialize_with = "optional")]
    pub volume: Option<N>,
    /// The same in US dollars.
    #[serde(default, deserialize_with = "optional")]
    pub volume_usd: Option<N>,
    /// The same in the quote currency.
    #[serde(default, deserialize_with = "optional")]
    pub volume_notional: Option<N>,
    /// How much of it is held.
    #[serde(default, deserialize_with = "optional")]
    pub open_interest: Option<N>,
    /// Perpetuals: the present rate of funding.
    #[serde(default, deserialize_with = "optional")]
    pub current_funding: Option<f64>,
    /// Perpetuals: the rate of funding over the last eight hours.
    #[serde(default, deserialize_with = "optional")]
    pub funding_8h: Option<f64>,
    /// Options: the implied volatility of the mark price, in percent.
    #[serde(default, deserialize_with = "optional")]
    pub mark_iv: Option<f64>,
    /// Options: the price of what it is an option on.
    #[serde(default, deserialize_with = "optional")]
    pub underlying_price: Option<N>,
    /// Options: what it is an option on.
    pub underlying_index: Option<InstrumentName>,
    /// Options: the rate of interest the volatilities are reckoned with.
    #[serde(default, deserialize_with = "optional")]
    pub interest_rate: Option<f64>,
    /// Futures: the price at which it would be delivered now.
    #[serde(default, deserialize_with = "optional")]
    pub estimated_delivery_price: Option<N>,
}

/// How much one contract is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct ContractSize<N = Decimal> {
    /// In US dollars or in the base currency.
    pub contract_size: N,
}

/// The funding of an hour.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct FundingRate<N = Decimal> {
    /// When the hour ended.
    pub timestamp: Timestamp,
    /// The price of the index then.
    #[serde(default, deserialize_with = "optional")]
    pub index_price: Option<N>,
    /// The price of the index an hour before.
    #[serde(default, deserialize_with = "optional")]
    pub prev_index_price: Option<N>,
    /// The interest of the hour.
    pub interest_1h: f64,
    /// The interest of eight hours.
    pub interest_8h: f64,
}

/// The volatility of a currency at a time. On the wire it is `[timestamp, volatility]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Volatility {
    /// When.
    pub timestamp: Timestamp,
    /// How much, in percent.
    pub volatility: f64,
}

impl<'de> Deserialize<'de> for Volatility {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <(Timestamp, f64)>::deserialize(deserializer)
            .map(|(timestamp, volatility)| Self { timestamp, volatility })
    }
}

/// Candles of an instrument, oldest first.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ChartData<N = Decimal> {
    /// Whether there were any.
    pub status: Option<ChartStatus>,
    /// The candles.
    pub candles: Vec<Candle<N>>,
}

impl<'de, N: Number> Deserialize<'de> for ChartData<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The venue sends columns.
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "N: Number"))]
        struct Columns<N> {
            status: Option<ChartStatus>,
            ticks: Vec<Timestamp>,
            open: Vec<N>,
            high: Vec<N>,
            low: Vec<N>,
            close: Vec<N>,
            volume: Vec<N>,
            #[serde(default = "Vec::new")]
            cost: Vec<N>,
        }

        let Columns { status, ticks, open, high, low, close, volume, cost } =
            Columns::deserialize(deserializer)?;
        let count = ticks.len();
        if [&open, &high, &low, &close, &volume].iter().any(|column| column.len() != count) {
            return Err(D::Error::custom("columns of different lengths"));
        }
        let candle = |(at, tick)| {
            let cost = cost.get(at).copied();
            let (open, high, low, close, volume) = (open[at], high[at], low[at], close[at], volume[at]);
            Candle { tick, open, high, low, close, volume, cost }
        };
        Ok(Self { status, candles: ticks.into_iter().enumerate().map(candle).collect() })
    }
}
