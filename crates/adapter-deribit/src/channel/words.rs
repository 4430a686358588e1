//! The words that names of channels are made of.
//!
//! Words from a short list are enums. Names of instruments, indices and currencies grow with the
//! venue, so only their form is known: making one never fails, and the functions here judge it.

use std::fmt;

use crate::items::name::{Currency, IndexName, InstrumentName};

/// An enum of words, each with its text.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$about])* $word,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$word,)+];

            /// The word as the wire has it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)+
                }
            }

            pub(super) fn read(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$word),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// How often a channel may speak.
    Interval {
        /// At each event; public channels need a login for it.
        Raw = "raw",
        /// At most ten times a second.
        Every100ms = "100ms",
        /// About once a second, according to measurements; the venue's own pages say once or twice.
        Aggregated = "agg2",
    }
}

words! {
    /// How often a channel may speak that never sends each event by itself.
    Aggregation {
        /// At most ten times a second.
        Every100ms = "100ms",
        /// About once a second.
        Aggregated = "agg2",
    }
}

words! {
    /// What kind of instrument.
    Kind {
        /// Futures and perpetuals.
        Future = "future",
        /// Options.
        Option = "option",
        /// Spot pairs.
        Spot = "spot",
        /// Combinations of futures.
        FutureCombo = "future_combo",
        /// Combinations of options.
        OptionCombo = "option_combo",
        /// All of them.
        Any = "any",
    }
}

words! {
    /// Into which steps the prices of a book are grouped.
    BookGroup {
        /// Each price by itself.
        None = "none",
        /// Steps of 1.
        By1 = "1",
        /// Steps of 2.
        By2 = "2",
        /// Steps of 5.
        By5 = "5",
        /// Steps of 10.
        By10 = "10",
        /// Steps of 25.
        By25 = "25",
        /// Steps of 100.
        By100 = "100",
        /// Steps of 250.
        By250 = "250",
    }
}

words! {
    /// How many levels of a book.
    BookDepth {
        /// The best price of each side.
        Top1 = "1",
        /// Ten prices of each side.
        Top10 = "10",
        /// Twenty prices of each side.
        Top20 = "20",
    }
}

words! {
    /// How long a candle is.
    Resolution {
        /// A minute.
        Minutes1 = "1",
        /// Three minutes.
        Minutes3 = "3",
        /// Five minutes.
        Minutes5 = "5",
        /// Ten minutes.
        Minutes10 = "10",
        /// Fifteen minutes.
        Minutes15 = "15",
        /// Half an hour.
        Minutes30 = "30",
        /// An hour.
        Hours1 = "60",
        /// Two hours.
        Hours2 = "120",
        /// Three hours.
        Hours3 = "180",
        /// Six hours.
        Hours6 = "360",
        /// Twelve hours.
        Hours12 = "720",
        /// A day.
        Day = "1D",
    }
}

impl From<Aggregation> for Interval {
    fn from(aggregation: Aggregation) -> Self {
        match aggregation {
            Aggregation::Every100ms => Self::Every100ms,
            Aggregation::Aggregated => Self::Aggregated,
        }
    }
}

/// Reads an instrument: upper case, digits, `-` and `_`, at least one of the last two; a `d` stands for
/// the point of a strike.
pub(super) fn instrument(text: &str) -> Option<InstrumentName> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let is_good = |(at, byte): (usize, &u8)| match byte {
        b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => true,
        b'd' => at > 0 && digit(at - 1) && digit(at + 1),
        _ => false,
    };
    let is_name = text.len() <= LONGEST && text.contains(['-', '_']) && bytes.iter().enumerate().all(is_good);
    is_name.then(|| text.into())
}

/// The instrument that was probably meant.
pub(super) fn guess_instrument(text: &str) -> String {
    let mut upper: Vec<u8> = text.bytes().take(LONGEST).collect();
    upper.make_ascii_uppercase();
    upper.retain(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_'));
    for at in 1..upper.len().saturating_sub(1) {
        if upper[at] == b'D' && upper[at - 1].is_ascii_digit() && upper[at + 1].is_ascii_digit() {
            upper[at] = b'd';
        }
    }
    let name = String::from_utf8(upper).unwrap_or_default();
    match name.as_str() {
        "" => "BTC-PERPETUAL".to_owned(),
        name if name.contains(['-', '_']) => name.to_owned(),
        currency => format!("{currency}-PERPETUAL"),
    }
}

/// Reads an index: always in lower case.
pub(super) fn index(text: &str) -> Option<IndexName> {
    let is_good = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    is_word(text, is_good).then(|| text.into())
}

/// The index that was probably meant.
pub(super) fn guess_index(text: &str) -> String {
    let mut lower: String = text.to_ascii_lowercase().chars().take(LONGEST).collect();
    lower.retain(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
    if lower.is_empty() { "btc_usd".to_owned() } else { lower }
}

/// Reads a currency: in upper case, or `any`.
pub(super) fn currency(text: &str) -> Option<Currency> {
    let is_good = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    // In capitals that word would read as a currency, and come back as the other word.
    let is_currency = text == ANY || (is_word(text, is_good) && text != "ANY");
    is_currency.then(|| text.into())
}

/// Reads a currency where the venue prints it in lower case.
pub(super) fn lower_currency(text: &str) -> Option<Currency> {
    let is_good = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    is_word(text, is_good).then(|| upper(text).into())
}

/// The currency that was probably meant, in upper case or `any`.
pub(super) fn guess_currency(text: &str) -> String {
    let mut name: String = upper(text).chars().take(LONGEST).collect();
    name.retain(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if name.is_empty() { "BTC".to_owned() } else { name }
}

/// A currency as most names of channels have it.
pub(super) fn upper(currency: &str) -> String {
    if currency.eq_ignore_ascii_case(ANY) { ANY.to_owned() } else { currency.to_ascii_uppercase() }
}

fn is_word(text: &str, is_good: impl Fn(u8) -> bool) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_good)
}

const ANY: &str = "any";

/// Well beyond the longest name of an instrument, in bytes, and short enough that as many names as
/// one request may hold stay below the venue's limit for a message.
const LONGEST: usize = 48;
