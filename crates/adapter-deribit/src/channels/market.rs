//! Channels of single instruments and of markets: prices, books, trades.

use super::{by_interval, channels, of_one};
use crate::{
    Aggregation, BookDepth, BookGroup, ChannelName, Market, Resolution,
    items::{
        BookUpdate, BookWindow, Candle, InstrumentName, PerpetualData, QuoteData, TickerChange, TickerData,
        Trade,
    },
};

channels! {
    /// An instrument at a glance, whole each time.
    Ticker<N> => TickerData<N>;
    /// An instrument at a glance: whole at first, then what is different, at most once a second.
    IncrementalTicker<N> => TickerChange<N>;
    /// The best bid and ask of an instrument, whenever they change.
    Quote<N> => QuoteData<N>;
    /// The whole order book of an instrument, and then its changes; [`OrderBook`](crate::OrderBook)
    /// keeps it.
    Book<N> => BookUpdate<N>;
    /// The best levels of an order book, grouped by price, whole each time.
    GroupedBook<N> => BookWindow<N>;
    /// The trades of an instrument, or of a kind of instruments in a currency.
    Trades<N> => Vec<Trade<N>>;
    /// The interest of a perpetual. The venue is silent about other instruments.
    Perpetual<N> => PerpetualData<N>;
    /// Candles of an instrument: each is told several times while it grows.
    Candles<N> => Candle<N>;
}

by_interval! {
    Ticker { instrument: InstrumentName }
    Book { instrument: InstrumentName }
    Trades { market: Market }
    Perpetual { instrument: InstrumentName }
}

of_one! {
    IncrementalTicker { instrument: InstrumentName }
    Quote { instrument: InstrumentName }
}

impl GroupedBook {
    /// At most ten times a second. Which groups there are depends on the currency.
    #[must_use]
    pub fn of(instrument: impl Into<InstrumentName>, group: BookGroup, depth: BookDepth) -> Self {
        Self::at(instrument, group, depth, Aggregation::Every100ms)
    }

    /// As often as this.
    #[must_use]
    pub fn at(
        instrument: impl Into<InstrumentName>,
        group: BookGroup,
        depth: BookDepth,
        interval: Aggregation,
    ) -> Self {
        Self::named(ChannelName::BookGrouped { instrument: instrument.into(), group, depth, interval })
    }

    /// The same about once a second (`agg2`).
    #[must_use]
    pub fn aggregated(mut self) -> Self {
        if let ChannelName::BookGrouped { interval, .. } = &mut self.name {
            *interval = Aggregation::Aggregated;
        }
        self
    }
}

impl Candles {
    /// Candles of an instrument that are this long.
    #[must_use]
    pub fn of(instrument: impl Into<InstrumentName>, resolution: Resolution) -> Self {
        Self::named(ChannelName::ChartTrades { instrument: instrument.into(), resolution })
    }
}
