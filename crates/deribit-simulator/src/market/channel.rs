//! The public market data channels: their grammar, and the keys they are known by inside.

use super::{
    instrument::{Currency, InstrumentId, Kind},
    universe::{IndexId, Universe},
};

mod name;

/// A public market data channel, parsed and known to exist.
///
/// Two texts that mean the same stream (currency words in different case) have the same key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ChannelKey {
    /// `book.{instrument}.{interval}`
    Book(InstrumentId, Interval),
    /// `book.{instrument}.{group}.{depth}.{interval}`
    GroupedBook(InstrumentId, Group, Depth, Interval),
    /// `ticker.{instrument}.{interval}`
    Ticker(InstrumentId, Interval),
    /// `incremental_ticker.{instrument}`
    IncrementalTicker(InstrumentId),
    /// `quote.{instrument}`
    Quote(InstrumentId),
    /// `trades.{instrument}.{interval}`
    Trades(InstrumentId, Interval),
    /// `trades.{kind}.{currency}.{interval}`, where no currency is any.
    TradesOfKind(Kind, Option<Currency>, Interval),
    /// `perpetual.{instrument}.{interval}`; silent for what is not perpetual.
    Perpetual(InstrumentId, Interval),
    /// `chart.trades.{instrument}.{resolution}`
    Chart(InstrumentId, Resolution),
    /// `deribit_price_index.{index}`
    PriceIndex(IndexId),
    /// `deribit_price_ranking.{index}`
    PriceRanking(IndexId),
    /// `deribit_price_statistics.{index}`
    PriceStatistics(IndexId),
    /// `deribit_volatility_index.{index}`
    VolatilityIndex(IndexId),
    /// `estimated_expiration_price.{index}`
    EstimatedExpirationPrice(IndexId),
    /// `markprice.options.{index}`
    MarkPriceOptions(IndexId),
    /// `instrument.state.{kind}.{currency}`, where none is any.
    InstrumentState(Option<Kind>, Option<Currency>),
    /// `instrument.creation.{kind}.{currency}`, where no currency is any.
    InstrumentCreation(Kind, Option<Currency>),
    /// `platform_state`
    PlatformState,
    /// `platform_state.public_methods_state`
    PublicMethodsState,
}

/// How events are gathered into messages.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Interval {
    /// Not at all.
    Raw,
    /// In slots of 100 ms.
    Ms100,
    /// In slots of [`agg2_ms`](super::MarketConfig::agg2_ms).
    Agg2,
}

impl Interval {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Raw, Self::Ms100, Self::Agg2];

    /// Reads the word of the wire.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.word() == word)
    }

    /// The word of the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Ms100 => "100ms",
            Self::Agg2 => "agg2",
        }
    }

    pub(crate) const fn place(self) -> usize {
        self as usize
    }
}

/// How prices of a grouped book are rounded; nought is `none`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Group(u8);

impl Group {
    /// Prices as they are.
    pub const NONE: Self = Self(0);

    /// Reads a group of the general list; which coins know it is a question of the channel.
    fn parse(word: &str) -> Option<Self> {
        Some(Self(match word {
            "none" => 0,
            "1" => 1,
            "2" => 2,
            "5" => 5,
            "10" => 10,
            "25" => 25,
            "100" => 100,
            "250" => 250,
            _ => return None,
        }))
    }

    fn is_known_to(self, base: &str) -> bool {
        match base {
            "BTC" => matches!(self.0, 0 | 1 | 2 | 5 | 10),
            "ETH" => matches!(self.0, 0 | 5 | 10 | 25 | 100 | 250),
            _ => true,
        }
    }

    /// The number in the channel's name; nought for `none`.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// How many levels of each side a grouped book shows.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Depth(u8);

impl Depth {
    fn parse(word: &str) -> Option<Self> {
        Some(Self(match word {
            "1" => 1,
            "10" => 10,
            "20" => 20,
            _ => return None,
        }))
    }

    /// The number of levels.
    #[must_use]
    pub const fn levels(self) -> usize {
        self.0 as usize
    }
}

/// The period of a candle, in minutes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Resolution(u16);

impl Resolution {
    const ALL: [u16; 11] = [1, 3, 5, 10, 15, 30, 60, 120, 180, 360, 720];
    const DAY: Self = Self(1_440);

    fn parse(word: &str) -> Option<Self> {
        if word == "1D" {
            return Some(Self::DAY);
        }
        Self::ALL.into_iter().find(|minutes| minutes.to_string() == word).map(Self)
    }

    /// The period in microseconds.
    #[must_use]
    pub const fn period_us(self) -> u64 {
        self.0 as u64 * 60_000_000
    }
}

impl ChannelKey {
    /// Reads a channel: `None` if it is not in the grammar, names nothing listed, or asks for an
    /// interval, group or depth that is not offered.
    #[must_use]
    pub fn parse(text: &str, universe: &Universe) -> Option<Self> {
        // No channel has more than five parts, so a longer text is none of them.
        let mut parts = [""; 6];
        let mut count = 0;
        for part in text.split('.') {
            *parts.get_mut(count)? = part;
            count += 1;
        }
        let listed = |name: &str| universe.find_listed(name);
        let index = |name: &str| universe.find_index(name);
        Some(match parts[..count] {
            ["book", name, interval] => Self::Book(listed(name)?, Interval::parse(interval)?),
            ["book", name, group, depth, interval] => {
                let id = listed(name)?;
                let group = Group::parse(group)?;
                let interval = Interval::parse(interval)?;
                if interval == Interval::Raw || !group.is_known_to(&universe.instrument(id).base) {
                    return None;
                }
                Self::GroupedBook(id, group, Depth::parse(depth)?, interval)
            }
            ["ticker", name, interval] => Self::Ticker(listed(name)?, Interval::parse(interval)?),
            ["incremental_ticker", name] => Self::IncrementalTicker(listed(name)?),
            ["quote", name] => Self::Quote(listed(name)?),
            ["trades", name, interval] => Self::Trades(listed(name)?, Interval::parse(interval)?),
            ["trades", kind, currency, interval] => {
                Self::TradesOfKind(Kind::parse(kind)?, currency_or_any(currency)?, Interval::parse(interval)?)
            }
            ["perpetual", name, interval] => Self::Perpetual(listed(name)?, Interval::parse(interval)?),
            ["chart", "trades", name, resolution] => {
                Self::Chart(listed(name)?, Resolution::parse(resolution)?)
            }
            ["deribit_price_index", name] => Self::PriceIndex(index(name)?),
            ["deribit_price_ranking", name] => Self::PriceRanking(index(name)?),
            ["deribit_price_statistics", name] => Self::PriceStatistics(index(name)?),
            ["deribit_volatility_index", name @ ("btc_usd" | "eth_usd")] => {
                Self::VolatilityIndex(index(name)?)
            }
            ["estimated_expiration_price", name] => Self::EstimatedExpirationPrice(index(name)?),
            ["markprice", "options", name] => Self::MarkPriceOptions(index(name)?),
            ["instrument", "state", kind, currency] => {
                let kind = if kind == "any" { None } else { Some(Kind::parse(kind)?) };
                Self::InstrumentState(kind, currency_or_any(currency)?)
            }
            ["instrument", "creation", kind, currency] => {
                Self::InstrumentCreation(Kind::parse(kind)?, currency_or_any(currency)?)
            }
            ["platform_state"] => Self::PlatformState,
            ["platform_state", "public_methods_state"] => Self::PublicMethodsState,
            _ => return None,
        })
    }

    /// Whether it is a `raw` channel, which only the authorised may have.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.interval() == Some(Interval::Raw)
    }

    /// Its interval, if it has one.
    #[must_use]
    pub const fn interval(&self) -> Option<Interval> {
        match *self {
            Self::Book(_, interval)
            | Self::GroupedBook(_, _, _, interval)
            | Self::Ticker(_, interval)
            | Self::Trades(_, interval)
            | Self::TradesOfKind(_, _, interval)
            | Self::Perpetual(_, interval) => Some(interval),
            _ => None,
        }
    }

    /// The instrument it is about, if it is about one.
    #[must_use]
    pub const fn instrument(&self) -> Option<InstrumentId> {
        match *self {
            Self::Book(id, _)
            | Self::GroupedBook(id, ..)
            | Self::Ticker(id, _)
            | Self::IncrementalTicker(id)
            | Self::Quote(id)
            | Self::Trades(id, _)
            | Self::Perpetual(id, _)
            | Self::Chart(id, _) => Some(id),
            _ => None,
        }
    }
}

/// A currency in any case, or `any` in any case.
fn currency_or_any(word: &str) -> Option<Option<Currency>> {
    if word.eq_ignore_ascii_case("any") { Some(None) } else { Currency::parse(word).map(Some) }
}
