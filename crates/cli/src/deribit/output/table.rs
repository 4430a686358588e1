//! The table of a terminal, and its rows as lines.

use std::fmt::Write as _;

use websockex_nova::session::Health;

use crate::deribit::board::{Row, View};

/// The whole screen, between [`ENTER`] and [`LEAVE`].
///
/// Every line has its address, and lines are clipped at the right: nothing scrolls, whatever the size.
pub(super) fn screen(view: &View, health: &Health) -> String {
    let mut text = String::new();
    let round_trip = health.round_trip.map_or_else(String::new, |span| format!(", round trip {span:.1?}"));
    let state = format!("{}: {}, {}{round_trip}", view.place, health.state.name(), health.condition.name());
    let width = view.rows.iter().map(|row| row.channel.len()).max().unwrap_or_default().max(7);
    let head = format!(
        "{:width$} {:>8} {:>9} {:>9} {:>5} {:>12} {:>12}  {}",
        "CHANNEL", "ITEMS/S", "AGE* MS", "ITEMS", "GAPS", "BID", "ASK", "LAST GAP"
    );
    let rows = view.rows.iter().map(|row| {
        format!(
            "{:width$} {:>8.1} {:>9} {:>9} {:>5} {:>12} {:>12}  {}",
            row.channel,
            row.rate,
            shown(row.glance.age_ms.as_ref()),
            row.items,
            row.gaps,
            shown(row.glance.bid.as_ref()),
            shown(row.glance.ask.as_ref()),
            row.last_gap
        )
    });
    let last = format!("last: {}", view.last);
    let note = "* the time here minus the venue's time in the item; the clocks may differ. Ctrl-C ends.";
    let lines = [state, String::new(), head].into_iter().chain(rows);
    let lines = lines.chain([String::new(), last, note.to_owned()]);
    for (place, line) in (1..).zip(lines) {
        // Writing to a string does not fail.
        let _ = write!(text, "\x1b[{place};1H{line}\x1b[K");
    }
    text + "\x1b[J"
}

/// A row as a line.
pub(super) fn line(row: &Row) -> String {
    let mut line = format!("{}  {:.1}/s  {} items  {} gaps", row.channel, row.rate, row.items, row.gaps);
    if let Some(age) = row.glance.age_ms {
        // Writing to a string does not fail.
        let _ = write!(line, "  age {age} ms");
    }
    for (name, price) in [("bid", &row.glance.bid), ("ask", &row.glance.ask)] {
        if let Some(price) = price {
            // As above.
            let _ = write!(line, "  {name} {price}");
        }
    }
    line + "\n"
}

fn shown(value: Option<&impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), ToString::to_string)
}

/// Takes over the terminal: the second screen, no cursor, lines that are clipped instead of wrapped.
pub(super) const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";

/// As it was before.
pub(super) const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deribit::board::Glance;

    #[test]
    fn a_line_says_what_there_is() {
        let glance = Glance { age_ms: Some(12), bid: Some("5".to_owned()), ask: None };
        let channel = "book.X.raw".to_owned();
        let row = Row { channel, items: 3, rate: 1.25, gaps: 1, glance, ..Row::default() };
        assert_eq!(line(&row), "book.X.raw  1.2/s  3 items  1 gaps  age 12 ms  bid 5\n");
    }
}
