//! A book, and the prices that an event touches in it.

use super::{
    decimal::Decimal,
    instrument::Instrument,
    ladder::{Ladder, Level, Side},
};

pub(crate) mod chain;
pub(crate) mod flow;
pub(crate) mod grouped;

/// All that is offered of an instrument now.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    bids: Ladder,
    asks: Ladder,
    /// The number of its last change, from a counter shared by a group of instruments.
    pub(crate) change_id: u64,
    /// The time of its last change.
    pub(crate) changed_us: u64,
}

impl Book {
    pub(crate) const fn new(change_id: u64, changed_us: u64) -> Self {
        Self { bids: Ladder::new(Side::Bid), asks: Ladder::new(Side::Ask), change_id, changed_us }
    }

    pub(crate) const fn side(&self, side: Side) -> &Ladder {
        match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        }
    }

    pub(crate) fn best(&self, side: Side) -> Option<Level> {
        self.side(side).best()
    }

    /// Sets the amount at a price and notes what it was.
    pub(crate) fn set(&mut self, side: Side, ticks: i64, steps: i64, touched: &mut Touched) {
        let before = self.put(side, ticks, steps);
        if before != steps {
            touched.note(side, ticks, before);
        }
    }

    /// The book as it was before these prices were touched.
    pub(crate) fn before(&self, touched: &Touched) -> Self {
        let mut book = self.clone();
        for touch in &touched.touches {
            book.put(touch.side, touch.ticks, touch.before);
        }
        book
    }

    fn put(&mut self, side: Side, ticks: i64, steps: i64) -> i64 {
        match side {
            Side::Bid => self.bids.set(ticks, steps),
            Side::Ask => self.asks.set(ticks, steps),
        }
    }
}

/// A price that was touched, and what was offered there before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touch {
    pub(crate) side: Side,
    pub(crate) ticks: i64,
    pub(crate) before: i64,
}

/// The prices touched since some moment: bids first, on each side the best first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    touches: Vec<Touch>,
}

impl Touched {
    /// Notes a touch, unless this price was touched already: then an older `before` is known.
    pub(crate) fn note(&mut self, side: Side, ticks: i64, before: i64) {
        let place = self
            .touches
            .binary_search_by(|touch| touch.side.cmp(&side).then_with(|| side.compare(touch.ticks, ticks)));
        if let Err(place) = place {
            self.touches.insert(place, Touch { side, ticks, before });
        }
    }

    /// Adds what was touched later.
    pub(crate) fn merge(&mut self, later: &Self) {
        for touch in &later.touches {
            self.note(touch.side, touch.ticks, touch.before);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.touches.clear();
    }

    /// What of a side is worth telling: prices that were absent before and are absent now are not.
    pub(crate) fn entries(&self, book: &Book, side: Side) -> impl Iterator<Item = (Touch, i64)> {
        self.touches.iter().filter(move |touch| touch.side == side).filter_map(move |touch| {
            let now = book.side(side).steps_at(touch.ticks);
            (touch.before != 0 || now != 0).then_some((*touch, now))
        })
    }

    /// Whether anything is worth telling.
    pub(crate) fn is_empty(&self, book: &Book) -> bool {
        [Side::Bid, Side::Ask].into_iter().all(|side| self.entries(book, side).next().is_none())
    }
}

/// A book in decimals, for comparison with what a client made of the messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BookView {
    /// The number of its last change.
    pub change_id: u64,
    /// The time of its last change in milliseconds.
    pub timestamp_ms: u64,
    /// Prices and amounts, the highest price first.
    pub bids: Vec<(Decimal, Decimal)>,
    /// Prices and amounts, the lowest price first.
    pub asks: Vec<(Decimal, Decimal)>,
}

impl BookView {
    pub(crate) fn of(book: &Book, instrument: &Instrument) -> Self {
        let side = |side| {
            let levels = book.side(side).levels().iter();
            levels.map(|level| (instrument.price(level.ticks), instrument.amount(level.steps))).collect()
        };
        Self {
            change_id: book.change_id,
            timestamp_ms: book.changed_us / 1_000,
            bids: side(Side::Bid),
            asks: side(Side::Ask),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_and_goes_in_one_slot_is_not_told() {
        let mut book = Book::new(1, 0);
        let mut touched = Touched::default();
        book.set(Side::Bid, 10, 5, &mut touched);
        book.set(Side::Bid, 10, 0, &mut touched);
        assert!(touched.is_empty(&book));
        book.set(Side::Bid, 9, 5, &mut touched);
        assert_eq!(touched.entries(&book, Side::Bid).count(), 1);
    }

    #[test]
    fn a_book_can_be_taken_back_to_before() {
        let mut book = Book::new(1, 0);
        book.set(Side::Ask, 20, 1, &mut Touched::default());
        book.set(Side::Ask, 21, 2, &mut Touched::default());
        let mut touched = Touched::default();
        book.set(Side::Ask, 20, 0, &mut touched);
        book.set(Side::Ask, 21, 3, &mut touched);
        book.set(Side::Ask, 22, 4, &mut touched);
        book.set(Side::Ask, 21, 9, &mut touched);
        let before = book.before(&touched);
        let levels = [Level { ticks: 20, steps: 1 }, Level { ticks: 21, steps: 2 }];
        assert_eq!(before.side(Side::Ask).levels(), levels);
    }
}
