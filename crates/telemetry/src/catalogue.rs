//! The catalogue of events, as data: what there is to tell, how it is named, and what it carries.
//!
//! [`Event`](crate::Event) and its catalogue are written once, by the macro at the foot of this file, so
//! that no event can be missing from the page in the docs, from the log or from the test that expects
//! each to be emitted.

use std::{borrow::Cow, fmt, time::Duration};

use nova_transport::{ConnectError, Generation, LostReason, Phase};

use crate::event::{Category, Lane, Outcome, Severity};

/// One kind of event.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EventKind {
    /// A stable name, fit for a log field or a metric's label.
    pub name: &'static str,
    /// What it is about.
    pub category: Category,
    /// How much attention it deserves.
    pub severity: Severity,
    /// What it means, in one or two sentences.
    pub about: &'static str,
    /// What it carries.
    pub facts: &'static [FactKind],
}

/// Something an event carries: a measurement or a field.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FactKind {
    /// A stable name.
    pub name: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// What it means.
    pub about: &'static str,
}

/// What a fact is measured in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// How many.
    Count,
    /// A number that counts nothing: it tells one link from another.
    Number,
    /// A word out of a small set, or a name.
    Text,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A word or a name.
    Text(Cow<'a, str>),
    /// A number.
    Number(u64),
    /// A span of time.
    Span(Duration),
    /// It is not known.
    Unknown,
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Span(span) => write!(f, "{}", span.as_secs_f64()),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// Turns what an event holds into the value of a fact. Errors become their short, stable kind: their
/// text is the event's [`Display`](fmt::Display).
pub(crate) trait Fact {
    fn value(&self) -> Value<'_>;
}

macro_rules! words {
    ($($type:ty: $word:ident),*) => {
        $(impl Fact for $type {
            fn value(&self) -> Value<'_> {
                Value::Text(Cow::Borrowed(self.$word()))
            }
        })*
    };
}

words! { Phase: name, ConnectError: kind, LostReason: kind, Outcome: name, Lane: name, String: as_str }

impl Fact for &'static str {
    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
}

impl Fact for Generation {
    fn value(&self) -> Value<'_> {
        Value::Number(self.get())
    }
}

impl Fact for Option<Generation> {
    fn value(&self) -> Value<'_> {
        self.map_or(Value::Unknown, |link| Value::Number(link.get()))
    }
}

impl Fact for u64 {
    fn value(&self) -> Value<'_> {
        Value::Number(*self)
    }
}

impl Fact for u32 {
    fn value(&self) -> Value<'_> {
        Value::Number(u64::from(*self))
    }
}

impl Fact for Duration {
    fn value(&self) -> Value<'_> {
        Value::Span(*self)
    }
}

impl Fact for Option<Duration> {
    fn value(&self) -> Value<'_> {
        self.map_or(Value::Unknown, Value::Span)
    }
}

/// Makes the enum of events and the catalogue of their kinds out of one list.
macro_rules! events {
    ($(
        $(#[doc = $about:literal])+
        $variant:ident = $name:literal ($category:ident, $severity:ident) $({
            $( $(#[doc = $meaning:literal])+ $fact:ident: $type:ty as $unit:ident, )*
        })?;
    )*) => {
        /// Something that happened in a session.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum Event {
            $(
                $(#[doc = $about])+
                $variant $({ $( $(#[doc = $meaning])+ $fact: $type, )* })?,
            )*
        }

        /// Where each kind stands in the catalogue.
        #[derive(Clone, Copy)]
        enum Place {
            $($variant,)*
        }

        /// Every kind of event there is.
        pub const CATALOGUE: &[EventKind] = &[
            $(EventKind {
                name: $name,
                category: Category::$category,
                severity: Severity::$severity,
                about: concat!($($about),+).trim_ascii(),
                facts: &[$($(FactKind {
                    name: stringify!($fact),
                    unit: Unit::$unit,
                    about: concat!($($meaning),+).trim_ascii(),
                },)*)?],
            },)*
        ];

        impl Event {
            /// Its row in the [`CATALOGUE`].
            #[must_use]
            pub const fn kind(&self) -> &'static EventKind {
                let place = match self {
                    $(Self::$variant $({ $($fact: _,)* })? => Place::$variant,)*
                };
                &CATALOGUE[place as usize]
            }

            /// What it carries, in the order of its [`kind`](Self::kind).
            #[must_use]
            pub fn facts(&self) -> Vec<Value<'_>> {
                match self {
                    $(Self::$variant $({ $($fact,)* })? => vec![$($(Fact::value($fact),)*)?],)*
                }
            }
        }
    };
}

pub(crate) use events;
