//! Logging in: by key and signature, for a while.

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use nova_behaviour::{AuthHandler, Body, Grant, LoginMoment, Refusal};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::dialect::{Request, VenueDialect};
use crate::venue::signature;

/// A key and its secret, which no output shows and which is wiped from memory when dropped.
#[derive(Clone)]
pub struct Credentials {
    key: String,
    secret: Zeroizing<String>,
}

impl Credentials {
    /// This key and its secret.
    #[must_use]
    pub fn new(key: &str, secret: &str) -> Self {
        Self { key: key.to_owned(), secret: Zeroizing::new(secret.to_owned()) }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Logs in with credentials, if it has any.
#[derive(Clone, Debug)]
pub struct VenueLogin {
    credentials: Option<Credentials>,
    lead: Duration,
}

impl VenueLogin {
    /// Logs in with these credentials.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Renews a login so long before it expires. Default: 60 s.
    #[must_use]
    pub const fn with_lead(mut self, lead: Duration) -> Self {
        self.lead = lead;
        self
    }
}

impl Default for VenueLogin {
    /// Does not log in.
    fn default() -> Self {
        Self { credentials: None, lead: Duration::from_secs(60) }
    }
}

#[derive(Deserialize)]
struct Granted {
    expires: u64,
}

impl AuthHandler<VenueDialect> for VenueLogin {
    fn is_required(&self) -> bool {
        self.credentials.is_some()
    }

    fn login(&mut self, moment: LoginMoment) -> Option<Request> {
        let Credentials { key, secret } = self.credentials.as_ref()?;
        let since = moment.wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let sign = signature(secret, time, moment.nonce);
        Some(Request::Login { key: key.clone(), time, nonce: moment.nonce.to_string(), sign })
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        let granted: Granted = serde_json::from_slice(answer?.as_bytes())
            .map_err(|error| Refusal::new(format!("the grant cannot be read: {error}")))?;
        Ok(Grant::default().with_expires_in(Duration::from_secs(granted.expires)))
    }

    fn renewal_lead(&self) -> Duration {
        self.lead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let login = VenueLogin::default().with_credentials(Credentials::new("alice", "hunter2"));
        let shown = format!("{login:?}");
        assert!(shown.contains("alice") && !shown.contains("hunter2"), "{shown}");
    }
}
