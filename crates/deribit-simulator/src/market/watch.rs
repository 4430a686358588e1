//! Who listens: only what somebody watches is rendered.

use std::collections::HashMap;

use bytes::Bytes;

use super::{
    Market,
    agenda::Event,
    book::{chain::Chain, grouped::Grouped},
    calendar::SECOND_US,
    chance,
    channel::{ChannelKey, Interval},
    desk::{Incremental, candle::Candle, sheet::Sheet},
    instrument::InstrumentId,
    publish,
    universe::IndexId,
};

/// How many watch each channel.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    counts: HashMap<ChannelKey, usize>,
}

impl Watched {
    pub(crate) fn contains(&self, key: &ChannelKey) -> bool {
        self.counts.contains_key(key)
    }
}

impl Market {
    /// One more subscription listens to this channel.
    pub fn watch(&mut self, key: &ChannelKey) {
        let count = self.watched.counts.entry(*key).or_insert(0);
        *count += 1;
        if *count == 1 {
            self.open_feed(*key);
        }
    }

    /// One subscription less listens to this channel. More calls than of [`watch`](Self::watch) do
    /// nothing.
    pub fn unwatch(&mut self, key: &ChannelKey) {
        let Some(count) = self.watched.counts.get_mut(key) else { return };
        *count -= 1;
        if *count == 0 {
            self.watched.counts.remove(key);
            self.close_feed(*key);
        }
    }

    /// The first messages of a subscription, sent now. Empty for families that say nothing before an
    /// event, and for channels nobody watches.
    #[must_use]
    pub fn first(&self, key: &ChannelKey) -> Vec<Bytes> {
        if !self.watched.contains(key) {
            return Vec::new();
        }
        if let Some(data) = self.index_data(key) {
            return match key {
                ChannelKey::PriceIndex(_) | ChannelKey::PriceRanking(_) => vec![data],
                _ => Vec::new(),
            };
        }
        match *key {
            ChannelKey::MarkPriceOptions(id) => vec![self.all_option_marks(id)],
            ChannelKey::PlatformState => {
                (0..self.indices.len()).map(|place| self.index_lock(IndexId(place as u32))).collect()
            }
            _ => key.instrument().and_then(|id| self.first_of(id, key)).into_iter().collect(),
        }
    }

    /// The outdated change that may follow a snapshot (to be asked for right after
    /// [`first`](Self::first)): with the configured probability, by the subscription's own seed.
    #[must_use]
    pub fn redundant_change(&self, key: &ChannelKey, seed: u64) -> Option<Bytes> {
        let ChannelKey::Book(id, interval) = *key else { return None };
        let mut rng = chance::generator(seed, "redundant change");
        if rng.f64() >= self.config.redundant_change {
            return None;
        }
        let desk = self.desk(id);
        let chain = desk.feeds.chains[interval.place()].as_ref()?;
        Some(chain.outdated(&desk.book, self.universe.instrument(id), self.style(), &mut rng))
    }

    fn first_of(&self, id: InstrumentId, key: &ChannelKey) -> Option<Bytes> {
        let (instrument, desk, style) = (self.universe.instrument(id), self.desk(id), self.style());
        let sheet = || Sheet::of(instrument, desk, self.index_of(instrument), &self.config, self.now_us);
        match *key {
            ChannelKey::Book(_, interval) => {
                let chain = desk.feeds.chains[interval.place()].as_ref()?;
                Some(chain.snapshot(&desk.book, instrument, style))
            }
            ChannelKey::GroupedBook(_, group, depth, interval) => {
                let grouped = Grouped { group, depth, interval, is_dirty: false };
                Some(grouped.render(&desk.book, instrument, style))
            }
            ChannelKey::Ticker(..) => Some(Bytes::from(sheet().render(instrument, style, self.now_us))),
            ChannelKey::IncrementalTicker(_) => {
                let told = &desk.feeds.incremental.as_ref()?.told;
                Some(publish::incremental("snapshot", instrument, told, style, self.now_us))
            }
            ChannelKey::Quote(_) => Some(desk.quote(instrument, style, self.now_us)),
            ChannelKey::Perpetual(..) if instrument.is_perpetual() => {
                Some(desk.perpetual(self.index_of(instrument), style, self.now_us))
            }
            _ => None,
        }
    }

    fn open_feed(&mut self, key: ChannelKey) {
        if let ChannelKey::TradesOfKind(_, _, Interval::Ms100 | Interval::Agg2) = key {
            self.kind_trades.insert(key, Vec::new());
        }
        if let ChannelKey::MarkPriceOptions(id) = key {
            self.remember_option_marks(id);
        }
        let Some(id) = key.instrument() else { return };
        let now_us = self.now_us;
        let instrument = self.universe.instrument(id);
        let sheet = Sheet::of(instrument, self.desk(id), self.index_of(instrument), &self.config, now_us);
        let desk = &mut self.desks[id.place()];
        let feeds = &mut desk.feeds;
        match key {
            ChannelKey::Book(_, interval) => feeds.chains[interval.place()] = Some(Chain::new(&desk.book)),
            ChannelKey::GroupedBook(_, group, depth, interval) => {
                feeds.grouped.push(Grouped { group, depth, interval, is_dirty: false });
            }
            ChannelKey::Ticker(_, interval) => feeds.tickers[interval.place()] = Some(sheet),
            ChannelKey::IncrementalTicker(_) => {
                let due_us = now_us + SECOND_US;
                feeds.incremental = Some(Incremental { told: sheet, told_us: now_us, due_us });
                self.agenda.put(due_us, Event::Incremental(id));
            }
            ChannelKey::Quote(_) => feeds.quote = true,
            ChannelKey::Trades(_, interval) => feeds.trades[interval.place()] = Some(Vec::new()),
            ChannelKey::Perpetual(_, interval) => {
                feeds.perpetual[interval.place()] = Some(desk.mark.funding);
            }
            ChannelKey::Chart(_, resolution) => {
                let last = desk
                    .tape
                    .last_ticks()
                    .unwrap_or_else(|| (desk.mark.value / instrument.tick.to_f64()).round().max(1.0) as i64);
                let candle = Candle::begun(resolution, now_us, last, desk.tape.trades(), instrument);
                self.agenda.put(candle.end_us(), Event::Candle(id, resolution));
                feeds.candles.push(candle);
            }
            _ => {}
        }
    }

    fn close_feed(&mut self, key: ChannelKey) {
        self.kind_trades.remove(&key);
        let Some(id) = key.instrument() else { return };
        let feeds = &mut self.desks[id.place()].feeds;
        match key {
            ChannelKey::Book(_, interval) => feeds.chains[interval.place()] = None,
            ChannelKey::GroupedBook(_, group, depth, interval) => feeds.grouped.retain(|grouped| {
                (grouped.group, grouped.depth, grouped.interval) != (group, depth, interval)
            }),
            ChannelKey::Ticker(_, interval) => feeds.tickers[interval.place()] = None,
            ChannelKey::IncrementalTicker(_) => feeds.incremental = None,
            ChannelKey::Quote(_) => feeds.quote = false,
            ChannelKey::Trades(_, interval) => feeds.trades[interval.place()] = None,
            ChannelKey::Perpetual(_, interval) => feeds.perpetual[interval.place()] = None,
            ChannelKey::Chart(_, resolution) => {
                feeds.candles.retain(|candle| candle.resolution != resolution);
            }
            _ => {}
        }
    }

    /// Whoever is the first to listen is told all marks now, so only later changes are news.
    fn remember_option_marks(&mut self, id: IndexId) {
        for (option, price, iv) in self.option_marks(id) {
            if let Some(mark) = &mut self.desks[option.place()].mark.option {
                mark.told = Some((price, iv));
            }
        }
    }
}
