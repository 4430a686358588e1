//! What can be subscribed to: a type for every family of channels, which knows the type of its items.
//!
//! A channel whose items hold prices or amounts is read exactly unless it is asked for
//! `.as_floats()`. [`RawChannel`] is for whatever has no type here.

mod account;
mod block;
mod market;
mod raw;
mod reference;

pub use account::{
    UserAccessLog, UserChanges, UserComboTrades, UserIsolatedLiquidation, UserLiquidation, UserLock, UserLsp,
    UserMmpTrigger, UserOrders, UserPortfolio, UserPortfolios, UserTrades,
};
pub use block::{
    BlockRfqMaker, BlockRfqMakerQuotes, BlockRfqTaker, BlockRfqTrades, BlockTradeConfirmations, Rfq,
};
pub use market::{Book, Candles, GroupedBook, IncrementalTicker, Perpetual, Quote, Ticker, Trades};
pub use raw::RawChannel;
pub use reference::{
    Announcements, EstimatedExpirationPrice, InstrumentCreation, InstrumentState, OptionMarkPrices,
    PlatformState, PriceIndex, PriceRanking, PriceStatistics, PublicMethodsState, VolatilityIndex,
};

/// Defines channels, of items with numbers (`Name<N> => Item<N>`) or without (`Name => Item`).
macro_rules! channels {
    () => {};
    ($(#[$doc:meta])* $name:ident<N> => $item:ty; $($rest:tt)*) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub struct $name<N = crate::Decimal> {
            name: crate::ChannelName,
            numbers: std::marker::PhantomData<fn() -> N>,
        }

        impl $name {
            fn named(name: crate::ChannelName) -> Self {
                Self { name, numbers: std::marker::PhantomData }
            }
        }

        impl<N> $name<N> {
            /// Reads prices and amounts as `f64`.
            #[must_use]
            pub fn as_floats(self) -> $name<f64> {
                $name { name: self.name, numbers: std::marker::PhantomData }
            }

            /// The channel's name.
            #[must_use]
            pub fn name(&self) -> &crate::ChannelName {
                &self.name
            }
        }

        impl<N: crate::Number> nova_behaviour::Channel for $name<N> {
            type Dialect = crate::DeribitDialect;
            type Item = $item;

            fn topic(&self) -> nova_behaviour::Topic {
                self.name.to_topic()
            }
        }

        crate::channels::channels! { $($rest)* }
    };
    ($(#[$doc:meta])* $name:ident => $item:ty; $($rest:tt)*) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub struct $name {
            name: crate::ChannelName,
        }

        impl $name {
            fn named(name: crate::ChannelName) -> Self {
                Self { name }
            }

            /// The channel's name.
            #[must_use]
            pub fn name(&self) -> &crate::ChannelName {
                &self.name
            }
        }

        impl nova_behaviour::Channel for $name {
            type Dialect = crate::DeribitDialect;
            type Item = $item;

            fn topic(&self) -> nova_behaviour::Topic {
                self.name.to_topic()
            }
        }

        crate::channels::channels! { $($rest)* }
    };
}

/// Gives channels a constructor for each interval.
macro_rules! by_interval {
    ($($name:ident { $of:ident: $type:ty })*) => {$(
        impl $name {
            /// At most ten times a second.
            #[must_use]
            pub fn every_100ms($of: impl Into<$type>) -> Self {
                Self::at($of, crate::Interval::Every100ms)
            }

            /// At each event (`raw`), which the venue gives only to who is logged in.
            #[must_use]
            pub fn every_event($of: impl Into<$type>) -> Self {
                Self::at($of, crate::Interval::Raw)
            }

            /// About once a second (`agg2`).
            #[must_use]
            pub fn aggregated($of: impl Into<$type>) -> Self {
                Self::at($of, crate::Interval::Aggregated)
            }

            /// As often as this.
            #[must_use]
            pub fn at($of: impl Into<$type>, interval: crate::Interval) -> Self {
                Self::named(crate::ChannelName::$name { $of: $of.into(), interval })
            }
        }
    )*};
}

/// Gives channels a constructor that says what they are of.
macro_rules! of_one {
    ($($name:ident { $of:ident: $type:ty })*) => {$(
        impl $name {
            /// Of this one.
            #[must_use]
            pub fn of($of: impl Into<$type>) -> Self {
                Self::named(crate::ChannelName::$name { $of: $of.into() })
            }
        }
    )*};
}

/// Gives channels of which there is only one a constructor.
macro_rules! only_one {
    ($($name:ident)*) => {$(
        impl $name {
            /// There is only one.
            #[must_use]
            pub fn new() -> Self {
                Self::named(crate::ChannelName::$name)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    )*};
}

use {by_interval, channels, of_one, only_one};

#[cfg(test)]
mod tests {
    use nova_behaviour::{Channel, Conflate};

    use super::*;
    use crate::{
        Aggregation, BookDepth, BookGroup, ChannelName, DeribitDialect, Interval, Kind, Market, Resolution,
        items::{Currency, InstrumentName},
    };

    fn topic(channel: impl Channel<Dialect = DeribitDialect>) -> String {
        channel.topic().as_str().to_owned()
    }

    fn options(currency: &str) -> Market {
        Market::Kind(Kind::Option, Currency::from(currency))
    }

    #[test]
    fn every_channel_has_the_name_the_venue_knows() {
        let perpetual = InstrumentName::from("BTC-PERPETUAL");
        for (topic, name, is_private) in [
            (topic(Ticker::every_100ms("BTC-PERPETUAL")), "ticker.BTC-PERPETUAL.100ms", false),
            (topic(Ticker::every_event(&perpetual).as_floats()), "ticker.BTC-PERPETUAL.raw", false),
            (topic(Ticker::aggregated(perpetual.clone())), "ticker.BTC-PERPETUAL.agg2", false),
            (topic(IncrementalTicker::of(&perpetual)), "incremental_ticker.BTC-PERPETUAL", false),
            (topic(Quote::of(&perpetual)), "quote.BTC-PERPETUAL", false),
            (topic(Book::every_100ms(&perpetual)), "book.BTC-PERPETUAL.100ms", false),
            (topic(Book::every_event(&perpetual)), "book.BTC-PERPETUAL.raw", false),
            (
                topic(GroupedBook::of(&perpetual, BookGroup::None, BookDepth::Top20)),
                "book.BTC-PERPETUAL.none.20.100ms",
                false,
            ),
            (
                topic(GroupedBook::of(&perpetual, BookGroup::By5, BookDepth::Top1).aggregated()),
                "book.BTC-PERPETUAL.5.1.agg2",
                false,
            ),
            (
                topic(GroupedBook::at(&perpetual, BookGroup::By5, BookDepth::Top1, Aggregation::Every100ms)),
                "book.BTC-PERPETUAL.5.1.100ms",
                false,
            ),
            (topic(Trades::every_100ms("BTC-PERPETUAL")), "trades.BTC-PERPETUAL.100ms", false),
            (topic(Trades::every_event(options("BTC"))), "trades.option.BTC.raw", false),
            (topic(Perpetual::at("BTC-PERPETUAL", Interval::Raw)), "perpetual.BTC-PERPETUAL.raw", false),
            (topic(Candles::of("BTC-PERPETUAL", Resolution::Hours1)), "chart.trades.BTC-PERPETUAL.60", false),
            (topic(PriceIndex::of("btc_usd")), "deribit_price_index.btc_usd", false),
            (topic(PriceRanking::of("btc_usd")), "deribit_price_ranking.btc_usd", false),
            (topic(PriceStatistics::of("btc_usd")), "deribit_price_statistics.btc_usd", false),
            (topic(VolatilityIndex::of("eth_usd")), "deribit_volatility_index.eth_usd", false),
            (topic(EstimatedExpirationPrice::of("btc_usd")), "estimated_expiration_price.btc_usd", false),
            (topic(OptionMarkPrices::of("btc_usd")), "markprice.options.btc_usd", false),
            (topic(InstrumentState::of(Kind::Any, "any")), "instrument.state.any.any", false),
            (topic(InstrumentCreation::of(Kind::Option, "BTC")), "instrument.creation.option.BTC", false),
            (topic(PlatformState::new()), "platform_state", false),
            (topic(PublicMethodsState::new()), "platform_state.public_methods_state", false),
            (topic(Announcements::default()), "announcements", false),
            (topic(Rfq::of("BTC")), "rfq.btc", false),
            (topic(BlockRfqTrades::of("any")), "block_rfq.trades.any", false),
            (topic(UserOrders::every_event("BTC-PERPETUAL")), "user.orders.BTC-PERPETUAL.raw", true),
            (topic(UserOrders::every_100ms(Market::any())), "user.orders.any.any.100ms", true),
            (topic(UserTrades::aggregated(options("ETH"))), "user.trades.option.ETH.agg2", true),
            (topic(UserChanges::every_event(Market::any())), "user.changes.any.any.raw", true),
            (topic(UserComboTrades::every_event(Market::any())), "user.combo_trades.any.any.raw", true),
            (topic(UserPortfolio::of("BTC")), "user.portfolio.btc", true),
            (topic(UserPortfolios::new()), "user.portfolio.any", true),
            (topic(UserMmpTrigger::of("btc_usd")), "user.mmp_trigger.btc_usd", true),
            (topic(UserAccessLog::new()), "user.access_log", true),
            (topic(UserLock::new()), "user.lock", true),
            (topic(UserLiquidation::new()), "user.liquidation", true),
            (topic(UserIsolatedLiquidation::new()), "user.isolated.liquidation", true),
            (topic(UserLsp::new()), "user.lsp", true),
            (topic(BlockRfqMaker::of("BTC")), "block_rfq.maker.btc", true),
            (topic(BlockRfqMakerQuotes::of("any")), "block_rfq.maker.quotes.any", true),
            (topic(BlockRfqTaker::of("BTC")), "block_rfq.taker.btc", true),
            (topic(BlockTradeConfirmations::all()), "block_trade_confirmations", true),
            (topic(BlockTradeConfirmations::of("BTC")), "block_trade_confirmations.BTC", true),
            (topic(RawChannel::new("user.invented")), "user.invented", true),
        ] {
            assert_eq!(topic, name);
            if name != "user.invented" {
                let read: ChannelName = name.parse().unwrap();
                assert_eq!((read.to_string().as_str(), read.is_private()), (name, is_private));
            }
        }
    }

    #[test]
    fn only_what_replaces_all_before_it_can_be_conflated() {
        fn conflates<C: Channel>()
        where
            C::Item: Conflate,
        {
        }

        // That nothing else can is a matter of the compiler's; the workspace's tests ask it.
        conflates::<Ticker>();
        conflates::<Ticker<f64>>();
        conflates::<Quote>();
        conflates::<GroupedBook>();
        conflates::<Perpetual>();
        conflates::<PriceIndex>();
        conflates::<PriceRanking>();
        conflates::<PriceStatistics>();
        conflates::<VolatilityIndex>();
        conflates::<EstimatedExpirationPrice>();
        conflates::<PublicMethodsState>();
        conflates::<UserPortfolio>();
    }
}
