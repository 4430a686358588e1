//! From events to numbers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::event::{Event, Outcome, Record};

/// Turns the event stream into counters, gauges and histograms.
///
/// Called for every event, in order, on the task that drives the session and outside its lock.
pub trait MetricsCollector: Send + 'static {
    /// Sees one event.
    fn collect(&mut self, record: &Record);

    /// The in-process registry it feeds, for the client's own reading. Default: none.
    fn registry(&self) -> Option<Registry> {
        None
    }
}

/// Collects nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMetrics;

impl MetricsCollector for NoMetrics {
    fn collect(&mut self, _record: &Record) {}
}

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
    connect_failures: AtomicU64,
    links_open: AtomicU64,
    links_lost: AtomicU64,
    reconnects_scheduled: AtomicU64,
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
    handshake: Buckets,
    request: Buckets,
    round_trip: Buckets,
}

impl Registry {
    /// The numbers as they stand. Each is exact; together they may be a moment apart.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let n = &*self.numbers;
        let read = |number: &AtomicU64| number.load(Relaxed);
        Snapshot {
            connects: read(&n.connects),
            connect_failures: read(&n.connect_failures),
            links_open: read(&n.links_open),
            links_lost: read(&n.links_lost),
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
            handshake: n.handshake.read(),
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
            Event::ConnectFailed { .. } => add(&n.connect_failures, 1),
            Event::Connected { took, .. } => {
                add(&n.links_open, 1);
                n.handshake.add(*took);
            }
            Event::Lost { .. } => {
                n.links_open.fetch_sub(1, Relaxed);
                add(&n.links_lost, 1);
            }
            Event::ReconnectScheduled { .. } => add(&n.reconnects_scheduled, 1),
            Event::Ponged { round_trip, .. } => n.round_trip.add(*round_trip),
            Event::Settled { outcome, took } => {
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
    /// From the beginning of an attempt to its upgrade.
    pub handshake: Histogram,
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

/// Durations counted in buckets whose upper bounds double from 1 µs to about 18 minutes.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    buckets: [u64; BUCKETS],
    sum: Duration,
}

impl Histogram {
    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Their sum.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        self.sum
    }

    /// The upper bound of the bucket in which this share (0 to 1) of the durations is reached;
    /// `None` while nothing was counted.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let wanted = (self.count() as f64 * share.clamp(0.0, 1.0)).ceil().max(1.0) as u64;
        let mut seen = 0;
        self.buckets.iter().enumerate().find_map(|(index, count)| {
            seen += count;
            (seen >= wanted).then(|| Duration::from_micros(1 << index))
        })
    }
}

const BUCKETS: usize = 31;

#[derive(Debug)]
struct Buckets {
    counts: [AtomicU64; BUCKETS],
    sum_micros: AtomicU64,
}

impl Default for Buckets {
    fn default() -> Self {
        Self { counts: [const { AtomicU64::new(0) }; BUCKETS], sum_micros: AtomicU64::new(0) }
    }
}

impl Buckets {
    fn add(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let index = (u64::BITS - micros.saturating_sub(1).leading_zeros()) as usize;
        self.counts[index.min(BUCKETS - 1)].fetch_add(1, Relaxed);
        self.sum_micros.fetch_add(micros, Relaxed);
    }

    fn read(&self) -> Histogram {
        Histogram {
            buckets: std::array::from_fn(|i| self.counts[i].load(Relaxed)),
            sum: Duration::from_micros(self.sum_micros.load(Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn quantiles_are_the_bounds_of_their_buckets() {
        let buckets = Buckets::default();
        assert_eq!(buckets.read().quantile(0.5), None);
        for micros in [1, 2, 3, 4, 1000] {
            buckets.add(Duration::from_micros(micros));
        }
        let read = buckets.read();
        assert_eq!(read.count(), 5);
        assert_eq!(read.sum(), Duration::from_micros(1010));
        assert_eq!(read.quantile(0.0), Some(Duration::from_micros(1)));
        assert_eq!(read.quantile(0.6), Some(Duration::from_micros(4)));
        assert_eq!(read.quantile(1.0), Some(Duration::from_micros(1024)));
    }

    #[test]
    fn clones_share_their_numbers() {
        let registry = Registry::default();
        let event = Event::Settled { outcome: Outcome::TimedOut, took: Duration::from_millis(1) };
        registry.clone().collect(&Record { at: Instant::now(), event });
        let snapshot = registry.snapshot();
        assert_eq!((snapshot.settled(Outcome::TimedOut), snapshot.settled(Outcome::Reply)), (1, 0));
        assert_eq!(snapshot.request.count(), 1);
    }
}
