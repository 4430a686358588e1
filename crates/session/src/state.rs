//! What a session tells about itself.

use std::time::Instant;

use nova_behaviour::{InvalidSetting, Refusal};
use nova_transport::{Generation, LostReason, Phase};

/// Where a session stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// Between two attempts.
    Waiting {
        /// When the next attempt begins.
        until: Instant,
        /// Its number; the first reconnection is 1.
        attempt: u32,
        /// What ended the last attempt or link.
        cause: LostReason,
    },
    /// Opening a link.
    Connecting {
        /// The link.
        link: Generation,
        /// 0 for the first connect, then the number of the reconnection attempt.
        attempt: u32,
        /// The phase under way; `None` before the first.
        phase: Option<Phase>,
    },
    /// The link is open; the session is being re-established on it.
    Opening {
        /// The link.
        link: Generation,
        /// The step under way.
        step: Step,
    },
    /// Usable: logged in where needed, every required topic acknowledged.
    Ready {
        /// The link.
        link: Generation,
    },
    /// Shutting down.
    Closing,
    /// Ended, for good.
    Closed(EndCause),
}

impl State {
    /// Whether the session is usable.
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        matches!(self, Self::Ready { .. })
    }

    /// Whether the session has ended.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }

    /// A short, stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Connecting { .. } => "connecting",
            Self::Opening { .. } => "opening",
            Self::Ready { .. } => "ready",
            Self::Closing => "closing",
            Self::Closed(_) => "closed",
        }
    }
}

/// A step of re-establishing a session on an open link, in order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Making those settings of the connection that need no login.
    Settings,
    /// Logging in.
    Login,
    /// Making those settings of the connection that need the login.
    PrivateSettings,
    /// Restoring the required subscriptions.
    Subscriptions,
}

impl Step {
    /// A short, stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Login => "login",
            Self::PrivateSettings => "private settings",
            Self::Subscriptions => "subscriptions",
        }
    }
}

/// Why a session has ended.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndCause {
    /// The application shut it down, or dropped its last handle.
    #[error("it was shut down")]
    Shutdown,
    /// Something that trying again cannot help; or the first connect failed and was not to be
    /// retried.
    #[error("it could not go on")]
    Failed(#[source] LostReason),
    /// The strategy allowed no further attempt.
    #[error("it gave up after {attempts} reconnection attempts")]
    Exhausted {
        /// How many attempts were made.
        attempts: u32,
        /// What ended the last one.
        #[source]
        last: LostReason,
    },
    /// The server refused the login.
    #[error("the server refused the login")]
    LoginRefused(#[source] Refusal),
    /// Its settings make no sense; nothing was tried.
    #[error("it was not started")]
    Settings(#[source] InvalidSetting),
    /// Its driver was dropped, for instance because the runtime shut down.
    #[error("its driver was dropped")]
    Abandoned,
    /// A handler ended it.
    #[error("a handler ended it")]
    Stopped,
}

/// What a shutdown left behind.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Requests that were never handed to the socket.
    pub not_sent: u64,
    /// Requests that were handed to the socket and never answered.
    pub sent_unknown: u64,
    /// Whether the peer took part in the closing handshake, or there was no link to close.
    pub is_clean: bool,
}
