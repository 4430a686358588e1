//! Logging in: by secret, by signature, or by the token of the login before.

mod credentials;
mod scope;
mod signature;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    time::{Duration, UNIX_EPOCH},
};

use nova_behaviour::{AuthHandler, Body, Grant, Kept, LoginMoment, LoginOccasion, Refusal, Secret};
use serde::{Deserialize, Serialize};

use crate::{
    dialect::{DeribitDialect, Request},
    shared::Shared,
};
use credentials::Proof;
pub use credentials::{Credentials, MissingCredentials};
pub use scope::{GrantedScope, NarrowScope, Scope};

/// Logs in with credentials, if it has any.
///
/// On a new link, and when a login no longer holds, it logs in with the credentials; a login that is
/// about to expire is renewed by its refresh token. Tokens of links that are gone are never used again:
/// unless a session was asked for they died with the link, and the venue promises none that lives on.
#[derive(Debug)]
pub struct DeribitLogin {
    shared: Shared,
    credentials: Option<Credentials>,
    scope: Scope,
    narrow: NarrowScope,
    granted: GrantedScope,
    refresh: Option<Secret>,
    is_renewal: bool,
    lead: Duration,
}

impl DeribitLogin {
    pub(crate) fn new(
        shared: Shared,
        credentials: Option<Credentials>,
        (scope, narrow, granted): (Scope, NarrowScope, GrantedScope),
    ) -> Self {
        Self {
            shared,
            credentials,
            scope,
            narrow,
            granted,
            refresh: None,
            is_renewal: false,
            lead: LEAST_LEAD,
        }
    }

    fn read(&mut self, body: Body<'_>) -> Result<Grant, Refusal> {
        // The error's own text could repeat a token.
        let granted: Granted<'_> = serde_json::from_slice(body.as_bytes()).map_err(|error| {
            Refusal::new(format!("the answer to the login cannot be read, at its byte {}", error.column()))
        })?;
        if granted.security_key_authorization_required == Some(true) {
            return Err(Refusal::new(
                "the account wants a second factor for this login, which a program cannot give: use an API \
                 key whose scope needs none",
            ));
        }
        let Some(token) = granted.access_token else {
            return Err(Refusal::new("the answer to the login holds no token"));
        };
        let scope = granted.scope.as_deref().map(Scope::from);
        let missing = scope.as_ref().map_or_else(Scope::default, |scope| self.scope.beyond(scope));
        self.granted.set(scope, missing.clone());
        if self.narrow == NarrowScope::Refuse && !missing.is_empty() {
            return Err(Refusal::new(format!("the login was granted less than asked for: not {missing}")));
        }
        self.shared.set_token(Some(Secret::from(token.as_ref())));
        self.refresh = granted.refresh_token.as_deref().map(Secret::from);
        let life = granted.expires_in.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let Some(life) = life else { return Ok(Grant::default()) };
        self.lead = (life / 5).max(LEAST_LEAD);
        Ok(Grant::default().with_expires_in(life))
    }

    /// A refusal that repeats the secret, as no venue should, goes no further than here with it.
    fn without_secret(&self, mut refusal: Refusal) -> Refusal {
        let secret = self.credentials.as_ref().map(|credentials| credentials.secret().reveal());
        if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
            refusal.message = refusal.message.replace(secret, HIDDEN);
            let data = refusal.data.as_ref().and_then(|data| data.as_body().as_text());
            refusal.data = data.map(|data| Kept::Text(data.replace(secret, HIDDEN)));
        }
        refusal
    }
}

impl AuthHandler<DeribitDialect> for DeribitLogin {
    fn is_required(&self) -> bool {
        self.credentials.is_some()
    }

    fn login(&mut self, moment: LoginMoment) -> Option<Request> {
        let credentials = self.credentials.as_ref()?;
        self.is_renewal = moment.occasion == LoginOccasion::Renewal && self.refresh.is_some();
        if let Some(token) = self.refresh.as_ref().filter(|_| self.is_renewal) {
            let params = Params { refresh_token: Some(token.reveal()), ..Params::new("refresh_token") };
            return Some(Request::new(AUTH, &params));
        }
        self.refresh = None;
        self.shared.set_token(None);
        let scope = (!self.scope.is_empty()).then(|| self.scope.to_string());
        let (id, secret) = (credentials.client_id(), credentials.secret().reveal());
        let params = match credentials.proof() {
            Proof::Secret => Params {
                client_id: Some(id),
                client_secret: Some(secret),
                scope: scope.as_deref(),
                ..Params::new("client_credentials")
            },
            Proof::Signature => {
                let since = moment.wall.duration_since(UNIX_EPOCH).unwrap_or_default();
                let timestamp = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
                let nonce = signature::nonce(moment.nonce);
                let signature = signature::sign(secret, timestamp, &nonce, "");
                let params = Params {
                    client_id: Some(id),
                    timestamp: Some(timestamp),
                    nonce: Some(&nonce),
                    data: Some(""),
                    signature: Some(&signature),
                    scope: scope.as_deref(),
                    ..Params::new("client_signature")
                };
                return Some(Request::new(AUTH, &params));
            }
        };
        Some(Request::new(AUTH, &params))
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        let answer = answer.map_err(|refusal| self.without_secret(refusal));
        let read = answer.and_then(|body| self.read(body));
        match &read {
            Ok(_) => self.shared.login_granted(),
            Err(_) => {
                self.refresh = None;
                // A refused renewal is no verdict on the credentials, which follow.
                if !self.is_renewal {
                    self.shared.login_refused();
                }
            }
        }
        read
    }

    /// A fifth of the login's life, and five seconds at least.
    fn renewal_lead(&self) -> Duration {
        self.lead
    }

    fn has_lapsed(&mut self, refusal: &Refusal) -> bool {
        self.credentials.is_some() && matches!(refusal.code, Some(13009 | 10000))
    }
}

#[derive(Serialize)]
struct Params<'a> {
    grant_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
}

impl Params<'_> {
    const fn new(grant_type: &'static str) -> Self {
        Self {
            grant_type,
            client_id: None,
            client_secret: None,
            timestamp: None,
            nonce: None,
            data: None,
            signature: None,
            refresh_token: None,
            scope: None,
        }
    }
}

/// What a login was granted; all of it may be absent.
#[derive(Deserialize)]
struct Granted<'a> {
    #[serde(borrow, default)]
    access_token: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    refresh_token: Option<Cow<'a, str>>,
    #[serde(default)]
    expires_in: Option<f64>,
    #[serde(borrow, default)]
    scope: Option<Cow<'a, str>>,
    #[serde(default)]
    security_key_authorization_required: Option<bool>,
}

const AUTH: &str = "public/auth";

/// Stands where a venue has repeated the secret.
const HIDDEN: &str = "(the secret)";

/// Enough for a renewal and, should that be refused, for a login.
const LEAST_LEAD: Duration = Duration::from_secs(5);
