//! What a subscriber receives: items in order, and a gap wherever something is missing (law L7).

use std::{fmt, time::Instant};

use nova_behaviour::Topic;
use nova_transport::{Generation, LostReason};

/// The next thing of a subscription.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Delivery<T> {
    /// An item.
    Item(T),
    /// Something is missing here.
    Gap(Gap),
}

impl<T> Delivery<T> {
    /// The item, if it is one.
    #[must_use]
    pub fn item(self) -> Option<T> {
        match self {
            Self::Item(item) => Some(item),
            Self::Gap(_) => None,
        }
    }
}

/// An item that arrived, apart from its body.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Arrival {
    /// Its stream.
    pub topic: Topic,
    /// Its position, where the protocol numbers items.
    pub sequence: Option<u64>,
    /// The link it came on.
    pub link: Generation,
    /// When it came.
    pub at: Instant,
}

impl Arrival {
    pub(crate) const fn side(&self) -> Side {
        Side { link: self.link, at: self.at, sequence: self.sequence }
    }
}

/// A hole in a stream: what is known about its two sides, and why it is there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Gap {
    /// The stream.
    pub topic: Topic,
    /// Why.
    pub cause: GapCause,
    /// The last item before the hole; `None` if there was none.
    pub before: Option<Side>,
    /// The first item after it; `None` if none has come yet.
    pub after: Option<Side>,
    /// How many items are missing, where that can be known.
    pub missing: Option<u64>,
}

/// One side of a gap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Side {
    /// The link the item came on.
    pub link: Generation,
    /// When it came.
    pub at: Instant,
    /// Its position, where the protocol numbers items.
    pub sequence: Option<u64>,
}

/// Why something is missing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum GapCause {
    /// The link was lost; nobody knows what was published meanwhile.
    Disconnected(LostReason),
    /// The subscriber was too slow, and its overflow rule dropped items.
    Overflow,
    /// An item did not have the expected shape.
    Undecodable,
    /// The positions of two items do not follow each other.
    SequenceBreak,
    /// The server said so.
    ToldByServer,
    /// The stream was subscribed to anew.
    Resynchronised,
    /// The login had lapsed, and with it perhaps the stream.
    LoginLapsed,
    /// A handler panicked over a message that may have been an item.
    HandlerPanicked,
}

impl PartialEq for Gap {
    fn eq(&self, other: &Self) -> bool {
        (&self.topic, self.cause.name(), self.before, self.after, self.missing)
            == (&other.topic, other.cause.name(), other.before, other.after, other.missing)
    }
}

impl Eq for Gap {}

impl GapCause {
    /// A short, stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Disconnected(_) => "disconnected",
            Self::Overflow => "overflow",
            Self::Undecodable => "undecodable",
            Self::SequenceBreak => "sequence_break",
            Self::ToldByServer => "told_by_server",
            Self::Resynchronised => "resynchronised",
            Self::LoginLapsed => "login_lapsed",
            Self::HandlerPanicked => "handler_panicked",
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.missing {
            Some(count) => write!(f, "{count} items of {}", self.topic)?,
            None => write!(f, "an unknown number of items of {}", self.topic)?,
        }
        match &self.cause {
            GapCause::Disconnected(reason) => write!(f, ": {reason}"),
            cause => write!(f, ": {}", cause.name()),
        }
    }
}
