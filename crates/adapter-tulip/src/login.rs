//! Logging in: by key and signature, for a while.

use std::{fmt::Write as _, time::Duration};

use hmac::{Hmac, Mac};
use nova_behaviour::{AuthHandler, Body, Grant, LoginMoment, Refusal, Secret};
use serde::Deserialize;
use sha2::Sha256;

use crate::{
    dialect::{Request, TulipDialect},
    errors::{Meaning, meaning},
};

/// Logs in with credentials, if it has any. The default has none.
#[derive(Clone, Debug, Default)]
pub struct TulipLogin {
    credentials: Option<(String, Secret)>,
}

#[derive(Deserialize)]
struct Granted {
    expires: u64,
}

impl TulipLogin {
    /// Logs in with this key and its secret.
    #[must_use]
    pub fn new(key: &str, secret: &str) -> Self {
        Self { credentials: Some((key.to_owned(), Secret::from(secret))) }
    }
}

impl AuthHandler<TulipDialect> for TulipLogin {
    fn is_required(&self) -> bool {
        self.credentials.is_some()
    }

    fn login(&mut self, moment: LoginMoment) -> Option<Request> {
        let (key, secret) = self.credentials.as_ref()?;
        let (time, nonce) = (moment.unix_millis(), moment.nonce.to_string());
        let sig = signature(secret, time, &nonce);
        Some(Request::Login { key: key.clone(), time, nonce, sig })
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        let granted: Granted = serde_json::from_slice(answer?.as_bytes())
            .map_err(|error| Refusal::new(format!("the grant cannot be read: {error}")))?;
        Ok(Grant::default().with_expires_in(Duration::from_secs(granted.expires)))
    }

    fn has_lapsed(&mut self, refusal: &Refusal) -> bool {
        meaning(refusal) == Meaning::NotLoggedIn
    }
}

/// HMAC-SHA256 over time and nonce, in lower-case hexadecimal.
fn signature(secret: &Secret, time: u64, nonce: &str) -> String {
    let key = secret.reveal().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{time}.{nonce}").as_bytes());
    mac.finalize().into_bytes().iter().fold(String::with_capacity(64), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_signature_is_made() {
        let known = "076384f4eb7ec37923282992ade7635e3925a5a75e8ec5c545fb592a2ba5721a";
        assert_eq!(signature(&Secret::from("secret"), 1, "2"), known);
    }

    #[test]
    fn every_part_is_signed() {
        let signed = |secret: &str, time, nonce| signature(&Secret::from(secret), time, nonce);
        let right = signed("secret", 1, "2");
        for wrong in [signed("Secret", 1, "2"), signed("secret", 2, "2"), signed("secret", 1, "1")] {
            assert_ne!(right, wrong);
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", TulipLogin::new("alice", "hunter2"));
        assert!(shown.contains("alice") && !shown.contains("hunter2"), "{shown}");
    }
}
