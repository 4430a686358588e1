//! The name of an adapter, in the three ways it is written.

use std::fmt;

/// A name such as `acme` or `acme-futures`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Name(String);

/// Why a word is no name.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum BadName {
    #[error("an adapter needs a name, such as `acme` or `acme-futures`")]
    Empty,
    #[error("`{0}` is longer than {LONGEST} letters")]
    Long(String),
    #[error("`{0}` begins with `adapter-`, which is put before the name anyway: say `{1}`")]
    Prefixed(String, String),
    #[error(
        "`{name}` holds {what}: a name is made of small letters and digits, begins with a letter, and has \
         single hyphens between words, such as `acme-futures`"
    )]
    Shape { name: String, what: String },
}

const LONGEST: usize = 40;

impl Name {
    pub(super) fn parse(word: &str) -> Result<Self, BadName> {
        let shape = |what: String| Err(BadName::Shape { name: word.to_owned(), what });
        if word.is_empty() {
            return Err(BadName::Empty);
        }
        if word.len() > LONGEST {
            return Err(BadName::Long(word.to_owned()));
        }
        if let Some(rest) = word.strip_prefix("nova-adapter-").or_else(|| word.strip_prefix("adapter-")) {
            return Err(BadName::Prefixed(word.to_owned(), rest.to_owned()));
        }
        let is_allowed =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if let Some(letter) = word.chars().find(|letter| !is_allowed(*letter)) {
            return shape(format!("{letter:?}"));
        }
        if word.split('-').any(str::is_empty) {
            return shape("a hyphen with nothing on one side of it".to_owned());
        }
        if word.starts_with(|letter: char| letter.is_ascii_digit()) {
            return shape("a digit where it begins".to_owned());
        }
        Ok(Self(word.to_owned()))
    }

    /// Of the package: `nova-adapter-acme-futures`.
    pub(super) fn package(&self) -> String {
        format!("nova-adapter-{}", self.0)
    }

    /// Of the crate in code: `nova_adapter_acme_futures`.
    pub(super) fn krate(&self) -> String {
        self.package().replace('-', "_")
    }

    /// Of types: `AcmeFutures`.
    pub(super) fn camel(&self) -> String {
        let word = |word: &str| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        };
        self.0.split('-').map(word).collect()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_in_three_ways() {
        let name = Name::parse("acme-2-futures").unwrap();
        assert_eq!(name.package(), "nova-adapter-acme-2-futures");
        assert_eq!(name.krate(), "nova_adapter_acme_2_futures");
        assert_eq!(name.camel(), "Acme2Futures");
    }

    #[test]
    fn what_is_no_name_is_told_why() {
        let wrong = |word| Name::parse(word).unwrap_err().to_string();
        for (word, what) in [
            ("", "needs a name"),
            ("Acme", "holds 'A'"),
            ("acme_x", "holds '_'"),
            ("../acme", "holds '.'"),
            ("acme\n", "holds '\\n'"),
            ("ácme", "holds 'á'"),
            ("-acme", "a hyphen with nothing"),
            ("acme-", "a hyphen with nothing"),
            ("ac--me", "a hyphen with nothing"),
            ("2acme", "a digit where it begins"),
            ("adapter-acme", "say `acme`"),
            ("nova-adapter-acme", "say `acme`"),
            (&"a".repeat(41), "longer than 40"),
        ] {
            assert!(wrong(word).contains(what), "{word}: {}", wrong(word));
        }
    }
}
