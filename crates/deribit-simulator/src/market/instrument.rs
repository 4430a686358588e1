//! What an instrument is: its name, its units, its terms and its state.
//!
//! Prices are counted in ticks and amounts in steps; the wire's decimals are made of them exactly.

use super::{decimal::Decimal, universe::IndexId};

/// The place of an instrument in the [universe](super::Universe).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct InstrumentId(pub(crate) u32);

impl InstrumentId {
    pub(crate) const fn place(self) -> usize {
        self.0 as usize
    }
}

/// The kinds of instruments that channels and methods speak of.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Futures, perpetual ones included.
    Future,
    /// Options.
    Option,
    /// Spot pairs.
    Spot,
    /// Combinations of futures. None is listed.
    FutureCombo,
    /// Combinations of options. None is listed.
    OptionCombo,
}

impl Kind {
    /// Reads the word of the wire.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "future" => Self::Future,
            "option" => Self::Option,
            "spot" => Self::Spot,
            "future_combo" => Self::FutureCombo,
            "option_combo" => Self::OptionCombo,
            _ => return None,
        })
    }

    /// The word of the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Future => "future",
            Self::Option => "option",
            Self::Spot => "spot",
            Self::FutureCombo => "future_combo",
            Self::OptionCombo => "option_combo",
        }
    }
}

/// The currencies that instruments settle in and accounts hold.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Currency {
    /// Bitcoin.
    Btc,
    /// Ether.
    Eth,
    /// The dollar coin all linear instruments settle in.
    Usdc,
    /// Another dollar coin.
    Usdt,
    /// A euro coin.
    Eurr,
}

impl Currency {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Btc, Self::Eth, Self::Usdc, Self::Usdt, Self::Eurr];

    /// Reads a currency in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.word().eq_ignore_ascii_case(word))
    }

    /// The upper-case word of the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Btc => "BTC",
            Self::Eth => "ETH",
            Self::Usdc => "USDC",
            Self::Usdt => "USDT",
            Self::Eurr => "EURR",
        }
    }
}

/// Whether a contract counts dollars and pays coins, or counts and pays the other way round.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Payoff {
    /// Amounts in dollars, settled in the coin (options: amounts and prices in the coin).
    Inverse,
    /// Amounts in the coin, settled in a dollar coin.
    Linear,
}

/// Right to buy or right to sell.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum OptionType {
    /// Right to buy.
    Call,
    /// Right to sell.
    Put,
}

impl OptionType {
    /// The word of the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Put => "put",
        }
    }
}

/// What is particular to a kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Terms {
    /// Never expires; funded instead.
    Perpetual,
    /// Expires.
    Future {
        /// When, in milliseconds.
        expiry_ms: u64,
    },
    /// Expires, and pays by its strike.
    Option {
        /// When, in milliseconds.
        expiry_ms: u64,
        /// The strike in dollars.
        strike: Decimal,
        /// Which right.
        option_type: OptionType,
    },
    /// Changes hands at once.
    Spot,
}

/// The state of an instrument, in the words valid since 13.01.2026.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum InstrumentState {
    /// Can be traded.
    Open,
    /// In the daily settlement.
    Settlement,
    /// Expired and paid out.
    Delivered,
    /// Withdrawn for a while.
    Inactive,
    /// Locked by the exchange.
    Locked,
    /// Halted.
    Halted,
    /// Gone for good.
    Archivized,
}

impl InstrumentState {
    /// The word of the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settlement => "settlement",
            Self::Delivered => "delivered",
            Self::Inactive => "inactive",
            Self::Locked => "locked",
            Self::Halted => "halted",
            Self::Archivized => "archivized",
        }
    }

    /// Whether it still has a book one may listen to. Expired instruments have none.
    #[must_use]
    pub const fn is_listed(self) -> bool {
        matches!(self, Self::Open | Self::Settlement | Self::Locked | Self::Halted)
    }

    /// Whether it will never trade again.
    pub(crate) const fn is_gone(self) -> bool {
        matches!(self, Self::Delivered | Self::Archivized)
    }
}

/// How busy an instrument is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activity {
    /// Book events per second.
    pub book_per_s: f64,
    /// Trades per second.
    pub trades_per_s: f64,
    /// The number of levels each side tends to have.
    pub levels: usize,
}

/// One tradable thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Instrument {
    /// Its place in the universe; given by [`Universe::add`](super::Universe).
    pub(crate) id: InstrumentId,
    /// Its name, as in channels and requests.
    pub name: String,
    /// The coin.
    pub base: String,
    /// What its price counts.
    pub quote: String,
    /// What it settles in; also the currency of `trades.{kind}.{currency}`.
    pub currency: Currency,
    /// Which way it pays.
    pub payoff: Payoff,
    /// What is particular to its kind.
    pub terms: Terms,
    /// The index it follows.
    pub index: IndexId,
    /// The step of prices.
    pub tick: Decimal,
    /// The step of amounts, which is also the least amount.
    pub step: Decimal,
    /// The size of one contract.
    pub contract: Decimal,
    /// Its state.
    pub state: InstrumentState,
    /// When it was listed, in milliseconds.
    pub created_ms: u64,
    /// How busy it is.
    pub activity: Activity,
}

impl Instrument {
    /// Its place in the universe.
    #[must_use]
    pub const fn id(&self) -> InstrumentId {
        self.id
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.terms {
            Terms::Perpetual | Terms::Future { .. } => Kind::Future,
            Terms::Option { .. } => Kind::Option,
            Terms::Spot => Kind::Spot,
        }
    }

    /// Whether it is a perpetual.
    #[must_use]
    pub const fn is_perpetual(&self) -> bool {
        matches!(self.terms, Terms::Perpetual)
    }

    /// When it expires, in milliseconds, if ever.
    #[must_use]
    pub const fn expiry_ms(&self) -> Option<u64> {
        match self.terms {
            Terms::Future { expiry_ms } | Terms::Option { expiry_ms, .. } => Some(expiry_ms),
            Terms::Perpetual | Terms::Spot => None,
        }
    }

    /// The price of so many ticks.
    #[must_use]
    pub fn price(&self, ticks: i64) -> Decimal {
        self.tick.times(ticks)
    }

    /// The amount of so many steps.
    #[must_use]
    pub fn amount(&self, steps: i64) -> Decimal {
        self.step.times(steps)
    }

    /// The number of contracts in so many steps.
    #[must_use]
    pub fn contracts(&self, steps: i64) -> Decimal {
        Decimal::round(self.amount(steps).to_f64() / self.contract.to_f64(), 8)
    }

    /// So many steps at a price, in coins.
    pub(crate) fn coins(&self, steps: i64, price: f64) -> f64 {
        let amount = self.amount(steps).to_f64();
        match (self.kind(), self.payoff) {
            (Kind::Future, Payoff::Inverse) if price > 0.0 => amount / price,
            _ => amount,
        }
    }

    /// So many steps at a price, in what the price counts.
    pub(crate) fn cost(&self, steps: i64, price: f64) -> f64 {
        let amount = self.amount(steps).to_f64();
        match (self.kind(), self.payoff) {
            (Kind::Future, Payoff::Inverse) => amount,
            _ => amount * price,
        }
    }
}
