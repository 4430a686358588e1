//! Spans out of events: what is a child of what, what is linked to what, and what failed.

use std::time::{Duration, Instant};

use opentelemetry::{
    KeyValue,
    trace::{Status, TracerProvider},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use websockex_nova::{
    prelude::*,
    telemetry::{Event, Observer, Outcome, Record},
    telemetry_export::otel::Spans,
    transport::{ConnectError, Generation, LostReason, Phase},
};

/// Tells of events, each so many milliseconds after the first, and returns the spans.
fn spans(events: impl IntoIterator<Item = (u64, Event)>) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let address = KeyValue::new("server.address", "venue.example");
    let mut spans = Spans::new(provider.tracer("test"), "orders").with_requests().with_attributes([address]);
    let began = Instant::now();
    for (at, event) in events {
        spans.observe(&Record { at: began + millis(at), event });
    }
    provider.force_flush().unwrap();
    exporter.get_finished_spans().unwrap()
}

fn link(number: u64) -> Generation {
    Generation::new(number)
}

fn named<'a>(spans: &'a [SpanData], name: &str) -> Vec<&'a SpanData> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| attribute.value.to_string())
}

fn lasted(span: &SpanData) -> Duration {
    span.end_time.duration_since(span.start_time).unwrap()
}

fn opened(link: Generation, at: u64) -> Vec<(u64, Event)> {
    vec![
        (at, Event::Connecting { link, attempt: 0 }),
        (at, Event::PhaseBegan { link, phase: Phase::Resolve }),
        (at + 5, Event::PhaseBegan { link, phase: Phase::Tcp }),
        (at + 25, Event::Connected { link, took: millis(25) }),
        (at + 30, Event::LoggedIn { link, expires_in: None }),
        (at + 40, Event::Ready { link, took: millis(40) }),
    ]
}

#[test]
fn an_attempt_has_a_child_for_each_phase_and_ends_when_it_is_usable() {
    let spans = spans(opened(link(1), 0));
    let [attempt] = named(&spans, "websocket connect")[..] else { panic!("{spans:?}") };
    assert_eq!((lasted(attempt), &attempt.status), (millis(40), &Status::Unset));
    assert_eq!(attribute(attempt, "websocket.client.name").as_deref(), Some("orders"));
    assert_eq!(attribute(attempt, "network.protocol.name").as_deref(), Some("websocket"));
    assert_eq!(attribute(attempt, "server.address").as_deref(), Some("venue.example"));
    for (name, length) in [("resolve", 5), ("tcp", 20), ("establish", 15)] {
        let [child] = named(&spans, name)[..] else { panic!("{name}") };
        assert_eq!(child.parent_span_id, attempt.span_context.span_id(), "{name}");
        assert_eq!(child.span_context.trace_id(), attempt.span_context.trace_id());
        assert_eq!(lasted(child), millis(length), "{name}");
    }
    assert!(attempt.events.iter().any(|event| event.name == "logged_in"));
    assert!(named(&spans, "websocket session").is_empty(), "it is not over yet");
}

#[test]
fn a_failed_attempt_and_its_phase_name_the_error() {
    let error = ConnectError::TimedOut { phase: Phase::Tcp, limit: secs(5) };
    let spans = spans([
        (0, Event::Connecting { link: link(1), attempt: 3 }),
        (0, Event::PhaseBegan { link: link(1), phase: Phase::Tcp }),
        (5_000, Event::ConnectFailed { link: link(1), error }),
    ]);
    assert_eq!(spans.len(), 2);
    for span in &spans {
        assert_eq!(attribute(span, "error.type").as_deref(), Some("timeout"));
        assert_eq!(span.status, Status::error("timeout"));
        assert_eq!(lasted(span), secs(5));
    }
    let [attempt] = named(&spans, "websocket connect")[..] else { panic!() };
    assert_eq!(attribute(attempt, "websocket.connection.attempt").as_deref(), Some("3"));
}

#[test]
fn a_session_is_a_trace_of_its_own_that_is_linked_to_its_attempt() {
    let mut events = opened(link(1), 0);
    events.push((60, Event::HeldBack { span: secs(1) }));
    events.push((100, Event::Lost { link: link(1), reason: LostReason::Silent, lived: millis(75) }));
    let spans = spans(events);
    let [attempt] = named(&spans, "websocket connect")[..] else { panic!() };
    let [session] = named(&spans, "websocket session")[..] else { panic!() };
    assert_ne!(session.span_context.trace_id(), attempt.span_context.trace_id());
    assert_eq!(session.links[0].span_context.span_id(), attempt.span_context.span_id());
    assert_eq!((lasted(session), &session.status), (millis(60), &Status::error("silent")));
    assert_eq!(attribute(session, "error.type").as_deref(), Some("silent"));
    assert!(session.events.iter().any(|event| event.name == "held_back"));
}

#[test]
fn an_end_that_was_wished_for_is_no_failure_and_nothing_stays_open() {
    let mut events = opened(link(1), 0);
    events.push((50, Event::Closing));
    events.push((60, Event::Lost { link: link(1), reason: LostReason::Shutdown, lived: millis(35) }));
    events.push((60, Event::Connecting { link: link(2), attempt: 1 }));
    events.push((70, Event::Closed));
    let spans = spans(events);
    let [session] = named(&spans, "websocket session")[..] else { panic!() };
    assert_eq!((attribute(session, "error.type"), &session.status), (None, &Status::Unset));
    assert_eq!(named(&spans, "websocket connect").len(), 2);
}

#[test]
fn a_request_is_linked_to_the_session_it_was_sent_in_also_once_that_is_over() {
    let settled =
        |request, link, outcome, took| Event::Settled { request, link, outcome, took: millis(took) };
    let mut events = opened(link(1), 0);
    events.push((100, settled(1, Some(link(1)), Outcome::Reply, 10)));
    events.push((102, settled(2, None, Outcome::NotSent, 1)));
    events.push((110, Event::Lost { link: link(1), reason: LostReason::Silent, lived: millis(85) }));
    events.push((110, settled(3, Some(link(1)), Outcome::SentUnknown, 5)));
    events.extend(opened(link(2), 120));
    // Made before the second session, and sent in it.
    events.push((170, settled(4, Some(link(2)), Outcome::Reply, 100)));
    events.push((171, settled(5, Some(link(1)), Outcome::Cancelled, 100)));
    events.push((180, Event::Closed));
    let spans = spans(events);
    let [first, second] = named(&spans, "websocket session")[..] else { panic!() };
    let requests = named(&spans, "websocket request");
    let linked: Vec<_> = requests
        .iter()
        .map(|span| span.links.iter().next().map(|link| link.span_context.span_id()))
        .collect();
    let (first, second) = (Some(first.span_context.span_id()), Some(second.span_context.span_id()));
    assert_eq!(linked, [first, None, first, second, first]);
    let all = |key: &str| requests.iter().map(|span| attribute(span, key)).collect::<Vec<_>>();
    let texts = |words: [Option<&str>; 5]| words.map(|word| word.map(str::to_owned)).to_vec();
    let connections = [Some("1"), None, Some("1"), Some("2"), Some("1")];
    assert_eq!(all("websocket.connection.number"), texts(connections));
    assert_eq!(all("websocket.request.number"), texts(["1", "2", "3", "4", "5"].map(Some)));
    assert_eq!(all("error.type"), texts([None, Some("not_sent"), Some("sent_unknown"), None, None]));
    assert_eq!(lasted(requests[0]), millis(10));
}

#[test]
fn a_request_in_a_session_nobody_heard_of_is_linked_to_its_attempt() {
    let mut events = opened(link(1), 0);
    // Events may be dropped.
    events.retain(|(_, event)| !matches!(event, Event::Ready { .. }));
    let (outcome, took) = (Outcome::Reply, millis(10));
    events.push((100, Event::Settled { request: 1, link: Some(link(1)), outcome, took }));
    events.push((110, Event::Closed));
    let spans = spans(events);
    let [attempt] = named(&spans, "websocket connect")[..] else { panic!() };
    let [request] = named(&spans, "websocket request")[..] else { panic!() };
    assert_eq!(request.links[0].span_context.span_id(), attempt.span_context.span_id());
}

#[test]
fn links_whose_end_was_not_told_do_not_pile_up() {
    // Their losses are among the events that were dropped.
    let spans = spans((1..=100).flat_map(|number| opened(link(number), number * 100)));
    assert_eq!(named(&spans, "websocket connect").len(), 100);
    assert!(named(&spans, "websocket session").len() >= 98);
}
