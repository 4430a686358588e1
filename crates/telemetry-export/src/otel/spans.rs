//! Spans out of events.
//!
//! What the events do not tell is not made up. They name no endpoint, since that is resolved anew for
//! each attempt: give `server.address` and its kin by [`Spans::with_attributes`] if they are fixed.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use nova_telemetry::{Event, Observer, Outcome, Record, Severity, Value};
use opentelemetry::{
    Context, KeyValue,
    trace::{Link, Span, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, Tracer},
};

use super::{CLIENT, ERROR_TYPE, OUTCOME};

/// An observer that makes spans:
///
/// - `websocket connect`: an attempt, from its beginning until the session is usable, with a child for
///   each phase of opening (`resolve`, `tcp`, …) and one, `establish`, for login, settings and topics;
///   `error.type` says what it failed with;
/// - `websocket session`: the time in which the session was usable on one link. It lasts for as long as
///   that does, and is exported when it is over; it is linked to its attempt. What degrades it meanwhile
///   is an event of it;
/// - `websocket request`, if asked for: a request, known at its end, with its number. If it was sent, it
///   bears the number of the connection it went out on last, and is linked to the session there, or to the
///   attempt where of that session nothing was told.
pub struct Spans<T: Tracer> {
    tracer: T,
    attributes: Vec<KeyValue>,
    requests: bool,
    clock: Clock,
    links: BTreeMap<u64, Stage<T::Span>>,
    /// The last sessions that are over, since a lost link is told of before the requests that went with it.
    over: VecDeque<(u64, SpanContext)>,
}

enum Stage<S> {
    Opening { attempt: S, phase: Option<S> },
    Ready { session: S },
}

impl<S: Span> Stage<S> {
    fn context(&self) -> &SpanContext {
        match self {
            Self::Opening { attempt: span, .. } | Self::Ready { session: span } => span.span_context(),
        }
    }
}

impl<T: Tracer> Spans<T> {
    /// Spans of the client of this name.
    #[must_use]
    pub fn new(tracer: T, client: impl Into<Arc<str>>) -> Self {
        let attributes = vec![
            KeyValue::new(CLIENT, client.into()),
            KeyValue::new("network.protocol.name", "websocket"),
            KeyValue::new("network.protocol.version", "13"),
            KeyValue::new("network.transport", "tcp"),
        ];
        let (links, over) = (BTreeMap::new(), VecDeque::new());
        Self { tracer, attributes, requests: false, clock: Clock::now(), links, over }
    }

    /// Puts these attributes on every span, such as `server.address` where it is fixed.
    #[must_use]
    pub fn with_attributes(mut self, attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// Makes a span of every request as well. Default: none, since there may be thousands a second.
    #[must_use]
    pub const fn with_requests(mut self) -> Self {
        self.requests = true;
        self
    }

    fn start(
        &self,
        name: &'static str,
        at: SystemTime,
        more: Vec<KeyValue>,
        parent: Option<&T::Span>,
    ) -> T::Span {
        let mut attributes = self.attributes.clone();
        attributes.extend(more);
        let kind = if parent.is_some() { SpanKind::Internal } else { SpanKind::Client };
        let builder =
            SpanBuilder::from_name(name).with_kind(kind).with_start_time(at).with_attributes(attributes);
        self.tracer.build_with_context(builder, &within(parent))
    }

    fn begin(&mut self, link: u64, attempt: u32, at: Instant) {
        // Wall clocks are set now and then; within one attempt they agree with the other.
        self.clock = Clock::now();
        // Two links live at once at the most. What is older has ended, and its end was not told: events
        // may be dropped.
        let ended =
            self.links.keys().copied().filter(|old| old + 1 < link || *old == link).collect::<Vec<_>>();
        for old in ended {
            self.end(old, at, None);
        }
        let more = vec![
            KeyValue::new(CONNECTION, signed(link)),
            KeyValue::new("websocket.connection.attempt", i64::from(attempt)),
        ];
        let attempt = self.start("websocket connect", self.clock.wall(at), more, None);
        self.links.insert(link, Stage::Opening { attempt, phase: None });
    }

    fn phase(&mut self, link: u64, name: &'static str, at: Instant) {
        let at = self.clock.wall(at);
        let Some(Stage::Opening { attempt, .. }) = self.links.get(&link) else { return };
        let next = self.start(name, at, Vec::new(), Some(attempt));
        if let Some(Stage::Opening { phase, .. }) = self.links.get_mut(&link)
            && let Some(mut before) = phase.replace(next)
        {
            before.end_with_timestamp(at);
        }
    }

    fn ready(&mut self, link: u64, at: Instant) {
        let Some(Stage::Opening { attempt, .. }) = self.links.get(&link) else { return };
        let opened_by = attempt.span_context().clone();
        self.end(link, at, None);
        let number = KeyValue::new(CONNECTION, signed(link));
        let mut session = self.start("websocket session", self.clock.wall(at), vec![number], None);
        session.add_link(opened_by, Vec::new());
        self.links.insert(link, Stage::Ready { session });
    }

    /// Ends whatever a link is at.
    fn end(&mut self, link: u64, at: Instant, failure: Option<Failure>) {
        let at = self.clock.wall(at);
        let finish = |mut span: T::Span| {
            if let Some(failure) = &failure {
                span.set_attribute(KeyValue::new(ERROR_TYPE, failure.kind));
                if let Some(status) = failure.http_status {
                    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
                }
                // The text of an error may hold what a server said: its kind must do.
                span.set_status(Status::error(failure.kind));
            }
            span.end_with_timestamp(at);
        };
        match self.links.remove(&link) {
            Some(Stage::Opening { attempt, phase }) => {
                phase.map(&finish);
                finish(attempt);
            }
            Some(Stage::Ready { session }) => {
                self.over.push_back((link, session.span_context().clone()));
                if self.over.len() > REMEMBERED {
                    self.over.pop_front();
                }
                finish(session);
            }
            None => {}
        }
    }

    fn request(&mut self, ended: Ended, at: Instant) {
        let Ended { request, link, outcome, took } = ended;
        let began = at.checked_sub(took).unwrap_or(at);
        let mut attributes = self.attributes.clone();
        attributes.push(KeyValue::new("websocket.request.number", signed(request)));
        attributes.push(KeyValue::new(OUTCOME, outcome.name()));
        attributes.extend(link.map(|link| KeyValue::new(CONNECTION, signed(link))));
        let is_well =
            matches!(outcome, Outcome::Reply | Outcome::Handed | Outcome::Pong | Outcome::Cancelled);
        if !is_well {
            attributes.push(KeyValue::new(ERROR_TYPE, outcome.name()));
        }
        let links = link.and_then(|link| self.context(link)).map(Link::with_context).into_iter().collect();
        let builder = SpanBuilder::from_name("websocket request")
            .with_kind(SpanKind::Client)
            .with_start_time(self.clock.wall(began))
            .with_attributes(attributes)
            .with_links(links);
        let mut span = self.tracer.build_with_context(builder, &Context::new());
        if !is_well {
            span.set_status(Status::error(outcome.name()));
        }
        span.end_with_timestamp(self.clock.wall(at));
    }

    /// The session on a link, or its attempt: what is now, else the last that was.
    fn context(&self, link: u64) -> Option<SpanContext> {
        let now = self.links.get(&link).map(Stage::context);
        let was = || self.over.iter().rev().find(|(number, _)| *number == link).map(|(_, context)| context);
        now.or_else(was).cloned()
    }

    /// Notes something on the newest span there is.
    fn note(&mut self, record: &Record) {
        let at = self.clock.wall(record.at);
        let Some((_, stage)) = self.links.iter_mut().next_back() else { return };
        let span = match stage {
            Stage::Opening { attempt, .. } => attempt,
            Stage::Ready { session } => session,
        };
        span.add_event_with_timestamp(record.event.name(), at, facts(&record.event));
    }
}

impl<T> Observer for Spans<T>
where
    T: Tracer + Send + 'static,
    T::Span: Send + 'static,
{
    fn observe(&mut self, record: &Record) {
        let at = record.at;
        match &record.event {
            Event::Connecting { link, attempt } => self.begin(link.get(), *attempt, at),
            Event::PhaseBegan { link, phase } => self.phase(link.get(), phase.name(), at),
            Event::ConnectFailed { link, error } => {
                let http_status = error.status().map(|status| status.as_u16());
                self.end(link.get(), at, Some(Failure { kind: error.kind(), http_status }));
            }
            Event::Connected { link, .. } => self.phase(link.get(), "establish", at),
            Event::Ready { link, .. } => self.ready(link.get(), at),
            Event::Lost { link, reason, .. } => {
                // What the application wished for is no failure.
                let is_failure = record.event.severity() > Severity::Info;
                let failure = is_failure.then(|| Failure { kind: reason.kind(), http_status: None });
                self.end(link.get(), at, failure);
            }
            Event::Settled { request, link, outcome, took } if self.requests => {
                let link = link.map(|link| link.get());
                self.request(Ended { request: *request, link, outcome: *outcome, took: *took }, at);
            }
            Event::Closed => {
                while let Some((link, _)) = self.links.first_key_value() {
                    self.end(*link, at, None);
                }
            }
            Event::LoggedIn { .. } | Event::SettingMade { .. } | Event::TopicsConfirmed { .. } => {
                self.note(record);
            }
            other if other.severity() >= Severity::Warn => self.note(record),
            _ => {}
        }
    }
}

/// How a request ended.
struct Ended {
    request: u64,
    link: Option<u64>,
    outcome: Outcome,
    took: Duration,
}

struct Failure {
    kind: &'static str,
    http_status: Option<u16>,
}

/// Turns the session's clock into the wall's.
#[derive(Clone, Copy, Debug)]
struct Clock {
    at: Instant,
    wall: SystemTime,
}

impl Clock {
    fn now() -> Self {
        Self { at: Instant::now(), wall: SystemTime::now() }
    }

    fn wall(&self, at: Instant) -> SystemTime {
        let wall = match at.checked_duration_since(self.at) {
            Some(later) => self.wall.checked_add(later),
            None => self.wall.checked_sub(self.at.duration_since(at)),
        };
        wall.unwrap_or(self.wall)
    }
}

fn within<S: Span>(parent: Option<&S>) -> Context {
    let root = Context::new();
    parent.map_or(root.clone(), |span| root.with_remote_span_context(span.span_context().clone()))
}

/// What an event carries, as attributes.
fn facts(event: &Event) -> Vec<KeyValue> {
    let kinds = event.kind().facts.iter();
    let values = kinds.zip(event.facts());
    let attribute = |(kind, value): (&nova_telemetry::FactKind, Value<'_>)| {
        let name = format!("websocket.{}", kind.name);
        match value {
            Value::Text(text) => Some(KeyValue::new(name, text.into_owned())),
            Value::Number(number) => Some(KeyValue::new(name, signed(number))),
            Value::Span(span) => Some(KeyValue::new(name, span.as_secs_f64())),
            _ => None,
        }
    };
    values.filter_map(attribute).collect()
}

/// The attribute that numbers the links of a session.
const CONNECTION: &str = "websocket.connection.number";

/// How many sessions are remembered after their end. What waits to be sent again may end long after the
/// one it was sent in, but hardly after so many.
const REMEMBERED: usize = 16;

/// Attributes know no unsigned numbers.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
