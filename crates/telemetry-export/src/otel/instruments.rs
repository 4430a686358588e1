//! Counts and levels, as observable instruments.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nova_telemetry::{Instrument, METRICS, MetricKind, Reading as Value, Sample};
use opentelemetry::{KeyValue, metrics::Meter};

use super::{CLIENT, sizes::Sizes};
use crate::watchlist::{Reading, Watchlist};

/// Registers the counts and levels of all these clients, also of those that are yet to come, and the sizes
/// of their messages. They are read when the SDK collects, and for as long as it does.
///
/// The sizes keep their sum and their buckets, whose bounds double; within a bucket they are not told apart.
/// Where more than a thousand messages came between two collections, a thousand values stand for them:
/// shares and quantiles hold, and `websocket.client.frames` has their number.
pub fn instruments(meter: &Meter, watched: &Watchlist) {
    let (watched, sizes) = (watched.clone(), Mutex::new(Sizes::new(meter)));
    let readings = Arc::new(Shared { watched, last: Mutex::default(), sizes });
    for metric in METRICS {
        let readings = Arc::clone(&readings);
        match metric.instrument {
            Instrument::Counter => {
                let observe = move |to: &dyn opentelemetry::metrics::AsyncInstrument<u64>| {
                    readings.each(metric, |value, attributes| {
                        if let Value::Total(total) = value {
                            to.observe(*total, attributes);
                        }
                    });
                };
                let builder = meter.u64_observable_counter(metric.name).with_unit(metric.unit);
                builder.with_description(metric.about).with_callback(observe).build();
            }
            Instrument::UpDownCounter => {
                let observe = move |to: &dyn opentelemetry::metrics::AsyncInstrument<i64>| {
                    readings.each(metric, |value, attributes| {
                        if let Value::Level(level) = value {
                            to.observe(*level as i64, attributes);
                        }
                    });
                };
                let builder = meter.i64_observable_up_down_counter(metric.name).with_unit(metric.unit);
                builder.with_description(metric.about).with_callback(observe).build();
            }
            Instrument::Gauge => {
                let observe = move |to: &dyn opentelemetry::metrics::AsyncInstrument<f64>| {
                    readings.each(metric, |value, attributes| {
                        if let Value::Level(level) = value {
                            to.observe(*level, attributes);
                        }
                    });
                };
                let builder = meter.f64_observable_gauge(metric.name).with_unit(metric.unit);
                builder.with_description(metric.about).with_callback(observe).build();
            }
            // Durations are recorded as they happen, sizes with the readings.
            Instrument::Histogram => {}
        }
    }
}

/// Readings that all instruments of one collection share.
struct Shared {
    watched: Watchlist,
    last: Mutex<Option<(Instant, Arc<Vec<Reading>>)>>,
    sizes: Mutex<Sizes>,
}

impl Shared {
    /// Shows every series of a metric. Nothing here may panic: that would end the SDK's reader.
    fn each(&self, metric: &MetricKind, mut show: impl FnMut(&Value, &[KeyValue])) {
        for reading in self.readings().iter() {
            let of_it = reading.samples.iter().filter(|sample| sample.metric.name == metric.name);
            for sample in of_it {
                show(&sample.reading, &attributes(reading, sample));
            }
        }
    }

    /// The SDK asks each instrument in turn, and all of them are answered out of one reading.
    fn readings(&self) -> Arc<Vec<Reading>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((at, readings)) if at.elapsed() < ONE_COLLECTION => Arc::clone(readings),
            _ => {
                let readings = Arc::new(self.watched.read());
                // The SDK asks all before it looks at histograms, so these belong to this collection.
                self.sizes.lock().unwrap_or_else(PoisonError::into_inner).feed(&readings);
                *last = Some((Instant::now(), Arc::clone(&readings)));
                readings
            }
        }
    }
}

pub(super) fn attributes(reading: &Reading, sample: &Sample) -> Vec<KeyValue> {
    let client = KeyValue::new(CLIENT, Arc::clone(&reading.client));
    let label = sample.metric.label.zip(sample.label.clone());
    [client].into_iter().chain(label.map(|(name, value)| KeyValue::new(name, value))).collect()
}

const ONE_COLLECTION: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use nova_telemetry::{MetricSource, metric};
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::{
        InMemoryMetricExporter, PeriodicReader, SdkMeterProvider,
        data::{AggregatedMetrics, MetricData},
    };

    use super::*;

    /// One series of each metric that has a label, and one of each that has not.
    struct Full;

    impl MetricSource for Full {
        fn samples(&self) -> Vec<Sample> {
            let sample = |metric: &&'static MetricKind| {
                let mut sizes = nova_telemetry::Sizes::default();
                [3, 300, 300].into_iter().for_each(|bytes| sizes.add(bytes));
                let sample = match metric.instrument {
                    Instrument::Counter => Sample::total(metric, 7),
                    Instrument::Histogram => Sample::spread(metric, sizes.spread()),
                    _ => Sample::level(metric, 2.5),
                };
                if metric.label.is_some() { sample.of("word") } else { sample }
            };
            METRICS.iter().map(sample).collect()
        }
    }

    #[test]
    fn every_count_level_and_size_of_the_catalogue_is_collected_with_unit_and_attributes() {
        let exporter = InMemoryMetricExporter::default();
        let provider = SdkMeterProvider::builder()
            .with_reader(PeriodicReader::builder(exporter.clone()).build())
            .build();
        let watched = Watchlist::default();
        instruments(&provider.meter("test"), &watched);
        // Clients that come later are seen as well.
        watched.count("a", Full);
        provider.force_flush().unwrap();

        let collected = exporter.get_finished_metrics().unwrap();
        let mut names = BTreeSet::new();
        for metric in collected.iter().flat_map(|all| all.scope_metrics()).flat_map(|scope| scope.metrics()) {
            names.insert(metric.name().to_owned());
            let kind = METRICS.iter().find(|kind| kind.name == metric.name()).unwrap();
            assert_eq!((metric.unit(), metric.description()), (kind.unit, kind.about));
            let attributes: Vec<_> = match metric.data() {
                AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                    assert!(sum.is_monotonic());
                    let point = sum.data_points().next().unwrap();
                    assert_eq!(point.value(), 7);
                    point.attributes().cloned().collect()
                }
                AggregatedMetrics::I64(MetricData::Sum(sum)) => {
                    assert!(!sum.is_monotonic());
                    sum.data_points().next().unwrap().attributes().cloned().collect()
                }
                AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
                    let point = gauge.data_points().next().unwrap();
                    assert_eq!(point.value(), 2.5);
                    point.attributes().cloned().collect()
                }
                AggregatedMetrics::U64(MetricData::Histogram(histogram)) => {
                    let point = histogram.data_points().next().unwrap();
                    assert_eq!((point.count(), point.sum()), (3, 603));
                    let full = point.bounds().zip(point.bucket_counts()).filter(|(_, count)| *count > 0);
                    assert_eq!(full.collect::<Vec<_>>(), [(4.0, 1), (512.0, 2)]);
                    point.attributes().cloned().collect()
                }
                other => panic!("{other:?}"),
            };
            assert!(attributes.contains(&KeyValue::new(CLIENT, "a")));
            assert_eq!(attributes.len(), 1 + usize::from(kind.label.is_some()), "{}", kind.name);
        }
        let expected =
            METRICS.iter().filter(|kind| kind.instrument != Instrument::Histogram || kind.unit == "By");
        assert_eq!(names, expected.map(|kind| kind.name.to_owned()).collect());
        assert!(names.contains(metric::ATTEMPTS.name));
    }
}
