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

#[cfg(test)]
mod tests {
    use nova_frame_codec::{CloseCode, CloseFrame};

    use super::*;

    fn class(fault: &Fault<'_>) -> Class {
        VenueErrors.classify(fault, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_login_is_refused_for_good_unless_only_credits_lack() {
        let refused = |code| class(&Fault::LoginRefused(&Refusal::new("no").with_code(code)));
        assert_eq!([refused(401), refused(403), refused(0)], [Class::Fatal; 3]);
        assert!(matches!(refused(429), Class::Wait { .. }));
    }

    #[test]
    fn the_banned_stay_away_and_others_come_back() {
        let closed = |code| {
            let code = CloseCode::try_from(code).unwrap();
            class(&Fault::Lost(&LostReason::ClosedByPeer(Some(CloseFrame::from(code)))))
        };
        assert_eq!((closed(4403), closed(4008)), (Class::Fatal, Class::Transient));
    }
}
