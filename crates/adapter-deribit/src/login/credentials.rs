//! Who logs in.

use nova_behaviour::Secret;

/// The id of an API key and its secret, which no output shows and which is wiped from memory when
/// dropped.
///
/// ```
/// # use nova_adapter_deribit::Credentials;
/// let credentials = Credentials::new("AMANDA", "AMANDASECRECT").signing();
/// assert!(!format!("{credentials:?}").contains("SECRECT"));
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    client_id: String,
    secret: Secret,
    proof: Proof,
}

/// How the secret is proven.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proof {
    /// By sending it.
    Secret,
    /// By a signature made with it.
    Signature,
}

/// The environment lacks credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the environment variable {variable} is not set, or empty")]
#[non_exhaustive]
pub struct MissingCredentials {
    /// The variable.
    pub variable: &'static str,
}

impl Credentials {
    /// The variable that holds the client id.
    pub const ID_VARIABLE: &'static str = "DERIBIT_CLIENT_ID";
    /// The variable that holds the client secret.
    pub const SECRET_VARIABLE: &'static str = "DERIBIT_CLIENT_SECRET";

    /// This client id and its secret. The login sends both (`client_credentials`).
    #[must_use]
    pub fn new(client_id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self { client_id: client_id.into(), secret: secret.into(), proof: Proof::Secret }
    }

    /// The credentials in the environment: `DERIBIT_CLIENT_ID` and `DERIBIT_CLIENT_SECRET`.
    ///
    /// # Errors
    ///
    /// Names the first of them that is not set, or empty.
    pub fn from_env() -> Result<Self, MissingCredentials> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// The credentials that `lookup` has under the names of those two variables.
    ///
    /// # Errors
    ///
    /// As for [`from_env`](Self::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, MissingCredentials> {
        let found = |variable| {
            lookup(variable).filter(|value| !value.is_empty()).ok_or(MissingCredentials { variable })
        };
        Ok(Self::new(found(Self::ID_VARIABLE)?, found(Self::SECRET_VARIABLE)?))
    }

    /// Proves the secret by a signature instead of sending it (`client_signature`).
    ///
    /// The venue takes a signature for a minute, so the clock of this machine has to be right.
    #[must_use]
    pub const fn signing(mut self) -> Self {
        self.proof = Proof::Signature;
        self
    }

    /// The client id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(super) const fn secret(&self) -> &Secret {
        &self.secret
    }

    pub(super) const fn proof(&self) -> Proof {
        self.proof
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_looked_up_by_both_names() {
        let both = Credentials::from_lookup(|name| Some(format!("the {name}"))).unwrap();
        assert_eq!(both.client_id(), "the DERIBIT_CLIENT_ID");
        assert_eq!(both.secret().reveal(), "the DERIBIT_CLIENT_SECRET");
    }

    #[test]
    fn what_is_missing_or_empty_is_named() {
        let id_only = |name: &str| (name == Credentials::ID_VARIABLE).then(|| "id".to_owned());
        let missing = Credentials::from_lookup(id_only).unwrap_err();
        assert_eq!(missing.variable, "DERIBIT_CLIENT_SECRET");
        let empty = Credentials::from_lookup(|_| Some(String::new())).unwrap_err();
        assert_eq!(empty.to_string(), "the environment variable DERIBIT_CLIENT_ID is not set, or empty");
    }
}
