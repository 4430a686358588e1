//! From what happens to who listens: notices of the market, private events, first messages.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Venue,
    channel::{Family, Feed},
    conn::Pending,
    envelope::notification,
    rewriting,
    topics::{Listener, Listening, TopicKey},
};
use crate::{
    fault::Fault,
    market::{ChannelKey, InstrumentId, Interval, Notice},
    trading::{PrivateEvent, Subject},
};

/// Notifications around one text, as far as they were made: the same bytes go to all who see them alike.
#[derive(Default)]
struct Wrapped(Vec<Wrapping>);

struct Wrapping {
    name: Arc<str>,
    label: Option<Arc<str>>,
    is_reversed: bool,
    text: Bytes,
}

impl Wrapped {
    fn around(&mut self, data: &Bytes, listener: &Listener, is_reversed: bool) -> Bytes {
        let fits = |known: &&Wrapping| {
            known.is_reversed == is_reversed && known.name == listener.name && known.label == listener.label
        };
        if let Some(known) = self.0.iter().find(fits) {
            return known.text.clone();
        }
        let text = notification(&listener.name, data, listener.label.as_deref(), is_reversed);
        let (name, label) = (Arc::clone(&listener.name), listener.label.clone());
        self.0.push(Wrapping { name, label, is_reversed, text: text.clone() });
        text
    }
}

impl Venue {
    /// Sends what the market said to all who listen.
    pub(super) fn spread_notices(&mut self) {
        let mut notices = std::mem::take(&mut self.notices);
        for notice in notices.drain(..) {
            self.spread(notice);
        }
        // Keeps its room for the next round.
        self.notices = notices;
    }

    fn spread(&mut self, notice: Notice) {
        let is_change = matches!(notice.key, ChannelKey::Book(..));
        let key = TopicKey::Market(notice.key);
        let touched = self.faults.touch_notifications();
        let Some(topic) = self.topics.get_mut(&key) else { return };
        if is_change {
            topic.recent.swap(0, 1);
            topic.recent[1] = Some(notice.data.clone());
        }
        // Nobody can join or leave while the frames are queued.
        let mut listeners = std::mem::take(&mut topic.listeners);
        let mut wrapped = Wrapped::default();
        for listener in listeners.iter_mut().filter(|listener| listener.state == Listening::Live) {
            if touched || listener.skip > 0 || listener.crossed_at.is_some() {
                self.spread_under_faults(&notice, listener, is_change);
            } else {
                self.tell(listener, &notice.data, &mut wrapped);
            }
        }
        if let Some(topic) = self.topics.get_mut(&key) {
            topic.listeners = listeners;
        }
    }

    fn spread_under_faults(&mut self, notice: &Notice, listener: &mut Listener, is_change: bool) {
        let (conn, name) = (listener.connection, Arc::clone(&listener.name));
        let mut times = 1;
        let mut data = notice.data.clone();
        if self.is_muted(listener) {
            return;
        }
        if is_change {
            let gap = self.hit(conn, Some(&name), |fault| matches!(fault, Fault::Gap { .. }));
            if let Some(Fault::Gap { n }) = gap {
                listener.skip += n;
            }
            if listener.skip > 0 {
                listener.skip -= 1;
                return;
            }
            if let Some(price) = listener.crossed_at.take() {
                data = rewriting::uncross(&data, &price);
            } else if let ChannelKey::Book(instrument, interval) = notice.key {
                let best_ask = self.best_ask(instrument, interval);
                if let Some(best_ask) = best_ask
                    && self.hit(conn, Some(&name), |fault| matches!(fault, Fault::CrossedBook {})).is_some()
                    && let Some((crossed, price)) = rewriting::cross(&data, &best_ask)
                {
                    data = crossed;
                    listener.crossed_at = Some(price);
                }
            }
            if self.hit(conn, Some(&name), |fault| matches!(fault, Fault::DuplicateChange {})).is_some() {
                times = 2;
            }
        }
        data = self.disfigured(conn, &name, data);
        for _ in 0..times {
            self.tell(listener, &data, &mut Wrapped::default());
        }
    }

    /// The data as faults of form want it.
    fn disfigured(&mut self, conn: u64, name: &str, data: Bytes) -> Bytes {
        if !self.faults.touch_notifications() {
            return data;
        }
        let mut data = data;
        let can_be_edgy = !name.starts_with("platform_state") && !name.starts_with("instrument");
        if can_be_edgy && self.hit(conn, Some(name), |fault| matches!(fault, Fault::NumberEdge {})).is_some()
        {
            data = rewriting::at_the_edge(&data, &mut self.rng);
        }
        if self.hit(conn, Some(name), |fault| matches!(fault, Fault::UnknownMembers {})).is_some() {
            data = rewriting::with_unknown_members(&data);
        }
        data
    }

    fn is_muted(&mut self, listener: &Listener) -> bool {
        let is_mute = |fault: &Fault| matches!(fault, Fault::MuteChannel {});
        !self.faults.is_empty() && self.hit(listener.connection, Some(&listener.name), is_mute).is_some()
    }

    fn tell(&mut self, listener: &Listener, data: &Bytes, wrapped: &mut Wrapped) {
        let Some(conn) = self.conns.get(&listener.connection) else { return };
        if !conn.is_talking() || conn.is_silent() {
            return;
        }
        let payload = wrapped.around(data, listener, conn.order.is_reversed);
        let channel = Some(Arc::clone(&listener.name));
        self.send(listener.connection, Pending::Text { payload, channel });
    }

    /// Sends first messages that are due on a connection.
    pub(super) fn first_due(&mut self, id: u64) {
        loop {
            let clock = self.clock;
            let Some(conn) = self.conns.get_mut(&id) else { return };
            if conn.awaited.first().is_none_or(|(at, _)| *at > clock) {
                return;
            }
            let Some((_, key)) = conn.awaited.pop_first() else { return };
            self.begin_stream(id, &key);
        }
    }

    /// Sends the first message of a stream, if it has one; what happens follows from now on.
    pub(super) fn begin_stream(&mut self, id: u64, key: &TopicKey) {
        let seed = self.conns.get_mut(&id).map_or(0, |conn| conn.rng.u64(..));
        let Some(listener) = self.topics.listener_mut(key, id) else { return };
        if listener.state == Listening::Deceived {
            return;
        }
        listener.state = Listening::Live;
        let listener = listener.clone();
        let mut firsts = self.first_messages(key, &listener);
        let is_book = matches!(key, TopicKey::Market(ChannelKey::Book(..)));
        if is_book {
            let is_kind = |fault: &Fault| matches!(fault, Fault::NoSnapshot {});
            if self.hit(id, Some(&listener.name), is_kind).is_some() {
                return;
            }
            if let TopicKey::Market(key) = key {
                firsts.extend(self.market.redundant_change(key, seed));
            }
        }
        if self.is_muted(&listener) {
            return;
        }
        for data in firsts {
            let data = self.disfigured(id, &listener.name, data);
            self.tell(&listener, &data, &mut Wrapped::default());
        }
    }

    fn first_messages(&mut self, key: &TopicKey, listener: &Listener) -> Vec<Bytes> {
        match (key, &listener.private) {
            (TopicKey::Market(key), _) => self.market.first(key).into_iter().collect(),
            (TopicKey::Own(_), Some(seat)) => match &seat.channel.feed {
                Feed::Portfolio(currency) => self.portfolio(seat.user, currency.as_deref()),
                _ => Vec::new(),
            },
            (TopicKey::Own(_), None) => Vec::new(),
        }
    }

    /// Sends one message to all connections, or one, that listen to a channel of this name.
    pub(super) fn notify(&mut self, only: Option<u64>, channel: &str, data: &Bytes) {
        let is_meant = |listener: &&Listener| {
            listener.name.eq_ignore_ascii_case(channel) && only.is_none_or(|only| only == listener.connection)
        };
        let all = self.topics.iter().flat_map(|(_, topic)| &topic.listeners);
        let meant: Vec<Listener> = all.filter(is_meant).cloned().collect();
        let mut wrapped = Wrapped::default();
        for listener in meant.iter().filter(|listener| listener.state != Listening::Deceived) {
            if !self.is_muted(listener) {
                self.tell(listener, data, &mut wrapped);
            }
        }
    }

    /// Sends private events to those whom they concern, at once or at the end of their slot.
    pub(super) fn spread_private(&mut self, events: Vec<PrivateEvent>) {
        for event in events {
            let mut now = Vec::new();
            for listener in self.topics.private_mut() {
                let Some(seat) = &mut listener.private else { continue };
                if seat.user != event.account.0 || !is_about(&seat.channel.feed, &event) {
                    continue;
                }
                if listener.state == Listening::Deceived {
                    continue;
                }
                if seat.channel.is_immediate() {
                    now.push(listener.clone());
                } else {
                    seat.waiting.push(event.clone());
                }
            }
            let data = event.raw();
            for listener in now {
                if !self.is_muted(&listener) {
                    let data = self.disfigured(listener.connection, &listener.name, data.clone());
                    self.tell(&listener, &data, &mut Wrapped::default());
                }
            }
        }
    }

    /// Sends what gathered on private channels whose slot has ended.
    pub(super) fn end_slots(&mut self) {
        let clock = self.clock;
        let mut due = Vec::new();
        for listener in self.topics.private_mut() {
            if let Some(seat) = &mut listener.private
                && seat.due().is_some_and(|at| at <= clock)
            {
                let events = std::mem::take(&mut seat.waiting);
                due.push((listener.clone(), events));
            }
        }
        for (listener, events) in due {
            for data in PrivateEvent::merged(&events) {
                if !self.is_muted(&listener) {
                    let data = self.disfigured(listener.connection, &listener.name, data);
                    self.tell(&listener, &data, &mut Wrapped::default());
                }
            }
        }
    }

    /// The lowest price offered in a book, as of its last message.
    fn best_ask(&self, id: InstrumentId, interval: Interval) -> Option<String> {
        let book = self.market.emitted_book(id, interval)?;
        book.asks.first().map(|(price, _)| price.to_string())
    }
}

fn is_about(feed: &Feed, event: &PrivateEvent) -> bool {
    match (feed, &event.subject, event.about()) {
        (Feed::Portfolio(wanted), Subject::Portfolio { currency, .. }, _) => {
            wanted.as_deref().is_none_or(|wanted| currency.word() == wanted)
        }
        (Feed::Trading { family, about, .. }, subject, Some(subject_about)) => {
            let fits = match subject {
                Subject::Order { .. } => *family == Family::Orders,
                Subject::Trades { .. } => *family == Family::Trades,
                Subject::Changes { .. } => *family == Family::Changes,
                _ => false,
            };
            let (kind, currency) = (subject_about.kind.word(), subject_about.currency.word());
            fits && about.covers(&subject_about.name, kind, currency)
        }
        _ => false,
    }
}
