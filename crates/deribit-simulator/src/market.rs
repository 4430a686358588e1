//! The market: instruments, prices, books, and every public market data family, as pure state.
//!
//! There is no clock, no socket and no lock in here. Time is told, in microseconds since the epoch;
//! chance comes from one seed. Equal seeds and equal calls give equal markets, byte for byte, and what
//! happens does not depend on who listens. Protocol, connections and private channels are elsewhere;
//! orders of clients are in [`trading`](crate::trading).
//!
//! # The loop of a shell
//!
//! ```text
//! while market.next_due() <= now {
//!     let due = market.next_due();
//!     market.advance(due, &mut sink);                     // notices, each at its own time
//!     events.extend(trading.on_market(&mut market, &mut sink));
//! }
//! market.advance(now, &mut sink);                         // only tells the time
//! ```
//!
//! Whoever calls anything else (a request of a client) advances the market to the present first:
//! all other calls happen at [`Market::now_us`].
//!
//! # Channels
//!
//! ```text
//! let key = ChannelKey::parse(text, market.universe())?;  // None: not offered
//! market.watch(&key);                                     // once per subscription
//! for data in market.first(&key) { … }                    // when the first message is sent
//! let old = market.redundant_change(&key, seed);          // B7: right after the snapshot, maybe
//! sink.notice(Notice { key, at_us, data })                // to every subscription that had its first
//! market.unwatch(&key);
//! ```
//!
//! A channel nobody watches costs nothing. A stream is shared by all who watch it: whoever joins gets
//! by [`Market::first`] the state as of the last message of that stream, so that the next one follows
//! on it. A subscription must be watched from before its `first` on, and ignores notices from before.
//! `first` gives no message for families that say nothing before an event, and several for
//! `platform_state`. `platform_state.public_methods_state` and the maintenance form of
//! `platform_state` are known as keys, but sent by the server only.
//!
//! # Questions
//!
//! ```text
//! market.answer("public/ticker", &params) -> Option<Result<String, ParamError>>
//! ```
//!
//! gives the text of `result` for `public/get_instruments`, `get_instrument`, `get_order_book`,
//! `ticker`, `get_last_trades_by_instrument`, `get_index_price`, `get_currencies` and `status`, and
//! `None` for any other method.
//!
//! # Ground truth and scenarios
//!
//! ```text
//! market.book(id) -> BookView                  market.emitted_book(id, interval) -> Option<BookView>
//! market.last_trade(id) -> Option<&Trade>      market.ticker(id) -> String
//! market.set_index_lock(index, locked, sink)   market.set_state(id, state, sink)
//! market.create(instrument, sink)              market.settle(length_us, sink)
//! ```
//!
//! # Orders of clients
//!
//! ```text
//! let mut trading = Trading::new(TradingConfig::default());
//! trading.add_account(AccountId(1001), &[(Currency::Btc, Decimal::new(10, 0))]);
//! let method = TradingMethod::parse("private/buy")?;      // None: not a trading method
//! method.scope(); method.is_matching();                   // what it needs, which bucket pays
//! trading.handle(method, Caller { account, connection }, &params, &mut market, &mut sink)
//!     -> Result<TradingOutcome { result: String, events: Vec<PrivateEvent> }, TradingError>
//! trading.connection_opened(connection, account);         // after a login: account-wide settings
//! trading.connection_lost(connection, &market) -> Vec<PrivateEvent>    // cancels, if so wished
//! trading.connection_left(connection);                    // logout: no cancel
//! trading.portfolio(account, currency, &market) -> Option<Bytes>       // first of user.portfolio
//! PrivateEvent { account, at_us, subject: Subject }       // Order, Trades, Changes, Portfolio
//! event.raw() -> Bytes                                    // data on a `raw` channel
//! PrivateEvent::merged(&[&event, …]) -> Bytes             // data on an interval channel
//! TradingError { code(), message(), data() }
//! ```

mod calendar;
mod channel;
mod config;
mod decimal;
mod instrument;
mod notice;
mod number;
mod param;
mod universe;

pub use channel::{ChannelKey, Depth, Group, Interval, Resolution};
pub use config::{MarketConfig, Rates};
pub use decimal::Decimal;
pub use instrument::{
    Activity, Currency, Instrument, InstrumentId, InstrumentState, Kind, OptionType, Payoff, Terms,
};
pub use notice::{Notice, Sink};
pub use number::NumberStyle;
pub use param::ParamError;
pub use universe::{Index, IndexId, Universe};
