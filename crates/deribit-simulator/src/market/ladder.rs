//! One side of a book.

use std::cmp::Ordering;

/// Which side.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Side {
    /// Those who want to buy; the highest price is the best.
    Bid,
    /// Those who want to sell; the lowest price is the best.
    Ask,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }

    /// Orders prices from the best to the worst.
    pub(crate) fn compare(self, one: i64, other: i64) -> Ordering {
        match self {
            Self::Bid => other.cmp(&one),
            Self::Ask => one.cmp(&other),
        }
    }

    /// The price that is `distance` ticks worse.
    pub(crate) const fn away(self, ticks: i64, distance: i64) -> i64 {
        match self {
            Self::Bid => ticks - distance,
            Self::Ask => ticks + distance,
        }
    }
}

/// What is offered at a price.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Level {
    /// The price in ticks.
    pub ticks: i64,
    /// The amount in steps, above nought.
    pub steps: i64,
}

/// The levels of one side, the best first.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    side: Side,
    levels: Vec<Level>,
}

impl Ladder {
    pub(crate) const fn new(side: Side) -> Self {
        Self { side, levels: Vec::new() }
    }

    pub(crate) fn levels(&self) -> &[Level] {
        &self.levels
    }

    pub(crate) fn len(&self) -> usize {
        self.levels.len()
    }

    pub(crate) fn best(&self) -> Option<Level> {
        self.levels.first().copied()
    }

    pub(crate) fn worst(&self) -> Option<Level> {
        self.levels.last().copied()
    }

    /// The amount at a price, nought if there is none.
    pub(crate) fn steps_at(&self, ticks: i64) -> i64 {
        self.place(ticks).map_or(0, |place| self.levels[place].steps)
    }

    /// Sets the amount at a price (nought removes it) and says what it was.
    pub(crate) fn set(&mut self, ticks: i64, steps: i64) -> i64 {
        match self.place(ticks) {
            Ok(place) if steps == 0 => self.levels.remove(place).steps,
            Ok(place) => std::mem::replace(&mut self.levels[place].steps, steps),
            Err(_) if steps == 0 => 0,
            Err(place) => {
                self.levels.insert(place, Level { ticks, steps });
                0
            }
        }
    }

    fn place(&self, ticks: i64) -> Result<usize, usize> {
        self.levels.binary_search_by(|level| self.side.compare(level.ticks, ticks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first_on_both_sides() {
        for (side, best) in [(Side::Bid, 12), (Side::Ask, 10)] {
            let mut ladder = Ladder::new(side);
            for ticks in [11, 10, 12] {
                assert_eq!(ladder.set(ticks, 5), 0);
            }
            assert_eq!(ladder.best().map(|level| level.ticks), Some(best));
            assert_eq!(ladder.set(best, 0), 5);
            assert_eq!(ladder.best().map(|level| level.ticks), Some(11));
            assert_eq!(ladder.set(11, 7), 5);
            assert_eq!(ladder.steps_at(11), 7);
        }
    }
}
