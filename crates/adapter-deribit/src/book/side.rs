//! One side of a book: its levels by price, in a sorted vector whose end is the best.
//!
//! Nearly all changes are near the best price, so that few levels move. Measured against a B-tree in
//! `examples/speed.rs`.

use std::cmp::Ordering;

use crate::{items::Level, number::Number};

/// The bids or the asks of a book.
#[derive(Clone, Debug)]
pub(super) struct Side<N> {
    /// The best is the last.
    levels: Vec<Level<N>>,
    best: Best,
}

#[derive(Clone, Copy, Debug)]
enum Best {
    Highest,
    Lowest,
}

impl<N> Side<N> {
    pub(super) const fn bids() -> Self {
        Self { levels: Vec::new(), best: Best::Highest }
    }

    pub(super) const fn asks() -> Self {
        Self { levels: Vec::new(), best: Best::Lowest }
    }
}

impl<N: Number> Side<N> {
    /// Sets what is offered at a price; an amount that is not positive takes the level out.
    pub(super) fn set(&mut self, level: Level<N>) {
        match (self.find(level.price), is_offer(&level)) {
            (Ok(at), true) => self.levels[at] = level,
            (Ok(at), false) => drop(self.levels.remove(at)),
            (Err(at), true) => self.levels.insert(at, level),
            (Err(_), false) => (),
        }
    }

    /// Replaces all levels. They come best first, which makes this quick; any other order will do.
    pub(super) fn load(&mut self, levels: impl DoubleEndedIterator<Item = Level<N>>) {
        let Self { levels: kept, best } = self;
        kept.clear();
        // Backwards, so that of several at one price the last one stands first, and stays.
        kept.extend(levels.rev());
        kept.sort_by(|one, other| best.compare(&one.price, &other.price));
        kept.dedup_by(|one, other| one.price.order(&other.price).is_eq());
        kept.retain(is_offer);
    }

    pub(super) fn clear(&mut self) {
        self.levels.clear();
    }

    pub(super) fn best(&self) -> Option<Level<N>> {
        self.levels.last().copied()
    }

    pub(super) fn best_first(&self) -> impl DoubleEndedIterator<Item = Level<N>> + ExactSizeIterator {
        self.levels.iter().rev().copied()
    }

    pub(super) fn amount_at(&self, price: N) -> Option<N> {
        self.find(price).ok().map(|at| self.levels[at].amount)
    }

    /// Where a price is, or would have to be: looked for from the best on, in steps that double.
    fn find(&self, price: N) -> Result<usize, usize> {
        let length = self.levels.len();
        let mut reach = 4;
        while reach < length && self.best.compare(&self.levels[length - reach].price, &price).is_gt() {
            reach *= 2;
        }
        let from = length.saturating_sub(reach);
        let place = self.levels[from..].binary_search_by(|level| self.best.compare(&level.price, &price));
        place.map(|at| from + at).map_err(|at| from + at)
    }
}

impl Best {
    fn compare<N: Number>(self, one: &N, other: &N) -> Ordering {
        match self {
            Self::Highest => one.order(other),
            Self::Lowest => other.order(one),
        }
    }
}

fn is_offer<N: Number>(level: &Level<N>) -> bool {
    level.amount.order(&N::ZERO).is_gt()
}
