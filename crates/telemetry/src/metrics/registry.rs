//! The in-process registry of what the events tell.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use super::{
    Histogram, MetricsCollector,
    histogram::Durations,
    kind::{MetricKind, metric},
    sample::{MetricSource, Sample},
};
use crate::event::{Event, Outcome, Record};

/// The in-process registry: plain atomics, read by [`snapshot`](Self::snapshot).
///
/// Clones share their numbers: keep one, give the other to the client.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    numbers: Arc<Numbers>,
}

#[derive(Debug, Default)]
struct Numbers {
    connects: AtomicU64,
    failures: ByKind,
    links_open: AtomicU64,
    losses: ByKind,
    gaps: ByKind,
    reconnects_scheduled: AtomicU64,
    gave_up: AtomicU64,
    logins: AtomicU64,
    login_refusals: AtomicU64,
    topics_refused: AtomicU64,
    topics_stale: AtomicU64,
    holds: AtomicU64,
    frames_received: AtomicU64,
    bytes_received: AtomicU64,
    frames_sent: AtomicU64,
    bytes_sent: AtomicU64,
    undecodable: AtomicU64,
    handler_panics: AtomicU64,
    stale: AtomicU64,
    items_dropped: AtomicU64,
    events_dropped: AtomicU64,
    settled: [AtomicU64; Outcome::ALL.len()],
    handshake: Durations,
    ready: Durations,
    lived: Durations,
    request: Durations,
    round_trip: Durations,
}

/// Counts by a kind that has few values. Only what is rare is counted so: it takes a lock.
#[derive(Debug, Default)]
struct ByKind(Mutex<BTreeMap<&'static str, u64>>);

impl ByKind {
    fn add(&self, kind: &'static str, count: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(kind).or_default() += count;
    }

    fn total(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    fn samples(&self, metric: &'static MetricKind) -> Vec<Sample> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(kind, count)| Sample::total(metric, *count).of(*kind)).collect()
    }
}

impl Registry {
    /// The numbers as they stand. Each is exact; together they may be a moment apart.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let n = &*self.numbers;
        let read = |number: &AtomicU64| number.load(Relaxed);
        Snapshot {
            connects: read(&n.connects),
            connect_failures: n.failures.total(),
            links_open: read(&n.links_open),
            links_lost: n.losses.total(),
            reconnects_scheduled: read(&n.reconnects_scheduled),
            frames_received: read(&n.frames_received),
            bytes_received: read(&n.bytes_received),
            frames_sent: read(&n.frames_sent),
            bytes_sent: read(&n.bytes_sent),
            undecodable: read(&n.undecodable),
            handler_panics: read(&n.handler_panics),
            stale: read(&n.stale),
            items_dropped: read(&n.items_dropped),
            events_dropped: read(&n.events_dropped),
            settled: std::array::from_fn(|i| read(&n.settled[i])),
            gave_up: read(&n.gave_up),
            logins: read(&n.logins),
            login_refusals: read(&n.login_refusals),
            topics_refused: read(&n.topics_refused),
            topics_stale: read(&n.topics_stale),
            gaps: n.gaps.total(),
            holds: read(&n.holds),
            handshake: n.handshake.read(),
            ready: n.ready.read(),
            lived: n.lived.read(),
            request: n.request.read(),
            round_trip: n.round_trip.read(),
        }
    }
}

impl MetricsCollector for Registry {
    fn registry(&self) -> Option<Registry> {
        Some(self.clone())
    }

    fn collect(&mut self, record: &Record) {
        let n = &*self.numbers;
        let add = |number: &AtomicU64, by: u64| {
            number.fetch_add(by, Relaxed);
        };
        match &record.event {
            Event::Connecting { .. } => add(&n.connects, 1),
            Event::ConnectFailed { error, .. } => n.failures.add(error.kind(), 1),
            Event::Connected { took, .. } => {
                add(&n.links_open, 1);
                n.handshake.add(*took);
            }
            Event::Ready { took, .. } => n.ready.add(*took),
            Event::Lost { reason, lived, .. } => {
                n.links_open.fetch_sub(1, Relaxed);
                n.losses.add(reason.kind(), 1);
                n.lived.add(*lived);
            }
            Event::GaveUp { .. } => add(&n.gave_up, 1),
            Event::LoggedIn { .. } => add(&n.logins, 1),
            Event::LoginRefused { .. } | Event::RenewalRefused { .. } => add(&n.login_refusals, 1),
            Event::TopicRefused { .. } => add(&n.topics_refused, 1),
            Event::TopicStale { .. } => add(&n.topics_stale, 1),
            Event::GapsOpened { cause, count } => n.gaps.add(cause, *count),
            Event::HeldBack { .. } => add(&n.holds, 1),
            Event::ReconnectScheduled { .. } => add(&n.reconnects_scheduled, 1),
            Event::Ponged { round_trip, .. } => n.round_trip.add(*round_trip),
            Event::Settled { outcome, took, .. } => {
                if let Some(index) = Outcome::ALL.iter().position(|known| known == outcome) {
                    add(&n.settled[index], 1);
                }
                n.request.add(*took);
            }
            Event::Traffic { frames_received, bytes_received, frames_sent, bytes_sent } => {
                add(&n.frames_received, *frames_received);
                add(&n.bytes_received, *bytes_received);
                add(&n.frames_sent, *frames_sent);
                add(&n.bytes_sent, *bytes_sent);
            }
            Event::Undecodable { count, .. } => add(&n.undecodable, *count),
            Event::HandlerPanicked { .. } => add(&n.handler_panics, 1),
            Event::Stale { count } => add(&n.stale, *count),
            Event::ItemsDropped { count } => add(&n.items_dropped, *count),
            Event::EventsDropped { count } => add(&n.events_dropped, *count),
            _ => {}
        }
    }
}

impl MetricSource for Registry {
    fn samples(&self) -> Vec<Sample> {
        let n = &*self.numbers;
        let s = self.snapshot();
        let mut samples = vec![
            Sample::level(&metric::LINKS_ACTIVE, s.links_open as f64),
            Sample::total(&metric::ATTEMPTS, s.connects),
            Sample::spread(&metric::LINK_DURATION, s.lived.spread()),
            Sample::spread(&metric::HANDSHAKE_DURATION, s.handshake.spread()),
            Sample::spread(&metric::READY_DURATION, s.ready.spread()),
            Sample::total(&metric::RECONNECTS, s.reconnects_scheduled),
            Sample::total(&metric::GAVE_UP, s.gave_up),
            Sample::total(&metric::FRAMES, s.frames_received).of("received"),
            Sample::total(&metric::FRAMES, s.frames_sent).of("sent"),
            Sample::total(&metric::BYTES, s.bytes_received).of("received"),
            Sample::total(&metric::BYTES, s.bytes_sent).of("sent"),
            Sample::spread(&metric::ROUND_TRIP, s.round_trip.spread()),
            Sample::spread(&metric::REQUEST_DURATION, s.request.spread()),
            Sample::total(&metric::STALE_TOPICS, s.topics_stale),
            Sample::total(&metric::REFUSED_TOPICS, s.topics_refused),
            Sample::total(&metric::DROPPED_ITEMS, s.items_dropped),
            Sample::total(&metric::UNDECODABLE, s.undecodable),
            Sample::total(&metric::PANICS, s.handler_panics),
            Sample::total(&metric::LATE, s.stale),
            Sample::total(&metric::DROPPED_EVENTS, s.events_dropped),
            Sample::total(&metric::LOGINS, s.logins),
            Sample::total(&metric::LOGIN_REFUSALS, s.login_refusals),
            Sample::total(&metric::HOLDS, s.holds),
        ];
        let settled = Outcome::ALL
            .map(|outcome| Sample::total(&metric::REQUESTS, s.settled(outcome)).of(outcome.name()));
        samples.extend(settled);
        samples.extend(n.failures.samples(&metric::FAILURES));
        samples.extend(n.losses.samples(&metric::LOSSES));
        samples.extend(n.gaps.samples(&metric::GAPS));
        samples
    }
}

/// What a [`Registry`] had counted at one moment.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Snapshot {
    /// Attempts to open a link.
    pub connects: u64,
    /// Attempts that failed.
    pub connect_failures: u64,
    /// Links open now.
    pub links_open: u64,
    /// Links that were open and are gone.
    pub links_lost: u64,
    /// Reconnection attempts planned.
    pub reconnects_scheduled: u64,
    /// Frames from the peer.
    pub frames_received: u64,
    /// Their payload, in bytes.
    pub bytes_received: u64,
    /// Frames handed to the socket.
    pub frames_sent: u64,
    /// Their payload, in bytes.
    pub bytes_sent: u64,
    /// Messages a handler could not make sense of.
    pub undecodable: u64,
    /// Panics of handlers, all contained.
    pub handler_panics: u64,
    /// Late arrivals that had no effect.
    pub stale: u64,
    /// Items lost to slow subscribers.
    pub items_dropped: u64,
    /// Events nobody took in time.
    pub events_dropped: u64,
    /// Sessions that made no further attempt.
    pub gave_up: u64,
    /// Logins that succeeded.
    pub logins: u64,
    /// Logins and renewals that were refused.
    pub login_refusals: u64,
    /// Topics that the server refused.
    pub topics_refused: u64,
    /// Topics that fell silent for longer than their subscribers wished.
    pub topics_stale: u64,
    /// Streams that had a gap.
    pub gaps: u64,
    /// How often the server said that it is asked too much.
    pub holds: u64,
    /// From the beginning of an attempt to its upgrade.
    pub handshake: Histogram,
    /// From the beginning of an attempt until the session was usable.
    pub ready: Histogram,
    /// How long links were open.
    pub lived: Histogram,
    /// From a request to its end.
    pub request: Histogram,
    /// From ping to pong.
    pub round_trip: Histogram,
    settled: [u64; Outcome::ALL.len()],
}

impl Snapshot {
    /// How many requests ended this way.
    #[must_use]
    pub fn settled(&self, outcome: Outcome) -> u64 {
        let index = Outcome::ALL.iter().position(|known| *known == outcome);
        index.map_or(0, |index| self.settled[index])
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use nova_transport::{Generation, LostReason};

    use super::*;
    use crate::metrics::Reading;

    fn seen(events: impl IntoIterator<Item = Event>) -> Registry {
        let mut registry = Registry::default();
        for event in events {
            registry.collect(&Record { at: Instant::now(), event });
        }
        registry
    }

    #[test]
    fn clones_share_their_numbers() {
        let registry = Registry::default();
        let (outcome, took) = (Outcome::TimedOut, Duration::from_millis(1));
        let event = Event::Settled { request: 1, link: None, outcome, took };
        registry.clone().collect(&Record { at: Instant::now(), event });
        let snapshot = registry.snapshot();
        assert_eq!((snapshot.settled(Outcome::TimedOut), snapshot.settled(Outcome::Reply)), (1, 0));
        assert_eq!(snapshot.request.count(), 1);
    }

    #[test]
    fn errors_are_counted_by_their_kind() {
        let lost = |reason| Event::Lost { link: Generation::default(), reason, lived: Duration::ZERO };
        let registry = seen([LostReason::Silent, LostReason::Shutdown, LostReason::Silent].map(lost));
        let losses: Vec<_> = registry
            .samples()
            .into_iter()
            .filter(|sample| sample.metric.name == metric::LOSSES.name)
            .map(|sample| (sample.label.unwrap_or_default(), sample.reading))
            .collect();
        assert_eq!(losses, [("shutdown".into(), Reading::Total(1)), ("silent".into(), Reading::Total(2))]);
        assert_eq!(registry.snapshot().links_lost, 3);
    }
}
