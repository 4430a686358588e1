//! What happens when something is due.

use super::{
    Market,
    agenda::Event,
    book::{Touched, flow},
    chance,
    desk::sheet::Sheet,
    instrument::{InstrumentId, InstrumentState},
    notice::Sink,
    publish,
    tape::Direction,
};
use crate::market::{calendar::SECOND_US, channel::ChannelKey, channel::Resolution};

/// A ticker that changed nothing for so long tells everything anew.
const WHOLE_AGAIN_US: u64 = 60 * SECOND_US;

impl Market {
    pub(super) fn run(&mut self, event: Event, sink: &mut impl Sink) {
        match event {
            Event::Second => self.second(sink),
            Event::Book(id) => self.book_event(id, sink),
            Event::Trade(id) => self.trade_event(id, sink),
            Event::Slot(id, interval) => self.close_slot(id, interval, sink),
            Event::KindSlot(key) => self.close_kind_slot(key, sink),
            Event::Incremental(id) => self.tell_incremental(id, sink),
            Event::Candle(id, resolution) => self.end_candle(id, resolution, sink),
            Event::Statistics => self.statistics(sink),
            Event::PlatformState => self.platform_state(sink),
            Event::Settlement => self.daily_settlement(sink),
            Event::SettlementEnd => self.end_settlement(sink),
        }
    }

    fn book_event(&mut self, id: InstrumentId, sink: &mut impl Sink) {
        let instrument = self.universe.instrument(id);
        let desk = &mut self.desks[id.place()];
        if instrument.state.is_gone() {
            return;
        }
        if let Some(wait) = chance::wait_us(&mut desk.rng, instrument.activity.book_per_s) {
            self.agenda.put(self.now_us + wait, Event::Book(id));
        }
        if instrument.state != InstrumentState::Open {
            return;
        }
        let shape = desk.shape(instrument, &self.indices[instrument.index.place()]);
        let mut touched = Touched::default();
        flow::event(&mut desk.book, &shape, &mut desk.rng, &mut touched);
        self.publish(id, &touched, &[], sink);
    }

    fn trade_event(&mut self, id: InstrumentId, sink: &mut impl Sink) {
        let instrument = self.universe.instrument(id);
        let desk = &mut self.desks[id.place()];
        if instrument.state.is_gone() {
            return;
        }
        if let Some(wait) = chance::wait_us(&mut desk.rng, instrument.activity.trades_per_s) {
            self.agenda.put(self.now_us + wait, Event::Trade(id));
        }
        if instrument.state != InstrumentState::Open {
            return;
        }
        let direction = if desk.rng.bool() { Direction::Buy } else { Direction::Sell };
        let shape = desk.shape(instrument, &self.indices[instrument.index.place()]);
        let wanted = 1 + (chance::exponential(&mut desk.rng) * shape.steps * 0.3) as i64;
        if let Some(best) = desk.best(direction.takes()) {
            self.take(id, direction, best.ticks, wanted.min(best.steps), sink);
        }
    }

    fn tell_incremental(&mut self, id: InstrumentId, sink: &mut impl Sink) {
        let instrument = self.universe.instrument(id);
        let now_us = self.now_us;
        let sheet = Sheet::of(instrument, self.desk(id), self.index_of(instrument), &self.config, now_us);
        let style = self.style();
        let Some(incremental) = &mut self.desks[id.place()].feeds.incremental else { return };
        if incremental.due_us != now_us {
            return;
        }
        incremental.due_us = now_us + SECOND_US;
        self.agenda.put(incremental.due_us, Event::Incremental(id));
        let changes = sheet.since(&incremental.told);
        let data = if !changes.is_empty() {
            publish::incremental("change", instrument, &changes, style, now_us)
        } else if now_us - incremental.told_us >= WHOLE_AGAIN_US {
            publish::incremental("snapshot", instrument, &sheet, style, now_us)
        } else {
            return;
        };
        incremental.told = sheet;
        incremental.told_us = now_us;
        self.say(ChannelKey::IncrementalTicker(id), data, sink);
    }

    fn end_candle(&mut self, id: InstrumentId, resolution: Resolution, sink: &mut impl Sink) {
        let instrument = self.universe.instrument(id);
        let (now_us, style) = (self.now_us, self.config.number_style);
        let candles = &mut self.desks[id.place()].feeds.candles;
        let Some(candle) = candles.iter_mut().find(|candle| candle.resolution == resolution) else { return };
        if candle.end_us() != now_us {
            return;
        }
        let data = candle.render(instrument, style);
        candle.turn();
        self.agenda.put(candle.end_us(), Event::Candle(id, resolution));
        self.say(ChannelKey::Chart(id, resolution), data, sink);
    }
}
