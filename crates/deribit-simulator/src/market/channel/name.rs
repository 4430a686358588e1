//! Channel keys back to text.

use super::{ChannelKey, Group, Resolution};
use crate::market::{
    instrument::{Currency, Kind},
    universe::Universe,
};

impl ChannelKey {
    /// The channel's name, currencies in upper case.
    #[must_use]
    pub fn name(&self, universe: &Universe) -> String {
        let of = |id| universe.instrument(id).name.as_str();
        let index = |id| universe.price_index(id).name.as_str();
        match *self {
            Self::Book(id, interval) => format!("book.{}.{}", of(id), interval.word()),
            Self::GroupedBook(id, group, depth, interval) => {
                format!("book.{}.{}.{}.{}", of(id), group_word(group), depth.levels(), interval.word())
            }
            Self::Ticker(id, interval) => format!("ticker.{}.{}", of(id), interval.word()),
            Self::IncrementalTicker(id) => format!("incremental_ticker.{}", of(id)),
            Self::Quote(id) => format!("quote.{}", of(id)),
            Self::Trades(id, interval) => format!("trades.{}.{}", of(id), interval.word()),
            Self::TradesOfKind(kind, currency, interval) => {
                format!("trades.{}.{}.{}", kind.word(), currency_word(currency), interval.word())
            }
            Self::Perpetual(id, interval) => format!("perpetual.{}.{}", of(id), interval.word()),
            Self::Chart(id, resolution) => {
                format!("chart.trades.{}.{}", of(id), resolution_word(resolution))
            }
            Self::PriceIndex(id) => format!("deribit_price_index.{}", index(id)),
            Self::PriceRanking(id) => format!("deribit_price_ranking.{}", index(id)),
            Self::PriceStatistics(id) => format!("deribit_price_statistics.{}", index(id)),
            Self::VolatilityIndex(id) => format!("deribit_volatility_index.{}", index(id)),
            Self::EstimatedExpirationPrice(id) => format!("estimated_expiration_price.{}", index(id)),
            Self::MarkPriceOptions(id) => format!("markprice.options.{}", index(id)),
            Self::InstrumentState(kind, currency) => {
                let kind = kind.map_or("any", Kind::word);
                format!("instrument.state.{kind}.{}", currency_word(currency))
            }
            Self::InstrumentCreation(kind, currency) => {
                format!("instrument.creation.{}.{}", kind.word(), currency_word(currency))
            }
            Self::PlatformState => "platform_state".to_owned(),
            Self::PublicMethodsState => "platform_state.public_methods_state".to_owned(),
        }
    }
}

fn group_word(group: Group) -> String {
    if group == Group::NONE { "none".to_owned() } else { group.number().to_string() }
}

fn resolution_word(resolution: Resolution) -> String {
    if resolution == Resolution::DAY { "1D".to_owned() } else { resolution.0.to_string() }
}

fn currency_word(currency: Option<Currency>) -> &'static str {
    currency.map_or("any", Currency::word)
}

#[cfg(test)]
mod tests {
    use crate::market::{ChannelKey, MarketConfig, Universe};

    fn universe() -> Universe {
        Universe::build(&MarketConfig::default(), 1_767_225_600_000_000)
    }

    #[test]
    fn channels_of_the_grammar_are_read_and_written_back() {
        let universe = universe();
        for text in [
            "book.BTC-PERPETUAL.raw",
            "book.BTC-PERPETUAL.100ms",
            "book.BTC_USDC-PERPETUAL.none.20.100ms",
            "book.ETH-PERPETUAL.250.1.agg2",
            "ticker.BTC-27MAR26-87000-C.agg2",
            "incremental_ticker.ETH_USDC-PERPETUAL",
            "quote.BTC_USDC",
            "trades.BTC-PERPETUAL.raw",
            "trades.future.any.100ms",
            "trades.option.BTC.raw",
            "perpetual.ETH-PERPETUAL.100ms",
            "chart.trades.BTC-PERPETUAL.1",
            "chart.trades.BTC-PERPETUAL.1D",
            "deribit_price_index.btc_usd",
            "deribit_price_ranking.eth_usdc",
            "deribit_price_statistics.btc_usd",
            "deribit_volatility_index.eth_usd",
            "estimated_expiration_price.btc_usd",
            "markprice.options.btc_usd",
            "instrument.state.any.any",
            "instrument.creation.option.BTC",
            "platform_state",
            "platform_state.public_methods_state",
        ] {
            let key = ChannelKey::parse(text, &universe).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(key.name(&universe), text);
        }
    }

    #[test]
    fn what_is_not_offered_is_no_channel() {
        let universe = universe();
        for text in [
            "",
            "book",
            "book.BTC-PERPETUAL",
            "book.BTC-PERPETUAL.10ms",
            "book.btc-perpetual.100ms",
            "book.BTC-PERPETUAL.25.10.100ms",
            "book.ETH-PERPETUAL.1.10.100ms",
            "book.BTC-PERPETUAL.none.20.raw",
            "book.BTC-PERPETUAL.none.5.100ms",
            "ticker.BTC-1JAN20.raw",
            "trades.any.BTC.raw",
            "trades.future.DOGE.raw",
            "chart.trades.BTC-PERPETUAL.2",
            "deribit_price_index.doge_usd",
            "deribit_volatility_index.btc_usdc",
            "instrument.state.any",
            "platform_state.maintenance",
            "a.b.c.d.e.f.g.h.i",
        ] {
            assert_eq!(ChannelKey::parse(text, &universe), None, "{text}");
        }
    }

    #[test]
    fn currency_words_are_read_in_any_case() {
        let universe = universe();
        let upper = ChannelKey::parse("trades.future.BTC.100ms", &universe);
        assert_eq!(upper, ChannelKey::parse("trades.future.btc.100ms", &universe));
        assert!(upper.is_some());
    }
}
