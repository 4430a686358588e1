//! The members of a JSON object, found by name, unread.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The members of an object, in their order.
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Members<'a> {
    /// Reads the text of an object.
    pub(crate) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The text of a member; members of members by dots.
    pub(crate) fn find(&self, path: &str) -> Option<&'a str> {
        let (name, rest) = match path.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        let (_, text) = self.0.iter().find(|(known, _)| known == name)?;
        rest.map_or(Some(*text), |rest| find(text, rest))
    }

    /// A member that is text.
    pub(crate) fn text(&self, path: &str) -> Option<Cow<'a, str>> {
        self.find(path).and_then(unquoted)
    }

    /// A member that is a whole number, or a text of one.
    pub(crate) fn number(&self, path: &str) -> Option<u64> {
        let text = self.find(path)?;
        text.trim_matches('"').parse().ok()
    }
}

/// The text of a member of an object; the text itself for an empty path.
pub(crate) fn find<'a>(text: &'a str, path: &str) -> Option<&'a str> {
    if path.is_empty() { Some(text) } else { Members::read(text).ok()?.find(path) }
}

/// What a JSON string says.
pub(crate) fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(text).ok().map(|Text(text)| text)
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                #[derive(Deserialize)]
                struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
                let mut members = Vec::with_capacity(USUAL);
                while let Some((Name(name), value)) = map.next_entry::<_, &'de RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// How many members an envelope has, at most, as a rule.
const USUAL: usize = 8;
