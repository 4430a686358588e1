//! Subscribing and unsubscribing.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Venue,
    auth::invalid,
    channel::{Feed, Known, OwnChannel, Private},
    conn::Conn,
    envelope::Body,
    method::Side,
    params::{self, Params},
    scope::Level,
    tokens::GrantId,
    topics::{Listener, Listening, PrivateSeat, TopicKey},
};
use crate::{
    config::{AckOrder, PrivateViaPublic, ScopeMissing, micros},
    fault::Fault,
    market::{ChannelKey, Market, ParamError},
};

/// What a subscribe call brought about.
pub(super) struct Subscribed {
    pub(super) body: Body,
    /// The new streams, in no particular order.
    pub(super) streams: Vec<TopicKey>,
}

/// A channel that was read.
enum Channel {
    Market(ChannelKey),
    Silent,
    Private(Private),
}

impl Venue {
    /// `public/subscribe` and `private/subscribe`.
    pub(super) fn subscribe(
        &mut self,
        id: u64,
        side: Side,
        grant: Option<GrantId>,
        params: &Params,
    ) -> Result<Subscribed, Body> {
        let names = params::texts(params, "channels").map_err(invalid)?;
        if names.len() > MOST_CHANNELS {
            return Err(invalid(ParamError::TooHigh("channels")));
        }
        let label = match side {
            Side::Public => None,
            Side::Private => params::optional_text(params, "label").map_err(invalid)?,
        };
        if label.is_some_and(|label| label.chars().count() > 16) {
            return Err(invalid(ParamError::Format("label")));
        }
        let mut seen = BTreeSet::new();
        let mut channels: Vec<_> = names
            .into_iter()
            .filter(|name| seen.insert(*name))
            .filter_map(|name| Some((name, self.read_channel(name)?)))
            .collect();
        if grant.is_none() {
            let needs_login = |channel: &Channel| matches!(channel, Channel::Market(key) if key.is_raw());
            if channels.iter().any(|(_, channel)| needs_login(channel)) {
                return Err(Body::error(13778, "raw_subscriptions_not_available_for_unauthorized"));
            }
        }
        let is_private = |channel: &Channel| matches!(channel, Channel::Private(_));
        if side == Side::Public && channels.iter().any(|(_, channel)| is_private(channel)) {
            match self.config.private_via_public {
                PrivateViaPublic::AcceptIfAuth if grant.is_some() => {}
                PrivateViaPublic::Error => return Err(Body::unauthorized()),
                _ => channels.retain(|(_, channel)| !is_private(channel)),
            }
        }
        self.check_scopes(grant, &mut channels)?;

        let mut accepted = Vec::new();
        let mut streams = Vec::new();
        for (name, channel) in channels {
            if self.hit(id, Some(name), |fault| matches!(fault, Fault::DropAckChannel {})).is_some() {
                continue;
            }
            accepted.push(name.to_owned());
            streams.extend(self.join(id, name, channel, label, grant));
        }
        self.count_subscriptions(id);
        Ok(Subscribed { body: self.acknowledgement(id, accepted), streams })
    }

    /// `public/unsubscribe` and `private/unsubscribe`.
    pub(super) fn unsubscribe(&mut self, id: u64, params: &Params) -> Result<Body, Body> {
        let names = params::texts(params, "channels").map_err(invalid)?;
        let left: Vec<_> = names.into_iter().filter(|name| self.leave(id, name)).map(str::to_owned).collect();
        self.count_subscriptions(id);
        Ok(self.acknowledgement(id, left))
    }

    /// `public/unsubscribe_all` and `private/unsubscribe_all`.
    pub(super) fn unsubscribe_all(&mut self, id: u64) -> Body {
        let keys = self.conns.get(&id).map(|conn| conn.subscriptions.keys().cloned().collect::<Vec<_>>());
        for key in keys.unwrap_or_default() {
            self.drop_subscription(id, &key);
        }
        self.count_subscriptions(id);
        Body::ok()
    }

    /// Drops the private subscriptions of a connection, without a word.
    pub(super) fn drop_private_subscriptions(&mut self, id: u64) {
        let keys: Vec<TopicKey> = match self.conns.get(&id) {
            Some(conn) => conn.subscriptions.keys().cloned().collect(),
            None => return,
        };
        for key in keys {
            if self.topics.listener_mut(&key, id).is_some_and(|listener| listener.private.is_some()) {
                self.drop_subscription(id, &key);
            }
        }
        self.count_subscriptions(id);
    }

    /// Ends one subscription.
    pub(super) fn drop_subscription(&mut self, id: u64, key: &TopicKey) {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.subscriptions.remove(key);
            conn.awaited.retain(|(_, awaited)| awaited != key);
        }
        if self.topics.remove(key, id).is_some()
            && let TopicKey::Market(key) = key
        {
            self.market.unwatch(key);
        }
    }

    /// Lets the new streams begin: at once, or books over a while.
    pub(super) fn begin_streams(&mut self, id: u64, streams: Vec<TopicKey>, is_spread: bool) {
        let spread_us = micros(self.config.snapshot_spread_s);
        let mut streams = streams;
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.rng.shuffle(&mut streams);
        }
        for key in streams {
            let is_book = matches!(key, TopicKey::Market(ChannelKey::Book(..)));
            if !(is_book && is_spread) || spread_us == 0 {
                self.begin_stream(id, &key);
                continue;
            }
            let clock = self.clock;
            let Some(conn) = self.conns.get_mut(&id) else { return };
            let at = clock + conn.rng.u64(1..=spread_us);
            if let Some(listener) = self.topics.listener_mut(&key, id)
                && listener.state != Listening::Deceived
            {
                listener.state = Listening::Awaiting(at);
                conn.awaited.insert((at, key));
            }
        }
    }

    fn read_channel(&self, name: &str) -> Option<Channel> {
        if let Some(key) = ChannelKey::parse(name, self.market.universe()) {
            return Some(Channel::Market(key));
        }
        Some(match OwnChannel::parse(name, &self.market)? {
            OwnChannel::Private(private) => Channel::Private(private),
            OwnChannel::Silent => Channel::Silent,
        })
    }

    fn check_scopes(&self, grant: Option<GrantId>, channels: &mut Vec<(&str, Channel)>) -> Result<(), Body> {
        let scope = grant.and_then(|grant| self.tokens.any_grant(grant)).map(|grant| &grant.scope);
        let is_allowed = |channel: &Channel| match channel {
            Channel::Private(private) => scope.is_some_and(|scope| scope.allows(private.area, Level::Read)),
            _ => true,
        };
        match self.config.scope_missing {
            ScopeMissing::Omit => channels.retain(|(_, channel)| is_allowed(channel)),
            ScopeMissing::Error if channels.iter().any(|(_, channel)| !is_allowed(channel)) => {
                return Err(Body::error(13021, "forbidden"));
            }
            ScopeMissing::Error => {}
        }
        Ok(())
    }

    /// Adds a subscription; gives its stream if there was none before.
    fn join(
        &mut self,
        id: u64,
        name: &str,
        channel: Channel,
        label: Option<&str>,
        grant: Option<GrantId>,
    ) -> Option<TopicKey> {
        let key = match &channel {
            Channel::Market(key) => TopicKey::Market(*key),
            _ => TopicKey::Own(name.to_ascii_lowercase()),
        };
        if self.conns.get(&id)?.subscriptions.contains_key(&key) {
            return None;
        }
        let is_lie = self.hit(id, Some(name), |fault| matches!(fault, Fault::AckLie {})).is_some();
        let shown: Arc<str> = match &channel {
            Channel::Market(_) => name.into(),
            Channel::Silent => OwnChannel::silent_name(name).into(),
            Channel::Private(private) => private.renamed.as_deref().unwrap_or(name).into(),
        };
        let user = grant.and_then(|grant| self.user_of(grant));
        let (label, private) = match channel {
            Channel::Market(_) | Channel::Silent => (None, None),
            Channel::Private(channel) => {
                let slot_us =
                    if name.ends_with(".agg2") { self.config.market.agg2_ms * 1_000 } else { 100_000 };
                let seat = PrivateSeat { channel, user: user?, slot_us: slot_us.max(1), waiting: Vec::new() };
                (label.map(Arc::from), Some(seat))
            }
        };
        if let TopicKey::Market(key) = &key {
            self.market.watch(key);
        }
        let state = if is_lie { Listening::Deceived } else { Listening::Awaiting(self.clock) };
        let (skip, crossed_at) = (0, None);
        let listener =
            Listener { connection: id, name: Arc::clone(&shown), label, state, private, skip, crossed_at };
        self.topics.add(key.clone(), listener);
        self.conns.get_mut(&id)?.subscriptions.insert(key.clone(), shown);
        Some(key)
    }

    fn leave(&mut self, id: u64, name: &str) -> bool {
        let market = ChannelKey::parse(name, self.market.universe()).map(TopicKey::Market);
        let key = market.unwrap_or_else(|| TopicKey::Own(name.to_ascii_lowercase()));
        let key = match self.conns.get(&id) {
            Some(conn) if conn.subscriptions.contains_key(&key) => key,
            // An instrument that is listed no more is found by the name alone.
            Some(conn) => match key_by_name(conn, name) {
                Some(key) => key,
                None => return false,
            },
            None => return false,
        };
        self.drop_subscription(id, &key);
        true
    }

    fn acknowledgement(&mut self, id: u64, mut names: Vec<String>) -> Body {
        match self.config.ack_order {
            AckOrder::Descending => names.sort_unstable_by(|a, b| b.cmp(a)),
            AckOrder::Shuffled => {
                if let Some(conn) = self.conns.get_mut(&id) {
                    conn.rng.shuffle(&mut names);
                }
            }
            AckOrder::Request => {}
        }
        Body::Result(serde_json::Value::from(names).to_string())
    }

    fn count_subscriptions(&mut self, id: u64) {
        if let Some(conn) = self.conns.get_mut(&id) {
            conn.counters.subscriptions = conn.subscriptions.len();
        }
    }
}

impl Private {
    /// Whether events are sent at once, and not gathered.
    pub(super) fn is_immediate(&self) -> bool {
        !matches!(self.feed, Feed::Trading { is_raw: false, .. })
    }
}

impl Known for Market {
    fn is_instrument(&self, name: &str) -> bool {
        self.universe().find_listed(name).is_some()
    }

    fn is_currency(&self, word: &str) -> bool {
        crate::market::Currency::parse(word).is_some()
    }

    fn is_index(&self, name: &str) -> bool {
        self.universe().find_index(name).is_some()
    }
}

fn key_by_name(conn: &Conn, name: &str) -> Option<TopicKey> {
    conn.subscriptions.iter().find(|(_, known)| ***known == *name).map(|(key, _)| key.clone())
}

/// As documented, for one call.
const MOST_CHANNELS: usize = 500;
