//! What the venue's errors mean.

use std::time::{Duration, SystemTime};

use nova_behaviour::{Class, ErrorHandler, Fault, Refusal, classify};
use nova_transport::LostReason;

/// What an error of the venue is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Group {
    /// The request is at fault: repeating it does not help.
    Request,
    /// Who asks is not known, or not known any more.
    Login,
    /// There is no such thing, or it is there already.
    State,
    /// Too much was asked at once: later it may go.
    Limits,
    /// Anything else.
    Other,
}

/// What a refusal is about.
#[must_use]
pub const fn group(refusal: &Refusal) -> Group {
    match refusal.code {
        Some(400) => Group::Request,
        Some(401 | 403) => Group::Login,
        Some(404 | 409) => Group::State,
        Some(429) => Group::Limits,
        _ => Group::Other,
    }
}

/// The usual classification, and what is peculiar to the venue: a login refused for lack of credits
/// is tried again later, and whoever is banned (close code 4403) stays away.
#[derive(Clone, Copy, Debug, Default)]
pub struct VenueErrors;

impl ErrorHandler for VenueErrors {
    fn classify(&self, fault: &Fault<'_>, wall: SystemTime) -> Class {
        match fault {
            Fault::LoginRefused(refusal) if group(refusal) == Group::Limits => {
                Class::Wait { least: Duration::from_secs(1), spread: Duration::from_secs(1) }
            }
            Fault::Lost(LostReason::ClosedByPeer(Some(frame))) if frame.code().get() == 4403 => Class::Fatal,
            _ => classify(fault, wall),
        }
    }
}
