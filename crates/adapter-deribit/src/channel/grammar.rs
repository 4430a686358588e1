//! From text to a channel's name, and from a wrong text to the nearest right one.
//!
//! Each family is a shape: a row of slots, one per part between two dots. A text is read by the one
//! shape it fits; if it fits none, the shape it comes nearest to says what is wrong with it.

use super::{Aggregation, BookDepth, BookGroup, ChannelName, Interval, Kind, Market, Resolution, words};

/// A text that is no channel's name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "\"{}\" is no channel: {}; did you mean \"{nearest}\"?",
    shown(.name), told(.part, .expected)
)]
pub struct ChannelNameError {
    name: String,
    part: Option<String>,
    expected: String,
    nearest: String,
}

impl ChannelNameError {
    /// The part that is wrong; `None` where a part is missing.
    #[must_use]
    pub fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }

    /// What would be right in its place.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// The well-formed name that comes nearest. Whether there is such an instrument, nobody knows.
    #[must_use]
    pub fn nearest(&self) -> &str {
        &self.nearest
    }
}

fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

fn told(part: &Option<String>, expected: &str) -> String {
    match part {
        Some(part) => format!("instead of \"{}\" there has to be {expected}", shown(part)),
        None => format!("there has to follow {expected}"),
    }
}

/// How much of a wrong name an error repeats.
const SHOWN: usize = 100;

/// What may stand between two dots.
#[derive(Clone, Copy)]
enum Slot {
    Word(&'static str),
    Instrument,
    Index,
    Currency,
    LowerCurrency,
    Kind,
    Interval,
    Aggregation,
    Group,
    Depth,
    Resolution,
}

impl Slot {
    fn takes(self, part: &str) -> bool {
        match self {
            Self::Word(word) => part == word,
            Self::Instrument => words::instrument(part).is_some(),
            Self::Index => words::index(part).is_some(),
            Self::Currency => words::currency(part).is_some(),
            Self::LowerCurrency => words::lower_currency(part).is_some(),
            _ => self.words().contains(&part),
        }
    }

    /// The words of a slot that has a short list of them.
    fn words(self) -> Vec<&'static str> {
        match self {
            Self::Word(word) => vec![word],
            Self::Kind => Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
            Self::Interval => Interval::ALL.iter().map(|interval| interval.as_str()).collect(),
            Self::Aggregation => Aggregation::ALL.iter().map(|interval| interval.as_str()).collect(),
            Self::Group => BookGroup::ALL.iter().map(|group| group.as_str()).collect(),
            Self::Depth => BookDepth::ALL.iter().map(|depth| depth.as_str()).collect(),
            Self::Resolution => Resolution::ALL.iter().map(|length| length.as_str()).collect(),
            Self::Instrument | Self::Index | Self::Currency | Self::LowerCurrency => Vec::new(),
        }
    }

    fn expected(self) -> String {
        match self {
            Self::Word(word) => format!("\"{word}\""),
            Self::Instrument => "an instrument such as BTC-PERPETUAL".to_owned(),
            Self::Index => "an index in lower case such as btc_usd".to_owned(),
            Self::Currency => "a currency such as BTC, or any".to_owned(),
            Self::LowerCurrency => "a currency in lower case such as btc, or any".to_owned(),
            _ => format!("one of {}", self.words().join(", ")),
        }
    }

    /// The nearest part that it takes.
    fn nearest(self, part: &str) -> String {
        match self {
            _ if self.takes(part) => part.to_owned(),
            Self::Instrument => words::guess_instrument(part),
            Self::Index => words::guess_index(part),
            Self::Currency => words::guess_currency(part),
            Self::LowerCurrency => words::guess_currency(part).to_ascii_lowercase(),
            // What comes nearest to the most that can be had, whatever the letters.
            Self::Aggregation if part == "raw" => "100ms".to_owned(),
            _ => {
                let distance = |word: &&str| distance(word, &part.to_ascii_lowercase());
                self.words().into_iter().min_by_key(distance).unwrap_or_default().to_owned()
            }
        }
    }

    /// What a part is taken to be that is missing altogether.
    fn missing(self) -> String {
        match self {
            Self::Kind | Self::Currency | Self::LowerCurrency => "any".to_owned(),
            Self::Interval | Self::Aggregation => "100ms".to_owned(),
            _ => self.nearest(""),
        }
    }

    /// How far a part is from what it takes.
    fn cost(self, part: &str) -> usize {
        match self {
            _ if self.takes(part) => 0,
            Self::Word(word) => 2 + 2 * distance(word, &part.to_ascii_lowercase()),
            _ => 2,
        }
    }
}

struct Shape {
    slots: &'static [Slot],
    build: fn(&[&str]) -> Option<ChannelName>,
}

/// The name a text is, or what is wrong with it.
pub(super) fn read(text: &str) -> Result<ChannelName, ChannelNameError> {
    let parts: Vec<&str> = text.split('.').collect();
    let fits = |shape: &&Shape| {
        shape.slots.len() == parts.len()
            && shape.slots.iter().zip(&parts).all(|(slot, part)| slot.takes(part))
    };
    let built = SHAPES.iter().filter(fits).find_map(|shape| (shape.build)(&parts));
    built.ok_or_else(|| wrong(text, &parts))
}

fn wrong(text: &str, parts: &[&str]) -> ChannelNameError {
    let nearest = SHAPES.iter().min_by_key(|shape| {
        let costs: usize = shape.slots.iter().zip(parts).map(|(slot, part)| slot.cost(part)).sum();
        costs + 3 * shape.slots.len().abs_diff(parts.len())
    });
    let slots = nearest.map_or(&[][..], |shape| shape.slots);
    let first = slots.iter().zip(parts).find(|(slot, part)| !slot.takes(part));
    let (part, expected) = match first {
        Some((slot, part)) => (Some((*part).to_owned()), slot.expected()),
        None => match (slots.get(parts.len()), parts.get(slots.len())) {
            (Some(slot), _) => (None, slot.expected()),
            (None, part) => (part.map(|part| (*part).to_owned()), "nothing more".to_owned()),
        },
    };
    let filled = slots.iter().enumerate().map(|(at, slot)| match parts.get(at) {
        Some(part) => slot.nearest(part),
        None => slot.missing(),
    });
    let nearest = filled.collect::<Vec<_>>().join(".");
    ChannelNameError { name: text.to_owned(), part, expected, nearest }
}

/// How many letters have to be changed, added or left out (Levenshtein's distance).
fn distance(one: &str, other: &str) -> usize {
    // Whatever is this long is no slip of the pen, and must not cost time.
    if other.len() > 40 {
        return other.len();
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.bytes().enumerate() {
            let cheapest = (diagonal + usize::from(a != b)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cheapest);
        }
    }
    row[other.len()]
}

/// The rows of slots, each with the name they make.
macro_rules! shapes {
    ($([$($slot:expr),+] => |$parts:ident| $name:expr;)+) => {
        const SHAPES: &[Shape] = &[$(Shape {
            slots: &[$($slot),+],
            build: |$parts: &[&str]| Some($name),
        },)+];
    };
}

use Slot::Word;

shapes! {
    [Word("announcements")] => |_p| ChannelName::Announcements;
    [Word("platform_state")] => |_p| ChannelName::PlatformState;
    [Word("platform_state"), Word("public_methods_state")] => |_p| ChannelName::PublicMethodsState;
    [Word("book"), Slot::Instrument, Slot::Interval] => |p| ChannelName::Book {
        instrument: words::instrument(p[1])?,
        interval: Interval::read(p[2])?,
    };
    [Word("book"), Slot::Instrument, Slot::Group, Slot::Depth, Slot::Aggregation] => |p| {
        ChannelName::BookGrouped {
            instrument: words::instrument(p[1])?,
            group: BookGroup::read(p[2])?,
            depth: BookDepth::read(p[3])?,
            interval: Aggregation::read(p[4])?,
        }
    };
    [Word("ticker"), Slot::Instrument, Slot::Interval] => |p| ChannelName::Ticker {
        instrument: words::instrument(p[1])?,
        interval: Interval::read(p[2])?,
    };
    [Word("incremental_ticker"), Slot::Instrument] => |p| ChannelName::IncrementalTicker {
        instrument: words::instrument(p[1])?,
    };
    [Word("quote"), Slot::Instrument] => |p| ChannelName::Quote { instrument: words::instrument(p[1])? };
    [Word("trades"), Slot::Instrument, Slot::Interval] => |p| ChannelName::Trades {
        market: instrument(p[1])?,
        interval: Interval::read(p[2])?,
    };
    [Word("trades"), Slot::Kind, Slot::Currency, Slot::Interval] => |p| ChannelName::Trades {
        market: kind(p[1], p[2])?,
        interval: Interval::read(p[3])?,
    };
    [Word("perpetual"), Slot::Instrument, Slot::Interval] => |p| ChannelName::Perpetual {
        instrument: words::instrument(p[1])?,
        interval: Interval::read(p[2])?,
    };
    [Word("chart"), Word("trades"), Slot::Instrument, Slot::Resolution] => |p| ChannelName::ChartTrades {
        instrument: words::instrument(p[2])?,
        resolution: Resolution::read(p[3])?,
    };
    [Word("deribit_price_index"), Slot::Index] => |p| ChannelName::PriceIndex { index: words::index(p[1])? };
    [Word("deribit_price_ranking"), Slot::Index] => |p| ChannelName::PriceRanking {
        index: words::index(p[1])?,
    };
    [Word("deribit_price_statistics"), Slot::Index] => |p| ChannelName::PriceStatistics {
        index: words::index(p[1])?,
    };
    [Word("deribit_volatility_index"), Slot::Index] => |p| ChannelName::VolatilityIndex {
        index: words::index(p[1])?,
    };
    [Word("estimated_expiration_price"), Slot::Index] => |p| ChannelName::EstimatedExpirationPrice {
        index: words::index(p[1])?,
    };
    [Word("markprice"), Word("options"), Slot::Index] => |p| ChannelName::OptionMarkPrices {
        index: words::index(p[2])?,
    };
    [Word("instrument"), Word("state"), Slot::Kind, Slot::Currency] => |p| ChannelName::InstrumentState {
        kind: Kind::read(p[2])?,
        currency: words::currency(p[3])?,
    };
    [Word("instrument"), Word("creation"), Slot::Kind, Slot::Currency] => |p| {
        ChannelName::InstrumentCreation { kind: Kind::read(p[2])?, currency: words::currency(p[3])? }
    };
    [Word("rfq"), Slot::LowerCurrency] => |p| ChannelName::Rfq { currency: words::lower_currency(p[1])? };
    [Word("block_rfq"), Word("trades"), Slot::Currency] => |p| ChannelName::BlockRfqTrades {
        currency: words::currency(p[2])?,
    };
    [Word("user"), Word("orders"), Slot::Instrument, Slot::Interval] => |p| ChannelName::UserOrders {
        market: instrument(p[2])?,
        interval: Interval::read(p[3])?,
    };
    [Word("user"), Word("orders"), Slot::Kind, Slot::Currency, Slot::Interval] => |p| {
        ChannelName::UserOrders { market: kind(p[2], p[3])?, interval: Interval::read(p[4])? }
    };
    [Word("user"), Word("trades"), Slot::Instrument, Slot::Interval] => |p| ChannelName::UserTrades {
        market: instrument(p[2])?,
        interval: Interval::read(p[3])?,
    };
    [Word("user"), Word("trades"), Slot::Kind, Slot::Currency, Slot::Interval] => |p| {
        ChannelName::UserTrades { market: kind(p[2], p[3])?, interval: Interval::read(p[4])? }
    };
    [Word("user"), Word("changes"), Slot::Instrument, Slot::Interval] => |p| ChannelName::UserChanges {
        market: instrument(p[2])?,
        interval: Interval::read(p[3])?,
    };
    [Word("user"), Word("changes"), Slot::Kind, Slot::Currency, Slot::Interval] => |p| {
        ChannelName::UserChanges { market: kind(p[2], p[3])?, interval: Interval::read(p[4])? }
    };
    [Word("user"), Word("combo_trades"), Slot::Instrument, Slot::Interval] => |p| {
        ChannelName::UserComboTrades { market: instrument(p[2])?, interval: Interval::read(p[3])? }
    };
    [Word("user"), Word("combo_trades"), Slot::Kind, Slot::Currency, Slot::Interval] => |p| {
        ChannelName::UserComboTrades { market: kind(p[2], p[3])?, interval: Interval::read(p[4])? }
    };
    [Word("user"), Word("portfolio"), Slot::LowerCurrency] => |p| ChannelName::UserPortfolio {
        currency: words::lower_currency(p[2])?,
    };
    [Word("user"), Word("mmp_trigger"), Slot::Index] => |p| ChannelName::UserMmpTrigger {
        index: words::index(p[2])?,
    };
    [Word("user"), Word("access_log")] => |_p| ChannelName::UserAccessLog;
    [Word("user"), Word("lock")] => |_p| ChannelName::UserLock;
    [Word("user"), Word("liquidation")] => |_p| ChannelName::UserLiquidation;
    [Word("user"), Word("isolated"), Word("liquidation")] => |_p| ChannelName::UserIsolatedLiquidation;
    [Word("user"), Word("lsp")] => |_p| ChannelName::UserLsp;
    [Word("block_rfq"), Word("maker"), Slot::LowerCurrency] => |p| ChannelName::BlockRfqMaker {
        currency: words::lower_currency(p[2])?,
    };
    [Word("block_rfq"), Word("maker"), Word("quotes"), Slot::LowerCurrency] => |p| {
        ChannelName::BlockRfqMakerQuotes { currency: words::lower_currency(p[3])? }
    };
    [Word("block_rfq"), Word("taker"), Slot::LowerCurrency] => |p| ChannelName::BlockRfqTaker {
        currency: words::lower_currency(p[2])?,
    };
    [Word("block_trade_confirmations")] => |_p| ChannelName::BlockTradeConfirmations { currency: None };
    [Word("block_trade_confirmations"), Slot::Currency] => |p| ChannelName::BlockTradeConfirmations {
        currency: Some(words::currency(p[1])?),
    };
}

fn instrument(name: &str) -> Option<Market> {
    words::instrument(name).map(Market::Instrument)
}

fn kind(kind: &str, currency: &str) -> Option<Market> {
    Some(Market::Kind(Kind::read(kind)?, words::currency(currency)?))
}
