//! What stands in the log, as a subscriber of `tracing` and as a writer get it.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use nova_frame_codec::{CloseCode, CloseFrame};
use nova_telemetry::{
    CATALOGUE, Category, Event, Format, Levels, LineLogger, LoggingHandler, Record, Severity, TracingLogger,
};
use nova_transport::{Generation, LostReason};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

/// A writer whose text can be read afterwards.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Page {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn record(event: Event) -> Record {
    Record { at: Instant::now(), event }
}

/// One event of each category, and one of traffic.
fn events() -> [Event; 4] {
    [
        Event::Ready { link: Generation::default(), took: Duration::from_millis(20) },
        Event::HeldBack { span: Duration::from_secs(2) },
        Event::HandlerPanicked { handler: "messages" },
        Event::Traffic { frames_received: 1, bytes_received: 2, frames_sent: 3, bytes_sent: 4 },
    ]
}

/// What a subscriber with all levels on writes of these events.
fn traced(mut logger: TracingLogger) -> Vec<String> {
    let page = Page::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(page.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        events().into_iter().for_each(|event| logger.log(&record(event)));
    });
    page.lines()
}

fn written(
    mut logger: LineLogger<Page>,
    page: &Page,
    events: impl IntoIterator<Item = Event>,
) -> Vec<String> {
    events.into_iter().for_each(|event| logger.log(&record(event)));
    page.lines()
}

#[test]
fn tracing_gets_level_target_name_category_and_a_sentence() {
    let lines = traced(TracingLogger::default());
    let [ready, held, panicked] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(ready.trim_start().starts_with("INFO websockex_nova: ready after 20.0ms"), "{ready}");
    assert!(ready.contains("event=\"ready\" category=Connection"), "{ready}");
    assert!(held.contains("WARN") && held.contains("category=Message"), "{held}");
    assert!(panicked.contains("ERROR") && panicked.contains("category=Error"), "{panicked}");
}

#[test]
fn levels_are_kept_by_category() {
    let levels =
        Levels::all(Severity::Trace).without(Category::Connection).with(Category::Error, Severity::Error);
    let names = |lines: Vec<String>| lines.len();
    assert_eq!(names(traced(TracingLogger::default().with_levels(levels))), 3);
    assert_eq!(names(traced(TracingLogger::default().with_least(Severity::Error))), 1);
    assert_eq!(names(traced(TracingLogger::default().with_least(Severity::Trace))), 4);
}

#[test]
fn json_holds_the_facts_as_numbers_and_words() {
    let page = Page::default();
    let logger =
        LineLogger::to(page.clone()).with_format(Format::Json).with_levels(Levels::all(Severity::Trace));
    let lines = written(logger, &page, events());
    let objects: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 4);
    assert_eq!(objects[0]["event"], "ready");
    assert_eq!(objects[0]["level"], "info");
    assert_eq!(objects[0]["facts"]["took"], 0.02);
    assert_eq!(objects[2]["facts"]["handler"], "messages");
    assert_eq!(objects[3]["facts"]["bytes_sent"], 4);
    assert!(objects.iter().all(|object| object["time"].as_str().is_some_and(|time| time.ends_with('Z'))));
    // The same objects, as messages of `tracing`.
    let traced = traced(TracingLogger::default().with_format(Format::Json));
    assert!(traced[0].contains("{\"category\":\"connection\",\"event\":\"ready\""), "{}", traced[0]);
}

#[test]
fn a_format_of_ones_own_is_what_is_written() {
    let format = Format::custom(|record| format!("<{}>", record.event.name()));
    let page = Page::default();
    let lines = written(LineLogger::to(page.clone()).with_format(format.clone()), &page, events());
    assert_eq!(lines, ["<ready>", "<held_back>", "<handler_panicked>"]);
    assert!(traced(TracingLogger::default().with_format(format))[0].contains("<ready>"));
}

#[test]
fn plain_lines_are_dated_and_a_peer_cannot_add_one() {
    let page = Page::default();
    let frame = CloseFrame::new(CloseCode::try_from(4000).unwrap(), "bye\n2026 ERROR forged");
    let reason = LostReason::ClosedByPeer(Some(frame));
    let lost = Event::Lost { link: Generation::default(), reason, lived: Duration::from_secs(1) };
    let lines = written(LineLogger::to(page.clone()), &page, [lost]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("Z WARN  connection lost: lost after 1.0s"), "{}", lines[0]);
}

#[test]
fn a_writer_that_fails_costs_its_lines_and_nothing_else() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut logger = LineLogger::to(Full);
    events().into_iter().for_each(|event| logger.log(&record(event)));
}

#[test]
fn every_kind_of_event_is_named_once_and_explained() {
    let mut names: Vec<_> = CATALOGUE.iter().map(|kind| kind.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CATALOGUE.len());
    for kind in CATALOGUE {
        assert!(kind.about.ends_with('.'), "{}", kind.name);
        assert!(kind.facts.iter().all(|fact| fact.about.ends_with('.')), "{}", kind.name);
    }
}
