//! Who listens to what.

use std::{collections::BTreeMap, sync::Arc};

use crate::{market::ChannelKey, trading::PrivateEvent};

use super::channel::Private;

/// A stream, whatever it was called by whoever subscribed it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum TopicKey {
    /// Public market data.
    Market(ChannelKey),
    /// Any other; the name in lower case.
    Own(String),
}

/// One subscription.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    pub(crate) connection: u64,
    /// The name in notifications.
    pub(crate) name: Arc<str>,
    pub(crate) label: Option<Arc<str>>,
    pub(crate) state: Listening,
    /// For private channels: what is listened to, for which user, and what waits for the end of a slot.
    pub(crate) private: Option<PrivateSeat>,
    /// Messages still to be skipped.
    pub(crate) skip: u32,
    /// A price at which the book was crossed for this listener.
    pub(crate) crossed_at: Option<String>,
}

/// What a private subscription knows besides.
#[derive(Clone, Debug)]
pub(crate) struct PrivateSeat {
    pub(crate) channel: Private,
    pub(crate) user: u64,
    pub(crate) slot_us: u64,
    pub(crate) waiting: Vec<PrivateEvent>,
}

/// How far a subscription is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Listening {
    /// The first message is still to come, at this time.
    Awaiting(u64),
    /// It gets what happens.
    Live,
    /// It was acknowledged and gets nothing.
    Deceived,
}

/// All subscriptions, by stream.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    topics: BTreeMap<TopicKey, Topic>,
}

/// One stream.
#[derive(Debug, Default)]
pub(crate) struct Topic {
    pub(crate) listeners: Vec<Listener>,
    /// The last two messages, newest last.
    pub(crate) recent: [Option<bytes::Bytes>; 2],
}

impl Topics {
    pub(crate) fn add(&mut self, key: TopicKey, listener: Listener) {
        self.topics.entry(key).or_default().listeners.push(listener);
    }

    /// Takes a subscription away.
    pub(crate) fn remove(&mut self, key: &TopicKey, connection: u64) -> Option<Listener> {
        let topic = self.topics.get_mut(key)?;
        let place = topic.listeners.iter().position(|listener| listener.connection == connection)?;
        let listener = topic.listeners.remove(place);
        if topic.listeners.is_empty() {
            self.topics.remove(key);
        }
        Some(listener)
    }

    pub(crate) fn get_mut(&mut self, key: &TopicKey) -> Option<&mut Topic> {
        self.topics.get_mut(key)
    }

    pub(crate) fn listener_mut(&mut self, key: &TopicKey, connection: u64) -> Option<&mut Listener> {
        let topic = self.topics.get_mut(key)?;
        topic.listeners.iter_mut().find(|listener| listener.connection == connection)
    }

    /// All streams with their keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&TopicKey, &Topic)> {
        self.topics.iter()
    }

    /// All private subscriptions.
    pub(crate) fn private_mut(&mut self) -> impl Iterator<Item = &mut Listener> {
        let own = self.topics.range_mut(TopicKey::Own(String::new())..);
        own.flat_map(|(_, topic)| &mut topic.listeners).filter(|listener| listener.private.is_some())
    }

    /// When the slot of some private channel ends.
    pub(crate) fn slot_due(&self) -> Option<u64> {
        let own = self.topics.range(TopicKey::Own(String::new())..);
        let seats = own.flat_map(|(_, topic)| &topic.listeners).filter_map(|one| one.private.as_ref());
        seats.filter_map(PrivateSeat::due).min()
    }
}

impl PrivateSeat {
    /// When what waits is to be sent.
    pub(crate) fn due(&self) -> Option<u64> {
        let first = self.waiting.first()?;
        Some((first.at_us / self.slot_us + 1) * self.slot_us)
    }
}
