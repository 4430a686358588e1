//! The behaviour of login.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{body::Body, dialect::Dialect, refusal::Refusal};

/// Builds the login, reads its answer, and says what may not be sent before it.
pub trait AuthHandler<D: Dialect>: Send + 'static {
    /// Whether the session must log in before it is ready. Default: yes.
    fn is_required(&self) -> bool {
        true
    }

    /// The login, built anew for each link and each renewal; `None` if the service has none.
    fn login(&mut self, moment: LoginMoment) -> Option<D::Request>;

    /// Reads the answer to the login. Default: any result is a grant without expiry.
    ///
    /// # Errors
    ///
    /// The server refused, or granted less than is needed.
    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        answer.map(|_| Grant::default())
    }

    /// How long before its expiry a grant is renewed. Default: 60 s.
    fn renewal_lead(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// Whether the refusal of some request says that the login no longer holds. Then the session logs
    /// in anew on the same link, and asks anew for the topics that
    /// [need it](crate::SubscriptionHandler::needs_login). Default: no refusal says so.
    fn has_lapsed(&mut self, refusal: &Refusal) -> bool {
        let _ = refusal;
        false
    }
}

/// What a login may need that the core cannot make up.
#[derive(Clone, Copy, Debug)]
pub struct LoginMoment {
    /// Wall time, for signatures.
    pub wall: SystemTime,
    /// A random number, fresh for each login.
    pub nonce: u64,
    /// Why it is made.
    pub occasion: LoginOccasion,
}

impl LoginMoment {
    /// Wall time in milliseconds since 1970, as most signatures want it; 0 before that.
    #[must_use]
    pub fn unix_millis(&self) -> u64 {
        let since = self.wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Why a login is made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum LoginOccasion {
    /// The link is new, or the application asked for it.
    #[default]
    Fresh,
    /// The grant is about to expire: what renews it will do. Should the server refuse that,
    /// [`Recovery`](Self::Recovery) follows before the refusal counts.
    Renewal,
    /// A renewal was refused, or the grant no longer holds: nothing but the credentials can help.
    Recovery,
}

/// A login that succeeded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Grant {
    /// How long it holds from now, where the server says so.
    pub expires_in: Option<Duration>,
}

impl Grant {
    /// Sets how long the grant holds from now.
    #[must_use]
    pub const fn with_expires_in(mut self, expires_in: Duration) -> Self {
        self.expires_in = Some(expires_in);
        self
    }
}

/// A service without login.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAuth;

impl<D: Dialect> AuthHandler<D> for NoAuth {
    fn is_required(&self) -> bool {
        false
    }

    fn login(&mut self, _moment: LoginMoment) -> Option<D::Request> {
        None
    }
}
