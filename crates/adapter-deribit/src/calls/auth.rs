//! Calls about tokens. Secrets in them and in their answers show nowhere.

use nova_behaviour::{Call, Secret};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor};

use super::support::Acknowledgement;
use crate::{
    dialect::{DeribitDialect, Request},
    items::Timestamp,
};

/// Asks for tokens (`public/auth`).
///
/// The adapter logs in by itself, and anew before its tokens end; this is for tokens to be used
/// elsewhere. With the connection's scope, the connection is the given user's afterwards, which the
/// adapter does not learn of.
#[derive(Clone, Debug, Serialize)]
pub struct Auth {
    #[serde(flatten)]
    grant: Grant,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "grant_type", rename_all = "snake_case")]
enum Grant {
    ClientCredentials {
        client_id: String,
        #[serde(serialize_with = "reveal")]
        client_secret: Secret,
    },
    ClientSignature {
        client_id: String,
        timestamp: Timestamp,
        nonce: String,
        data: String,
        #[serde(serialize_with = "reveal")]
        signature: Secret,
    },
    RefreshToken {
        #[serde(serialize_with = "reveal")]
        refresh_token: Secret,
    },
}

impl Auth {
    /// By a key and its secret, which travels.
    #[must_use]
    pub fn by_credentials(client_id: impl Into<String>, client_secret: impl Into<Secret>) -> Self {
        Self::by(Grant::ClientCredentials {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
        })
    }

    /// By a key and a signature made with its secret, which does not travel.
    #[must_use]
    pub fn by_signature(
        client_id: impl Into<String>,
        timestamp: Timestamp,
        nonce: impl Into<String>,
        data: impl Into<String>,
        signature: impl Into<Secret>,
    ) -> Self {
        Self::by(Grant::ClientSignature {
            client_id: client_id.into(),
            timestamp,
            nonce: nonce.into(),
            data: data.into(),
            signature: signature.into(),
        })
    }

    /// By a token got before.
    #[must_use]
    pub fn by_refresh_token(refresh_token: impl Into<Secret>) -> Self {
        Self::by(Grant::RefreshToken { refresh_token: refresh_token.into() })
    }

    /// What the tokens are to be good for, such as `session:name trade:read`.
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// A text that the answer repeats.
    #[must_use]
    pub fn with_state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    const fn by(grant: Grant) -> Self {
        Self { grant, scope: None, state: None }
    }
}

impl Call<DeribitDialect> for Auth {
    type Reply = Tokens;

    fn into_request(self) -> Request {
        Request::new("public/auth", &self)
    }
}

/// Asks for tokens of another account of the same user (`public/exchange_token`).
///
/// Without a session's scope, the tokens given for it are worth nothing afterwards.
#[derive(Clone, Debug, Serialize)]
pub struct ExchangeToken {
    #[serde(serialize_with = "reveal")]
    refresh_token: Secret,
    subject_id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl ExchangeToken {
    /// Of the account of this number.
    #[must_use]
    pub fn new(refresh_token: impl Into<Secret>, subject_id: u64) -> Self {
        Self { refresh_token: refresh_token.into(), subject_id, scope: None }
    }

    /// What the tokens are to be good for.
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }
}

impl Call<DeribitDialect> for ExchangeToken {
    type Reply = Tokens;

    fn into_request(self) -> Request {
        Request::new("public/exchange_token", &self)
    }
}

/// Asks for tokens of another named session (`public/fork_token`). Only a session's token can do so.
#[derive(Clone, Debug, Serialize)]
pub struct ForkToken {
    #[serde(serialize_with = "reveal")]
    refresh_token: Secret,
    session_name: String,
}

impl ForkToken {
    /// Of the session of this name.
    #[must_use]
    pub fn new(refresh_token: impl Into<Secret>, session_name: impl Into<String>) -> Self {
        Self { refresh_token: refresh_token.into(), session_name: session_name.into() }
    }
}

impl Call<DeribitDialect> for ForkToken {
    type Reply = Tokens;

    fn into_request(self) -> Request {
        Request::new("public/fork_token", &self)
    }
}

/// Logs out (`private/logout`), without orders being cancelled for it.
///
/// The venue does not answer but closes the connection, so that this call always ends as one whose
/// outcome is unknown. The session then connects and logs in anew: whoever wants to leave shuts it down
/// as soon as this was sent.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Logout {
    #[serde(skip_serializing_if = "Option::is_none")]
    invalidate_token: Option<bool>,
}

impl Logout {
    /// Makes the tokens of the login worthless.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the tokens be good for further connections.
    #[must_use]
    pub const fn keeping_tokens(mut self) -> Self {
        self.invalidate_token = Some(false);
        self
    }
}

impl Call<DeribitDialect> for Logout {
    type Reply = Acknowledgement;

    fn into_request(self) -> Request {
        Request::new("private/logout", &self)
    }
}

/// Tokens, and what they are good for. `Debug` shows neither.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Tokens {
    /// What stands for the login.
    #[serde(deserialize_with = "hide")]
    pub access_token: Secret,
    /// What brings new tokens.
    #[serde(deserialize_with = "hide")]
    pub refresh_token: Secret,
    /// After how many seconds the access token ends.
    pub expires_in: u64,
    /// What was granted, words separated by spaces in any order. It may be less than was asked for.
    pub scope: String,
    /// The text that was to be repeated.
    pub state: Option<String>,
}

/// Writes a secret where it has to go.
fn reveal<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.reveal())
}

/// Reads a secret, leaving no copy behind.
fn hide<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    struct SecretVisitor;

    impl Visitor<'_> for SecretVisitor {
        type Value = Secret;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a token")
        }

        fn visit_str<E>(self, secret: &str) -> Result<Secret, E> {
            Ok(Secret::from(secret))
        }
    }

    deserializer.deserialize_str(SecretVisitor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_shows() {
        let at = Timestamp::from_millis(1);
        for shown in [
            format!("{:?}", Auth::by_credentials("key", "hunter2")),
            format!("{:?}", Auth::by_signature("key", at, "nonce", "", "hunter2")),
            format!("{:?}", Auth::by_refresh_token("hunter2")),
            format!("{:?}", Auth::by_refresh_token("hunter2").into_request()),
            format!("{:?}", ExchangeToken::new("hunter2", 7)),
            format!("{:?}", ForkToken::new("hunter2", "night")),
        ] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn tokens_are_read_and_hidden() {
        let tokens: Tokens = serde_json::from_str(
            r#"{"access_token":"hunter2","refresh_token":"hunter3","expires_in":900,"token_type":"bearer",
                "scope":"connection trade:read","enabled_features":[]}"#,
        )
        .unwrap();
        assert_eq!((tokens.access_token.reveal(), tokens.refresh_token.reveal()), ("hunter2", "hunter3"));
        assert_eq!(
            (tokens.expires_in, tokens.scope.as_str(), &tokens.state),
            (900, "connection trade:read", &None)
        );
        assert!(!format!("{tokens:?}").contains("hunter"));
        let error = serde_json::from_str::<Tokens>(r#"{"access_token":["hunter2"]}"#).unwrap_err();
        assert!(!error.to_string().contains("hunter"));
    }
}
