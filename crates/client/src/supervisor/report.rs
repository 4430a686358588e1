//! What a supervisor tells about its children.

use nova_session::{EndCause, ShutdownReport, State};
use tokio::sync::broadcast::{self, error::RecvError};

/// How a child ended.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildEnd {
    /// Its client was closed.
    #[error("its client was closed")]
    Closed(#[source] EndCause),
    /// Foreign code inside of it panicked: its transport, its source of endpoints, or the function
    /// that makes it. The panic's text goes to the panic hook alone.
    #[error("it panicked")]
    Panicked,
}

impl ChildEnd {
    /// Whether the application wanted it. Everything else is a reason to restart.
    #[must_use]
    pub const fn is_normal(&self) -> bool {
        matches!(self, Self::Closed(EndCause::Shutdown))
    }
}

/// Whether a child is kept alive.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Standing {
    /// It runs, and is restarted should it end otherwise than by being shut down.
    Kept,
    /// It was shut down, and stays down.
    Ended,
    /// It ended more often than the policy allows, and stays down. This was the last end.
    GivenUp(ChildEnd),
}

/// A child, as [`list`](crate::Supervisor::list) shows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChildStatus {
    /// Its name.
    pub name: String,
    /// The state of its present client.
    pub state: State,
    /// How often it was restarted.
    pub restarts: u64,
    /// Whether it is kept alive.
    pub standing: Standing,
}

/// What became of a child that was ended by its supervisor.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChildReport {
    /// Its name.
    pub name: String,
    /// How often it was restarted.
    pub restarts: u64,
    /// Its standing when the end was asked for.
    pub standing: Standing,
    /// What its last client left behind.
    pub report: ShutdownReport,
}

/// Something that happened to a child.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SupervisorEvent {
    /// It was started by the application.
    Started {
        /// The child.
        child: String,
    },
    /// It ended otherwise than by being shut down, and was started again.
    Restarted {
        /// The child.
        child: String,
        /// How it had ended.
        end: ChildEnd,
        /// How often it was restarted in all.
        restarts: u64,
    },
    /// It was shut down, by the supervisor or through a handle of its client, and stays down.
    Ended {
        /// The child.
        child: String,
    },
    /// It ended more often than the policy allows, and stays down.
    GivenUp {
        /// The child.
        child: String,
        /// How it ended last.
        end: ChildEnd,
    },
    /// This receiver fell behind, and missed so many events; [`list`](crate::Supervisor::list)
    /// tells how things stand.
    Missed {
        /// How many.
        count: u64,
    },
}

/// One receiver of a supervisor's events. It holds the latest 256.
#[derive(Debug)]
pub struct SupervisorEvents(broadcast::Receiver<SupervisorEvent>);

impl SupervisorEvents {
    pub(super) const fn new(receiver: broadcast::Receiver<SupervisorEvent>) -> Self {
        Self(receiver)
    }

    /// The next event; `None` once the supervisor is gone.
    ///
    /// # Cancel safety
    ///
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<SupervisorEvent> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(count)) => Some(SupervisorEvent::Missed { count }),
            Err(RecvError::Closed) => None,
        }
    }
}

/// How many events a slow receiver may leave untaken.
pub(super) const EVENTS: usize = 256;
