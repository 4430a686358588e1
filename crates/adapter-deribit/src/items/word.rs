//! Words of fixed meaning: an enum of the known ones that keeps unknown ones as they are.
//!
//! The venue adds words now and then; an item with a new one is still an item.

/// Defines an enum over words of the wire. A word that is none of them becomes `Other`.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A word this version does not know.
            Other(Box<str>),
        }

        impl $name {
            /// The word as the wire has it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    other => Self::Other(other.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::items::WordVisitor(std::marker::PhantomData))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}

pub(crate) use words;

/// Reads a word where it lies.
pub(crate) struct WordVisitor<W>(pub(crate) std::marker::PhantomData<W>);

impl<W: for<'a> From<&'a str>> serde::de::Visitor<'_> for WordVisitor<W> {
    type Value = W;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E>(self, word: &str) -> Result<W, E> {
        Ok(W::from(word))
    }
}

#[cfg(test)]
mod tests {
    use crate::items::{Direction, Liquidity};

    #[test]
    fn an_unknown_word_is_kept() {
        for (text, direction) in [
            (r#""buy""#, Direction::Buy),
            (r#""zero""#, Direction::Zero),
            (r#""so\tso""#, Direction::Other("so\tso".into())),
        ] {
            assert_eq!(serde_json::from_str::<Direction>(text).unwrap(), direction);
            assert_eq!(serde_json::to_string(&direction).unwrap(), text);
            assert_eq!(Direction::from(direction.to_string().as_str()), direction);
        }
        assert_eq!(format!("{:>3}", Liquidity::Taker), "  T");
        assert!(serde_json::from_str::<Direction>("1").is_err());
    }
}
