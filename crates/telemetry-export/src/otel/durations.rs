//! Durations, recorded as they happen.

use std::sync::Arc;

use nova_telemetry::{Event, MetricKind, Observer, Record, metric};
use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter},
};

use super::{CLIENT, ERROR_TYPE, OUTCOME};

/// An observer that records the durations that events tell of, each in its histogram.
#[derive(Clone, Debug)]
pub struct Durations {
    client: KeyValue,
    handshake: Histogram<f64>,
    ready: Histogram<f64>,
    lived: Histogram<f64>,
    request: Histogram<f64>,
    round_trip: Histogram<f64>,
}

impl Durations {
    /// Records what happens to the client of this name.
    #[must_use]
    pub fn new(meter: &Meter, client: impl Into<Arc<str>>) -> Self {
        let histogram = |metric: &'static MetricKind, bounds: &[f64]| {
            let builder = meter.f64_histogram(metric.name).with_unit(metric.unit);
            builder.with_description(metric.about).with_boundaries(bounds.to_vec()).build()
        };
        Self {
            client: KeyValue::new(CLIENT, client.into()),
            handshake: histogram(&metric::HANDSHAKE_DURATION, WAITS),
            ready: histogram(&metric::READY_DURATION, WAITS),
            lived: histogram(&metric::LINK_DURATION, LIVES),
            request: histogram(&metric::REQUEST_DURATION, WAITS),
            round_trip: histogram(&metric::ROUND_TRIP, WAITS),
        }
    }
}

impl Observer for Durations {
    fn observe(&mut self, record: &Record) {
        let (histogram, duration, detail) = match &record.event {
            Event::Connected { took, .. } => (&self.handshake, took, None),
            Event::Ready { took, .. } => (&self.ready, took, None),
            Event::Lost { reason, lived, .. } => (&self.lived, lived, Some((ERROR_TYPE, reason.kind()))),
            Event::Settled { outcome, took, .. } => (&self.request, took, Some((OUTCOME, outcome.name()))),
            Event::Ponged { round_trip, .. } => (&self.round_trip, round_trip, None),
            _ => return,
        };
        let client = self.client.clone();
        match detail {
            Some((name, word)) => {
                histogram.record(duration.as_secs_f64(), &[client, KeyValue::new(name, word)]);
            }
            None => histogram.record(duration.as_secs_f64(), &[client]),
        }
    }
}

/// Bounds of what somebody waits for, in seconds. The defaults of SDKs are meant for milliseconds.
const WAITS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0, 60.0,
];

/// Bounds of what lives for long, in seconds: from one to a day.
const LIVES: &[f64] = &[1.0, 10.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0];
