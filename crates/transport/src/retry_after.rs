//! The `Retry-After` header (RFC 9110 §10.2.3): seconds, or a date.

use std::time::{Duration, SystemTime};

/// When a server asks to be tried again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RetryAfter {
    /// After this pause.
    Delay(Duration),
    /// Not before this moment of wall time.
    At(SystemTime),
}

impl RetryAfter {
    /// Reads a header value; `None` if it is neither seconds nor an HTTP date.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if let Ok(seconds) = value.parse::<u32>() {
            return Some(Self::Delay(Duration::from_secs(seconds.into())));
        }
        http_date(value).map(Self::At)
    }

    /// The pause from `wall` on; zero when the moment has passed.
    #[must_use]
    pub fn delay_from(self, wall: SystemTime) -> Duration {
        match self {
            Self::Delay(delay) => delay,
            Self::At(moment) => moment.duration_since(wall).unwrap_or(Duration::ZERO),
        }
    }
}

/// Reads the one date form that senders may still generate: `Sun, 06 Nov 1994 08:49:37 GMT`
/// (RFC 9110 §5.6.7). The two obsolete forms are not recognised.
fn http_date(value: &str) -> Option<SystemTime> {
    let (_weekday, rest) = value.split_once(", ")?;
    let mut parts = rest.strip_suffix(" GMT")?.split(' ');
    let day: u64 = parts.next()?.parse().ok()?;
    let month = MONTHS.iter().position(|name| Some(*name) == parts.clone().next())? as u64 + 1;
    parts.next();
    let year: u64 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let in_range = (1..=31).contains(&day) && (1970..=9999).contains(&year);
    if !in_range || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar; the year starts in March, so that the
/// leap day is its last.
fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Option<RetryAfter> {
        Some(RetryAfter::At(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)))
    }

    #[test]
    fn seconds_and_dates_are_read() {
        assert_eq!(RetryAfter::parse(" 120 "), Some(RetryAfter::Delay(Duration::from_secs(120))));
        assert_eq!(RetryAfter::parse("Sun, 06 Nov 1994 08:49:37 GMT"), at(784_111_777));
        assert_eq!(RetryAfter::parse("Thu, 29 Feb 2024 00:00:00 GMT"), at(1_709_164_800));
        assert_eq!(RetryAfter::parse("Thu, 01 Jan 1970 00:00:00 GMT"), at(0));
    }

    #[test]
    fn anything_else_is_ignored() {
        for value in ["", "-1", "soon", "99999999999", "Sun, 06 Nov 1994", "Sun, 06 Foo 1994 08:49:37 GMT"] {
            assert_eq!(RetryAfter::parse(value), None, "{value}");
        }
    }

    #[test]
    fn a_moment_in_the_past_asks_for_no_pause() {
        let past = RetryAfter::At(SystemTime::UNIX_EPOCH);
        assert_eq!(past.delay_from(SystemTime::UNIX_EPOCH + Duration::from_secs(9)), Duration::ZERO);
    }
}
