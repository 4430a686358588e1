//! What the venue's errors mean, and what to do about those that concern the whole session.
//!
//! What a caller is to do about the error of his own request, [`RefusalExt`] tells him: it is his to
//! decide.

mod table;

use std::time::{Duration, SystemTime};

use nova_behaviour::{Class, ErrorHandler, Fault, Refusal, Verdict, classify};
use nova_transport::{ConnectError, LostReason};
use serde::Deserialize;

use crate::shared::{Notice, Shared};

/// An error code of the venue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ErrorCode {
    /// The number.
    pub code: i64,
    /// The venue's name for it. What a message says may have a limit after it, such as
    /// `price_too_high 43666.4`: decide by the number.
    pub name: &'static str,
    /// What to do about it.
    pub group: Group,
    /// What it means.
    pub meaning: &'static str,
}

impl ErrorCode {
    /// What this number means, if it is known.
    ///
    /// ```
    /// # use nova_adapter_deribit::{ErrorCode, Group};
    /// assert_eq!(ErrorCode::of(10028).map(|error| error.group), Some(Group::BackOff));
    /// ```
    #[must_use]
    pub fn of(code: i64) -> Option<&'static Self> {
        let at = table::TABLE.binary_search_by_key(&code, |error| error.code).ok()?;
        table::TABLE.get(at)
    }

    /// All that are known, in ascending order.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        table::TABLE
    }
}

/// What to do about an error.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Group {
    /// Nothing was done, and after a pause it may be. Wait, then repeat.
    BackOff,
    /// The same, but it will take minutes or hours.
    StayAway,
    /// Log in, then repeat.
    Authenticate,
    /// Subscribe anew, or reconnect.
    Resubscribe,
    /// The request, or the state of the account, has to change. Repeating it does not help.
    Fix,
    /// It may have been done, or not. Ask before repeating it.
    OutcomeUnknown,
}

/// What a refusal of the venue means.
pub trait RefusalExt: sealed::Sealed {
    /// The row of the table for its code, if the code is known.
    fn known(&self) -> Option<&'static ErrorCode>;

    /// What to do about it. A code that is not known says nothing on the outcome.
    fn group(&self) -> Group;

    /// The venue's reason, where it gives one.
    fn reason(&self) -> Option<String>;

    /// The parameter that is at fault, where the venue names one.
    fn param(&self) -> Option<String>;

    /// How long the venue says to wait, where it does.
    fn wait(&self) -> Option<Duration>;
}

impl RefusalExt for Refusal {
    fn known(&self) -> Option<&'static ErrorCode> {
        self.code.and_then(ErrorCode::of)
    }

    fn group(&self) -> Group {
        self.known().map_or(Group::OutcomeUnknown, |error| error.group)
    }

    fn reason(&self) -> Option<String> {
        match data(self)? {
            Data::Members { reason, .. } => reason,
            Data::Text(text) => Some(text),
        }
    }

    fn param(&self) -> Option<String> {
        match data(self)? {
            Data::Members { param, .. } => param,
            Data::Text(_) => None,
        }
    }

    fn wait(&self) -> Option<Duration> {
        match data(self)? {
            Data::Members { wait, .. } => wait.and_then(|wait| Duration::try_from_secs_f64(wait).ok()),
            Data::Text(_) => None,
        }
    }
}

/// The forms that further data was seen in.
#[derive(Deserialize)]
#[serde(untagged)]
enum Data {
    Text(String),
    Members {
        #[serde(default)]
        reason: Option<String>,
        #[serde(default)]
        param: Option<String>,
        #[serde(default)]
        wait: Option<f64>,
    },
}

fn data(refusal: &Refusal) -> Option<Data> {
    serde_json::from_slice(refusal.data.as_ref()?.as_body().as_bytes()).ok()
}

/// The usual classification, and what is peculiar to the venue.
///
/// - A login is refused for good for wrong credentials (13004), and for whatever else only the
///   application can put right. A signature or token that was refused (13009, 10000) is made anew on
///   three further links, since a clock that was just set or an invalidated session may be behind it.
///   A venue that is merely busy is asked again after a pause.
/// - Maintenance (error 11051, or status 503 at the handshake) and too many connections (status 429) are
///   waited for, at least ten seconds.
/// - A link that ends after too many requests (10028) or too slow reading comes back when the credits
///   have had time to return.
#[derive(Clone, Debug)]
pub struct DeribitErrors {
    shared: Shared,
}

impl DeribitErrors {
    pub(crate) const fn new(shared: Shared) -> Self {
        Self { shared }
    }

    fn refused_login(&self, refusal: &Refusal) -> Class {
        if let Some(least) = refusal.wait() {
            return Class::Wait { least, spread: least / 10 + Duration::from_secs(1) };
        }
        match (refusal.code, refusal.group()) {
            (_, Group::BackOff) => pause(5),
            (_, Group::StayAway) => pause(60),
            (Some(_), Group::Authenticate | Group::OutcomeUnknown | Group::Resubscribe) => Class::Transient,
            // What has no code is ours to say: a scope too narrow, a second factor, nonsense.
            (None, _) | (_, Group::Fix) => Class::Fatal,
        }
    }
}

impl ErrorHandler for DeribitErrors {
    fn classify(&self, fault: &Fault<'_>, wall: SystemTime) -> Class {
        let usual = classify(fault, wall);
        match fault {
            Fault::LoginRefused(refusal) => self.refused_login(refusal),
            // What the venue says of its return comes first.
            Fault::Lost(LostReason::Connect(ConnectError::Refused(refusal)))
                if usual == Class::Transient && matches!(refusal.status.as_u16(), 429 | 503) =>
            {
                pause(10)
            }
            Fault::Lost(
                LostReason::ClosedByHandler | LostReason::ClosedByPeer(_) | LostReason::Broken(_),
            ) if usual == Class::Transient => match self.shared.notice() {
                Some(Notice::Maintenance) => pause(10),
                Some(Notice::TooManyRequests | Notice::TooSlow) => pause(5),
                None => usual,
            },
            _ => usual,
        }
    }

    fn verdict(&mut self, fault: &Fault<'_>, class: Class, attempts: u32) -> Verdict {
        let _ = attempts;
        match (fault, class) {
            (Fault::Undecodable(_) | Fault::Panicked(_), _) => Verdict::Ignore,
            (_, Class::Fatal) => Verdict::Stop,
            (Fault::LoginRefused(_), Class::Transient) if self.shared.refused_logins() > LOGINS => {
                Verdict::Stop
            }
            (_, Class::Transient) => Verdict::Retry,
            (_, Class::Wait { least, spread }) => Verdict::RetryAfter { least, spread },
        }
    }
}

/// A pause of so many seconds, and up to twice as many more, so that not all clients return at once.
const fn pause(seconds: u64) -> Class {
    Class::Wait { least: Duration::from_secs(seconds), spread: Duration::from_secs(2 * seconds) }
}

/// How often a refused login is made anew.
const LOGINS: u32 = 3;

mod sealed {
    pub trait Sealed {}
    impl Sealed for nova_behaviour::Refusal {}
}

#[cfg(test)]
mod tests;
