//! What a login may do: asked for, and granted.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A set of words such as `trade:read_write`, in no particular order.
///
/// ```
/// # use nova_adapter_deribit::Scope;
/// let asked = Scope::from("trade:read account:read");
/// let granted = Scope::from("account:read connection mainaccount trade:read_write");
/// assert!(asked.beyond(&granted).is_empty());
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Scope(BTreeSet<String>);

impl Scope {
    /// Adds a word, or several with space between them.
    #[must_use]
    pub fn with(mut self, words: &str) -> Self {
        self.0.extend(words.split_whitespace().map(str::to_owned));
        self
    }

    /// Whether there are no words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// What of this a grant does not cover.
    ///
    /// `read_write` covers `read`, and `none` needs no cover. How long a token lives and from where it
    /// may be used (`expires:`, `ip:`) are terms, not rights.
    #[must_use]
    pub fn beyond(&self, granted: &Self) -> Self {
        let covers = |word: &str| match word.split_once(':') {
            Some(("expires" | "ip", _) | (_, "none")) => true,
            Some((area, "read")) => {
                granted.0.contains(word) || granted.0.contains(&format!("{area}:read_write"))
            }
            _ => granted.0.contains(word),
        };
        Self(self.0.iter().filter(|word| !covers(word)).cloned().collect())
    }
}

impl From<&str> for Scope {
    fn from(words: &str) -> Self {
        Self::default().with(words)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.0.iter().enumerate() {
            write!(f, "{}{word}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// What to do when a login is granted less than was asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NarrowScope {
    /// Go on: what is missing can be read from [`GrantedScope`], and the venue refuses what needs it.
    #[default]
    Tolerate,
    /// Take it for a refused login.
    Refuse,
}

/// What the login was granted, to be read while the session lives. A clone is another view of the same.
#[derive(Clone, Debug, Default)]
pub struct GrantedScope(Arc<Mutex<Granted>>);

#[derive(Debug, Default)]
struct Granted {
    scope: Option<Scope>,
    missing: Scope,
}

impl GrantedScope {
    /// What the latest login was granted; `None` before the first, and if the venue does not say.
    #[must_use]
    pub fn granted(&self) -> Option<Scope> {
        self.lock().scope.clone()
    }

    /// What the latest login was asked for and not granted.
    #[must_use]
    pub fn missing(&self) -> Scope {
        self.lock().missing.clone()
    }

    pub(super) fn set(&self, scope: Option<Scope>, missing: Scope) {
        *self.lock() = Granted { scope, missing };
    }

    fn lock(&self) -> MutexGuard<'_, Granted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beyond(asked: &str, granted: &str) -> String {
        Scope::from(asked).beyond(&Scope::from(granted)).to_string()
    }

    #[test]
    fn the_order_of_the_words_means_nothing() {
        assert_eq!(Scope::from(" b  a\n"), Scope::from("a b"));
        assert_eq!(Scope::from("b a").to_string(), "a b");
    }

    #[test]
    fn what_is_not_covered_is_named() {
        let granted = "block_trade:read connection trade:read_write account:read wallet:read mainaccount";
        for covered in ["", "trade:read", "trade:read_write account:read", "wallet:none", "expires:60 ip:*"] {
            assert_eq!(beyond(covered, granted), "", "{covered}");
        }
        assert_eq!(
            beyond("trade:read account:read_write session:a", granted),
            "account:read_write session:a"
        );
    }
}
