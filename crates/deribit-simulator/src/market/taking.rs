//! Taking what is offered, and printing trades.

use super::{
    Market,
    book::{Touched, flow},
    decimal::Decimal,
    instrument::InstrumentId,
    ladder::Level,
    notice::Sink,
    tape::{Direction, TickDirection, Trade},
};

impl Market {
    /// Takes up to `steps` from the book, at `limit` ticks or better. One trade for each level; the
    /// book changes in the same event, and its last level is never taken whole.
    pub(crate) fn take(
        &mut self,
        id: InstrumentId,
        direction: Direction,
        limit: i64,
        mut steps: i64,
        sink: &mut impl Sink,
    ) -> Vec<Trade> {
        let side = direction.takes();
        let mut touched = Touched::default();
        let mut trades = Vec::new();
        while steps > 0 {
            let ladder = self.desk(id).book.side(side);
            let is_last = ladder.len() == 1;
            let Some(best) = ladder.best().filter(|best| side.compare(best.ticks, limit).is_le()) else {
                break;
            };
            let taken = steps.min(if is_last { best.steps - 1 } else { best.steps });
            if taken == 0 {
                break;
            }
            let book = &mut self.desks[id.place()].book;
            book.set(side, best.ticks, best.steps - taken, &mut touched);
            steps -= taken;
            trades.push(self.record(id, direction, Level { ticks: best.ticks, steps: taken }));
        }
        if trades.is_empty() {
            return trades;
        }
        let instrument = self.universe.instrument(id);
        let desk = &mut self.desks[id.place()];
        let shape = desk.shape(instrument, &self.indices[instrument.index.place()]);
        flow::mend(&mut desk.book, &shape, &mut desk.rng, &mut touched);
        self.publish(id, &touched, &trades, sink);
        trades
    }

    /// A trade at a price that is not offered in the book: a stranger met a client's order.
    pub(crate) fn print(
        &mut self,
        id: InstrumentId,
        direction: Direction,
        level: Level,
        sink: &mut impl Sink,
    ) -> Trade {
        let trade = self.record(id, direction, level);
        self.publish(id, &Touched::default(), std::slice::from_ref(&trade), sink);
        trade
    }

    /// How much could be taken at `limit` ticks or better, counted up to `enough`.
    pub(crate) fn takeable(&self, id: InstrumentId, direction: Direction, limit: i64, enough: i64) -> i64 {
        let side = direction.takes();
        let ladder = self.desk(id).book.side(side);
        let reachable = ladder.levels().iter().take_while(|level| side.compare(level.ticks, limit).is_le());
        let mut sum = 0;
        for level in reachable {
            sum += level.steps;
            if sum > enough {
                return enough;
            }
        }
        // Of a side's last level something stays.
        if ladder.worst().is_some_and(|worst| side.compare(worst.ticks, limit).is_le()) {
            sum - 1
        } else {
            sum
        }
    }

    fn record(&mut self, id: InstrumentId, direction: Direction, level: Level) -> Trade {
        let instrument = self.universe.instrument(id);
        let index = self.indices[instrument.index.place()].price;
        let trade_id = self.counters.trade_id(instrument);
        let desk = &mut self.desks[id.place()];
        let price = instrument.price(level.ticks).to_f64();
        let iv = desk.mark.option.as_ref().map(|option| option.implied(instrument, price));
        let trade = Trade {
            seq: 0,
            trade_id,
            timestamp_ms: self.now_us / 1_000,
            tick_direction: TickDirection::Plus,
            ticks: level.ticks,
            steps: level.steps,
            direction,
            mark: desk.mark.price,
            index,
            iv: iv.map(|percent| Decimal::round(percent, 2)),
        };
        desk.tape.print(trade, instrument, self.now_us)
    }
}
