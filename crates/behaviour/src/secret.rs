//! Secrets: redacted wherever they could show, and wiped when they are dropped.

use std::fmt;

use zeroize::Zeroizing;

/// A key, a token, a password. `Debug` shows none of it, there is no `Display`, and its memory is
/// wiped when it is dropped.
///
/// ```
/// # use nova_behaviour::Secret;
/// let key = Secret::from("hunter2");
/// assert_eq!(format!("{key:?}"), "Secret(..)");
/// assert_eq!(key.reveal(), "hunter2");
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The secret itself. Call it where it is used, and keep no copy.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self::from(secret.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
