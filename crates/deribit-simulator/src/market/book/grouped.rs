//! Windows on the best levels of a book, prices rounded to a group.

use bytes::Bytes;

use super::Book;
use crate::market::{
    channel::{Depth, Group, Interval},
    decimal::Decimal,
    instrument::{Instrument, Kind},
    ladder::{Level, Side},
    number::NumberStyle,
    object::Json,
};

/// One stream of windows.
#[derive(Debug)]
pub(crate) struct Grouped {
    pub(crate) group: Group,
    pub(crate) depth: Depth,
    pub(crate) interval: Interval,
    /// Whether the book changed in this slot.
    pub(crate) is_dirty: bool,
}

impl Grouped {
    pub(crate) fn render(&self, book: &Book, instrument: &Instrument, style: NumberStyle) -> Bytes {
        let mut json = Json::object(style);
        json.integer("timestamp", book.changed_us / 1_000);
        json.integer("change_id", book.change_id);
        json.word("instrument_name", &instrument.name);
        for (name, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
            json.key(name);
            json.begin_array();
            for (price, steps) in self.window(book, instrument, side) {
                json.begin_array();
                json.price_element(price);
                json.number_element(instrument.amount(steps));
                json.end_array();
            }
            json.end_array();
        }
        json.into_bytes()
    }

    /// The best prices of a side after rounding, bids down and asks up, with the sums of amounts.
    fn window(&self, book: &Book, instrument: &Instrument, side: Side) -> Vec<(Decimal, i64)> {
        let width = group_width(self.group, instrument);
        let depth = self.depth.levels();
        let mut window: Vec<(Decimal, i64)> = Vec::with_capacity(depth);
        for level in book.side(side).levels() {
            let price = rounded(*level, instrument, width, side);
            let is_full = window.len() == depth;
            match window.last_mut() {
                Some((last, steps)) if *last == price => *steps += level.steps,
                _ if is_full => break,
                _ => window.push((price, level.steps)),
            }
        }
        window
    }
}

/// The width of a group: whole dollars for BTC, hundredths for ETH, ticks for anything else.
fn group_width(group: Group, instrument: &Instrument) -> Option<Decimal> {
    let number = i64::from(group.number());
    if group == Group::NONE {
        return None;
    }
    Some(match (instrument.kind(), instrument.base.as_str()) {
        (Kind::Future | Kind::Spot, "BTC") => Decimal::new(number, 0),
        (Kind::Future | Kind::Spot, "ETH") => Decimal::new(number, 2),
        _ => instrument.tick.times(number),
    })
}

fn rounded(level: Level, instrument: &Instrument, width: Option<Decimal>, side: Side) -> Decimal {
    let price = instrument.price(level.ticks);
    let Some(width) = width else { return price };
    let scale = instrument.tick.scale().max(width.scale());
    let (Some(units), Some(width)) = (price.units_at(scale), width.units_at(scale)) else { return price };
    let below = units.div_euclid(width) * width;
    let units = if side == Side::Ask && below < units { below + width } else { below };
    Decimal::new(units, scale)
}
