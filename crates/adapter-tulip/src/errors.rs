//! What the venue's errors mean.

use std::time::{Duration, SystemTime};

use nova_behaviour::{Class, ErrorHandler, Fault, Refusal, classify};

/// What an error of the venue is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Meaning {
    /// The request is at fault: repeating it does not help.
    BadRequest,
    /// It needs a login, and there is none or none any more.
    NotLoggedIn,
    /// The credentials are wrong.
    WrongCredentials,
    /// There is no such topic or instrument.
    NoSuchThing,
    /// Too much was asked at once: later it may go.
    TooMuch,
    /// The order was not taken.
    OrderRefused,
    /// A code that is not in the venue's table.
    Unknown,
}

/// What a refusal is about, by the venue's table of codes.
#[must_use]
pub const fn meaning(refusal: &Refusal) -> Meaning {
    match refusal.code {
        Some(10) => Meaning::BadRequest,
        Some(20) => Meaning::NotLoggedIn,
        Some(21) => Meaning::WrongCredentials,
        Some(30) => Meaning::NoSuchThing,
        Some(40) => Meaning::TooMuch,
        Some(50) => Meaning::OrderRefused,
        _ => Meaning::Unknown,
    }
}

/// The usual classification, and what is peculiar to the venue: a login that is refused only for lack
/// of credits is tried again later.
#[derive(Clone, Copy, Debug, Default)]
pub struct TulipErrors;

impl ErrorHandler for TulipErrors {
    fn classify(&self, fault: &Fault<'_>, wall: SystemTime) -> Class {
        match fault {
            Fault::LoginRefused(refusal) if meaning(refusal) == Meaning::TooMuch => {
                Class::Wait { least: Duration::from_secs(1), spread: Duration::from_secs(1) }
            }
            _ => classify(fault, wall),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_refused_for_good_unless_only_credits_lack() {
        let refused = |code| {
            let refusal = Refusal::new("no").with_code(code);
            TulipErrors.classify(&Fault::LoginRefused(&refusal), SystemTime::UNIX_EPOCH)
        };
        assert_eq!([refused(21), refused(10), refused(99)], [Class::Fatal; 3]);
        assert!(matches!(refused(40), Class::Wait { .. }));
    }
}
