//! The events of a session, each fact once.
//!
//! No event carries a payload, a header value or a URL's query, and nothing a peer sends can make
//! one of the lifecycle events: those come from the session's own transitions.

use std::{
    fmt,
    time::{Duration, Instant},
};

use nova_transport::{ConnectError, Generation, LostReason, Phase};

use crate::catalogue::{EventKind, Fact, FactKind, Unit, Value, events};

/// An event with the time it happened at.
#[derive(Clone, Debug)]
pub struct Record {
    /// When, on the session's monotonic clock.
    pub at: Instant,
    /// What.
    pub event: Event,
}

events! {
    /// An attempt to open a link begins.
    Connecting = "connecting" (Connection, Debug) {
        /// The link.
        link: Generation as Number,
        /// 0 for the first connect, then the number of the reconnection attempt.
        attempt: u32 as Count,
    };
    /// A phase of opening begins.
    PhaseBegan = "phase_began" (Connection, Debug) {
        /// The link.
        link: Generation as Number,
        /// The phase.
        phase: Phase as Text,
    };
    /// A link could not be opened.
    ConnectFailed = "connect_failed" (Error, Warn) {
        /// The link.
        link: Generation as Number,
        /// Why.
        error: ConnectError as Text,
    };
    /// The upgrade succeeded; login and the rest of re-establishment follow.
    Connected = "connected" (Connection, Info) {
        /// The link.
        link: Generation as Number,
        /// From the beginning of the attempt.
        took: Duration as Seconds,
    };
    /// Login succeeded.
    LoggedIn = "logged_in" (Connection, Info) {
        /// The link.
        link: Generation as Number,
        /// How long the login holds, where the server said so.
        expires_in: Option<Duration> as Seconds,
    };
    /// A setting of the connection was made.
    SettingMade = "setting_made" (Connection, Debug) {
        /// The link.
        link: Generation as Number,
        /// The setting.
        name: &'static str as Text,
    };
    /// A setting of the connection was refused, or not answered.
    SettingRefused = "setting_refused" (Error, Warn) {
        /// The link.
        link: Generation as Number,
        /// The setting.
        name: &'static str as Text,
    };
    /// The server refused to renew the login; the credentials follow before that counts.
    RenewalRefused = "renewal_refused" (Error, Warn) {
        /// The link.
        link: Generation as Number,
    };
    /// A refused request said that the login no longer holds; it is made anew.
    LoginLapsed = "login_lapsed" (Error, Warn) {
        /// The link.
        link: Generation as Number,
    };
    /// The server refused the login.
    LoginRefused = "login_refused" (Error, Error) {
        /// The link.
        link: Generation as Number,
    };
    /// The server was asked for topics.
    TopicsAsked = "topics_asked" (Connection, Debug) {
        /// The link.
        link: Generation as Number,
        /// How many.
        count: u64 as Count,
    };
    /// The server's answer named topics as active.
    TopicsConfirmed = "topics_confirmed" (Connection, Debug) {
        /// The link.
        link: Generation as Number,
        /// How many.
        count: u64 as Count,
    };
    /// The server refused a topic, or its answer did not name it.
    TopicRefused = "topic_refused" (Error, Warn) {
        /// The link.
        link: Generation as Number,
        /// The topic.
        topic: String as Text,
    };
    /// Streams have a hole from here on, of which each subscriber is told before the next item.
    GapsOpened = "gaps_opened" (Error, Warn) {
        /// Why.
        cause: &'static str as Text,
        /// How many streams.
        count: u64 as Count,
    };
    /// A topic is silent for longer than its subscribers wished; it is subscribed to anew.
    TopicStale = "topic_stale" (Connection, Warn) {
        /// The link.
        link: Generation as Number,
        /// The topic.
        topic: String as Text,
    };
    /// The session is usable.
    Ready = "ready" (Connection, Info) {
        /// The link.
        link: Generation as Number,
        /// From the beginning of the attempt.
        took: Duration as Seconds,
    };
    /// A link that was open is gone.
    Lost = "lost" (Connection, Warn) {
        /// The link.
        link: Generation as Number,
        /// Why.
        reason: LostReason as Text,
        /// How long it had been open.
        lived: Duration as Seconds,
    };
    /// The next attempt is planned.
    ReconnectScheduled = "reconnect_scheduled" (Connection, Debug) {
        /// The number of the attempt; the first reconnection is 1.
        attempt: u32 as Count,
        /// The pause before it.
        delay: Duration as Seconds,
    };
    /// There will be no further attempt.
    GaveUp = "gave_up" (Error, Error) {
        /// How many reconnection attempts had been made.
        attempts: u32 as Count,
    };
    /// The settings were changed.
    Reconfigured = "reconfigured" (Connection, Info);
    /// Shutdown was asked for.
    Closing = "closing" (Connection, Info);
    /// The session has ended. Always the last event.
    Closed = "closed" (Connection, Info);
    /// The peer answered a ping.
    Ponged = "ponged" (Connection, Trace) {
        /// The link.
        link: Generation as Number,
        /// From handing the ping to the socket until its pong was read.
        round_trip: Duration as Seconds,
    };
    /// A request ended.
    Settled = "settled" (Message, Trace) {
        /// The request: a number that no other of this session has.
        request: u64 as Number,
        /// The link it was last handed to; unknown if it was handed to none.
        link: Option<Generation> as Number,
        /// How.
        outcome: Outcome as Text,
        /// From the call until now.
        took: Duration as Seconds,
    };
    /// Frames and bytes of payload since the last such event; at most one per wake.
    Traffic = "traffic" (Message, Trace) {
        /// Data and control frames from the peer.
        frames_received: u64 as Count,
        /// Their payload, in bytes.
        bytes_received: u64 as Bytes,
        /// Frames handed to the socket.
        frames_sent: u64 as Count,
        /// Their payload, in bytes.
        bytes_sent: u64 as Bytes,
    };
    /// A handler could not make sense of messages. The link lives on.
    Undecodable = "undecodable" (Error, Warn) {
        /// The link.
        link: Generation as Number,
        /// How many since the last such event.
        count: u64 as Count,
    };
    /// A handler panicked; the panic was contained.
    HandlerPanicked = "handler_panicked" (Error, Error) {
        /// The handler's role, such as `messages`.
        handler: &'static str as Text,
    };
    /// Something of an earlier link arrived late, or a reply nobody waits for; it had no effect.
    Stale = "stale" (Message, Debug) {
        /// How many since the last such event.
        count: u64 as Count,
    };
    /// The server said that it is asked too much: nothing priced goes out for a while.
    HeldBack = "held_back" (Message, Warn) {
        /// For how long.
        span: Duration as Seconds,
    };
    /// A subscription's queue filled beyond its high water mark.
    QueueHighWater = "queue_high_water" (Message, Warn) {
        /// The topic of the item that did it.
        topic: String as Text,
    };
    /// A subscription's queue that was above its high water mark drained below its low one.
    QueueLowWater = "queue_low_water" (Message, Debug) {
        /// The topic of the item that was taken.
        topic: String as Text,
    };
    /// A lane filled beyond its high water mark.
    HighWater = "high_water" (Message, Warn) {
        /// The lane.
        lane: Lane as Text,
    };
    /// A lane that was above its high water mark drained below its low one.
    LowWater = "low_water" (Message, Debug) {
        /// The lane.
        lane: Lane as Text,
    };
    /// A subscription lost items; further losses up to the next notice are counted in it.
    ItemsDropped = "items_dropped" (Error, Warn) {
        /// How many since the last such event, over all subscriptions.
        count: u64 as Count,
    };
    /// Events themselves were dropped, because nobody took them in time.
    EventsDropped = "events_dropped" (Error, Warn) {
        /// How many.
        count: u64 as Count,
    };
}

impl Event {
    /// A stable name, fit for a log field or a metric's label.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind().name
    }

    /// What the event is about.
    #[must_use]
    pub fn category(&self) -> Category {
        self.kind().category
    }

    /// How much attention the event deserves: gave up, degraded, lifecycle, decision, traffic.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            // Wished for by the application.
            Self::Lost { reason: LostReason::Shutdown | LostReason::Reconnect, .. } => Severity::Info,
            other => other.kind().severity,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting { link, attempt: 0 } => write!(f, "connecting ({link})"),
            Self::Connecting { link, attempt } => write!(f, "reconnecting, attempt {attempt} ({link})"),
            Self::PhaseBegan { link, phase } => write!(f, "{phase} began ({link})"),
            Self::ConnectFailed { link, error } => write!(f, "could not connect: {} ({link})", Chain(error)),
            Self::Connected { link, took } => write!(f, "connected in {took:.1?} ({link})"),
            Self::LoggedIn { link, .. } => write!(f, "logged in ({link})"),
            Self::SettingMade { link, name } => write!(f, "setting {name} made ({link})"),
            Self::SettingRefused { link, name } => write!(f, "setting {name} refused ({link})"),
            Self::RenewalRefused { link } => write!(f, "renewal of the login refused ({link})"),
            Self::LoginLapsed { link } => write!(f, "the login has lapsed ({link})"),
            Self::LoginRefused { link } => write!(f, "login refused ({link})"),
            Self::TopicsAsked { link, count } => write!(f, "asked for {count} topics ({link})"),
            Self::TopicsConfirmed { link, count } => write!(f, "{count} topics confirmed ({link})"),
            Self::TopicRefused { link, topic } => write!(f, "topic {topic} was refused ({link})"),
            Self::GapsOpened { cause, count } => write!(f, "{count} streams have a gap: {cause}"),
            Self::TopicStale { link, topic } => write!(f, "topic {topic} is silent ({link})"),
            Self::Ready { link, took } => write!(f, "ready after {took:.1?} ({link})"),
            Self::Lost { link, reason: LostReason::Shutdown, lived } => {
                write!(f, "link ended after {lived:.1?} ({link})")
            }
            Self::Lost { link, reason, lived } => {
                write!(f, "lost after {lived:.1?}: {} ({link})", Chain(reason))
            }
            Self::ReconnectScheduled { attempt, delay } => {
                write!(f, "attempt {attempt} follows in {delay:.1?}")
            }
            Self::GaveUp { attempts } => write!(f, "gave up after {attempts} reconnection attempts"),
            Self::Reconfigured => f.write_str("reconfigured"),
            Self::Closing => f.write_str("closing"),
            Self::Closed => f.write_str("closed"),
            Self::Ponged { link, round_trip } => write!(f, "pong after {round_trip:.1?} ({link})"),
            Self::Settled { request, link, outcome, took } => {
                write!(f, "request {request}: {} after {took:.1?}", outcome.name())?;
                link.map_or(Ok(()), |link| write!(f, " ({link})"))
            }
            Self::Traffic { frames_received, bytes_received, frames_sent, bytes_sent } => write!(
                f,
                "{frames_received} frames ({bytes_received} B) in, {frames_sent} frames ({bytes_sent} B) out"
            ),
            Self::Undecodable { link, count } => write!(f, "{count} undecodable messages ({link})"),
            Self::HandlerPanicked { handler } => write!(f, "the handler of {handler} panicked"),
            Self::Stale { count } => write!(f, "{count} late arrivals ignored"),
            Self::HeldBack { span } => write!(f, "asked too much: held back for {span:.1?}"),
            Self::QueueHighWater { topic } => write!(f, "the queue of {topic} is filling up"),
            Self::QueueLowWater { topic } => write!(f, "the queue of {topic} has drained"),
            Self::HighWater { lane } => write!(f, "the {} lane is filling up", lane.name()),
            Self::LowWater { lane } => write!(f, "the {} lane has drained", lane.name()),
            Self::ItemsDropped { count } => write!(f, "{count} items dropped"),
            Self::EventsDropped { count } => write!(f, "{count} events dropped"),
        }
    }
}

/// An error followed by its causes.
struct Chain<'a>(&'a dyn std::error::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            write!(f, ": {cause}")?;
            next = cause.source();
        }
        Ok(())
    }
}

/// How a request ended, without its content.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// A reply came.
    Reply,
    /// It was handed to the socket, and no reply was wanted.
    Handed,
    /// A ping was answered.
    Pong,
    /// The server answered with an error.
    Refused,
    /// It was never handed to the socket.
    NotSent,
    /// The link ended before the reply.
    SentUnknown,
    /// Its deadline passed.
    TimedOut,
    /// The reply made no sense.
    Undecodable,
    /// The caller stopped waiting.
    Cancelled,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 9] = [
        Self::Reply,
        Self::Handed,
        Self::Pong,
        Self::Refused,
        Self::NotSent,
        Self::SentUnknown,
        Self::TimedOut,
        Self::Undecodable,
        Self::Cancelled,
    ];

    /// A stable name, fit for a metric's label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Handed => "handed",
            Self::Pong => "pong",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::SentUnknown => "sent_unknown",
            Self::TimedOut => "timed_out",
            Self::Undecodable => "undecodable",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One of the three outbound lanes, which never share a bound.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Lane {
    /// Pongs, close frames, heartbeat answers.
    Control,
    /// Login, settings, subscriptions.
    Session,
    /// What the application sends.
    User,
}

impl Lane {
    /// A stable name, fit for a metric's label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Session => "session",
            Self::User => "user",
        }
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Category {
    /// The life of links and of the session.
    Connection,
    /// Requests and traffic.
    Message,
    /// Something went wrong.
    Error,
}

impl Category {
    /// A short, stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Message => "message",
            Self::Error => "error",
        }
    }
}

/// How much attention an event deserves, least first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Traffic.
    Trace,
    /// Decisions.
    Debug,
    /// Lifecycle.
    Info,
    /// Degraded.
    Warn,
    /// Gave up.
    Error,
}

impl Severity {
    /// A short, stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}
