//! Changes of state: the daily settlement, expiry, new instruments, locks.

use super::{
    Market,
    agenda::Event,
    calendar::{self, SECOND_US},
    channel::ChannelKey,
    instrument::{Instrument, InstrumentId, InstrumentState, Kind},
    notice::Sink,
    object::Json,
    reference::instrument_object,
    universe::IndexId,
};

impl Market {
    /// Begins a settlement of this length: futures and options stop, and trading is refused.
    pub fn settle(&mut self, length_us: u64, sink: &mut impl Sink) {
        let until_us = self.now_us + length_us;
        self.settling_until_us = Some(until_us);
        self.agenda.put(until_us, Event::SettlementEnd);
        for id in self.ids() {
            let instrument = self.universe.instrument(id);
            if instrument.state == InstrumentState::Open && instrument.kind() != Kind::Spot {
                let mark = &mut self.desks[id.place()].mark;
                mark.settlement = mark.price;
                self.set_state(id, InstrumentState::Settlement, sink);
            }
        }
    }

    /// Puts an instrument into another state and tells who listens.
    pub fn set_state(&mut self, id: InstrumentId, state: InstrumentState, sink: &mut impl Sink) {
        let instrument = self.universe.instrument_mut(id);
        if instrument.state == state {
            return;
        }
        instrument.state = state;
        if state == InstrumentState::Delivered {
            self.delivered.push(id);
        }
        self.tell_state(id, sink);
        self.tell_raw_ticker(id, sink);
        self.want_slots(id);
    }

    /// Locks or unlocks an index: trading of what follows it is refused while it is locked.
    pub fn set_index_lock(&mut self, id: IndexId, is_locked: bool, sink: &mut impl Sink) {
        self.indices[id.place()].is_locked = is_locked;
        if self.watched.contains(&ChannelKey::PlatformState) {
            self.say(ChannelKey::PlatformState, self.index_lock(id), sink);
        }
    }

    /// Lists a new instrument. A name that is listed already stays what it is.
    pub fn create(&mut self, instrument: Instrument, sink: &mut impl Sink) -> InstrumentId {
        let known = self.universe.instruments().len();
        let id = self.universe.add(instrument);
        if id.place() < known {
            return id;
        }
        self.open_desk(id);
        let instrument = self.universe.instrument(id);
        let (kind, currency) = (instrument.kind(), instrument.currency);
        for currency in [Some(currency), None] {
            let key = ChannelKey::InstrumentCreation(kind, currency);
            if self.watched.contains(&key) {
                let mut json = Json::object(self.style());
                instrument_object(&mut json, instrument, &self.universe);
                json.integer("timestamp", self.now_us / 1_000);
                self.say(key, json.into_bytes(), sink);
            }
        }
        self.tell_state(id, sink);
        id
    }

    pub(super) fn daily_settlement(&mut self, sink: &mut impl Sink) {
        self.settlement_us = calendar::next_settlement_us(self.now_us);
        self.agenda.put(self.settlement_us, Event::Settlement);
        self.settle(self.config.settlement_s * SECOND_US, sink);
    }

    pub(super) fn end_settlement(&mut self, sink: &mut impl Sink) {
        // An end that was put off by a later settlement is not this one's.
        if self.settling_until_us != Some(self.now_us) {
            return;
        }
        self.settling_until_us = None;
        for id in self.ids() {
            let instrument = self.universe.instrument(id);
            if instrument.state != InstrumentState::Settlement {
                continue;
            }
            if instrument.expiry_ms().is_some_and(|expiry_ms| expiry_ms * 1_000 <= self.now_us) {
                self.set_state(id, InstrumentState::Delivered, sink);
                if let Some(successor) = self.universe.successor(id, self.now_us) {
                    self.create(successor, sink);
                }
            } else {
                self.set_state(id, InstrumentState::Open, sink);
            }
        }
    }

    fn tell_state(&self, id: InstrumentId, sink: &mut impl Sink) {
        let instrument = self.universe.instrument(id);
        let mut json = Json::object(self.style());
        json.integer("timestamp", self.now_us / 1_000);
        json.word("state", instrument.state.word());
        json.word("instrument_name", &instrument.name);
        let data = json.into_bytes();
        for kind in [Some(instrument.kind()), None] {
            for currency in [Some(instrument.currency), None] {
                let key = ChannelKey::InstrumentState(kind, currency);
                if self.watched.contains(&key) {
                    self.say(key, data.clone(), sink);
                }
            }
        }
    }

    fn ids(&self) -> impl Iterator<Item = InstrumentId> + use<> {
        (0..self.desks.len() as u32).map(InstrumentId)
    }
}
