//! What a private channel may be told, and how it looks on channels of each interval.

use std::sync::Arc;

use bytes::Bytes;

use super::AccountId;
use crate::market::{Currency, Instrument, InstrumentId, Kind, array};

/// Something that concerns one account.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivateEvent {
    /// Whose it is.
    pub account: AccountId,
    /// When it happened, in microseconds since the epoch.
    pub at_us: u64,
    /// What happened.
    pub subject: Subject,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Subject {
    /// `user.orders`: an order was placed, filled, changed or cancelled.
    Order {
        /// Where.
        about: About,
        /// The order.
        object: Bytes,
    },
    /// `user.trades`: an order was filled, by one trade or several.
    Trades {
        /// Where.
        about: About,
        /// The trades.
        objects: Vec<Bytes>,
    },
    /// `user.changes`: all of it in one.
    Changes {
        /// Where.
        about: About,
        /// The orders.
        orders: Vec<Bytes>,
        /// The trades.
        trades: Vec<Bytes>,
        /// The position, where there can be one.
        position: Option<Bytes>,
    },
    /// `user.portfolio`: the account in one currency.
    Portfolio {
        /// Which currency.
        currency: Currency,
        /// The portfolio.
        object: Bytes,
    },
}

/// The instrument an event is about, in all the ways a channel can name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct About {
    /// Its place in the universe.
    pub instrument: InstrumentId,
    /// Its name.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: Kind,
    /// Its currency.
    pub currency: Currency,
}

impl About {
    pub(crate) fn new(instrument: &Instrument) -> Self {
        Self {
            instrument: instrument.id(),
            name: instrument.name.as_str().into(),
            kind: instrument.kind(),
            currency: instrument.currency,
        }
    }
}

impl PrivateEvent {
    /// The instrument it is about, if it is about one.
    #[must_use]
    pub const fn about(&self) -> Option<&About> {
        match &self.subject {
            Subject::Order { about, .. } | Subject::Trades { about, .. } | Subject::Changes { about, .. } => {
                Some(about)
            }
            Subject::Portfolio { .. } => None,
        }
    }

    /// The `data` of a message on a `raw` channel, or on a channel without interval.
    #[must_use]
    pub fn raw(&self) -> Bytes {
        match &self.subject {
            Subject::Order { object, .. } | Subject::Portfolio { object, .. } => object.clone(),
            Subject::Trades { objects, .. } => array(objects.iter().map(text)),
            Subject::Changes { about, orders, trades, position } => {
                changes(&about.name, orders.iter(), trades.iter(), position.as_ref())
            }
        }
    }

    /// The `data` of the messages that a slot of an interval channel becomes. All events must be of the
    /// kind of subject that the channel is about. Changes become one message for each instrument.
    #[must_use]
    pub fn merged(events: &[Self]) -> Vec<Bytes> {
        let Some(first) = events.first() else { return Vec::new() };
        match &first.subject {
            Subject::Order { .. } => {
                vec![array(events.iter().filter_map(|event| match &event.subject {
                    Subject::Order { object, .. } => Some(text(object)),
                    _ => None,
                }))]
            }
            Subject::Trades { .. } => {
                vec![array(events.iter().flat_map(|event| match &event.subject {
                    Subject::Trades { objects, .. } => objects.iter().map(text),
                    _ => [].iter().map(text),
                }))]
            }
            Subject::Changes { .. } => merged_changes(events),
            Subject::Portfolio { .. } => events.last().map(Self::raw).into_iter().collect(),
        }
    }
}

fn merged_changes(events: &[PrivateEvent]) -> Vec<Bytes> {
    struct Gathered<'a> {
        name: &'a str,
        orders: Vec<&'a Bytes>,
        trades: Vec<&'a Bytes>,
        position: Option<&'a Bytes>,
    }
    let mut gathered: Vec<Gathered<'_>> = Vec::new();
    for event in events {
        let Subject::Changes { about, orders, trades, position } = &event.subject else { continue };
        let place = gathered.iter().position(|known| *known.name == *about.name).unwrap_or_else(|| {
            gathered.push(Gathered { name: &about.name, orders: vec![], trades: vec![], position: None });
            gathered.len() - 1
        });
        gathered[place].orders.extend(orders);
        gathered[place].trades.extend(trades);
        gathered[place].position = position.as_ref().or(gathered[place].position);
    }
    gathered
        .into_iter()
        .map(|all| changes(all.name, all.orders.into_iter(), all.trades.into_iter(), all.position))
        .collect()
}

fn changes<'a>(
    name: &str,
    orders: impl Iterator<Item = &'a Bytes>,
    trades: impl Iterator<Item = &'a Bytes>,
    position: Option<&Bytes>,
) -> Bytes {
    let mut out = String::from("{\"orders\":");
    out.push_str(text(&array(orders.map(text))));
    out.push_str(",\"instrument_name\":\"");
    out.push_str(name);
    out.push_str("\",\"trades\":");
    out.push_str(text(&array(trades.map(text))));
    out.push_str(",\"positions\":");
    out.push_str(text(&array(position.into_iter().map(text))));
    out.push('}');
    Bytes::from(out)
}

/// The text of an object: it was rendered as text in the first place.
fn text(object: &Bytes) -> &str {
    std::str::from_utf8(object).unwrap_or("null")
}
