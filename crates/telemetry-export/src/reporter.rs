//! Serious events, handed to a service that collects errors.
//!
//! [`Reporter`] is the observer: it chooses what is serious, tells the same thing once in a while, and
//! holds to a rate. [`Report`] is where it goes; [`Sentry`] is one such place. An event holds no payload
//! and no secret, and so does an [`Incident`].

mod delivery;
mod sentry;

use std::{
    borrow::Cow,
    collections::HashMap,
    error::Error,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use nova_telemetry::{Category, Event, Observer, Record, Severity, Value};
use tokio::sync::mpsc;

pub use self::{
    delivery::Reporting,
    sentry::{InvalidDsn, Sentry},
};

/// Where incidents go.
#[async_trait]
pub trait Report: Send + Sync + 'static {
    /// Hands one over. It is tried once, and has ten seconds.
    ///
    /// # Errors
    ///
    /// It did not get there.
    async fn report(&self, incident: &Incident) -> Result<(), ReportError>;
}

/// Something serious that happened to a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Incident {
    /// The client's name.
    pub client: Arc<str>,
    /// What happened, as the catalogue names it.
    pub event: &'static str,
    /// What it is about.
    pub category: Category,
    /// How serious it is.
    pub severity: Severity,
    /// What happened, for people.
    pub message: String,
    /// What the event carries, by name.
    pub facts: Vec<(&'static str, String)>,
    /// What tells it from other incidents of its kind; equal for what is told once in a while.
    pub fingerprint: Vec<Cow<'static, str>>,
    /// How often the same happened since it was told last, and was not told.
    pub untold: u64,
    /// When.
    pub at: SystemTime,
}

/// Why an incident did not get there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The service could not be reached.
    #[error("the service could not be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
    /// The service does not want it.
    #[error("the service refused it with status {0}")]
    Refused(u16),
    /// The service wants nothing for a while.
    #[error("the service wants nothing for {0:?}")]
    HeldBack(Duration),
    /// It took too long.
    #[error("the service did not answer in time")]
    TimedOut,
}

/// An observer that hands serious events on. Nobody waits for it.
#[derive(Debug)]
pub struct Reporter {
    client: Arc<str>,
    least: Severity,
    window: Duration,
    per_minute: u32,
    told: HashMap<Vec<Cow<'static, str>>, Told>,
    minute: Option<(Instant, u32)>,
    outbox: mpsc::Sender<Incident>,
}

#[derive(Debug)]
struct Told {
    /// Before the first time: never.
    at: Option<Instant>,
    untold: u64,
}

impl Reporter {
    /// Reports what happens to the client of this name, and begins to deliver. Must be called within a
    /// runtime.
    #[must_use]
    pub fn start(client: impl Into<Arc<str>>, to: impl Report) -> (Self, Reporting) {
        let (outbox, incidents) = mpsc::channel(WAITING);
        let reporter = Self {
            client: client.into(),
            least: Severity::Error,
            window: Duration::from_secs(300),
            per_minute: 10,
            told: HashMap::new(),
            minute: None,
            outbox,
        };
        (reporter, Reporting::start(incidents, to))
    }

    /// Ignores events below this severity. Default: [`Severity::Error`], which is what needs a person.
    #[must_use]
    pub const fn with_least(mut self, least: Severity) -> Self {
        self.least = least;
        self
    }

    /// Tells the same thing once in this time. Default: 5 minutes.
    #[must_use]
    pub const fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Tells at most so many things in a minute. Default: 10.
    #[must_use]
    pub const fn with_rate(mut self, per_minute: u32) -> Self {
        self.per_minute = per_minute;
        self
    }

    /// Whether the rate allows one more.
    fn is_within_rate(&mut self, at: Instant) -> bool {
        let (since, count) = match self.minute {
            Some((since, count)) if at.saturating_duration_since(since) < MINUTE => (since, count),
            _ => (at, 0),
        };
        let is_within = count < self.per_minute;
        self.minute = Some((since, count + u32::from(is_within)));
        is_within
    }

    /// Makes room among what was told, without forgetting what is still held back.
    fn forget_the_old(&mut self, at: Instant) {
        let window = self.window;
        self.told.retain(|_, told| told.at.is_some_and(|told| at.saturating_duration_since(told) < window));
    }
}

impl Observer for Reporter {
    fn observe(&mut self, record: &Record) {
        let event = &record.event;
        if event.severity() < self.least {
            return;
        }
        let fingerprint = fingerprint(event);
        if self.told.len() >= KINDS && !self.told.contains_key(&fingerprint) {
            self.forget_the_old(record.at);
            if self.told.len() >= KINDS {
                return;
            }
        }
        let told = self.told.entry(fingerprint.clone()).or_insert(Told { at: None, untold: 0 });
        let is_fresh = told.at.is_none_or(|at| record.at.saturating_duration_since(at) >= self.window);
        let untold = told.untold;
        let is_told = is_fresh && self.is_within_rate(record.at) && {
            let incident = incident(&self.client, record, fingerprint.clone(), untold);
            self.outbox.try_send(incident).is_ok()
        };
        if let Some(told) = self.told.get_mut(&fingerprint) {
            if is_told {
                *told = Told { at: Some(record.at), untold: 0 };
            } else {
                told.untold += 1;
            }
        }
    }
}

fn incident(
    client: &Arc<str>,
    record: &Record,
    fingerprint: Vec<Cow<'static, str>>,
    untold: u64,
) -> Incident {
    let event = &record.event;
    let names = event.kind().facts.iter().map(|fact| fact.name);
    Incident {
        client: Arc::clone(client),
        event: event.name(),
        category: event.category(),
        severity: event.severity(),
        message: event.to_string(),
        facts: names.zip(event.facts().iter().map(ToString::to_string)).collect(),
        fingerprint,
        untold,
        at: SystemTime::now().checked_sub(record.at.elapsed()).unwrap_or(SystemTime::UNIX_EPOCH),
    }
}

/// The event's name and the words it carries: of those there are few. A topic is a name of the
/// application's choosing, and of those there may be thousands.
fn fingerprint(event: &Event) -> Vec<Cow<'static, str>> {
    let names = event.kind().facts.iter().map(|fact| fact.name);
    let words = names.zip(event.facts()).filter_map(|(name, value)| match value {
        Value::Text(word) if name != "topic" => Some(Cow::Owned(word.into_owned())),
        _ => None,
    });
    std::iter::once(Cow::Borrowed(event.name())).chain(words).collect()
}

/// How many incidents may wait to be delivered.
const WAITING: usize = 32;

/// How many kinds of incidents are told apart.
const KINDS: usize = 256;

const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<Incident>>>);

    #[async_trait]
    impl Report for Kept {
        async fn report(&self, incident: &Incident) -> Result<(), ReportError> {
            self.0.lock().unwrap().push(incident.clone());
            Ok(())
        }
    }

    fn panicked(handler: &'static str) -> Event {
        Event::HandlerPanicked { handler }
    }

    /// Tells of these events, each so many seconds after the first, and returns what was delivered.
    async fn delivered(
        set: impl FnOnce(Reporter) -> Reporter,
        events: impl IntoIterator<Item = (u64, Event)>,
    ) -> Vec<(&'static str, u64)> {
        let kept = Kept::default();
        let (reporter, reporting) = Reporter::start("a", kept.clone());
        let mut reporter = set(reporter);
        let began = Instant::now();
        for (seconds, event) in events {
            reporter.observe(&Record { at: began + Duration::from_secs(seconds), event });
        }
        reporting.finish().await;
        let kept = kept.0.lock().unwrap();
        kept.iter().map(|incident| (incident.event, incident.untold)).collect()
    }

    #[tokio::test]
    async fn the_same_is_told_once_in_a_window_and_then_with_its_count() {
        let events = [(0, "auth"), (1, "auth"), (2, "messages"), (3, "auth"), (299, "auth"), (300, "auth")];
        let events = events.map(|(seconds, handler)| (seconds, panicked(handler)));
        let told = delivered(|reporter| reporter, events).await;
        assert_eq!(told, [("handler_panicked", 0), ("handler_panicked", 0), ("handler_panicked", 3)]);
    }

    #[tokio::test]
    async fn a_storm_keeps_to_the_rate_and_is_made_up_for() {
        let set = |reporter: Reporter| reporter.with_rate(1).with_least(Severity::Warn);
        let gave_up = || Event::GaveUp { attempts: 3 };
        let events = [(0, panicked("auth")), (1, gave_up()), (59, gave_up()), (60, gave_up())];
        assert_eq!(delivered(set, events).await, [("handler_panicked", 0), ("gave_up", 2)]);
    }

    #[tokio::test]
    async fn what_is_not_serious_is_not_told() {
        let events = || [(0, Event::Closing), (1, Event::HeldBack { span: MINUTE })];
        assert_eq!(delivered(|reporter| reporter, events()).await, []);
        let told = delivered(|reporter| reporter.with_least(Severity::Warn), events()).await;
        assert_eq!(told, [("held_back", 0)]);
    }

    #[tokio::test]
    async fn topics_do_not_make_incidents_of_their_own() {
        let events = (0..1_000).map(|number| (0, Event::QueueHighWater { topic: number.to_string() }));
        let told = delivered(|reporter| reporter.with_least(Severity::Warn), events).await;
        assert_eq!(told, [("queue_high_water", 0)]);
    }
}
