//! The venue as a script: what it answers, what its items look like, how it refuses.
//!
//! It is written from the venue's documentation and shares no code with the adapter but the words of
//! its requests, so that a mistake on one side shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use nova_adapter_tulip::{PlaceOrder, Request, TulipDialect};
use nova_behaviour::{Body, Call, Kept, Topic};
use nova_testkit::conformance::Service;
use serde_json::{Value, json};

/// Who may log in.
pub(crate) const KEY: &str = "alice";
/// What only she knows.
pub(crate) const SECRET: &str = "the-rabbit-is-late";

const LOGIN_LIFE: Duration = Duration::from_secs(120);
const REFUSED: &str = "trades.NONE";

/// One client's side of the venue.
#[derive(Debug)]
pub(crate) struct Venue {
    demands_login: bool,
    is_logged_in: bool,
    on: BTreeSet<String>,
    published: BTreeMap<String, u64>,
    orders: u64,
    beats: u64,
}

impl Default for Venue {
    fn default() -> Self {
        Self {
            demands_login: true,
            is_logged_in: false,
            on: BTreeSet::new(),
            published: BTreeMap::new(),
            orders: 0,
            beats: 0,
        }
    }
}

impl Venue {
    /// A venue that lets everybody trade.
    pub(crate) fn public() -> Self {
        Self { demands_login: false, ..Self::default() }
    }

    fn act(&mut self, said: &Value) -> Result<Value, Value> {
        let named = || said["topics"].as_array().into_iter().flatten().filter_map(Value::as_str);
        match said["do"].as_str().unwrap_or_default() {
            "login" => {
                let is_signed = said["sig"].as_str().is_some_and(|sig| sig.len() == 64);
                if said["key"] != KEY || !is_signed {
                    return Err(json!({ "code": 21, "text": "wrong credentials" }));
                }
                self.is_logged_in = true;
                Ok(json!({ "expires": LOGIN_LIFE.as_secs() }))
            }
            "beat" => Ok(json!({})),
            "listen" => {
                let (refused, on): (Vec<_>, Vec<_>) = named().partition(|topic| *topic == REFUSED);
                self.on.extend(on.iter().map(|topic| (*topic).to_owned()));
                let no = |topic| json!({ "topic": topic, "code": 30, "text": "there is no such topic" });
                Ok(json!({ "on": on, "refused": refused.into_iter().map(no).collect::<Vec<_>>() }))
            }
            "leave" => {
                named().for_each(|topic| {
                    self.on.remove(topic);
                });
                Ok(json!({ "off": said["topics"] }))
            }
            "place_order" if self.demands_login && !self.is_logged_in => {
                Err(json!({ "code": 20, "text": "log in first" }))
            }
            "place_order" => {
                self.orders += 1;
                Ok(json!({ "order": self.orders, "ref": said["ref"] }))
            }
            _ => Err(json!({ "code": 10, "text": "what?" })),
        }
    }
}

fn parsed(message: Body<'_>) -> Value {
    serde_json::from_slice(message.as_bytes()).unwrap_or_default()
}

fn kept(message: &Value) -> Kept {
    Kept::Text(message.to_string())
}

fn reference(number: u32) -> String {
    format!("call {number}")
}

impl Service<TulipDialect> for Venue {
    fn hear(&mut self, _at: Duration, message: Body<'_>) -> Vec<Kept> {
        let said = parsed(message);
        let Some(id) = said["req"].as_u64() else { return Vec::new() };
        vec![kept(&match self.act(&said) {
            Ok(ok) => json!({ "re": id, "ok": ok }),
            Err(no) => json!({ "re": id, "no": no }),
        })]
    }

    fn call(&self, number: u32) -> Request {
        PlaceOrder::buy(reference(number), "ABC", 1, 100).into_request()
    }

    fn answers(&self, number: u32, reply: Body<'_>) -> bool {
        parsed(reply)["ref"] == reference(number)
    }

    fn connected(&mut self) {
        // Numbers count the items of a connection, and so start again.
        (self.is_logged_in, self.on, self.published) = (false, BTreeSet::new(), BTreeMap::new());
    }

    fn may_reorder(&self) -> bool {
        true
    }

    fn refuse(&mut self, message: Body<'_>) -> Option<Kept> {
        let id = parsed(message)["req"].as_u64()?;
        Some(kept(&json!({ "re": id, "no": { "code": 21, "text": "no" } })))
    }

    fn has_login(&self) -> bool {
        self.demands_login
    }

    fn is_login(&self, message: Body<'_>) -> bool {
        parsed(message)["do"] == "login"
    }

    fn may_precede_login(&self, message: Body<'_>) -> bool {
        self.is_login(message) || parsed(message)["do"] == "beat"
    }

    fn login_life(&self) -> Option<Duration> {
        self.demands_login.then_some(LOGIN_LIFE)
    }

    fn topic(&self, number: u32) -> Option<Topic> {
        let topics = ["trades.ABC", "trades.DEF", "trades.GHI"];
        topics.get(number as usize).map(|name| Topic::from(*name))
    }

    fn refused_topic(&self) -> Option<Topic> {
        Some(Topic::from(REFUSED))
    }

    fn carries(&self, topic: &Topic) -> bool {
        self.on.contains(topic.as_str())
    }

    fn publish(&mut self, topic: &Topic) -> Option<Kept> {
        let n = self.published.entry(topic.as_str().to_owned()).or_default();
        *n += 1;
        let item = json!({ "lots": *n, "price": 100, "taker": "buy" });
        Some(kept(&json!({ "topic": topic, "n": *n, "item": item })))
    }

    fn demand(&mut self) -> Option<Kept> {
        self.beats += 1;
        Some(kept(&json!({ "beat": self.beats })))
    }

    fn is_alive(&self, message: Body<'_>) -> bool {
        parsed(message).get("echo").is_some()
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}
