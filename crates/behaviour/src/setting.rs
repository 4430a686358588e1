//! The behaviour of connection-scoped settings, such as a heartbeat or cancel-on-disconnect.
//!
//! A server forgets them with the connection. They are part of what the session re-establishes on
//! every link, so they cannot be forgotten on ours.

use crate::{body::Body, dialect::Dialect, refusal::Refusal};

/// Says which settings every connection must have.
pub trait SettingHandler<D: Dialect>: Send + 'static {
    /// The settings, in the order in which they are made; asked anew on every link.
    fn wanted(&mut self) -> Vec<Setting<D::Request>>;

    /// Reads the answer to a setting. Default: any result is good.
    ///
    /// # Errors
    ///
    /// The server refused, or did something else than was asked.
    fn answered(&mut self, name: &'static str, answer: Result<Body<'_>, Refusal>) -> Result<(), Refusal> {
        let _ = name;
        answer.map(|_| ())
    }
}

/// One setting of a connection.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Setting<R> {
    /// Its name, for events and errors.
    pub name: &'static str,
    /// The request that makes it.
    pub request: R,
    /// Whether it can only be made once logged in.
    pub needs_login: bool,
    /// Whether the session is of no use without it.
    pub is_required: bool,
}

impl<R> Setting<R> {
    /// A setting that is made before login, and without which the session is of no use.
    pub const fn new(name: &'static str, request: R) -> Self {
        Self { name, request, needs_login: false, is_required: true }
    }

    /// Makes it after login.
    #[must_use]
    pub const fn after_login(mut self) -> Self {
        self.needs_login = true;
        self
    }

    /// Lets the session go on if the server refuses it.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.is_required = false;
        self
    }
}

/// A service whose connections need no settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSettings;

impl<D: Dialect> SettingHandler<D> for NoSettings {
    fn wanted(&mut self) -> Vec<Setting<D::Request>> {
        Vec::new()
    }
}
