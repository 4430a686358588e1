//! Tickers: an instrument at a glance, whole or by changes, and its best prices alone.

use nova_behaviour::Conflate;
use serde::Deserialize;

use super::{
    absent::{told, told_number},
    instrument::TradingState,
    name::InstrumentName,
    time::Timestamp,
    word::words,
};
use crate::number::{Decimal, Number, optional};

words! {
    /// Whether a message of a stream of changes tells everything, or what is different now.
    Extent {
        /// Everything; nothing from before counts.
        Snapshot = "snapshot",
        /// What is different from the message before.
        Change = "change",
    }
}

/// Defines a set of members twice: as they are, and as a change, in which `None` says that a member
/// stayed as it was and `Some(None)` that there is none any more.
macro_rules! members {
    (
        $(#[$doc:meta])* $whole:ident $(<$n:ident>)?;
        $(#[$change_doc:meta])* $change:ident;
        heads { $($(#[$head_doc:meta])* $head:ident: $head_type:ty,)* }
        extents { $($(#[$extent_doc:meta])* $extent:ident: $extent_type:ty,)* }
        numbers { $($(#[$number_doc:meta])* $number:ident: $number_type:ty,)* }
        words { $($(#[$word_doc:meta])* $word:ident: $word_type:ty,)* }
        parts { $($(#[$part_doc:meta])* $part:ident: $part_type:ty as $part_change:ty,)* }
    ) => {
        #[derive(Clone, Debug, Deserialize, PartialEq)]
        $(#[$doc])*
        #[non_exhaustive]
        pub struct $whole $(<$n = Decimal>)? {
            $($(#[$head_doc])* pub $head: $head_type,)*
            $(
                $(#[$number_doc])*
                #[serde(default, deserialize_with = "optional")]
                pub $number: Option<$number_type>,
            )*
            $($(#[$word_doc])* pub $word: Option<$word_type>,)*
            $($(#[$part_doc])* pub $part: Option<$part_type>,)*
        }

        #[derive(Clone, Debug, Deserialize, PartialEq)]
        $(#[$change_doc])*
        #[non_exhaustive]
        pub struct $change $(<$n = Decimal>)? {
            $($(#[$head_doc])* pub $head: $head_type,)*
            $($(#[$extent_doc])* #[serde(rename = "type")] pub $extent: $extent_type,)*
            $(
                $(#[$number_doc])*
                #[serde(default, deserialize_with = "told_number")]
                pub $number: Option<Option<$number_type>>,
            )*
            $(
                $(#[$word_doc])*
                #[serde(default, deserialize_with = "told")]
                pub $word: Option<Option<$word_type>>,
            )*
            $(
                $(#[$part_doc])*
                #[serde(default, deserialize_with = "told")]
                pub $part: Option<Option<$part_change>>,
            )*
        }

        impl $(<$n: Number>)? $whole $(<$n>)? {
            /// Nothing but what every change tells.
            fn blank(change: &$change $(<$n>)?) -> Self {
                // Where there is nothing, as in statistics, the change is not looked at.
                let _ = change;
                Self {
                    $($head: change.$head.clone(),)*
                    $($number: None,)*
                    $($word: None,)*
                    $($part: None,)*
                }
            }

            /// Takes over what a change tells.
            fn merge(&mut self, change: &$change $(<$n>)?) {
                $(self.$head.clone_from(&change.$head);)*
                $(if let Some(now) = change.$number { self.$number = now; })*
                $(if let Some(now) = &change.$word { self.$word.clone_from(now); })*
                $(match &change.$part {
                    Some(Some(now)) => self.$part.get_or_insert_with(|| <$part_type>::blank(now)).merge(now),
                    Some(None) => self.$part = None,
                    None => (),
                })*
            }
        }
    };
}

members! {
    /// An instrument at a glance. It replaces all that came before it.
    ///
    /// A number the venue does not give is `None`. Where nobody bids or asks, price and amount may be
    /// given as zero; [`bid`](Self::bid) and [`ask`](Self::ask) see to that.
    #[serde(bound(deserialize = "N: Number"))]
    TickerData<N>;
    /// An instrument at a glance, as far as it is different now: `None` says that a member stayed as it
    /// was, `Some(None)` that there is none any more. See [`TickerData::apply`].
    #[serde(bound(deserialize = "N: Number"))]
    TickerChange;
    heads {
        /// The instrument.
        instrument_name: InstrumentName,
        /// When it was so.
        timestamp: Timestamp,
    }
    extents {
        /// Whether this is everything, or what is different now.
        extent: Extent,
    }
    numbers {
        /// The highest price bid.
        best_bid_price: N,
        /// How much is bid at it.
        best_bid_amount: N,
        /// The lowest price asked.
        best_ask_price: N,
        /// How much is asked at it.
        best_ask_amount: N,
        /// The price of the last trade.
        last_price: N,
        /// The price at which the venue values positions.
        mark_price: N,
        /// The price of the index.
        index_price: N,
        /// The lowest price an order may have.
        min_price: N,
        /// The highest price an order may have.
        max_price: N,
        /// The price of the last settlement.
        settlement_price: N,
        /// The price at which it would be delivered now.
        estimated_delivery_price: N,
        /// The price at which it was delivered.
        delivery_price: N,
        /// How much of it is held.
        open_interest: N,
        /// Perpetuals: the present rate of funding.
        current_funding: f64,
        /// Perpetuals: the rate of funding over the last eight hours.
        funding_8h: f64,
        /// Perpetuals: what the realised funding is reckoned from.
        interest_value: f64,
        /// Options: the implied volatility of the mark price, in percent.
        mark_iv: f64,
        /// Options: the implied volatility of the best bid.
        bid_iv: f64,
        /// Options: the implied volatility of the best ask.
        ask_iv: f64,
        /// Options: the price of what it is an option on.
        underlying_price: N,
        /// Options: the rate of interest the volatilities are reckoned with.
        interest_rate: f64,
    }
    words {
        /// Whether it can be traded.
        state: TradingState,
        /// Options: what it is an option on.
        underlying_index: InstrumentName,
    }
    parts {
        /// The last 24 hours.
        stats: TickerStats<N> as TickerStatsChange<N>,
        /// Options: how the price answers to what it depends on.
        greeks: Greeks as GreeksChange,
    }
}

members! {
    /// The last 24 hours of an instrument.
    #[serde(bound(deserialize = "N: Number"))]
    TickerStats<N>;
    /// What is different now in the last 24 hours of an instrument.
    #[serde(bound(deserialize = "N: Number"))]
    TickerStatsChange;
    heads {}
    extents {}
    numbers {
        /// The highest price.
        high: N,
        /// The lowest price.
        low: N,
        /// How much was traded, in the base currency.
        volume: N,
        /// The same in US dollars.
        volume_usd: N,
        /// The same in the quote currency.
        volume_notional: N,
        /// By how much the price changed, in percent.
        price_change: f64,
    }
    words {}
    parts {}
}

members! {
    /// How an option's price answers to what it depends on.
    #[derive(Copy)]
    Greeks;
    /// What is different now in an option's greeks.
    #[derive(Copy)]
    GreeksChange;
    heads {}
    extents {}
    numbers {
        /// To the price of the underlying.
        delta: f64,
        /// The change of delta.
        gamma: f64,
        /// To the rate of interest.
        rho: f64,
        /// To time.
        theta: f64,
        /// To volatility.
        vega: f64,
    }
    words {}
    parts {}
}

impl<N: Number> TickerData<N> {
    /// The best bid, price and amount, if anybody bids.
    #[must_use]
    pub fn bid(&self) -> Option<(N, N)> {
        offer(self.best_bid_price, self.best_bid_amount)
    }

    /// The best ask, price and amount, if anybody asks.
    #[must_use]
    pub fn ask(&self) -> Option<(N, N)> {
        offer(self.best_ask_price, self.best_ask_amount)
    }

    /// Brings it up to date with the next message of an
    /// [`IncrementalTicker`](crate::IncrementalTicker).
    pub fn apply(&mut self, change: &TickerChange<N>) {
        if change.extent == Extent::Snapshot {
            *self = Self::blank(change);
        }
        self.merge(change);
    }
}

impl<N: Number> TickerChange<N> {
    /// The ticker, if this is a snapshot, which tells everything.
    #[must_use]
    pub fn to_ticker(&self) -> Option<TickerData<N>> {
        (self.extent == Extent::Snapshot).then(|| {
            let mut ticker = TickerData::blank(self);
            ticker.merge(self);
            ticker
        })
    }
}

/// The best prices of an instrument. It replaces all that came before it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(bound(deserialize = "N: Number"))]
#[non_exhaustive]
pub struct QuoteData<N = Decimal> {
    /// The instrument.
    pub instrument_name: InstrumentName,
    /// When it was so.
    pub timestamp: Timestamp,
    /// The highest price bid.
    #[serde(default, deserialize_with = "optional")]
    pub best_bid_price: Option<N>,
    /// How much is bid at it.
    #[serde(default, deserialize_with = "optional")]
    pub best_bid_amount: Option<N>,
    /// The lowest price asked.
    #[serde(default, deserialize_with = "optional")]
    pub best_ask_price: Option<N>,
    /// How much is asked at it.
    #[serde(default, deserialize_with = "optional")]
    pub best_ask_amount: Option<N>,
}

impl<N: Number> QuoteData<N> {
    /// The best bid, price and amount, if anybody bids.
    #[must_use]
    pub fn bid(&self) -> Option<(N, N)> {
        offer(self.best_bid_price, self.best_bid_amount)
    }

    /// The best ask, price and amount, if anybody asks.
    #[must_use]
    pub fn ask(&self) -> Option<(N, N)> {
        offer(self.best_ask_price, self.best_ask_amount)
    }
}

// Every message of these streams is whole. A `TickerChange` is not.
impl<N> Conflate for TickerData<N> {}
impl<N> Conflate for QuoteData<N> {}

/// An offer of nothing is none: the venue gives zeros where nobody offers. Zero alone is a price,
/// which combinations may have.
fn offer<N: Number>(price: Option<N>, amount: Option<N>) -> Option<(N, N)> {
    price.zip(amount).filter(|(_, amount)| !amount.is_zero())
}
