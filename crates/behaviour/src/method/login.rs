//! Logging in by a function.

use std::{fmt, time::Duration};

use crate::{
    auth::{AuthHandler, Grant, LoginMoment},
    body::Body,
    dialect::Dialect,
    envelope::members,
    refusal::Refusal,
};

/// Logs in with what a function makes of credentials and the moment.
#[derive(Clone)]
pub struct LoginBy<T, R> {
    credentials: T,
    login: fn(&T, LoginMoment) -> R,
    expires_in: Option<&'static str>,
    lead: Duration,
    lapsed: Vec<i64>,
}

impl<T, R> LoginBy<T, R> {
    /// Logs in with what this makes. The login holds without end, unless
    /// [`with_expires_in`](Self::with_expires_in) says where the answer tells.
    pub fn new(credentials: T, login: fn(&T, LoginMoment) -> R) -> Self {
        Self { credentials, login, expires_in: None, lead: Duration::from_secs(60), lapsed: Vec::new() }
    }

    /// Names the member of the answer that says for how many seconds the login holds; members of
    /// members by dots.
    #[must_use]
    pub fn with_expires_in(mut self, path: &'static str) -> Self {
        self.expires_in = Some(path);
        self
    }

    /// How long before its expiry the login is renewed. Default: 60 s.
    #[must_use]
    pub fn with_lead(mut self, lead: Duration) -> Self {
        self.lead = lead;
        self
    }

    /// A refusal with this number says that the login no longer holds. Default: none does.
    #[must_use]
    pub fn with_lapsed(mut self, code: i64) -> Self {
        self.lapsed.push(code);
        self
    }
}

impl<D: Dialect, T: Send + 'static> AuthHandler<D> for LoginBy<T, D::Request> {
    fn login(&mut self, moment: LoginMoment) -> Option<D::Request> {
        Some((self.login)(&self.credentials, moment))
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        let body = answer?;
        let Some(path) = self.expires_in else { return Ok(Grant::default()) };
        let text = body.as_text().unwrap_or_default();
        let seconds = members::find(text, path).and_then(|found| found.parse::<f64>().ok());
        let life = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        // Without an end it would never be renewed, and lapse unnoticed.
        let life = life.ok_or_else(|| Refusal::new(format!("the grant does not say \"{path}\"")))?;
        Ok(Grant::default().with_expires_in(life))
    }

    fn renewal_lead(&self) -> Duration {
        self.lead
    }

    fn has_lapsed(&mut self, refusal: &Refusal) -> bool {
        refusal.code.is_some_and(|code| self.lapsed.contains(&code))
    }
}

impl<T, R> fmt::Debug for LoginBy<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginBy").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{codec::Json, method::MethodCall};

    struct Service;

    impl Dialect for Service {
        type Request = MethodCall;
        type Codec = Json;
    }

    fn granted(answer: &str) -> Result<Grant, Refusal> {
        let mut login =
            LoginBy::new((), |(), _| MethodCall::new("login", &())).with_expires_in("token.seconds");
        AuthHandler::<Service>::answered(&mut login, Ok(Body::Text(answer)))
    }

    #[test]
    fn the_life_of_a_login_is_read_where_it_was_said_to_be() {
        let life = granted(r#"{"token":{"seconds":1.5}}"#).unwrap().expires_in;
        assert_eq!(life, Some(Duration::from_millis(1500)));
    }

    #[test]
    fn a_grant_that_does_not_say_its_life_is_refused() {
        for answer in ["{}", "7", "", r#"{"token":{"seconds":-1}}"#, r#"{"token":{"seconds":"1"}}"#] {
            assert!(granted(answer).is_err(), "{answer}");
        }
    }
}
