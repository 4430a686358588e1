//! How strangers change a book: a few levels at each event, always around the fair price.

use fastrand::Rng;

use super::{Book, Touched};
use crate::market::{chance, ladder::Side};

/// The fewest levels a side has, as far as there are prices for them.
const LEVELS_MIN: usize = 20;
/// The most levels a side has.
const LEVELS_MAX: usize = 300;

/// What a book gathers around.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The fair price in ticks.
    pub(crate) fair: f64,
    /// The number of levels each side tends to have.
    pub(crate) levels: usize,
    /// The mean amount near the fair price, in steps.
    pub(crate) steps: f64,
    /// The lowest and the highest price that may be offered, in ticks.
    pub(crate) bounds: (i64, i64),
}

impl Shape {
    /// The mean distance of a new level from the fair price, in ticks.
    pub(crate) fn reach(levels: usize) -> f64 {
        levels as f64 * 1.5
    }

    /// The best price a side may have. Bids stay below the fair price and asks above it, so they can
    /// never meet.
    fn innermost(&self, side: Side) -> i64 {
        match side {
            Side::Bid => (self.fair.ceil() as i64 - 1).min(self.bounds.1 - 1),
            Side::Ask => (self.fair.floor() as i64 + 1).max(self.bounds.0 + 1),
        }
    }

    fn allows(&self, side: Side, ticks: i64) -> bool {
        let innermost = self.innermost(side);
        side.compare(ticks, innermost).is_ge() && (self.bounds.0..=self.bounds.1).contains(&ticks)
    }

    /// How many levels a side has at least.
    fn fewest(&self, side: Side) -> usize {
        let room = match side {
            Side::Bid => self.innermost(side) - self.bounds.0 + 1,
            Side::Ask => self.bounds.1 - self.innermost(side) + 1,
        };
        LEVELS_MIN.min(room.max(0) as usize)
    }
}

/// Fills an empty book.
pub(crate) fn fill(book: &mut Book, shape: &Shape, rng: &mut Rng) {
    for side in [Side::Bid, Side::Ask] {
        for _ in 0..shape.levels {
            add(book, shape, side, rng, &mut Touched::default());
        }
        refill(book, shape, side, rng, &mut Touched::default());
    }
}

/// One event: one to six levels change, besides those that the fair price has run over.
pub(crate) fn event(book: &mut Book, shape: &Shape, rng: &mut Rng, touched: &mut Touched) {
    for side in [Side::Bid, Side::Ask] {
        drop_crossed(book, shape, side, touched);
    }
    for _ in 0..rng.u8(1..=6) {
        let side = if rng.bool() { Side::Bid } else { Side::Ask };
        change_one(book, shape, side, rng, touched);
    }
    for side in [Side::Bid, Side::Ask] {
        refill(book, shape, side, rng, touched);
    }
}

/// Mends a book of which an order left too little. What the fair price has run over since the last
/// event goes first: new levels lie around the present fair price, and would meet it.
pub(crate) fn mend(book: &mut Book, shape: &Shape, rng: &mut Rng, touched: &mut Touched) {
    let sides = [Side::Bid, Side::Ask];
    if sides.into_iter().all(|side| book.side(side).len() >= shape.fewest(side)) {
        return;
    }
    for side in sides {
        drop_crossed(book, shape, side, touched);
    }
    for side in sides {
        refill(book, shape, side, rng, touched);
    }
}

/// Adds levels to a side that has too few. Nothing may be crossed.
fn refill(book: &mut Book, shape: &Shape, side: Side, rng: &mut Rng, touched: &mut Touched) {
    let missing = shape.fewest(side).saturating_sub(book.side(side).len());
    for _ in 0..missing {
        add(book, shape, side, rng, touched);
    }
}

fn drop_crossed(book: &mut Book, shape: &Shape, side: Side, touched: &mut Touched) {
    while let Some(best) = book.side(side).best().filter(|best| !shape.allows(side, best.ticks)) {
        book.set(side, best.ticks, 0, touched);
    }
    while let Some(worst) = book.side(side).worst().filter(|worst| !shape.allows(side, worst.ticks)) {
        book.set(side, worst.ticks, 0, touched);
    }
}

/// A new level, a deleted one or a changed one, in such proportions that the side keeps its size.
fn change_one(book: &mut Book, shape: &Shape, side: Side, rng: &mut Rng, touched: &mut Touched) {
    let levels = book.side(side).levels();
    let missing = 1.0 - levels.len() as f64 / shape.levels as f64;
    let new = (0.45 + 0.5 * missing).clamp(0.02, 0.88);
    let draw = rng.f64();
    if levels.is_empty() || (draw < new && levels.len() < LEVELS_MAX) {
        return add(book, shape, side, rng, touched);
    }
    let level = levels[rng.usize(0..levels.len())];
    let steps = if draw < 0.9 {
        0
    } else {
        let distance = (level.ticks - shape.innermost(side)).abs();
        let steps = draw_steps(shape, distance, rng);
        if steps == level.steps { steps + 1 } else { steps }
    };
    if steps > 0 || levels.len() > 1 {
        book.set(side, level.ticks, steps, touched);
    }
}

/// Adds a level at a free price: likely near the fair price, ever less likely away from it.
fn add(book: &mut Book, shape: &Shape, side: Side, rng: &mut Rng, touched: &mut Touched) {
    let innermost = shape.innermost(side);
    let mut distance = (chance::exponential(rng) * Shape::reach(shape.levels)) as i64;
    if !shape.allows(side, side.away(innermost, distance)) {
        distance = 0;
    }
    let mut ticks = side.away(innermost, distance);
    while book.side(side).steps_at(ticks) != 0 {
        distance += 1;
        ticks = side.away(ticks, 1);
    }
    if shape.allows(side, ticks) {
        let steps = draw_steps(shape, distance, rng);
        book.set(side, ticks, steps, touched);
    }
}

/// An amount: near the fair price of the mean size, geometrically thinner away from it.
fn draw_steps(shape: &Shape, distance: i64, rng: &mut Rng) -> i64 {
    let thinning = (-(distance as f64) / (3.0 * Shape::reach(shape.levels))).exp();
    1 + (chance::exponential(rng) * shape.steps * thinning) as i64
}
