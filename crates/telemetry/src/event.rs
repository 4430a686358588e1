//! The events of a session, each fact once.
//!
//! No event carries a payload, a header value or a URL's query, and nothing a peer sends can make
//! one of the lifecycle events: those come from the session's own transitions.

use std::{
    fmt,
    time::{Duration, Instant},
};

use nova_transport::{ConnectError, Generation, LostReason, Phase};

/// An event with the time it happened at.
#[derive(Clone, Debug)]
pub struct Record {
    /// When, on the session's monotonic clock.
    pub at: Instant,
    /// What.
    pub event: Event,
}

/// Something that happened in a session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// An attempt to open a link begins.
    Connecting {
        /// The link.
        link: Generation,
        /// 0 for the first connect, then the number of the reconnection attempt.
        attempt: u32,
    },
    /// A phase of opening begins.
    PhaseBegan {
        /// The link.
        link: Generation,
        /// The phase.
        phase: Phase,
    },
    /// A link could not be opened.
    ConnectFailed {
        /// The link.
        link: Generation,
        /// Why.
        error: ConnectError,
    },
    /// The upgrade succeeded; login and the rest of re-establishment follow.
    Connected {
        /// The link.
        link: Generation,
        /// From the beginning of the attempt.
        took: Duration,
    },
    /// Login succeeded.
    LoggedIn {
        /// The link.
        link: Generation,
        /// How long the login holds, where the server said so.
        expires_in: Option<Duration>,
    },
    /// A setting of the connection was made.
    SettingMade {
        /// The link.
        link: Generation,
        /// The setting.
        name: &'static str,
    },
    /// A setting of the connection was refused, or not answered.
    SettingRefused {
        /// The link.
        link: Generation,
        /// The setting.
        name: &'static str,
    },
    /// The server refused to renew the login; the credentials follow before that counts.
    RenewalRefused {
        /// The link.
        link: Generation,
    },
    /// A refused request said that the login no longer holds; it is made anew.
    LoginLapsed {
        /// The link.
        link: Generation,
    },
    /// The server refused the login.
    LoginRefused {
        /// The link.
        link: Generation,
    },
    /// A topic is silent for longer than its subscribers wished; it is subscribed to anew.
    TopicStale {
        /// The link.
        link: Generation,
        /// The topic.
        topic: String,
    },
    /// The session is usable.
    Ready {
        /// The link.
        link: Generation,
        /// From the beginning of the attempt.
        took: Duration,
    },
    /// A link that was open is gone.
    Lost {
        /// The link.
        link: Generation,
        /// Why.
        reason: LostReason,
        /// How long it had been open.
        lived: Duration,
    },
    /// The next attempt is planned.
    ReconnectScheduled {
        /// The number of the attempt; the first reconnection is 1.
        attempt: u32,
        /// The pause before it.
        delay: Duration,
    },
    /// There will be no further attempt.
    GaveUp {
        /// How many reconnection attempts had been made.
        attempts: u32,
    },
    /// The settings were changed.
    Reconfigured,
    /// Shutdown was asked for.
    Closing,
    /// The session has ended. Always the last event.
    Closed,
    /// The peer answered a ping.
    Ponged {
        /// The link.
        link: Generation,
        /// From handing the ping to the socket until its pong was read.
        round_trip: Duration,
    },
    /// A request ended.
    Settled {
        /// How.
        outcome: Outcome,
        /// From the call until now.
        took: Duration,
    },
    /// Frames and bytes of payload since the last such event; at most one per wake.
    Traffic {
        /// Data and control frames from the peer.
        frames_received: u64,
        /// Their payload, in bytes.
        bytes_received: u64,
        /// Frames handed to the socket.
        frames_sent: u64,
        /// Their payload, in bytes.
        bytes_sent: u64,
    },
    /// A handler could not make sense of messages. The link lives on.
    Undecodable {
        /// The link.
        link: Generation,
        /// How many since the last such event.
        count: u64,
    },
    /// A handler panicked; the panic was contained.
    HandlerPanicked {
        /// The handler's role, such as `messages`.
        handler: &'static str,
    },
    /// Something of an earlier link arrived late, or a reply nobody waits for; it had no effect.
    Stale {
        /// How many since the last such event.
        count: u64,
    },
    /// The server said that it is asked too much: nothing priced goes out for a while.
    HeldBack {
        /// For how long.
        span: Duration,
    },
    /// A subscription's queue filled beyond its high water mark.
    QueueHighWater {
        /// The topic of the item that did it.
        topic: String,
    },
    /// A subscription's queue that was above its high water mark drained below its low one.
    QueueLowWater {
        /// The topic of the item that was taken.
        topic: String,
    },
    /// A lane filled beyond its high water mark.
    HighWater {
        /// The lane.
        lane: Lane,
    },
    /// A lane that was above its high water mark drained below its low one.
    LowWater {
        /// The lane.
        lane: Lane,
    },
    /// A subscription lost items; further losses up to the next notice are counted in it.
    ItemsDropped {
        /// How many since the last such event, over all subscriptions.
        count: u64,
    },
    /// Events themselves were dropped, because nobody took them in time.
    EventsDropped {
        /// How many.
        count: u64,
    },
}

impl Event {
    /// A stable name, fit for a log field or a metric's label.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Connecting { .. } => "connecting",
            Self::PhaseBegan { .. } => "phase_began",
            Self::ConnectFailed { .. } => "connect_failed",
            Self::Connected { .. } => "connected",
            Self::LoggedIn { .. } => "logged_in",
            Self::SettingMade { .. } => "setting_made",
            Self::SettingRefused { .. } => "setting_refused",
            Self::RenewalRefused { .. } => "renewal_refused",
            Self::LoginLapsed { .. } => "login_lapsed",
            Self::LoginRefused { .. } => "login_refused",
            Self::TopicStale { .. } => "topic_stale",
            Self::Ready { .. } => "ready",
            Self::Lost { .. } => "lost",
            Self::ReconnectScheduled { .. } => "reconnect_scheduled",
            Self::GaveUp { .. } => "gave_up",
            Self::Reconfigured => "reconfigured",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Ponged { .. } => "ponged",
            Self::Settled { .. } => "settled",
            Self::Traffic { .. } => "traffic",
            Self::Undecodable { .. } => "undecodable",
            Self::HandlerPanicked { .. } => "handler_panicked",
            Self::Stale { .. } => "stale",
            Self::HeldBack { .. } => "held_back",
            Self::QueueHighWater { .. } => "queue_high_water",
            Self::QueueLowWater { .. } => "queue_low_water",
            Self::HighWater { .. } => "high_water",
            Self::LowWater { .. } => "low_water",
            Self::ItemsDropped { .. } => "items_dropped",
            Self::EventsDropped { .. } => "events_dropped",
        }
    }

    /// What the event is about.
    #[must_use]
    pub const fn category(&self) -> Category {
        match self {
            Self::ConnectFailed { .. }
            | Self::LoginRefused { .. }
            | Self::RenewalRefused { .. }
            | Self::LoginLapsed { .. }
            | Self::SettingRefused { .. }
            | Self::GaveUp { .. }
            | Self::Undecodable { .. }
            | Self::HandlerPanicked { .. }
            | Self::ItemsDropped { .. }
            | Self::EventsDropped { .. } => Category::Error,
            Self::Settled { .. }
            | Self::Traffic { .. }
            | Self::Stale { .. }
            | Self::HeldBack { .. }
            | Self::QueueHighWater { .. }
            | Self::QueueLowWater { .. }
            | Self::HighWater { .. }
            | Self::LowWater { .. } => Category::Message,
            _ => Category::Connection,
        }
    }

    /// How much attention the event deserves: gave up, degraded, lifecycle, decision, traffic.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            // Wished for by the application.
            Self::Lost { reason: LostReason::Shutdown | LostReason::Reconnect, .. } => Severity::Info,
            Self::GaveUp { .. } | Self::HandlerPanicked { .. } | Self::LoginRefused { .. } => Severity::Error,
            Self::ConnectFailed { .. }
            | Self::Lost { .. }
            | Self::SettingRefused { .. }
            | Self::RenewalRefused { .. }
            | Self::LoginLapsed { .. }
            | Self::TopicStale { .. }
            | Self::Undecodable { .. }
            | Self::HeldBack { .. }
            | Self::QueueHighWater { .. }
            | Self::HighWater { .. }
            | Self::ItemsDropped { .. }
            | Self::EventsDropped { .. } => Severity::Warn,
            Self::Connected { .. }
            | Self::LoggedIn { .. }
            | Self::Reconfigured
            | Self::Ready { .. }
            | Self::Closing
            | Self::Closed => Severity::Info,
            Self::Connecting { .. }
            | Self::PhaseBegan { .. }
            | Self::SettingMade { .. }
            | Self::ReconnectScheduled { .. }
            | Self::Stale { .. }
            | Self::QueueLowWater { .. }
            | Self::LowWater { .. } => Severity::Debug,
            Self::Ponged { .. } | Self::Settled { .. } | Self::Traffic { .. } => Severity::Trace,
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
            Self::Settled { outcome, took } => write!(f, "request {} after {took:.1?}", outcome.name()),
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
