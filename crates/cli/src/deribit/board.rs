//! What is known of each channel at this moment.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use websockex_nova::deribit::ChannelName;

/// The rows of all channels. Clones are the same board.
#[derive(Clone, Debug)]
pub(super) struct Board(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    place: String,
    /// What happened last.
    last: String,
    rows: Vec<Row>,
}

/// One channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) channel: String,
    pub(super) items: u64,
    pub(super) glance: Glance,
    pub(super) gaps: u64,
    /// Why the last gap is there.
    pub(super) last_gap: &'static str,
    /// Items a second, over the last few.
    pub(super) rate: f64,
    pub(super) is_refused: bool,
    /// How many items there were at moments of the last seconds.
    pub(super) trail: VecDeque<(Instant, u64)>,
}

/// What an item says at first sight.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Glance {
    /// The time of this machine minus the venue's time in the item, in milliseconds.
    pub(super) age_ms: Option<i64>,
    /// The best bid and ask, as far as there are any.
    pub(super) bid: Option<String>,
    pub(super) ask: Option<String>,
}

/// All rows at one moment.
pub(super) struct View {
    pub(super) place: String,
    pub(super) last: String,
    pub(super) rows: Vec<Row>,
}

impl Board {
    pub(super) fn new(place: &str, channels: &[ChannelName]) -> Self {
        let row = |channel: &ChannelName| Row { channel: channel.to_string(), ..Row::default() };
        let rows = channels.iter().map(row).collect();
        Self(Arc::new(Mutex::new(Inner { place: place.to_owned(), last: String::new(), rows })))
    }

    /// An item was taken.
    pub(super) fn took(&self, place: usize, glance: Glance) {
        self.change(place, |row| {
            row.items += 1;
            row.glance = glance;
        });
    }

    /// Something is missing.
    pub(super) fn missed(&self, place: usize, cause: &'static str) {
        self.change(place, |row| {
            row.gaps += 1;
            row.last_gap = cause;
            // What was best before the gap may not be now.
            (row.glance.bid, row.glance.ask) = (None, None);
        });
    }

    /// The venue refuses the channel.
    pub(super) fn refused(&self, place: usize) {
        self.change(place, |row| row.is_refused = true);
    }

    pub(super) fn is_all_refused(&self) -> bool {
        self.with(|inner| inner.rows.iter().all(|row| row.is_refused))
    }

    /// Something happened to the client.
    pub(super) fn happened(&self, text: &str) {
        self.with(|inner| text.clone_into(&mut inner.last));
    }

    /// How everything stands now.
    pub(super) fn view(&self, now: Instant) -> View {
        self.with(|inner| {
            inner.rows.iter_mut().for_each(|row| row.measure(now));
            View { place: inner.place.clone(), last: inner.last.clone(), rows: inner.rows.clone() }
        })
    }

    fn change(&self, place: usize, change: impl FnOnce(&mut Row)) {
        self.with(|inner| inner.rows.get_mut(place).map(change));
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        // Nothing in here panics half way.
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Row {
    fn measure(&mut self, now: Instant) {
        self.trail.push_back((now, self.items));
        while self.trail.len() > 2 && self.trail[1].0 + WINDOW <= now {
            self.trail.pop_front();
        }
        let (since, before) = self.trail.front().copied().unwrap_or((now, self.items));
        let seconds = now.duration_since(since).as_secs_f64();
        self.rate = if seconds > 0.0 { (self.items - before) as f64 / seconds } else { 0.0 };
    }
}

/// Over how long rates are measured.
const WINDOW: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_last_seconds() {
        let board = Board::new("here", &["announcements".parse().unwrap()]);
        let mut now = Instant::now();
        let mut rate = |items: u64| {
            for _ in 0..items {
                board.took(0, Glance::default());
            }
            let rate = board.view(now).rows[0].rate;
            now += Duration::from_secs(1);
            rate
        };
        assert_eq!((rate(5), rate(10), rate(20)), (0.0, 10.0, 15.0));
        for _ in 0..4 {
            let _ = rate(7);
        }
        assert!((rate(7) - 7.0).abs() < 1e-9);
    }

    #[test]
    fn a_gap_takes_away_what_is_best() {
        let board = Board::new("here", &["quote.BTC-PERPETUAL".parse().unwrap()]);
        let glance = Glance { age_ms: Some(3), bid: Some("1".to_owned()), ask: Some("2".to_owned()) };
        board.took(0, glance.clone());
        assert_eq!(board.view(Instant::now()).rows[0].glance, glance);
        board.missed(0, "overflow");
        let view = board.view(Instant::now());
        let row = &view.rows[0];
        assert_eq!((row.glance.bid.as_ref(), row.gaps, row.last_gap), (None, 1, "overflow"));
        assert!(!board.is_all_refused());
        board.refused(0);
        assert!(board.is_all_refused());
    }
}
