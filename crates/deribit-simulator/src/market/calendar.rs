//! The dates that instruments are named after, and the daily settlement at 08:00 UTC.

/// Microseconds of one second.
pub(crate) const SECOND_US: u64 = 1_000_000;
/// Microseconds of one day.
pub(crate) const DAY_US: u64 = 86_400 * SECOND_US;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// The day count since the epoch of the last Friday of a quarter: the first one that lies at least
/// `lead_days` after `day`.
pub(crate) fn quarterly_expiry(day: u64, lead_days: u64) -> u64 {
    let (year, month, _) = civil(day + lead_days);
    let quarter_end = (month - 1) / 3 * 3 + 3;
    let this = last_friday(year, quarter_end);
    if this >= day + lead_days {
        return this;
    }
    let (year, month) = if quarter_end == 12 { (year + 1, 3) } else { (year, quarter_end + 3) };
    last_friday(year, month)
}

/// The instant in milliseconds at which what expires on this day expires.
pub(crate) fn expiry_ms(day: u64) -> u64 {
    day * 86_400_000 + 8 * 3_600_000
}

/// The next 08:00 UTC strictly after this instant.
pub(crate) fn next_settlement_us(now_us: u64) -> u64 {
    let offset = 8 * 3_600 * SECOND_US;
    let today = now_us / DAY_US * DAY_US + offset;
    if today > now_us { today } else { today + DAY_US }
}

/// A day as it stands in instrument names: `27MAR26`.
pub(crate) fn day_name(day: u64) -> String {
    let (year, month, date) = civil(day);
    format!("{date}{}{:02}", MONTHS[month as usize - 1], year % 100)
}

fn last_friday(year: u64, month: u64) -> u64 {
    let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
    // The epoch was a Thursday, so a day count d is a Friday if d ≡ 1 (mod 7).
    let last = next - 1;
    last - (last + 6) % 7
}

/// Days since the epoch of a date from 1970 on (the civil calendar algorithm of H. Hinnant).
fn days(year: u64, month: u64, date: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + date - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and date of a day count since the epoch.
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let date = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_day_counts_agree() {
        for day in (0..40_000).step_by(17) {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), day);
        }
        assert_eq!(civil(20_454), (2026, 1, 1));
    }

    #[test]
    fn quarterly_expiries_are_last_fridays() {
        let day = quarterly_expiry(20_454, 14);
        assert_eq!(day_name(day), "27MAR26");
        assert_eq!(day_name(quarterly_expiry(day, 1)), "26JUN26");
        assert_eq!(day_name(days(2023, 8, 5)), "5AUG23");
    }

    #[test]
    fn settlement_is_at_eight() {
        let day = 20_454 * DAY_US;
        assert_eq!(next_settlement_us(day), day + 8 * 3_600 * SECOND_US);
        let eight = next_settlement_us(day);
        assert_eq!(next_settlement_us(eight), eight + DAY_US);
    }
}
