//! Those who only watch: `LoggingHandler`, `MetricsCollector`, `Observer`, the registry.

use std::sync::{Arc, Mutex};

use websockex_nova::{
    behaviour::Bound,
    prelude::*,
    telemetry::{Event, LoggingHandler, MetricsCollector, Outcome, Record, Registry},
};

use crate::venue::{Lines, Stream, Topics, event, next, prepare, quick, ready_on, venue};

/// The names of the events somebody saw.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<&'static str>>>);

impl Notes {
    fn note(&self, record: &Record) {
        self.0.lock().unwrap().push(record.event.name());
    }

    /// Without those whose number depends on how reads happen to be batched.
    fn lifecycle(&self) -> Vec<&'static str> {
        let noted = self.0.lock().unwrap();
        noted.iter().copied().filter(|name| !matches!(*name, "traffic" | "phase_began")).collect()
    }
}

struct Logs(Notes);

impl LoggingHandler for Logs {
    fn log(&mut self, record: &Record) {
        self.0.note(record);
    }
}

struct Counts(Notes);

impl MetricsCollector for Counts {
    fn collect(&mut self, record: &Record) {
        self.0.note(record);
    }
}

#[tokio::test]
async fn every_watcher_sees_the_whole_life_once_and_in_order() {
    let venue = venue().await;
    let (logged, counted, observed) = (Notes::default(), Notes::default(), Notes::default());
    let observer = observed.clone();
    let client = prepare(
        &venue.url(),
        Handlers::new(Lines).with_logging(Logs(logged.clone())).with_metrics(Counts(counted.clone())),
    )
    .with_policies(quick().with_observer(move |record: &Record| observer.note(record)))
    .connect()
    .await
    .unwrap();
    let mut events = client.events();
    client.call("say hello").await.unwrap();
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    client.shutdown(secs(1)).await.unwrap();
    event(&mut events, "the last event", |event| matches!(event, Event::Closed)).await;
    let expected = [
        "connecting",
        "connected",
        "ready",
        "settled",
        "lost",
        "settled",
        "reconnect_scheduled",
        "connecting",
        "connected",
        "ready",
        "closing",
        "lost",
        "closed",
    ];
    assert_eq!(logged.lifecycle(), expected);
    assert_eq!(counted.lifecycle(), expected);
    assert_eq!(observed.lifecycle(), expected);
}

#[tokio::test]
async fn the_registry_counts_what_happened() {
    let venue = venue().await;
    let registry = Registry::default();
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_metrics(registry.clone())).connect().await.unwrap();
    let mut events = client.events();
    client.call("say hello").await.unwrap();
    client.call("deny").await.unwrap_err();
    client.call("hear gibberish").await.unwrap();
    client.ping().await.unwrap();
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    client.shutdown(secs(1)).await.unwrap();
    event(&mut events, "the last event", |event| matches!(event, Event::Closed)).await;
    let counted = registry.snapshot();
    assert_eq!((counted.connects, counted.links_open, counted.links_lost), (2, 0, 2));
    assert_eq!((counted.connect_failures, counted.reconnects_scheduled, counted.undecodable), (0, 1, 1));
    let settled = |outcome| counted.settled(outcome);
    assert_eq!(settled(Outcome::Reply), 2);
    assert_eq!(settled(Outcome::Refused), 1);
    assert_eq!(settled(Outcome::Pong), 1);
    assert_eq!(settled(Outcome::SentUnknown), 1);
    // Four calls, a ping and two close frames at most; each call is `N verb…`.
    assert!(counted.frames_sent >= 6 && counted.bytes_sent >= 40, "{counted:?}");
    assert!(counted.frames_received >= 5, "{counted:?}");
}

#[tokio::test]
async fn a_watcher_that_panics_is_dropped_and_the_others_see_on() {
    struct Fragile(Notes);
    impl LoggingHandler for Fragile {
        fn log(&mut self, record: &Record) {
            self.0.note(record);
            panic!("this logger breaks at its first event");
        }
    }
    let venue = venue().await;
    let (fragile, healthy) = (Notes::default(), Notes::default());
    let observer = healthy.clone();
    let client = prepare(&venue.url(), Handlers::new(Lines).with_logging(Fragile(fragile.clone())))
        .with_policies(quick().with_observer(move |record: &Record| observer.note(record)))
        .connect()
        .await
        .unwrap();
    let mut events = client.events();
    client.call("say fine").await.unwrap();
    event(&mut events, "the reply", |event| matches!(event, Event::Settled { .. })).await;
    assert_eq!(fragile.0.lock().unwrap().len(), 1);
    assert_eq!(healthy.lifecycle(), ["connecting", "connected", "ready", "settled"]);
}

#[tokio::test]
async fn a_queue_that_fills_and_drains_is_told_once_each_way() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let mut events = client.events();
    let bound = Bound { count: 16, bytes: 1 << 20 };
    let mut stream = client.subscribe(Stream("a")).bound(bound).dropping_oldest().await.unwrap();
    for _ in 0..20 {
        client.call("hear * a item").await.unwrap();
    }
    while stream.counts().queued > 0 {
        next(&mut stream).await.unwrap();
    }
    client.call("hear * a last").await.unwrap();
    let mut seen = Vec::new();
    client.shutdown(secs(1)).await.unwrap();
    while let Some(record) = events.next().await {
        if let Event::QueueHighWater { topic } | Event::QueueLowWater { topic } = &record.event {
            seen.push((record.event.name(), topic.clone()));
        }
    }
    let told = |name| (name, "a".to_owned());
    assert_eq!(seen, [told("queue_high_water"), told("queue_low_water")]);
}
