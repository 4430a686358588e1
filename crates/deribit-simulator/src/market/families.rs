//! The families that follow a clock instead of events: everything about indices and marks.

use bytes::Bytes;

use super::{
    Market,
    agenda::Event,
    calendar::SECOND_US,
    chance,
    channel::{ChannelKey, Interval},
    decimal::Decimal,
    instrument::{InstrumentId, Kind},
    notice::Sink,
    object::{Json, array},
    universe::IndexId,
};

/// How often `deribit_price_statistics` speaks.
pub(super) const STATISTICS_US: u64 = 15 * SECOND_US;

/// The exchanges an index is made of.
const SOURCES: [&str; 7] = ["bitfinex", "bitstamp", "coinbase", "gemini", "itbit", "kraken", "lmax"];

impl Market {
    pub(super) fn second(&mut self, sink: &mut impl Sink) {
        self.agenda.put(self.now_us + SECOND_US, Event::Second);
        for index in &mut self.indices {
            index.step(&self.config, self.now_us, self.settlement_us);
        }
        for place in 0..self.indices.len() {
            self.tell_index(IndexId(place as u32), sink);
        }
        for place in 0..self.desks.len() {
            self.step_mark(InstrumentId(place as u32), sink);
        }
        for place in 0..self.indices.len() {
            self.tell_option_marks(IndexId(place as u32), sink);
        }
    }

    fn step_mark(&mut self, id: InstrumentId, sink: &mut impl Sink) {
        let instrument = self.universe.instrument(id);
        if !instrument.state.is_listed() {
            return;
        }
        let underlying = self.desk(id).mark.option.as_ref().and_then(|option| option.underlying);
        let forward = underlying.map(|id| self.desk(id).mark.value);
        let index = &self.indices[instrument.index.place()];
        let desk = &mut self.desks[id.place()];
        desk.mark.step(instrument, index, forward, &self.config, self.now_us, &mut desk.rng);
        self.tell_raw_ticker(id, sink);
        self.tell_perpetual(id, Interval::Raw, sink);
        self.want_slots(id);
    }

    fn tell_index(&mut self, id: IndexId, sink: &mut impl Sink) {
        for key in [
            ChannelKey::PriceIndex(id),
            ChannelKey::PriceRanking(id),
            ChannelKey::VolatilityIndex(id),
            ChannelKey::EstimatedExpirationPrice(id),
        ] {
            if self.watched.contains(&key)
                && let Some(data) = self.index_data(&key)
            {
                self.say(key, data, sink);
            }
        }
    }

    pub(super) fn statistics(&mut self, sink: &mut impl Sink) {
        self.agenda.put(self.now_us + STATISTICS_US, Event::Statistics);
        for place in 0..self.indices.len() {
            let key = ChannelKey::PriceStatistics(IndexId(place as u32));
            if self.watched.contains(&key)
                && let Some(data) = self.index_data(&key)
            {
                self.say(key, data, sink);
            }
        }
    }

    /// The data of a channel that is about an index, as it is now.
    pub(super) fn index_data(&self, key: &ChannelKey) -> Option<Bytes> {
        Some(match *key {
            ChannelKey::PriceIndex(id) => {
                let mut json = Json::object(self.style());
                json.integer("timestamp", self.now_us / 1_000);
                json.price("price", self.indices[id.place()].price);
                json.word("index_name", &self.universe.price_index(id).name);
                json.into_bytes()
            }
            ChannelKey::PriceRanking(id) => self.ranking(id),
            ChannelKey::PriceStatistics(id) => self.index_statistics(id),
            ChannelKey::VolatilityIndex(id) => {
                let mut json = Json::object(self.style());
                json.number("volatility", Decimal::round(self.indices[id.place()].volatility, 2));
                json.integer("timestamp", self.now_us / 1_000);
                json.word("index_name", &self.universe.price_index(id).name);
                json.into_bytes()
            }
            ChannelKey::EstimatedExpirationPrice(id) => {
                let (price, is_mean) = self.indices[id.place()].delivery_price();
                let mut json = Json::object(self.style());
                json.integer("seconds", self.settlement_us.saturating_sub(self.now_us) / SECOND_US);
                json.price("price", price);
                json.flag("is_estimated", is_mean);
                json.into_bytes()
            }
            _ => return None,
        })
    }

    fn index_statistics(&self, id: IndexId) -> Bytes {
        let index = &self.indices[id.place()];
        let rounded = |value: f64| Decimal::round(value, index.scale());
        let (low, high, first) = index
            .day
            .summary(self.now_us)
            .map_or((index.value(), index.value(), index.value()), |day| (day.low, day.high, day.first));
        let mut json = Json::object(self.style());
        json.price("low24h", rounded(low));
        json.word("index_name", &self.universe.price_index(id).name);
        json.flag("high_volatility", index.volatility > 150.0);
        json.price("high24h", rounded(high));
        json.number("change24h", rounded(index.value() - first));
        json.into_bytes()
    }

    /// The prices an index is made of: a little off it, a little older than now.
    fn ranking(&self, id: IndexId) -> Bytes {
        let index = &self.indices[id.place()];
        // Drawn anew from the second, so that listening does not change the future.
        let seed = self.seed ^ (self.now_us / SECOND_US);
        let mut rng = chance::generator(seed, &self.universe.price_index(id).name);
        let weight = Decimal::round(100.0 / SOURCES.len() as f64, 6);
        let elements: Vec<String> = SOURCES
            .iter()
            .map(|source| {
                let price = index.value() * (1.0 + 2e-4 * chance::normal(&mut rng));
                let price = Decimal::round(price, index.scale());
                let mut json = Json::object(self.style());
                json.number("weight", weight);
                json.integer("timestamp", (self.now_us / 1_000).saturating_sub(rng.u64(20..4_000)));
                json.price("price", price);
                json.price("original_price", price);
                json.word("identifier", source);
                json.flag("enabled", true);
                json.finish()
            })
            .collect();
        array(elements.iter().map(String::as_str))
    }

    fn tell_option_marks(&mut self, id: IndexId, sink: &mut impl Sink) {
        let key = ChannelKey::MarkPriceOptions(id);
        if !self.watched.contains(&key) {
            return;
        }
        let mut changed = Vec::new();
        for (option, price, iv) in self.option_marks(id) {
            let told = self.desks[option.place()].mark.option.as_mut().map(|mark| &mut mark.told);
            if told.is_some_and(|told| told.replace((price, iv)) != Some((price, iv))) {
                changed.push(self.option_mark(option, price, iv));
            }
        }
        if !changed.is_empty() {
            self.say(key, array(changed.iter().map(String::as_str)), sink);
        }
    }

    /// All options of an index.
    pub(super) fn all_option_marks(&self, id: IndexId) -> Bytes {
        let all = self.option_marks(id).into_iter();
        let all: Vec<String> = all.map(|(option, price, iv)| self.option_mark(option, price, iv)).collect();
        array(all.iter().map(String::as_str))
    }

    pub(super) fn option_marks(&self, id: IndexId) -> Vec<(InstrumentId, Decimal, Decimal)> {
        let options = self.universe.listed(Some(Kind::Option), None);
        options
            .filter(|option| option.index == id)
            .filter_map(|option| {
                let mark = &self.desk(option.id()).mark;
                let volatility = mark.option.as_ref()?.volatility;
                Some((option.id(), mark.price, Decimal::round(volatility, 4)))
            })
            .collect()
    }

    fn option_mark(&self, option: InstrumentId, price: Decimal, iv: Decimal) -> String {
        let mut json = Json::object(self.style());
        json.integer("timestamp", self.now_us / 1_000);
        json.price("mark_price", price);
        json.number("iv", iv);
        json.word("instrument_name", &self.universe.instrument(option).name);
        json.finish()
    }

    pub(super) fn put_platform_state(&mut self) {
        if let Some(wait) = chance::wait_us(&mut self.rng, self.config.platform_state_per_s) {
            self.agenda.put(self.now_us + wait, Event::PlatformState);
        }
    }

    /// Repeats the unchanged state of some index. During the settlement nothing is announced.
    pub(super) fn platform_state(&mut self, sink: &mut impl Sink) {
        self.put_platform_state();
        let id = IndexId(self.rng.u32(0..self.indices.len().max(1) as u32));
        if self.watched.contains(&ChannelKey::PlatformState) && !self.is_settling() {
            self.say(ChannelKey::PlatformState, self.index_lock(id), sink);
        }
    }

    pub(super) fn index_lock(&self, id: IndexId) -> Bytes {
        let mut json = Json::object(self.style());
        json.flag("locked", self.indices[id.place()].is_locked);
        json.word("price_index", &self.universe.price_index(id).name);
        json.key("reasons");
        json.begin_array();
        json.end_array();
        json.into_bytes()
    }
}
