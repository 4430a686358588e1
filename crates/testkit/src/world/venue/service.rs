//! The service: it answers, remembers what it was told, and complains about ill-behaved clients.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use nova_frame_codec::Message;
use nova_transport::Generation;
use serde_json::{Value, json};

use crate::world::{Incoming, Line, Peer, Reception};

/// The venue.
#[derive(Clone, Debug, Default)]
pub struct VenuePeer {
    /// What becomes of the next attempts to connect; those after them are accepted.
    pub receptions: VecDeque<Reception>,
    /// What it thinks of logins. Default: there are none.
    pub login: LoginRule,
    /// The least pause before an answer. Default: none.
    pub pause: Duration,
    /// Up to how much longer it may take by chance, so that answers overtake each other.
    pub spread: Duration,
    /// It does not have these topics.
    pub refuses: BTreeSet<String>,
    /// It does not name these topics in its answers, although it publishes them.
    pub omits: BTreeSet<String>,
    /// Requests that contain any of these words are never answered.
    pub ignores: BTreeSet<String>,
    /// What it was told, in order.
    pub heard: Vec<(Generation, String)>,
    /// What a client should not have done.
    pub complaints: Vec<String>,
    /// The links it has, and what it knows of each.
    pub seats: BTreeMap<Generation, Seat>,
    /// How many items it has published on each topic, over all links.
    pub published: BTreeMap<String, u64>,
}

/// What the venue knows of one link.
#[derive(Clone, Debug, Default)]
pub struct Seat {
    /// Whether it has logged in.
    pub is_known: bool,
    /// What it publishes there.
    pub topics: BTreeSet<String>,
    /// How often it was asked to publish each topic.
    pub asked: BTreeMap<String, u32>,
}

/// What the venue thinks of logins.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LoginRule {
    /// There are none.
    #[default]
    None,
    /// Everybody may come in, for so long.
    Grants(Option<Duration>),
    /// Nobody may come in.
    Refuses,
    /// They are not answered.
    Ignores,
}

impl VenuePeer {
    /// Publishes an item on this link, if it was asked to. Returns whether it did.
    pub fn publish(&mut self, line: &mut Line<'_>, topic: &str, item: &str) -> bool {
        let is_wanted = self.seats.get(&line.link()).is_some_and(|seat| seat.topics.contains(topic));
        if is_wanted {
            let sequence = self.published.entry(topic.to_owned()).or_default();
            *sequence += 1;
            line.text(json!({ "topic": topic, "sequence": sequence, "item": item }).to_string());
        }
        is_wanted
    }

    /// What it heard on any link that contains this word.
    pub fn heard_with(&self, word: &str) -> impl Iterator<Item = &(Generation, String)> {
        self.heard.iter().filter(move |(_, text)| text.contains(word))
    }

    /// The topics it publishes on its newest link.
    #[must_use]
    pub fn topics(&self) -> BTreeSet<String> {
        self.seats.last_key_value().map(|(_, seat)| seat.topics.clone()).unwrap_or_default()
    }

    fn answer(&mut self, line: &mut Line<'_>, request: &Value) -> Option<Value> {
        let id = request["id"].as_u64()?;
        let seat = self.seats.entry(line.link()).or_default();
        let needs_login = self.login != LoginRule::None;
        if needs_login && !seat.is_known && request.get("login").is_none() {
            self.complaints.push(format!("{request} came before login"));
        }
        if let Some(said) = request.get("say") {
            return Some(json!({ "id": id, "result": { "id": id, "said": said } }));
        }
        if request.get("login").is_some() {
            return match self.login {
                LoginRule::Grants(span) => {
                    seat.is_known = true;
                    let seconds = span.map(|span| span.as_secs());
                    Some(json!({ "id": id, "result": { "seconds": seconds } }))
                }
                LoginRule::Ignores => None,
                _ => Some(json!({ "id": id, "error": [401, "who are you?"] })),
            };
        }
        let names =
            |verb: &str| -> Option<Vec<String>> { serde_json::from_value(request.get(verb)?.clone()).ok() };
        if let Some(names) = names("subscribe") {
            for name in names.iter().filter(|name| seat.topics.contains(*name)) {
                self.complaints.push(format!("{name} was asked for twice on {}", line.link()));
            }
            let (refused, taken): (Vec<_>, Vec<_>) =
                names.into_iter().partition(|name| self.refuses.contains(name));
            for name in &taken {
                *seat.asked.entry(name.clone()).or_default() += 1;
                seat.topics.insert(name.clone());
            }
            let on: Vec<_> = taken.into_iter().filter(|name| !self.omits.contains(name)).collect();
            return Some(json!({ "id": id, "result": { "id": id, "on": on, "refused": refused } }));
        }
        if let Some(names) = names("unsubscribe") {
            names.iter().for_each(|name| _ = seat.topics.remove(name));
            return Some(json!({ "id": id, "result": { "id": id, "off": names } }));
        }
        None
    }
}

impl Peer for VenuePeer {
    fn receive(&mut self, _incoming: &Incoming) -> Reception {
        self.receptions.pop_front().unwrap_or(Reception::Accept)
    }

    fn connected(&mut self, line: &mut Line<'_>) {
        self.seats.insert(line.link(), Seat::default());
    }

    fn message(&mut self, line: &mut Line<'_>, message: &Message<'_>) {
        let Message::Text(text) = message else { return };
        self.heard.push((line.link(), (*text).to_owned()));
        let Ok(request) = serde_json::from_str::<Value>(text) else {
            return self.complaints.push(format!("not JSON: {text}"));
        };
        let is_ignored = self.ignores.iter().any(|word| text.contains(word));
        let Some(answer) = self.answer(line, &request).filter(|_| !is_ignored) else { return };
        let late = self.spread.mul_f64(if self.spread.is_zero() { 0.0 } else { line.chance().f64() });
        line.text_after(self.pause + late, answer.to_string());
    }

    fn gone(&mut self, link: Generation) {
        self.seats.remove(&link);
    }
}
