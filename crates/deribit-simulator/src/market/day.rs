//! The last 24 hours, hour by hour.

use std::collections::VecDeque;

/// The hours of a day.
const HOURS: u64 = 24;
const HOUR_US: u64 = 3_600 * 1_000_000;

/// Highest, lowest and traded in the last 24 hours.
#[derive(Clone, Debug, Default)]
pub(crate) struct Day {
    hours: VecDeque<Hour>,
}

#[derive(Clone, Copy, Debug)]
struct Hour {
    number: u64,
    first: f64,
    high: f64,
    low: f64,
    volume: f64,
    cost: f64,
}

/// A summary of the last 24 hours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) first: f64,
    pub(crate) high: f64,
    pub(crate) low: f64,
    pub(crate) volume: f64,
    pub(crate) cost: f64,
}

impl Day {
    /// A price, and how much was traded at it.
    pub(crate) fn add(&mut self, now_us: u64, price: f64, volume: f64, cost: f64) {
        let number = now_us / HOUR_US;
        self.forget(number);
        match self.hours.back_mut().filter(|hour| hour.number == number) {
            Some(hour) => {
                hour.high = hour.high.max(price);
                hour.low = hour.low.min(price);
                hour.volume += volume;
                hour.cost += cost;
            }
            None => {
                self.hours.push_back(Hour { number, first: price, high: price, low: price, volume, cost });
            }
        }
    }

    /// `None` if nothing happened.
    pub(crate) fn summary(&self, now_us: u64) -> Option<Summary> {
        let oldest = (now_us / HOUR_US).saturating_sub(HOURS);
        let mut hours = self.hours.iter().filter(|hour| hour.number > oldest);
        let first = hours.next()?;
        let start = Summary {
            first: first.first,
            high: first.high,
            low: first.low,
            volume: first.volume,
            cost: first.cost,
        };
        Some(hours.fold(start, |sum, hour| Summary {
            first: sum.first,
            high: sum.high.max(hour.high),
            low: sum.low.min(hour.low),
            volume: sum.volume + hour.volume,
            cost: sum.cost + hour.cost,
        }))
    }

    fn forget(&mut self, number: u64) {
        while self.hours.front().is_some_and(|hour| hour.number + HOURS <= number) {
            self.hours.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_a_day_is_forgotten() {
        let mut day = Day::default();
        let start = 100 * HOUR_US;
        day.add(start, 50.0, 1.0, 50.0);
        day.add(start + HOUR_US, 40.0, 2.0, 80.0);
        let summary = day.summary(start + HOUR_US).unwrap();
        assert_eq!((summary.high, summary.low, summary.volume), (50.0, 40.0, 3.0));
        let later = start + 24 * HOUR_US;
        assert_eq!(day.summary(later).map(|summary| summary.high), Some(40.0));
        assert_eq!(day.summary(later + HOUR_US), None);
    }
}
