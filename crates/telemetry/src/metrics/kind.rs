//! The catalogue of metrics, as data: names after OpenTelemetry's conventions, units, meanings.
//!
//! Exporters derive everything from it: instruments, Prometheus names, StatsD lines, the page in the
//! docs. Names stand here and nowhere else.

/// One metric.
#[derive(Debug)]
#[non_exhaustive]
pub struct MetricKind {
    /// Its name, dotted, without its unit.
    pub name: &'static str,
    /// What it is measured in, as UCUM writes it: `s`, `By`, or what is counted in braces.
    pub unit: &'static str,
    /// How it behaves.
    pub instrument: Instrument,
    /// What it means.
    pub about: &'static str,
    /// What tells its series apart, if there are several.
    pub label: Option<&'static str>,
}

/// How a metric behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Instrument {
    /// It only rises.
    Counter,
    /// It rises and falls, and may be summed over clients.
    UpDownCounter,
    /// It rises and falls, and its sum means nothing.
    Gauge,
    /// A spread of values.
    Histogram,
}

macro_rules! metrics {
    ($($(#[doc = $about:literal])+ $id:ident = $instrument:ident $name:literal $unit:literal $(by $label:literal)?;)*) => {
        /// The metrics by name.
        pub mod metric {
            use super::{Instrument, MetricKind};
            $(
                $(#[doc = $about])+
                pub static $id: MetricKind = MetricKind {
                    name: concat!("websocket.client.", $name),
                    unit: $unit,
                    instrument: Instrument::$instrument,
                    about: concat!($($about),+).trim_ascii(),
                    label: metrics!(@label $($label)?),
                };
            )*
        }

        /// Every metric there is.
        pub static METRICS: &[&MetricKind] = &[$(&metric::$id),*];
    };
    (@label) => { None };
    (@label $label:literal) => { Some($label) };
}

metrics! {
    /// Links open now.
    LINKS_ACTIVE = UpDownCounter "connection.active" "{connection}";
    /// Attempts to open a link.
    ATTEMPTS = Counter "connection.attempts" "{attempt}";
    /// Attempts that failed, by what failed.
    FAILURES = Counter "connection.failures" "{attempt}" by "error.type";
    /// Links that were open and are gone, by why.
    LOSSES = Counter "connection.losses" "{connection}" by "error.type";
    /// How long links were open.
    LINK_DURATION = Histogram "connection.duration" "s";
    /// From the beginning of an attempt to its upgrade.
    HANDSHAKE_DURATION = Histogram "handshake.duration" "s";
    /// From the beginning of an attempt until the session was usable.
    READY_DURATION = Histogram "ready.duration" "s";
    /// Whether the session is usable: 1 or 0.
    READY = UpDownCounter "ready" "{session}";
    /// Reconnection attempts planned.
    RECONNECTS = Counter "reconnects" "{reconnect}";
    /// Sessions that made no further attempt.
    GAVE_UP = Counter "reconnect.exhaustions" "{session}";
    /// Data and control frames, by direction.
    FRAMES = Counter "frames" "{frame}" by "websocket.direction";
    /// Payload of frames, by direction.
    BYTES = Counter "io" "By" by "websocket.direction";
    /// Payload of messages, each, by direction; what is not text or binary is left out.
    MESSAGE_SIZE = Histogram "message.size" "By" by "websocket.direction";
    /// From ping to pong.
    ROUND_TRIP = Histogram "heartbeat.rtt" "s";
    /// Time since the last frame from the peer.
    SILENCE = Gauge "silence" "s";
    /// Requests that ended, by how.
    REQUESTS = Counter "requests" "{request}" by "websocket.outcome";
    /// From a request to its end.
    REQUEST_DURATION = Histogram "request.duration" "s";
    /// Requests that have not ended.
    REQUESTS_ACTIVE = UpDownCounter "request.active" "{request}";
    /// What waits in the outbound lanes, by lane.
    LANE_USAGE = UpDownCounter "queue.usage" "{message}" by "websocket.lane";
    /// Items that wait for subscribers.
    ITEMS_WAITING = UpDownCounter "subscription.queue.usage" "{item}";
    /// Payload of the items that wait for subscribers.
    ITEMS_WAITING_BYTES = UpDownCounter "subscription.queue.size" "By";
    /// Topics of the wanted set, by how far they have come.
    TOPICS = UpDownCounter "topic.active" "{topic}" by "websocket.topic.state";
    /// Topics that fell silent for longer than their subscribers wished.
    STALE_TOPICS = Counter "topic.silences" "{topic}";
    /// Topics that the server refused.
    REFUSED_TOPICS = Counter "topic.refusals" "{topic}";
    /// Streams that had a gap, by why.
    GAPS = Counter "gaps" "{gap}" by "websocket.gap.cause";
    /// Items lost to slow subscribers.
    DROPPED_ITEMS = Counter "dropped_items" "{item}";
    /// Messages a handler could not make sense of.
    UNDECODABLE = Counter "undecodable_messages" "{message}";
    /// Panics of handlers, all contained.
    PANICS = Counter "handler_panics" "{panic}";
    /// Late arrivals and replies nobody waited for.
    LATE = Counter "late_arrivals" "{message}";
    /// Events nobody took in time.
    DROPPED_EVENTS = Counter "dropped_events" "{event}";
    /// Logins that succeeded.
    LOGINS = Counter "logins" "{login}";
    /// Logins and renewals that were refused.
    LOGIN_REFUSALS = Counter "login.refusals" "{login}";
    /// Time until the login expires, where the server said so.
    LOGIN_EXPIRY = Gauge "login.expiry" "s";
    /// How often the server said that it is asked too much.
    HOLDS = Counter "rate_limit.holds" "{hold}";
    /// Tokens left, by budget.
    TOKENS = Gauge "rate_limit.tokens" "{token}" by "websocket.budget";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_follow_the_conventions() {
        let mut names: Vec<_> = METRICS.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
        for kind in METRICS {
            let allowed = |letter: char| letter.is_ascii_lowercase() || matches!(letter, '.' | '_');
            assert!(kind.name.chars().all(allowed), "{}", kind.name);
            assert!(!kind.name.ends_with("total"), "{}", kind.name);
            assert!(!kind.about.is_empty() && kind.about.ends_with('.'), "{}", kind.name);
            if kind.instrument == Instrument::Histogram && kind.unit == "s" {
                let ends = kind.name.ends_with(".duration") || kind.name.ends_with(".rtt");
                assert!(ends, "{}", kind.name);
            }
        }
    }
}
