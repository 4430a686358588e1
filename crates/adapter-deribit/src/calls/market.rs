//! Calls about instruments, prices and trades of everybody.

use super::{
    market_replies::{
        BookSummary, ChartData, ContractSize, CurrencyInfo, FundingRate, IndexPrice, OrderBookData,
        TradePage, Volatility,
    },
    methods,
    orders::Sorting,
};
use crate::{
    channel::{Kind, Resolution},
    items::{Currency, IndexName, Instrument, InstrumentName, TickerData, Timestamp, Trade, TradeId},
};

methods! {
    /// The instruments of a currency; `any` is all.
    ///
    /// The venue allows this call more rarely than others: ask once, and keep
    /// [`InstrumentState`](crate::InstrumentState) subscribed.
    reads GetInstruments<N>(currency: Currency) = "public/get_instruments" -> Vec<Instrument<N>> [
        /// Of this kind only.
        with_kind(kind: Kind)
        /// Those that have expired lately instead.
        with_expired(expired: bool)
    ] []

    /// One instrument.
    reads GetInstrument<N>(instrument_name: InstrumentName) = "public/get_instrument" -> Instrument<N> [] []

    /// The order book of an instrument, and its ticker. To have it all the time, subscribe to
    /// [`Book`](crate::Book).
    reads GetOrderBook<N>(instrument_name: InstrumentName) = "public/get_order_book" -> OrderBookData<N> [
        /// How many levels a side: 1, 5, 10, 20, 50, 100, 1000 or 10000.
        with_depth(depth: u32)
    ] []

    /// An instrument at a glance.
    reads GetTicker<N>(instrument_name: InstrumentName) = "public/ticker" -> TickerData<N> [] []

    /// The last trades of an instrument.
    reads GetLastTradesByInstrument<N>(instrument_name: InstrumentName)
        = "public/get_last_trades_by_instrument" -> TradePage<Trade<N>>
    [
        /// From this number on.
        with_start_seq(start_seq: u64)
        /// Up to this number.
        with_end_seq(end_seq: u64)
        /// From this time on.
        with_start_timestamp(start_timestamp: Timestamp)
        /// Up to this time.
        with_end_timestamp(end_timestamp: Timestamp)
        /// How many; the venue gives 1000 at most.
        with_count(count: u32)
        /// In which order.
        with_sorting(sorting: Sorting)
    ] []

    /// The trades of an instrument in a time.
    reads GetLastTradesByInstrumentAndTime<N>(
        instrument_name: InstrumentName,
        start_timestamp: Timestamp,
        end_timestamp: Timestamp
    ) = "public/get_last_trades_by_instrument_and_time" -> TradePage<Trade<N>> [
        /// How many; the venue gives 1000 at most.
        with_count(count: u32)
        /// In which order.
        with_sorting(sorting: Sorting)
    ] []

    /// The last trades in a currency.
    reads GetLastTradesByCurrency<N>(currency: Currency)
        = "public/get_last_trades_by_currency" -> TradePage<Trade<N>>
    [
        /// Of this kind of instruments only.
        with_kind(kind: Kind)
        /// From this time on.
        with_start_timestamp(start_timestamp: Timestamp)
        /// Up to this time.
        with_end_timestamp(end_timestamp: Timestamp)
        /// How many; the venue gives 1000 at most.
        with_count(count: u32)
        /// In which order.
        with_sorting(sorting: Sorting)
    ] [
        /// From this trade on.
        with_start_id(start_id: TradeId)
        /// Up to this trade.
        with_end_id(end_id: TradeId)
    ]

    /// The trades in a currency in a time.
    reads GetLastTradesByCurrencyAndTime<N>(
        currency: Currency,
        start_timestamp: Timestamp,
        end_timestamp: Timestamp
    ) = "public/get_last_trades_by_currency_and_time" -> TradePage<Trade<N>> [
        /// Of this kind of instruments only.
        with_kind(kind: Kind)
        /// How many; the venue gives 1000 at most.
        with_count(count: u32)
        /// In which order.
        with_sorting(sorting: Sorting)
    ] []

    /// The price of an index.
    reads GetIndexPrice<N>(index_name: IndexName) = "public/get_index_price" -> IndexPrice<N> [] []

    /// Which indices there are.
    reads GetIndexPriceNames() = "public/get_index_price_names" -> Vec<IndexName> [] []

    /// Which currencies there are.
    reads GetCurrencies<N>() = "public/get_currencies" -> Vec<CurrencyInfo<N>> [] []

    /// All instruments of a currency at a glance.
    reads GetBookSummaryByCurrency<N>(currency: Currency)
        = "public/get_book_summary_by_currency" -> Vec<BookSummary<N>>
    [
        /// Of this kind only.
        with_kind(kind: Kind)
    ] []

    /// One instrument at a glance.
    reads GetBookSummaryByInstrument<N>(instrument_name: InstrumentName)
        = "public/get_book_summary_by_instrument" -> Vec<BookSummary<N>> [] []

    /// How much one contract is.
    reads GetContractSize<N>(instrument_name: InstrumentName)
        = "public/get_contract_size" -> ContractSize<N> [] []

    /// The funding of a perpetual over a time, as a fraction.
    reads GetFundingRateValue(
        instrument_name: InstrumentName,
        start_timestamp: Timestamp,
        end_timestamp: Timestamp
    ) = "public/get_funding_rate_value" -> f64 [] []

    /// The funding of a perpetual over a time, hour by hour.
    reads GetFundingRateHistory<N>(
        instrument_name: InstrumentName,
        start_timestamp: Timestamp,
        end_timestamp: Timestamp
    ) = "public/get_funding_rate_history" -> Vec<FundingRate<N>> [] []

    /// The volatility of a currency, over the last fifteen days.
    reads GetHistoricalVolatility(currency: Currency)
        = "public/get_historical_volatility" -> Vec<Volatility> [] []

    /// Candles of an instrument. For those to come, subscribe to [`Candles`](crate::Candles).
    reads GetTradingviewChartData<N>(
        instrument_name: InstrumentName,
        start_timestamp: Timestamp,
        end_timestamp: Timestamp,
        resolution: Resolution
    ) = "public/get_tradingview_chart_data" -> ChartData<N> [] []
}
