//! Everything that moves about one instrument: its book, its trades, its mark, and what is told of it.

use bytes::Bytes;
use fastrand::Rng;

use super::{
    book::{
        Book,
        chain::Chain,
        flow::{self, Shape},
        grouped::Grouped,
    },
    chance,
    channel::Interval,
    config::MarketConfig,
    index::IndexState,
    instrument::{Instrument, InstrumentId, Terms},
    ladder::{Level, Side},
    number::NumberStyle,
    object::Json,
    tape::{Counters, Tape},
};

pub(crate) mod candle;
pub(crate) mod mark;
pub(crate) mod sheet;

use self::{candle::Candle, mark::Mark, sheet::Sheet};

/// One instrument in motion.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) rng: Rng,
    pub(crate) book: Book,
    pub(crate) tape: Tape,
    pub(crate) mark: Mark,
    pub(crate) feeds: Feeds,
    /// How far the number of a change may lie above the one before.
    pub(crate) stride: u64,
}

/// The streams somebody watches.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    pub(crate) chains: [Option<Chain>; 3],
    pub(crate) grouped: Vec<Grouped>,
    /// What the ticker of each interval said last.
    pub(crate) tickers: [Option<Sheet>; 3],
    pub(crate) incremental: Option<Incremental>,
    pub(crate) quote: bool,
    /// Trades of the slot, rendered.
    pub(crate) trades: [Option<Vec<String>>; 3],
    /// The funding each interval told last.
    pub(crate) perpetual: [Option<f64>; 3],
    pub(crate) candles: Vec<Candle>,
    /// Whether the end of the present slot is on the agenda.
    pub(crate) has_slot: [bool; 3],
}

/// A ticker that tells what changed.
#[derive(Debug)]
pub(crate) struct Incremental {
    /// What it told so far, as a whole.
    pub(crate) told: Sheet,
    pub(crate) told_us: u64,
    /// When it looks again.
    pub(crate) due_us: u64,
}

/// What an instrument's future is called and where it is.
pub(crate) type Underlying<'a> = Option<(InstrumentId, &'a str, f64)>;

impl Desk {
    pub(crate) fn new(
        instrument: &Instrument,
        index: &IndexState,
        underlying: Underlying<'_>,
        config: &MarketConfig,
        seed: u64,
        now_us: u64,
        counters: &mut Counters,
    ) -> Self {
        let mut rng = chance::generator(seed, &instrument.name);
        let mut mark = Mark::new(instrument, underlying.map(|(id, name, _)| (id, name)), &mut rng);
        let forward = underlying.map(|(_, _, forward)| forward);
        mark.step(instrument, index, forward, config, now_us, &mut rng);
        let mut book = Book::new(counters.first_change_id(instrument, &mut rng), now_us);
        let shape = mark.shape(instrument, index.value());
        flow::fill(&mut book, &shape, &mut rng);
        let mut tape = Tape::new(config.trades_kept, rng.u64(1_000..100_000_000));
        if !matches!(instrument.terms, Terms::Option { .. }) {
            Self::assume_yesterday(&mut tape, instrument, &shape, &mut rng, now_us);
        }
        let stride = stride(instrument, config);
        Self { rng, book, tape, mark, feeds: Feeds::default(), stride }
    }

    /// Futures and pairs were traded before the simulation began.
    fn assume_yesterday(tape: &mut Tape, instrument: &Instrument, shape: &Shape, rng: &mut Rng, now_us: u64) {
        let fair = shape.fair.round().max(1.0);
        tape.assume_last(fair as i64);
        let price = fair * instrument.tick.to_f64();
        let steps = (shape.steps * (1_000.0 + 1_000.0 * rng.f64())) as i64;
        let (volume, cost) = (instrument.coins(steps, price), instrument.cost(steps, price));
        let earlier = now_us.saturating_sub(3_600_000_000);
        tape.day.add(earlier, price * (1.0 - 0.01 * rng.f64()), volume, cost);
        tape.day.add(earlier, price * (1.0 + 0.01 * rng.f64()), 0.0, 0.0);
    }

    pub(crate) fn shape(&self, instrument: &Instrument, index: &IndexState) -> Shape {
        self.mark.shape(instrument, index.value())
    }

    pub(crate) fn best(&self, side: Side) -> Option<Level> {
        self.book.best(side)
    }

    /// The best of both sides as a quote.
    pub(crate) fn quote(&self, instrument: &Instrument, style: NumberStyle, now_us: u64) -> Bytes {
        let mut json = Json::object(style);
        json.integer("timestamp", now_us / 1_000);
        json.word("instrument_name", &instrument.name);
        let (bid, ask) = (self.best(Side::Bid), self.best(Side::Ask));
        let price = |level: Option<Level>| instrument.price(level.map_or(0, |level| level.ticks));
        let amount = |level: Option<Level>| instrument.amount(level.map_or(0, |level| level.steps));
        json.price("best_ask_price", price(ask));
        json.price("best_bid_price", price(bid));
        json.number("best_ask_amount", amount(ask));
        json.number("best_bid_amount", amount(bid));
        json.into_bytes()
    }

    /// The funding as the perpetual channel tells it.
    pub(crate) fn perpetual(&self, index: &IndexState, style: NumberStyle, now_us: u64) -> Bytes {
        let mut json = Json::object(style);
        json.price("index_price", index.price);
        json.float("interest", self.mark.funding);
        json.integer("timestamp", now_us / 1_000);
        json.into_bytes()
    }
}

impl Feeds {
    /// Whether anything of this interval waits for the end of a slot.
    pub(crate) fn wants_slot(&self, interval: Interval) -> bool {
        let place = interval.place();
        self.chains[place].is_some()
            || self.tickers[place].is_some()
            || self.trades[place].is_some()
            || self.perpetual[place].is_some()
            || self.grouped.iter().any(|grouped| grouped.interval == interval)
    }
}

/// With this stride a slot of `agg2` stays within 6000, even with far more events than usual.
fn stride(instrument: &Instrument, config: &MarketConfig) -> u64 {
    let activity = &instrument.activity;
    let events = (activity.book_per_s + activity.trades_per_s) * config.agg2_ms as f64 / 1_000.0;
    ((6_000.0 / (4.0 * events + 10.0)) as u64).max(1)
}
