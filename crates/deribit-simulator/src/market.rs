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
//! # Choices
//!
//! Where the protocol leaves room: a locked or settling instrument can be subscribed to, an expired one
//! cannot. Linear instruments and pairs belong to `USDC`. `trades` and `instrument.creation` want a
//! kind, only `instrument.state` knows `any` kind. The nearly dead book has an index of its own,
//! `towns_usdc`. Groups of a grouped book mean dollars for BTC, hundredths for ETH, ticks otherwise.
//! A side has at least 20 levels as far as the grid has prices for them, and an order never takes the
//! last of a side.
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

mod agenda;
mod book;
mod calendar;
mod chance;
mod channel;
mod config;
mod day;
mod decimal;
mod desk;
mod families;
mod index;
mod instrument;
mod ladder;
mod notice;
mod number;
mod object;
mod option;
mod param;
mod publish;
mod reference;
mod run;
mod settle;
mod taking;
mod tape;
mod truth;
mod universe;
mod watch;

use std::collections::BTreeMap;

use fastrand::Rng;

use self::{
    agenda::{Agenda, Event},
    calendar::SECOND_US,
    desk::Desk,
    index::IndexState,
    tape::Counters,
    watch::Watched,
};

pub use book::BookView;
pub use channel::{ChannelKey, Depth, Group, Interval, Resolution};
pub use config::{MarketConfig, Rates};
pub use decimal::Decimal;
pub use instrument::{
    Activity, Currency, Instrument, InstrumentId, InstrumentState, Kind, OptionType, Payoff, Terms,
};
pub use ladder::{Level, Side};
pub use notice::{Notice, Sink};
pub use number::NumberStyle;
pub use param::ParamError;
pub use tape::{Direction, TickDirection, Trade};
pub use universe::{Index, IndexId, Universe};

pub(crate) use object::{Json, array};
pub(crate) use reference::{flag, integer, named_currency, word};

/// The whole market. See the [module](self) for how it is driven.
#[derive(Debug)]
pub struct Market {
    config: MarketConfig,
    seed: u64,
    now_us: u64,
    rng: Rng,
    universe: Universe,
    /// By the place of their instruments.
    desks: Vec<Desk>,
    /// By their places in the universe.
    indices: Vec<IndexState>,
    counters: Counters,
    agenda: Agenda,
    watched: Watched,
    /// Trades of a slot, rendered, for each watched kind that gathers them.
    kind_trades: BTreeMap<ChannelKey, Vec<String>>,
    /// The next 08:00 UTC.
    settlement_us: u64,
    /// When the present settlement ends, if there is one.
    settling_until_us: Option<u64>,
    /// What expired, in the order in which it did.
    delivered: Vec<InstrumentId>,
}

impl Market {
    /// A market that begins at this instant.
    #[must_use]
    pub fn new(config: MarketConfig, seed: u64, now_us: u64) -> Self {
        let universe = Universe::build(&config, now_us);
        let mut rng = chance::generator(seed, "market");
        let counters = Counters::new(&mut rng);
        let indices =
            universe.indices().map(|(_, index)| IndexState::new(index, &config, seed, now_us)).collect();
        let mut market = Self {
            config,
            seed,
            now_us,
            rng,
            universe,
            desks: Vec::new(),
            indices,
            counters,
            agenda: Agenda::default(),
            watched: Watched::default(),
            kind_trades: BTreeMap::new(),
            settlement_us: calendar::next_settlement_us(now_us),
            settling_until_us: None,
            delivered: Vec::new(),
        };
        let listed = market.universe.instruments().len();
        for place in 0..listed {
            market.open_desk(InstrumentId(place as u32));
        }
        market.agenda.put((now_us / SECOND_US + 1) * SECOND_US, Event::Second);
        market
            .agenda
            .put((now_us / families::STATISTICS_US + 1) * families::STATISTICS_US, Event::Statistics);
        market.agenda.put(market.settlement_us, Event::Settlement);
        market.put_platform_state();
        market
    }

    /// The instant the market is at, in microseconds since the epoch.
    #[must_use]
    pub const fn now_us(&self) -> u64 {
        self.now_us
    }

    /// When something will happen next, in microseconds since the epoch.
    #[must_use]
    pub fn next_due(&self) -> u64 {
        self.agenda.next_due()
    }

    /// Lets everything happen that is due by `now_us`, each at its own time. Time never runs back.
    pub fn advance(&mut self, now_us: u64, sink: &mut impl Sink) {
        while let Some((due_us, event)) = self.agenda.take(now_us) {
            self.now_us = self.now_us.max(due_us);
            self.run(event, sink);
        }
        self.now_us = self.now_us.max(now_us);
    }

    /// All instruments and indices.
    #[must_use]
    pub const fn universe(&self) -> &Universe {
        &self.universe
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &MarketConfig {
        &self.config
    }

    /// Whether the daily settlement is under way.
    #[must_use]
    pub const fn is_settling(&self) -> bool {
        self.settling_until_us.is_some()
    }

    /// The instruments that were delivered since the market began, in the order in which they were.
    #[must_use]
    pub fn delivered(&self) -> &[InstrumentId] {
        &self.delivered
    }

    pub(crate) const fn style(&self) -> NumberStyle {
        self.config.number_style
    }

    /// Puts an instrument of the universe in motion.
    fn open_desk(&mut self, id: InstrumentId) {
        let instrument = self.universe.instrument(id);
        let index = &self.indices[instrument.index.place()];
        let underlying = self.universe.underlying_of(instrument);
        let underlying = underlying.and_then(|other| {
            self.desks.get(other.id().place()).map(|desk| (other.id(), other.name.as_str(), desk.mark.value))
        });
        let mut desk = Desk::new(
            instrument,
            index,
            underlying,
            &self.config,
            self.seed,
            self.now_us,
            &mut self.counters,
        );
        let activity = instrument.activity;
        if let Some(wait) = chance::wait_us(&mut desk.rng, activity.book_per_s) {
            self.agenda.put(self.now_us + wait, Event::Book(id));
        }
        if let Some(wait) = chance::wait_us(&mut desk.rng, activity.trades_per_s) {
            self.agenda.put(self.now_us + wait, Event::Trade(id));
        }
        self.desks.push(desk);
    }

    fn desk(&self, id: InstrumentId) -> &Desk {
        &self.desks[id.place()]
    }

    fn index_of(&self, instrument: &Instrument) -> &IndexState {
        &self.indices[instrument.index.place()]
    }
}
