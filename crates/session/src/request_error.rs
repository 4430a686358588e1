//! Why a request has no reply (law L5).

use std::{error::Error as StdError, sync::Arc};

use nova_behaviour::{DecodeError, Refusal, Topic};
use nova_ratelimit::ChargeError;
use nova_telemetry::Outcome;
use nova_transport::{Generation, LostReason};

use crate::state::EndCause;

/// Why a request has no reply. Every request ends exactly once.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The server answered with an error.
    #[error("the server refused the request")]
    Refused(#[source] Refusal),
    /// Provably never handed to the socket: safe to try again.
    #[error("not sent")]
    NotSent(#[source] NotSent),
    /// The link ended first. The peer may or may not have acted.
    #[error("sent on {link}, outcome unknown: the link ended before the reply")]
    SentUnknown {
        /// The link it was sent on.
        link: Generation,
        /// Why that link ended.
        #[source]
        reason: LostReason,
    },
    /// The deadline passed.
    #[error("no reply before the deadline{}", if *.sent { "; the peer may have acted" } else { ", and not sent" })]
    TimedOut {
        /// Whether it had been handed to the socket. If not, it is safe to try again.
        sent: bool,
    },
    /// A reply came, but it does not have the expected shape. The peer has acted.
    #[error("the reply cannot be read")]
    Undecodable(#[source] DecodeError),
    /// The caller stopped waiting.
    #[error("cancelled")]
    Cancelled,
}

impl RequestError {
    /// Whether the peer provably never saw the request, so that it is safe to try again.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        matches!(self, Self::NotSent(_) | Self::TimedOut { sent: false })
    }

    /// The kind of ending, as events and metrics name it.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Refused(_) => Outcome::Refused,
            Self::NotSent(_) => Outcome::NotSent,
            Self::SentUnknown { .. } => Outcome::SentUnknown,
            Self::TimedOut { .. } => Outcome::TimedOut,
            Self::Undecodable(_) => Outcome::Undecodable,
            Self::Cancelled => Outcome::Cancelled,
        }
    }
}

impl From<NotSent> for RequestError {
    fn from(reason: NotSent) -> Self {
        Self::NotSent(reason)
    }
}

/// Why a request was never handed to the socket.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotSent {
    /// There is no usable link now, and the caller did not choose to wait for one.
    #[error("there is no usable link: retry when the client is ready, or let the request wait for it")]
    NotReady,
    /// No link became usable in the time the caller allowed.
    #[error("no link became usable in the time allowed")]
    WaitedInVain,
    /// The link ended while the request waited for its turn.
    #[error("the link ended while the request waited for its turn")]
    LinkLost(#[source] LostReason),
    /// The lane is full: the application sends faster than the socket, or the limiter, takes it.
    #[error("too much waits for the socket already")]
    LaneFull,
    /// Too many requests wait for replies.
    #[error("too many requests wait for replies already")]
    TooManyInFlight,
    /// It can never be paid for.
    #[error("the rate limit can never admit it")]
    Charge(#[source] ChargeError),
    /// The message handler could not express it.
    #[error("the request cannot be expressed")]
    Encode(#[source] Arc<dyn StdError + Send + Sync>),
    /// A handler panicked over it.
    #[error("a handler panicked over it")]
    HandlerPanicked,
    /// A reply was wanted, but nothing would recognise it.
    #[error("its reply could not be recognised: give a matcher, or send it as a notification")]
    Uncorrelated,
    /// The adapter knows that the service would refuse this topic.
    #[error("the topic {topic} cannot be asked for")]
    Inadmissible {
        /// The topic.
        topic: Topic,
        /// Why.
        #[source]
        refusal: Refusal,
    },
    /// The service does not have this feature.
    #[error("the service does not support {0}")]
    Unsupported(&'static str),
    /// A subscription may not hold back the link for so long: the peer's signs of life would come
    /// too late.
    #[error("a subscription may pause reading for less than {limit:?}, the deadline of a probe")]
    PauseTooLong {
        /// The deadline of a probe.
        limit: std::time::Duration,
    },
    /// The session has ended, or is about to.
    #[error("the client is closed")]
    Closed(#[source] EndCause),
}
