//! What a client can be held to, by the journal alone.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{Event, Journal};
use crate::config::span_micros;

/// A client did not do what it is held to.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("connection {connection}, entry {entry}: {what}")]
pub struct CheckFailed {
    /// On which connection.
    pub connection: u64,
    /// The number of the entry that shows it.
    pub entry: u64,
    /// What it did.
    pub what: String,
}

impl Journal {
    /// Every test request was answered by `public/test` within this span, unless the connection ended
    /// or was silent before that.
    ///
    /// # Errors
    ///
    /// One was not.
    pub fn test_requests_answered_within(&self, span: Duration) -> Result<(), CheckFailed> {
        let span_us = span_micros(span);
        // The first unanswered one of each connection.
        let mut asked: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        let late = |connection, entry, after: u64| CheckFailed {
            connection,
            entry,
            what: format!("a test request was not answered within {after} µs"),
        };
        let mut last_at = 0;
        for entry in self.entries() {
            last_at = entry.at;
            let connection = entry.connection;
            let is_overdue = |asked_at: u64| entry.at > asked_at + span_us;
            match &entry.event {
                Event::Out(frame) if frame.text().is_some_and(is_test_request) => {
                    asked.entry(connection).or_insert((entry.number, entry.at));
                }
                Event::In(_) if entry.method().is_some_and(|method| method == "public/test") => {
                    if let Some((number, _)) = asked.remove(&connection).filter(|(_, at)| is_overdue(*at)) {
                        return Err(late(connection, number, span_us));
                    }
                }
                Event::Cut { .. } | Event::Gone | Event::Swallowed(_) => {
                    if let Some((number, _)) = asked.remove(&connection).filter(|(_, at)| is_overdue(*at)) {
                        return Err(late(connection, number, span_us));
                    }
                }
                Event::Out(_) if entry.close().is_some() => {
                    asked.remove(&connection);
                }
                _ => {}
            }
        }
        match asked.iter().find(|(_, (_, at))| last_at > at + span_us) {
            Some((connection, (number, _))) => Err(late(*connection, *number, span_us)),
            None => Ok(()),
        }
    }

    /// Once a connection was told of maintenance by 11051, at most so many further requests came on it.
    ///
    /// # Errors
    ///
    /// More came.
    pub fn quiet_in_maintenance(&self, most_requests: usize) -> Result<(), CheckFailed> {
        let mut after: BTreeMap<u64, usize> = BTreeMap::new();
        for entry in self.entries() {
            match &entry.event {
                Event::Out(frame) if frame.text().is_some_and(|text| text.contains("11051")) => {
                    after.entry(entry.connection).or_default();
                }
                Event::In(frame) if frame.text().is_some() => {
                    let Some(count) = after.get_mut(&entry.connection) else { continue };
                    *count += 1;
                    if *count > most_requests {
                        let what = "a request came although the platform is down".to_owned();
                        return Err(CheckFailed { connection: entry.connection, entry: entry.number, what });
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The spans between attempts to connect that follow upon failed ones, in order.
    #[must_use]
    pub fn retry_intervals(&self) -> Vec<Duration> {
        let mut intervals = Vec::new();
        let (mut last, mut has_failed) = (None, false);
        for entry in self.entries() {
            match entry.event {
                Event::Attempt { .. } => {
                    if let Some(last) = last.filter(|_| has_failed) {
                        intervals.push(Duration::from_micros(entry.at - last));
                    }
                    last = Some(entry.at);
                }
                Event::Answer { status } => has_failed = status != 101,
                Event::Ignored { .. } => has_failed = true,
                _ => {}
            }
        }
        intervals
    }

    /// Attempts to connect that follow upon failed ones are further and further apart, as far as jitter
    /// lets that be seen: none comes sooner than this fraction of the longest span so far, up to `most`.
    ///
    /// # Errors
    ///
    /// One does.
    pub fn retries_slow_down(&self, fraction: f64, most: Duration) -> Result<(), CheckFailed> {
        let mut longest = Duration::ZERO;
        for (place, interval) in self.retry_intervals().into_iter().enumerate() {
            if interval < longest.min(most).mul_f64(fraction) {
                let what =
                    format!("retry {} came after {interval:?}, an earlier one after {longest:?}", place + 1);
                return Err(CheckFailed { connection: 0, entry: 0, what });
            }
            longest = longest.max(interval);
        }
        Ok(())
    }

    /// Secrets stand nowhere but where they belong: `client_secret` in `public/auth`, tokens in
    /// `access_token` and `refresh_token`. `secrets` are those of the clients; tokens are known from the
    /// replies.
    ///
    /// # Errors
    ///
    /// One stands elsewhere.
    pub fn secrets_stay_in_place(&self, secrets: &[&str]) -> Result<(), CheckFailed> {
        let mut tokens: Vec<String> = Vec::new();
        for entry in self.entries() {
            let Some(text) = entry.text() else { continue };
            if matches!(entry.event, Event::Out(_)) {
                if text.contains("access_token")
                    && let Ok(reply) = serde_json::from_str::<Value>(text)
                {
                    let known = ["access_token", "refresh_token"].map(|name| &reply["result"][name]);
                    tokens.extend(known.into_iter().filter_map(Value::as_str).map(str::to_owned));
                }
                continue;
            }
            let rest = without_places_of_secrets(text);
            let mut all = secrets.iter().copied().chain(tokens.iter().map(String::as_str));
            if all.any(|secret| rest.contains(secret)) {
                let what = "a secret stands where none belongs".to_owned();
                return Err(CheckFailed { connection: entry.connection, entry: entry.number, what });
            }
        }
        Ok(())
    }
}

/// The text of a request, without what may be secret in it.
fn without_places_of_secrets(text: &str) -> String {
    let Ok(mut request) = serde_json::from_str::<Value>(text) else { return text.to_owned() };
    let is_auth = request["method"] == "public/auth";
    if let Some(params) = request["params"].as_object_mut() {
        params.remove("access_token");
        params.remove("refresh_token");
        if is_auth {
            params.remove("client_secret");
        }
    }
    request.to_string()
}

fn is_test_request(text: &str) -> bool {
    text.contains("test_request") && text.contains("heartbeat")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Frame, FrameKind};

    fn frame(text: &str) -> Frame {
        Frame { kind: FrameKind::Text, payload: text.to_owned().into() }
    }

    fn journal(entries: &[(u64, Event)]) -> Journal {
        let mut journal = Journal::new(1 << 20);
        entries.iter().for_each(|(at, event)| journal.record(*at, 1, event.clone()));
        journal
    }

    const ASK: &str = r#"{"params":{"type":"test_request"},"method":"heartbeat"}"#;
    const TEST: &str = r#"{"id":1,"method":"public/test"}"#;

    #[test]
    fn a_late_answer_is_found_and_so_is_a_missing_one() {
        let span = Duration::from_millis(1);
        let right = journal(&[(0, Event::Out(frame(ASK))), (1_000, Event::In(frame(TEST)))]);
        assert_eq!(right.test_requests_answered_within(span), Ok(()));
        let late = journal(&[(0, Event::Out(frame(ASK))), (1_001, Event::In(frame(TEST)))]);
        assert_eq!(late.test_requests_answered_within(span).unwrap_err().entry, 1);
        let missing = journal(&[(0, Event::Out(frame(ASK))), (5_000, Event::In(frame("{}")))]);
        assert!(missing.test_requests_answered_within(span).is_err());
        let cut = journal(&[(0, Event::Out(frame(ASK))), (500, Event::Gone), (9_000, Event::Gone)]);
        assert_eq!(cut.test_requests_answered_within(span), Ok(()));
    }

    #[test]
    fn requests_after_the_word_of_maintenance_are_counted() {
        let down = Event::Out(frame(r#"{"error":{"code":11051}}"#));
        let told = journal(&[(0, down), (1, Event::In(frame(TEST)))]);
        assert_eq!(told.quiet_in_maintenance(1), Ok(()));
        assert!(told.quiet_in_maintenance(0).is_err());
    }

    #[test]
    fn retries_that_come_faster_are_found() {
        let attempts = |times: &[u64]| {
            let mut entries = Vec::new();
            for at in times {
                entries.push((*at, Event::Attempt { ip: String::new() }));
                entries.push((*at, Event::Answer { status: 503 }));
            }
            journal(&entries)
        };
        let most = Duration::from_secs(1);
        assert_eq!(attempts(&[0, 100, 300, 700]).retries_slow_down(0.8, most), Ok(()));
        assert!(attempts(&[0, 100, 300, 350]).retries_slow_down(0.8, most).is_err());
        assert_eq!(attempts(&[0, 100]).retry_intervals(), [Duration::from_micros(100)]);
    }

    #[test]
    fn secrets_out_of_place_are_found() {
        let check = |text: &str| {
            let reply = r#"{"result":{"access_token":"TOKEN-A","refresh_token":"TOKEN-R"}}"#;
            journal(&[(0, Event::Out(frame(reply))), (1, Event::In(frame(text)))])
                .secrets_stay_in_place(&["hush"])
        };
        assert_eq!(check(r#"{"method":"public/auth","params":{"client_secret":"hush"}}"#), Ok(()));
        assert_eq!(check(r#"{"method":"private/buy","params":{"access_token":"TOKEN-A"}}"#), Ok(()));
        assert!(check(r#"{"method":"public/test","params":{"client_secret":"hush"}}"#).is_err());
        assert!(check(r#"{"method":"public/hello","params":{"client_name":"TOKEN-R"}}"#).is_err());
        assert!(check("hush").is_err());
    }
}
