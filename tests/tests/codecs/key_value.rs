//! A codec of somebody else: text of keys and values, each value with its length before it, such as
//! `topic=3:btc;price=1:7;`.
//!
//! It is not of `serde`: it reads and writes the types that say which fields they have.

use std::collections::BTreeMap;

use websockex_nova::behaviour::{Codec, DecodeError, EncodeError, Kept, PayloadKind, Reads, Writes};

use crate::language::{Ask, Head, Odd, Told};

pub(crate) struct KeyValue;

impl Codec for KeyValue {
    const KIND: PayloadKind = PayloadKind::Text;
}

/// What has fields by name.
pub(crate) trait Fields: Sized {
    fn write(&self) -> Vec<(&'static str, String)>;
    fn read(fields: &Read<'_>) -> Result<Self, Malformed>;
}

/// Why a text has no such fields.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Malformed {
    Syntax,
    Missing(&'static str),
    Value(&'static str),
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax => f.write_str("not a list of keys and values"),
            Self::Missing(key) => write!(f, "no value of {key}"),
            Self::Value(key) => write!(f, "the value of {key} does not fit"),
        }
    }
}

impl std::error::Error for Malformed {}

impl<T: Fields> Writes<T> for KeyValue {
    fn write(value: &T, out: &mut Kept) -> Result<(), EncodeError> {
        let text = out.text_mut();
        for (key, value) in value.write() {
            text.push_str(&format!("{key}={}:{value};", value.len()));
        }
        Ok(())
    }
}

impl<T: Fields> Reads<T> for KeyValue {
    fn read(body: &mut Kept) -> Result<T, DecodeError> {
        // Which kind of message it came in has been looked at before.
        let text = std::str::from_utf8(body.as_body().as_bytes()).map_err(DecodeError::new)?;
        Read::of(text).and_then(|fields| T::read(&fields)).map_err(DecodeError::new)
    }
}

/// The fields of a text.
pub(crate) struct Read<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Read<'a> {
    fn of(mut text: &'a str) -> Result<Self, Malformed> {
        let mut fields = BTreeMap::new();
        while !text.is_empty() {
            let (key, rest) = text.split_once('=').ok_or(Malformed::Syntax)?;
            let (length, rest) = rest.split_once(':').ok_or(Malformed::Syntax)?;
            let length: usize = length.parse().map_err(|_| Malformed::Syntax)?;
            let (value, rest) = rest.split_at_checked(length).ok_or(Malformed::Syntax)?;
            text = rest.strip_prefix(';').ok_or(Malformed::Syntax)?;
            fields.insert(key, value);
        }
        Ok(Self(fields))
    }

    fn get<T: std::str::FromStr>(&self, key: &'static str) -> Result<T, Malformed> {
        let value = self.0.get(key).ok_or(Malformed::Missing(key))?;
        value.parse().map_err(|_| Malformed::Value(key))
    }
}

macro_rules! fields {
    ($type:ident: $($field:ident),+) => {
        impl Fields for $type {
            fn write(&self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($field), self.$field.to_string())),+]
            }

            fn read(fields: &Read<'_>) -> Result<Self, Malformed> {
                Ok(Self { $($field: fields.get(stringify!($field))?),+ })
            }
        }
    };
}

fields!(Ask: id, verb, topic, price);
fields!(Told: id, is_refusal, topic, price);
fields!(Head: id, is_refusal, topic);
fields!(Odd: id, is_refusal, topic, price);
