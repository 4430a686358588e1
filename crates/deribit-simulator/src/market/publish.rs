//! How what happened to an instrument reaches those who watch it.

use bytes::Bytes;

use super::{
    Market,
    agenda::Event,
    book::Touched,
    channel::{ChannelKey, Interval},
    desk::sheet::Sheet,
    instrument::{Instrument, InstrumentId},
    notice::{Notice, Sink},
    number::NumberStyle,
    object::{Json, array},
    tape::Trade,
};

impl Market {
    pub(super) fn say(&self, key: ChannelKey, data: Bytes, sink: &mut impl Sink) {
        sink.notice(Notice { key, at_us: self.now_us, data });
    }

    /// Tells what one event did to a book, and which trades it was made of.
    pub(super) fn publish(
        &mut self,
        id: InstrumentId,
        touched: &Touched,
        trades: &[Trade],
        sink: &mut impl Sink,
    ) {
        let instrument = self.universe.instrument(id);
        let desk = &mut self.desks[id.place()];
        let has_changed = !touched.is_empty(&desk.book);
        if has_changed {
            let last = desk.book.change_id;
            desk.book.change_id = self.counters.change_id(instrument, last, desk.stride, &mut desk.rng);
            desk.book.changed_us = self.now_us;
            for chain in desk.feeds.chains.iter_mut().flatten() {
                chain.touch(touched);
            }
            for grouped in &mut desk.feeds.grouped {
                grouped.is_dirty = true;
            }
            self.tell_raw_book(id, sink);
        }
        if has_changed && self.desk(id).feeds.quote && self.best_was_touched(id, touched) {
            let data = self.desk(id).quote(self.universe.instrument(id), self.style(), self.now_us);
            self.say(ChannelKey::Quote(id), data, sink);
        }
        if !trades.is_empty() {
            self.tell_trades(id, trades, sink);
        }
        if has_changed || !trades.is_empty() {
            self.tell_raw_ticker(id, sink);
            self.want_slots(id);
        }
    }

    fn tell_raw_book(&mut self, id: InstrumentId, sink: &mut impl Sink) {
        let (instrument, style) = (self.universe.instrument(id), self.config.number_style);
        let desk = &mut self.desks[id.place()];
        let Some(chain) = &mut desk.feeds.chains[Interval::Raw.place()] else { return };
        if let Some(data) = chain.emit(&desk.book, instrument, style) {
            self.say(ChannelKey::Book(id, Interval::Raw), data, sink);
        }
    }

    /// Whether a touched price is, or was, the best of its side.
    fn best_was_touched(&self, id: InstrumentId, touched: &Touched) -> bool {
        use super::ladder::Side;
        let book = &self.desk(id).book;
        [Side::Bid, Side::Ask].into_iter().any(|side| {
            let first = touched.entries(book, side).next().map(|(touch, _)| touch.ticks);
            first.is_some_and(|ticks| {
                book.best(side).is_none_or(|best| side.compare(ticks, best.ticks).is_le())
            })
        })
    }

    fn tell_trades(&mut self, id: InstrumentId, trades: &[Trade], sink: &mut impl Sink) {
        let (instrument, style) = (self.universe.instrument(id), self.config.number_style);
        let (kind, currency) = (instrument.kind(), instrument.currency);
        let broad = |interval| {
            [Some(currency), None].map(|currency| ChannelKey::TradesOfKind(kind, currency, interval))
        };
        let feeds = &mut self.desks[id.place()].feeds;
        for candle in &mut feeds.candles {
            for trade in trades {
                candle.add(trade, instrument);
            }
            let key = ChannelKey::Chart(id, candle.resolution);
            sink.notice(Notice { key, at_us: self.now_us, data: candle.render(instrument, style) });
        }
        let is_heard = feeds.trades.iter().any(Option::is_some)
            || Interval::ALL.into_iter().flat_map(broad).any(|key| self.watched.contains(&key));
        if !is_heard {
            return;
        }
        let rendered: Vec<String> = trades.iter().map(|trade| trade.render(instrument, style)).collect();
        for pending in feeds.trades.iter_mut().skip(1).flatten() {
            pending.extend_from_slice(&rendered);
        }
        let data = array(rendered.iter().map(String::as_str));
        if self.desk(id).feeds.trades[Interval::Raw.place()].is_some() {
            self.say(ChannelKey::Trades(id, Interval::Raw), data.clone(), sink);
        }
        for key in broad(Interval::Raw) {
            if self.watched.contains(&key) {
                self.say(key, data.clone(), sink);
            }
        }
        for interval in [Interval::Ms100, Interval::Agg2] {
            for key in broad(interval) {
                let Some(pending) = self.kind_trades.get_mut(&key) else { continue };
                if pending.is_empty() {
                    let due = slot_end(self.now_us, self.slot_us(interval), 0);
                    self.agenda.put(due, Event::KindSlot(key));
                }
                self.kind_trades.entry(key).or_default().extend_from_slice(&rendered);
            }
        }
    }

    /// Tells the ticker to those who want each of its changes.
    pub(super) fn tell_raw_ticker(&mut self, id: InstrumentId, sink: &mut impl Sink) {
        self.tell_ticker(id, Interval::Raw, sink);
    }

    fn tell_ticker(&mut self, id: InstrumentId, interval: Interval, sink: &mut impl Sink) {
        if self.desk(id).feeds.tickers[interval.place()].is_none() {
            return;
        }
        let instrument = self.universe.instrument(id);
        let sheet =
            Sheet::of(instrument, self.desk(id), self.index_of(instrument), &self.config, self.now_us);
        if self.desk(id).feeds.tickers[interval.place()].as_ref() == Some(&sheet) {
            return;
        }
        let data = sheet.render(instrument, self.style(), self.now_us);
        self.desks[id.place()].feeds.tickers[interval.place()] = Some(sheet);
        self.say(ChannelKey::Ticker(id, interval), Bytes::from(data), sink);
    }

    /// Tells the funding of a perpetual at one interval, if it is not what was told before.
    pub(super) fn tell_perpetual(&mut self, id: InstrumentId, interval: Interval, sink: &mut impl Sink) {
        let (instrument, style) = (self.universe.instrument(id), self.config.number_style);
        let index = &self.indices[instrument.index.place()];
        let desk = &mut self.desks[id.place()];
        let Some(told) = &mut desk.feeds.perpetual[interval.place()] else { return };
        if !instrument.is_perpetual() || *told == desk.mark.funding {
            return;
        }
        *told = desk.mark.funding;
        let data = desk.perpetual(index, style, self.now_us);
        self.say(ChannelKey::Perpetual(id, interval), data, sink);
    }

    /// Puts the ends of the present slots on the agenda, where somebody waits for them.
    pub(super) fn want_slots(&mut self, id: InstrumentId) {
        for interval in [Interval::Ms100, Interval::Agg2] {
            let slot_us = self.slot_us(interval);
            let feeds = &mut self.desks[id.place()].feeds;
            if !feeds.has_slot[interval.place()] && feeds.wants_slot(interval) {
                feeds.has_slot[interval.place()] = true;
                // Slots of different instruments end at different times, so that a server does not
                // have to send everything at once.
                let shift = u64::from(id.0).wrapping_mul(7_919_123);
                self.agenda.put(slot_end(self.now_us, slot_us, shift), Event::Slot(id, interval));
            }
        }
    }

    pub(super) fn close_slot(&mut self, id: InstrumentId, interval: Interval, sink: &mut impl Sink) {
        let (instrument, style) = (self.universe.instrument(id), self.config.number_style);
        let (place, at_us) = (interval.place(), self.now_us);
        let desk = &mut self.desks[id.place()];
        desk.feeds.has_slot[place] = false;
        if let Some(data) =
            desk.feeds.chains[place].as_mut().and_then(|chain| chain.emit(&desk.book, instrument, style))
        {
            sink.notice(Notice { key: ChannelKey::Book(id, interval), at_us, data });
        }
        for grouped in desk.feeds.grouped.iter_mut().filter(|grouped| grouped.interval == interval) {
            if std::mem::take(&mut grouped.is_dirty) {
                let key = ChannelKey::GroupedBook(id, grouped.group, grouped.depth, interval);
                sink.notice(Notice { key, at_us, data: grouped.render(&desk.book, instrument, style) });
            }
        }
        if let Some(trades) = desk.feeds.trades[place].as_mut().filter(|trades| !trades.is_empty()) {
            let data = array(trades.iter().map(String::as_str));
            trades.clear();
            sink.notice(Notice { key: ChannelKey::Trades(id, interval), at_us, data });
        }
        self.tell_ticker(id, interval, sink);
        self.tell_perpetual(id, interval, sink);
    }

    pub(super) fn close_kind_slot(&mut self, key: ChannelKey, sink: &mut impl Sink) {
        let Some(trades) = self.kind_trades.get_mut(&key).filter(|trades| !trades.is_empty()) else { return };
        let data = array(trades.iter().map(String::as_str));
        trades.clear();
        self.say(key, data, sink);
    }

    fn slot_us(&self, interval: Interval) -> u64 {
        match interval {
            Interval::Raw => 1,
            Interval::Ms100 => 100_000,
            Interval::Agg2 => self.config.agg2_ms.max(1) * 1_000,
        }
    }
}

/// The data of an incremental ticker.
pub(super) fn incremental(
    kind: &str,
    instrument: &Instrument,
    sheet: &Sheet,
    style: NumberStyle,
    now_us: u64,
) -> Bytes {
    let mut json = Json::object(style);
    json.word("type", kind);
    json.integer("timestamp", now_us / 1_000);
    json.word("instrument_name", &instrument.name);
    sheet.write(&mut json);
    json.into_bytes()
}

/// The end of the slot that an instant belongs to; slots begin at `shift` and multiples of their length.
fn slot_end(now_us: u64, slot_us: u64, shift: u64) -> u64 {
    let shift = shift % slot_us;
    (now_us.saturating_sub(shift) / slot_us + 1) * slot_us + shift
}

#[cfg(test)]
mod tests {
    use super::slot_end;

    #[test]
    fn a_slot_ends_after_the_instant_and_within_its_length() {
        for (now, shift) in [(1_000_000, 0), (1_000_001, 0), (1_099_999, 77), (5_000_076, 77)] {
            let end = slot_end(now, 100_000, shift);
            assert!(end > now && end <= now + 100_000, "{now}");
            assert_eq!(end % 100_000, shift);
        }
    }
}
