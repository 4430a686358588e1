//! What the handlers of one session tell each other.
//!
//! The traits hand nothing from one handler to another, so what the messages say of the venue's state
//! reaches the error handler, and what the login was given reaches the requests, by this value. All its
//! users run one after another, under the session's lock: it is never contended.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU8, AtomicU32, Ordering::Relaxed},
};

use nova_behaviour::Secret;

/// One session's own; a clone is another view of the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    token: Mutex<Option<Secret>>,
    notice: AtomicU8,
    refused_logins: AtomicU32,
}

/// What the venue said of itself last, that explains why a link ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Notice {
    /// Maintenance: nothing is served.
    Maintenance = 1,
    /// Too much was asked; the venue may end the link over it.
    TooManyRequests = 2,
    /// We read too slowly; the venue ends the link over it.
    TooSlow = 3,
}

impl Shared {
    pub(crate) fn set_token(&self, token: Option<Secret>) {
        *self.token() = token;
    }

    pub(crate) fn token(&self) -> MutexGuard<'_, Option<Secret>> {
        self.0.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, notice: Notice) {
        self.0.notice.store(notice as u8, Relaxed);
    }

    /// The venue answers as it should.
    pub(crate) fn all_is_well(&self) {
        if self.0.notice.load(Relaxed) != 0 {
            self.0.notice.store(0, Relaxed);
        }
    }

    pub(crate) fn notice(&self) -> Option<Notice> {
        match self.0.notice.load(Relaxed) {
            1 => Some(Notice::Maintenance),
            2 => Some(Notice::TooManyRequests),
            3 => Some(Notice::TooSlow),
            _ => None,
        }
    }

    pub(crate) fn login_refused(&self) {
        self.0.refused_logins.fetch_add(1, Relaxed);
    }

    pub(crate) fn login_granted(&self) {
        self.0.refused_logins.store(0, Relaxed);
    }

    /// How many logins in a row were refused.
    pub(crate) fn refused_logins(&self) -> u32 {
        self.0.refused_logins.load(Relaxed)
    }
}
