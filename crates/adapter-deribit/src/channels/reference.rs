//! Channels of indices, of instruments as such, and of the platform.

use super::{channels, of_one, only_one};
use crate::{
    ChannelName, Kind,
    items::{
        Announcement, Currency, EstimatedExpirationPriceData, IndexName, Instrument, InstrumentStateData,
        OptionMarkPrice, PlatformStateData, PriceIndexData, PriceRankingData, PriceStatisticsData,
        PublicMethodsStateData, VolatilityIndexData,
    },
};

channels! {
    /// The price of an index, about once a second.
    PriceIndex<N> => PriceIndexData<N>;
    /// What the price of an index is made of, about once a second.
    PriceRanking<N> => PriceRankingData<N>;
    /// The last 24 hours of an index, every 15 seconds.
    PriceStatistics<N> => PriceStatisticsData<N>;
    /// The volatility index of a currency.
    VolatilityIndex => VolatilityIndexData;
    /// The price at which what expires next on an index would be delivered.
    EstimatedExpirationPrice<N> => EstimatedExpirationPriceData<N>;
    /// The mark prices of all options on an index: all at first, then those that changed.
    OptionMarkPrices<N> => Vec<OptionMarkPrice<N>>;
    /// What becomes of instruments.
    InstrumentState => InstrumentStateData;
    /// New instruments.
    InstrumentCreation<N> => Instrument<N>;
    /// Maintenance, and indices that are locked. There is much of it.
    PlatformState => PlatformStateData;
    /// Whether public methods can be called without a login.
    PublicMethodsState => PublicMethodsStateData;
    /// Announcements.
    Announcements => Announcement;
}

of_one! {
    PriceIndex { index: IndexName }
    PriceRanking { index: IndexName }
    PriceStatistics { index: IndexName }
    VolatilityIndex { index: IndexName }
    EstimatedExpirationPrice { index: IndexName }
    OptionMarkPrices { index: IndexName }
}

only_one! { PlatformState PublicMethodsState Announcements }

impl InstrumentState {
    /// Of a kind in a currency; [`Kind::Any`] and `any` are all.
    #[must_use]
    pub fn of(kind: Kind, currency: impl Into<Currency>) -> Self {
        Self::named(ChannelName::InstrumentState { kind, currency: currency.into() })
    }
}

impl InstrumentCreation {
    /// Of a kind in a currency; [`Kind::Any`] and `any` are all.
    #[must_use]
    pub fn of(kind: Kind, currency: impl Into<Currency>) -> Self {
        Self::named(ChannelName::InstrumentCreation { kind, currency: currency.into() })
    }
}
