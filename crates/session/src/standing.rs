//! The words in which a session speaks of itself.

use std::{
    fmt,
    time::{Duration, Instant},
};

use nova_behaviour::Topic;
use nova_ratelimit::Level;
use nova_telemetry::{Lane, Sizes};
use nova_transport::Phase;

use crate::state::{EndCause, State, Step};

/// How full everything is, at one moment.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Gauges {
    /// Whether the session is usable.
    pub is_ready: bool,
    /// Requests that have not ended.
    pub live_requests: usize,
    /// What waits in the outbound lanes.
    pub lanes: [LaneUsage; 3],
    /// Items that wait for subscribers.
    pub items_waiting: usize,
    /// Their payload, in bytes.
    pub bytes_waiting: usize,
    /// The wanted set, by how far its topics have come.
    pub topics: TopicCounts,
    /// Payload sizes of the messages so far, on all links.
    pub message_sizes: MessageSizes,
    /// Time since the last frame of the present link.
    pub silence: Option<Duration>,
    /// From the last ping to its pong.
    pub round_trip: Option<Duration>,
    /// Time until the login expires, where the server said so; zero once it has.
    pub login_expires_in: Option<Duration>,
    /// What the limiter's budgets hold.
    pub budgets: Vec<Level>,
}

/// Payload sizes of text and binary messages, in bytes.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MessageSizes {
    /// Of those from the peer, whole.
    pub received: Sizes,
    /// Of those handed to the socket.
    pub sent: Sizes,
}

/// What waits in a lane.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct LaneUsage {
    /// Which.
    pub lane: Lane,
    /// Messages.
    pub count: usize,
    /// Their payload, in bytes.
    pub bytes: usize,
}

impl Default for LaneUsage {
    fn default() -> Self {
        Self { lane: Lane::User, count: 0, bytes: 0 }
    }
}

/// Topics by how far they have come.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct TopicCounts {
    /// Not yet asked for on this link.
    pub wanted: usize,
    /// Asked for, not yet answered.
    pub asked: usize,
    /// Acknowledged.
    pub confirmed: usize,
    /// Refused.
    pub refused: usize,
    /// Given up, the server not yet told.
    pub leaving: usize,
}

/// Whether a session is as the application wants it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// The whole in a word.
    pub condition: Condition,
    /// What is wrong; empty if nothing is.
    pub ailments: Vec<Ailment>,
    /// Where the session stands.
    pub state: State,
    /// Since when.
    pub since: Instant,
    /// Time since the last frame of the present link.
    pub silence: Option<Duration>,
    /// From the last ping to its pong.
    pub round_trip: Option<Duration>,
    /// Time until the login expires, where the server said so; zero once it has.
    pub login_expires_in: Option<Duration>,
}

impl Health {
    /// Whether requests can be made: ready, and nothing grave is wrong.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self.condition, Condition::Well | Condition::Impaired)
    }

    /// Whether the session lives, or will again by itself.
    #[must_use]
    pub const fn is_alive(&self) -> bool {
        !matches!(self.condition, Condition::Over)
    }
}

/// The health of a session in a word, best first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Condition {
    /// Ready, and nothing is wrong.
    Well,
    /// Ready, but something is wrong.
    Impaired,
    /// Not ready; the session is on its way back.
    Down,
    /// Ended, for good.
    Over,
}

impl Condition {
    /// A short, stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Impaired => "impaired",
            Self::Down => "down",
            Self::Over => "over",
        }
    }
}

/// Something that is wrong with a session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ailment {
    /// It is not usable.
    NotReady {
        /// Where it stands instead.
        state: State,
        /// Since when.
        since: Instant,
    },
    /// A probe was sent, and nothing was heard since.
    Unanswered {
        /// Until when it may be answered.
        until: Instant,
        /// How many before it were answered by nothing at all, their deadlines over.
        missed: u32,
    },
    /// The login has expired, and was not renewed.
    LoginExpired {
        /// Since when.
        since: Instant,
    },
    /// The server said that it is asked too much.
    HeldBack {
        /// Until when nothing priced goes out.
        until: Instant,
    },
    /// Required topics are not acknowledged.
    MissingTopics(Vec<Topic>),
    /// Topics were refused.
    RefusedTopics(Vec<Topic>),
    /// Topics are silent for longer than their subscribers wished.
    StaleTopics(Vec<Topic>),
    /// It has ended.
    Closed(EndCause),
}

impl Ailment {
    /// Whether the session is of no use while it lasts.
    #[must_use]
    pub const fn is_grave(&self) -> bool {
        match self {
            // A probe under way is nothing to worry about, until one has been missed.
            Self::Unanswered { missed, .. } => *missed > 0,
            Self::NotReady { .. } | Self::MissingTopics(_) | Self::Closed(_) => true,
            _ => false,
        }
    }

    /// A short, stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotReady { .. } => "not_ready",
            Self::Unanswered { .. } => "unanswered",
            Self::LoginExpired { .. } => "login_expired",
            Self::HeldBack { .. } => "held_back",
            Self::MissingTopics(_) => "missing_topics",
            Self::RefusedTopics(_) => "refused_topics",
            Self::StaleTopics(_) => "stale_topics",
            Self::Closed(_) => "closed",
        }
    }
}

impl fmt::Display for Ailment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady { state: State::Waiting { attempt, cause, .. }, .. } => {
                write!(f, "waiting for attempt {attempt}: {cause}")
            }
            Self::NotReady { state, .. } => write!(f, "{}", state.name()),
            Self::Unanswered { .. } => f.write_str("a probe is unanswered"),
            Self::LoginExpired { .. } => f.write_str("the login has expired"),
            Self::HeldBack { .. } => f.write_str("the server said that it is asked too much"),
            Self::MissingTopics(topics) => write!(f, "required topics are missing: {}", Names(topics)),
            Self::RefusedTopics(topics) => write!(f, "topics were refused: {}", Names(topics)),
            Self::StaleTopics(topics) => write!(f, "topics are silent: {}", Names(topics)),
            Self::Closed(cause) => write!(f, "closed: {cause}"),
        }
    }
}

/// The first few of many names.
struct Names<'a>(&'a [Topic]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        for (index, topic) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{topic}", if index == 0 { "" } else { ", " })?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Something a session waits for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Wait {
    /// What.
    pub what: Waiting,
    /// Since when, where that is kept.
    pub since: Option<Instant>,
    /// Until when at the latest; `None` if somebody else ends it.
    pub until: Option<Instant>,
    /// Who decided so.
    pub decided_by: Decider,
}

impl Wait {
    pub(crate) const fn new(
        what: Waiting,
        since: Option<Instant>,
        until: Option<Instant>,
        decided_by: Decider,
    ) -> Self {
        Self { what, since, until, decided_by }
    }
}

/// What a session can wait for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Waiting {
    /// The time of the next attempt, with this number.
    Attempt(u32),
    /// The old link to be closed, before the next is dialled.
    OldLink,
    /// A phase of opening a link; `None` before the first.
    Phase(Option<Phase>),
    /// A step of re-establishment, and how many required topics it lacks.
    Step(Step, usize),
    /// The closing handshake.
    Close,
    /// Anything from the peer, since a probe was sent.
    Pong,
    /// The time to renew the login.
    Renewal,
    /// The answer to a login.
    Login,
    /// The end of a pause that the server asked for.
    HeldBack,
    /// Credits for the next priced message.
    Credits,
    /// A slow subscriber, for whom reading pauses.
    Subscriber,
    /// The time to ask for a topic again.
    TopicRetry,
    /// Replies to so many requests; the first deadline is its end.
    Replies(usize),
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attempt(number) => write!(f, "the time of attempt {number}"),
            Self::OldLink => f.write_str("the old link to be closed"),
            Self::Phase(Some(phase)) => write!(f, "connecting: {phase}"),
            Self::Phase(None) => f.write_str("a dial to begin"),
            Self::Step(step, 0) => write!(f, "{}", step.name()),
            Self::Step(step, missing) => write!(f, "{}: {missing} required topics", step.name()),
            Self::Close => f.write_str("the closing handshake"),
            Self::Pong => f.write_str("an answer to a probe"),
            Self::Renewal => f.write_str("the time to renew the login"),
            Self::Login => f.write_str("the answer to a login"),
            Self::HeldBack => f.write_str("the end of a pause the server asked for"),
            Self::Credits => f.write_str("credits"),
            Self::Subscriber => f.write_str("a slow subscriber"),
            Self::TopicRetry => f.write_str("the time to ask for a topic again"),
            Self::Replies(count) => write!(f, "replies to {count} requests"),
        }
    }
}

/// Who decided how long a session waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Decider {
    /// The reconnect strategy.
    Strategy,
    /// The error handler, which knew when the peer wants to see us again.
    ErrorHandler,
    /// The login handler's lead.
    AuthHandler,
    /// The rate limit handler, which read a refusal.
    RateLimitHandler,
    /// The limiter.
    Limiter,
    /// The subscription's overflow rule.
    Overflow,
    /// The setting `keep_alive`.
    KeepAlive,
    /// The deadline of a connect phase, a setting of the transport.
    ConnectDeadline,
    /// The setting `opening_deadline`.
    OpeningDeadline,
    /// The setting `close_deadline`, or the time given to `shutdown`.
    CloseDeadline,
    /// The setting `call_deadline`, or the caller's own.
    CallDeadline,
    /// The session itself.
    Session,
}

impl fmt::Display for Decider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Strategy => "the reconnect strategy",
            Self::ErrorHandler => "the error handler",
            Self::AuthHandler => "the login handler",
            Self::RateLimitHandler => "the rate limit handler",
            Self::Limiter => "the limiter",
            Self::Overflow => "the subscription's overflow rule",
            Self::KeepAlive => "keep_alive",
            Self::ConnectDeadline => "the deadline of the connect phase",
            Self::OpeningDeadline => "opening_deadline",
            Self::CloseDeadline => "close_deadline, or the time given to shutdown",
            Self::CallDeadline => "call_deadline, or the caller's own",
            Self::Session => "the session",
        })
    }
}
