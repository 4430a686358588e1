//! How an event reads in a line.

use std::{
    fmt::{self, Write as _},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value as Json, json};

use crate::{catalogue::Value, event::Record};

/// How an event becomes text.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Format {
    /// A sentence.
    #[default]
    Plain,
    /// A JSON object with `time`, `level`, `category`, `event`, `message` and `facts`.
    Json,
    /// Whatever this makes of it.
    Custom(Arc<dyn Fn(&Record) -> String + Send + Sync>),
}

impl Format {
    /// A format of one's own.
    pub fn custom(format: impl Fn(&Record) -> String + Send + Sync + 'static) -> Self {
        Self::Custom(Arc::new(format))
    }

    /// The text alone. A JSON object is dated; to date the others is left to whoever writes the line.
    pub(super) fn text(&self, record: &Record) -> String {
        match self {
            Self::Plain => record.event.to_string(),
            Self::Json => object(record).to_string(),
            Self::Custom(format) => format(record),
        }
    }

    /// A whole line, dated if the format is ours, and one line whatever stands in it: a peer has its say
    /// in the text of some errors.
    pub(super) fn line(&self, record: &Record) -> String {
        let text = match self {
            Self::Plain => {
                let (time, event) = (Timestamp(wall(record)), &record.event);
                let level = event.severity().name().to_uppercase();
                format!("{time} {level:<5} {} {}: {event}", event.category().name(), event.name())
            }
            other => other.text(record),
        };
        let mut line = String::with_capacity(text.len() + 1);
        for letter in text.chars() {
            if letter.is_control() {
                line.extend(letter.escape_default());
            } else {
                line.push(letter);
            }
        }
        line.push('\n');
        line
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Json => "Json",
            Self::Custom(_) => "Custom",
        })
    }
}

fn object(record: &Record) -> Json {
    let event = &record.event;
    let names = event.kind().facts.iter().map(|fact| fact.name.to_owned());
    let facts: Map<_, _> = names.zip(event.facts().iter().map(number_or_text)).collect();
    json!({
        "time": Timestamp(wall(record)).to_string(),
        "level": event.severity().name(),
        "category": event.category().name(),
        "event": event.name(),
        "message": event.to_string(),
        "facts": facts,
    })
}

fn number_or_text(value: &Value<'_>) -> Json {
    match value {
        Value::Text(text) => text.as_ref().into(),
        Value::Number(number) => (*number).into(),
        Value::Span(span) => span.as_secs_f64().into(),
        Value::Unknown => Json::Null,
    }
}

/// When it happened, by the clock on the wall.
fn wall(record: &Record) -> SystemTime {
    SystemTime::now().checked_sub(record.at.elapsed()).unwrap_or(UNIX_EPOCH)
}

/// A time as RFC 3339 writes it, in UTC, to the millisecond.
struct Timestamp(SystemTime);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since: Duration = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = civil(days);
        write!(f, "{year:04}-{month:02}-{day:02}T")?;
        write!(f, "{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)?;
        write!(f, ".{:03}", since.subsec_millis())?;
        f.write_char('Z')
    }
}

/// The date so many days after 1970-01-01, in the Gregorian calendar: years are taken to begin in March,
/// so that the leap day is the last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_the_calendar_has_it() {
        let read = |millis| Timestamp(UNIX_EPOCH + Duration::from_millis(millis)).to_string();
        assert_eq!(read(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(read(951_827_696_007), "2000-02-29T12:34:56.007Z");
        assert_eq!(read(1_709_251_199_999), "2024-02-29T23:59:59.999Z");
        assert_eq!(read(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
    }
}
