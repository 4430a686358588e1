//! The behaviour towards errors: what a fault means, and what to do about it.

use std::time::{Duration, SystemTime};

use crate::classify::{Class, Fault, classify};

/// Classifies faults and gives the verdict. The connection handler may overrule it after a lost
/// link.
pub trait ErrorHandler: Send + 'static {
    /// What a fault means. Default: the table of [`classify`].
    fn classify(&self, fault: &Fault<'_>, wall: SystemTime) -> Class {
        classify(fault, wall)
    }

    /// What to do about it. `attempts` counts the reconnection attempts made since the session was
    /// last useful.
    ///
    /// Default: undecodable messages and contained panics are ignored; whatever is fatal stops; the
    /// rest is retried by plan, or when the peer said so.
    fn verdict(&mut self, fault: &Fault<'_>, class: Class, attempts: u32) -> Verdict {
        let _ = attempts;
        match (fault, class) {
            (Fault::Undecodable(_) | Fault::Panicked(_), _) => Verdict::Ignore,
            (_, Class::Fatal) => Verdict::Stop,
            (_, Class::Transient) => Verdict::Retry,
            (_, Class::Wait { least, spread }) => Verdict::RetryAfter { least, spread },
        }
    }
}

/// What to do about a fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Nothing: the link lives on. After a lost link this means the same as [`Retry`](Self::Retry).
    Ignore,
    /// Reconnect by plan; a link that is still open is closed first.
    Retry,
    /// Reconnect after a pause of at least `least`, and up to `spread` more.
    RetryAfter {
        /// The least pause.
        least: Duration,
        /// The room for jitter above it.
        spread: Duration,
    },
    /// End the session.
    Stop,
}

/// Retries what may pass, stops at what cannot: the defaults of [`ErrorHandler`].
#[derive(Clone, Copy, Debug, Default)]
pub struct RetryTransient;

impl ErrorHandler for RetryTransient {}
