//! The ground truth: what is really so, for comparison with what a client believes.

use super::{
    Market,
    book::BookView,
    channel::Interval,
    decimal::Decimal,
    desk::sheet::Sheet,
    instrument::InstrumentId,
    ladder::{Level, Side},
    tape::Trade,
    universe::IndexId,
};

impl Market {
    /// The book as it is now.
    #[must_use]
    pub fn book(&self, id: InstrumentId) -> BookView {
        BookView::of(&self.desk(id).book, self.universe.instrument(id))
    }

    /// The book as of the last message at this interval. `None` if nobody watches that channel.
    #[must_use]
    pub fn emitted_book(&self, id: InstrumentId, interval: Interval) -> Option<BookView> {
        let desk = self.desk(id);
        let chain = desk.feeds.chains[interval.place()].as_ref()?;
        Some(BookView::of(&chain.emitted(&desk.book), self.universe.instrument(id)))
    }

    /// The best level of a side.
    #[must_use]
    pub fn best(&self, id: InstrumentId, side: Side) -> Option<Level> {
        self.desk(id).best(side)
    }

    /// The last trade since the market began.
    #[must_use]
    pub fn last_trade(&self, id: InstrumentId) -> Option<&Trade> {
        self.desk(id).tape.last()
    }

    /// The ticker as it is now, as JSON text.
    #[must_use]
    pub fn ticker(&self, id: InstrumentId) -> String {
        self.sheet(id).render(self.universe.instrument(id), self.style(), self.now_us)
    }

    /// The mark price.
    #[must_use]
    pub fn mark_price(&self, id: InstrumentId) -> Decimal {
        self.desk(id).mark.price
    }

    /// The price of the last settlement.
    #[must_use]
    pub fn settlement_price(&self, id: InstrumentId) -> Decimal {
        self.desk(id).mark.settlement
    }

    /// The lowest and the highest price at which orders may trade, in ticks.
    #[must_use]
    pub fn price_bounds(&self, id: InstrumentId) -> (i64, i64) {
        let instrument = self.universe.instrument(id);
        self.desk(id).shape(instrument, self.index_of(instrument)).bounds
    }

    /// The price of an index.
    #[must_use]
    pub fn index_price(&self, id: IndexId) -> Decimal {
        self.indices[id.place()].price
    }

    /// Whether an index is locked.
    #[must_use]
    pub fn is_index_locked(&self, id: IndexId) -> bool {
        self.indices[id.place()].is_locked
    }

    pub(crate) fn interest_value(&self, id: InstrumentId) -> f64 {
        self.desk(id).mark.interest_value
    }

    pub(super) fn sheet(&self, id: InstrumentId) -> Sheet {
        let instrument = self.universe.instrument(id);
        Sheet::of(instrument, self.desk(id), self.index_of(instrument), &self.config, self.now_us)
    }
}
