//! The clients an operator watches, by name.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError, RwLock},
};

use nova_telemetry::{MetricSource, Patient, Sample, Vitals};

/// What is watched, by name. Clones share the list.
///
/// A name becomes the label `client` of every series: keep names few and lasting.
#[derive(Clone, Default)]
pub struct Watchlist {
    entries: Arc<RwLock<BTreeMap<Arc<str>, Entry>>>,
}

#[derive(Clone)]
struct Entry {
    source: Arc<dyn MetricSource>,
    patient: Option<Arc<dyn Patient>>,
}

/// All numbers of one client, as they stand.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reading {
    /// Its name.
    pub client: Arc<str>,
    /// Its numbers, each series once.
    pub samples: Vec<Sample>,
}

/// How one client is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Standing {
    /// Its name.
    pub client: Arc<str>,
    /// How it is.
    pub vitals: Vitals,
}

impl Watchlist {
    /// Watches the numbers and the health of a client, given its monitor. Whatever bore the name before
    /// is watched no longer.
    pub fn watch(&self, name: impl Into<Arc<str>>, monitor: impl MetricSource + Patient) {
        let monitor = Arc::new(monitor);
        let patient: Arc<dyn Patient> = monitor.clone();
        self.put(name.into(), Entry { source: monitor, patient: Some(patient) });
    }

    /// Watches numbers alone, such as those of a registry.
    pub fn count(&self, name: impl Into<Arc<str>>, source: impl MetricSource) {
        self.put(name.into(), Entry { source: Arc::new(source), patient: None });
    }

    /// Watches this no longer. A client that ended on purpose must be forgotten, or it counts as dead.
    pub fn forget(&self, name: &str) {
        self.entries.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// All numbers of all clients, ordered by name. A source that panics is left out.
    #[must_use]
    pub fn read(&self) -> Vec<Reading> {
        let read = |(client, entry): (Arc<str>, Entry)| {
            let samples = contained(|| entry.source.samples())?;
            Some(Reading { client, samples: distinct(samples) })
        };
        self.entries().into_iter().filter_map(read).collect()
    }

    /// The health of all clients, ordered by name. One that panics when asked is not well.
    #[must_use]
    pub fn examine(&self) -> Vec<Standing> {
        let examine = |(client, entry): (Arc<str>, Entry)| {
            let patient = entry.patient?;
            let vitals = contained(|| patient.vitals()).unwrap_or_else(unaskable);
            Some(Standing { client, vitals })
        };
        self.entries().into_iter().filter_map(examine).collect()
    }

    fn put(&self, name: Arc<str>, entry: Entry) {
        self.entries.write().unwrap_or_else(PoisonError::into_inner).insert(name, entry);
    }

    /// A copy, so that no foreign code runs under the lock.
    fn entries(&self) -> Vec<(Arc<str>, Entry)> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|(name, entry)| (Arc::clone(name), entry.clone())).collect()
    }
}

impl fmt::Debug for Watchlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries().iter().map(|(name, _)| name)).finish()
    }
}

/// Foreign code is called through here: a reader of metrics must not end with one bad source.
fn contained<T>(ask: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok()
}

fn unaskable() -> Vitals {
    let reasons = vec!["it panicked when asked how it is".to_owned()];
    Vitals { is_ready: false, is_alive: true, condition: "unknown", reasons }
}

/// The first of each series: two budgets, say, may bear one name, and most readers refuse a whole page
/// for one series that stands there twice.
fn distinct(mut samples: Vec<Sample>) -> Vec<Sample> {
    let mut seen = HashSet::new();
    samples.retain(|sample| seen.insert((sample.metric.name, sample.label.clone())));
    samples
}

#[cfg(test)]
mod tests {
    use nova_telemetry::{Registry, metric};

    use super::*;

    struct Twice;

    impl MetricSource for Twice {
        fn samples(&self) -> Vec<Sample> {
            let sample = |label: &'static str, level| Sample::level(&metric::TOKENS, level).of(label);
            vec![sample("orders", 1.0), sample("queries", 2.0), sample("orders", 3.0)]
        }
    }

    struct Broken;

    impl MetricSource for Broken {
        fn samples(&self) -> Vec<Sample> {
            panic!("broken")
        }
    }

    impl Patient for Broken {
        fn vitals(&self) -> Vitals {
            panic!("broken")
        }
    }

    #[test]
    fn a_series_that_is_told_twice_is_read_once() {
        let watched = Watchlist::default();
        watched.count("a", Twice);
        let readings = watched.read();
        let labels: Vec<_> = readings[0].samples.iter().map(|sample| sample.label.clone()).collect();
        assert_eq!(labels, [Some("orders".into()), Some("queries".into())]);
    }

    #[test]
    fn a_source_that_panics_is_left_out_and_not_well() {
        let watched = Watchlist::default();
        watched.watch("broken", Broken);
        watched.count("whole", Registry::default());
        let names: Vec<_> = watched.read().into_iter().map(|reading| reading.client).collect();
        assert_eq!(names, ["whole".into()]);
        let standings = watched.examine();
        assert_eq!(standings.len(), 1);
        assert!(!standings[0].vitals.is_ready && standings[0].vitals.is_alive);
    }

    #[test]
    fn a_name_stands_for_the_last_that_took_it_until_it_is_forgotten() {
        let watched = Watchlist::default();
        watched.count("a", Registry::default());
        watched.clone().count("a", Twice);
        assert_eq!(watched.read()[0].samples.len(), 2);
        watched.forget("a");
        assert!(watched.read().is_empty());
    }
}
