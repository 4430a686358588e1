//! What requests mean.

use std::time::{Duration, Instant, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{Core, Output, seat::Login};
use crate::venue::{
    journal::Heard,
    rules::{Answering, Logins, Op},
    signature::signature,
};

/// An order as the venue has it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Placed {
    /// The venue's own number for it.
    pub order: u64,
    /// The connection it came on first.
    pub link: u64,
    /// How often it came; it counts once.
    pub seen: u32,
    /// Whether it still waits in the book.
    pub is_open: bool,
}

/// The error of a reply.
#[derive(Debug)]
struct Refused(i64, String);

type Result<T> = std::result::Result<T, Refused>;

impl Core {
    /// A text message of a client.
    pub(super) fn hear(&mut self, now: Instant, link: u64, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        let name = message["op"].as_str().unwrap_or_default();
        if name == "alive" {
            return self.lives(now, link);
        }
        let id = message["id"].as_u64();
        let Some(op) = Op::named(name) else {
            self.journal.record(now, link, Heard::Nonsense(text.to_owned()));
            self.complaints.push(format!("connection {link} speaks nonsense"));
            return self.answer(now, link, id, Err(Refused(400, "that makes no sense".to_owned())));
        };
        self.journal.record(now, link, Heard::Request { op, text: text.to_owned() });
        let Some(seat) = self.seats.get_mut(&link) else { return };
        seat.requests += 1;
        if self.rules.cut_at_request.take_if(|number| *number == seat.requests).is_some() {
            return self.cut(link, true);
        }
        let has_paid = self.rules.credits.is_none_or(|terms| seat.purse.pay(now, &terms));
        let result = if !has_paid {
            self.rate_errors += 1;
            Err(Refused(429, "too many requests".to_owned()))
        } else if self.rules.replies_carry_ids && id.is_none() {
            Err(Refused(400, "an id is missing".to_owned()))
        } else {
            self.act(now, link, op, &message)
        };
        if !self.rules.unanswered.contains(&op) {
            self.answer(now, link, id, result);
        }
    }

    fn lives(&mut self, now: Instant, link: u64) {
        self.journal.record(now, link, Heard::Alive);
        if let Some(seat) = self.seats.get_mut(&link)
            && seat.asked_until.take().is_some()
        {
            seat.asks_at = seat.heartbeat.map(|pause| now + pause);
        }
    }

    fn answer(&mut self, now: Instant, link: u64, id: Option<u64>, result: Result<Value>) {
        let body = match result {
            Ok(value) => format!(r#""ok":{value}"#),
            Err(Refused(code, message)) => {
                format!(r#""error":{{"code":{code},"message":{}}}"#, Value::from(message))
            }
        };
        let text = match id.filter(|_| self.rules.replies_carry_ids) {
            Some(id) => format!(r#"{{"id":{id},{body}}}"#),
            None => format!("{{{body}}}"),
        };
        match self.rules.answering {
            Answering::Never => {}
            Answering::AtOnce => self.say(link, Output::Text(text)),
            Answering::After(pause) => self.say_after(now, pause, link, Output::Text(text)),
            Answering::Reordered(count) => {
                let Some(seat) = self.seats.get_mut(&link) else { return };
                seat.held.push(text);
                if seat.held.len() >= count {
                    let held = std::mem::take(&mut seat.held);
                    held.into_iter().rev().for_each(|text| self.say(link, Output::Text(text)));
                }
            }
        }
    }

    fn act(&mut self, now: Instant, link: u64, op: Op, request: &Value) -> Result<Value> {
        match op {
            Op::Login => self.log_in(now, link, request),
            Op::Set => self.set(now, link, request),
            Op::Subscribe => self.subscribe(link, request),
            Op::Unsubscribe => self.unsubscribe(link, request),
            Op::Order => self.order(link, request),
            Op::Time => Ok(json!({ "time": self.millis(now) })),
        }
    }

    fn log_in(&mut self, now: Instant, link: u64, request: &Value) -> Result<Value> {
        if let Logins::Refused { code, message } = &self.rules.logins {
            return Err(Refused(*code, message.clone()));
        }
        let key = text(request, "key")?;
        let (time, sign) = (number(request, "time")?, text(request, "sign")?);
        let nonce = text(request, "nonce")?.parse::<u64>().map_err(|_| nonsense("nonce"))?;
        let no = |why: &str| Err(Refused(403, why.to_owned()));
        let Some(secret) = self.rules.keys.get(key) else { return no("unknown key") };
        if u128::from(self.millis(now).abs_diff(time)) > self.rules.clock_tolerance.as_millis() {
            return no("your clock is wrong");
        }
        if sign != signature(secret, time, nonce) {
            return no("wrong signature");
        }
        if !self.nonces.insert((key.to_owned(), nonce)) {
            return no("this nonce was used before");
        }
        let life = Duration::from_secs(self.rules.login_life.as_secs().max(1));
        if let Some(seat) = self.seats.get_mut(&link) {
            seat.login = Some(Login { key: key.to_owned(), until: now + life });
        }
        Ok(json!({ "expires": life.as_secs() }))
    }

    fn set(&mut self, now: Instant, link: u64, request: &Value) -> Result<Value> {
        if request.get("cancel_on_drop").is_some() {
            self.demand_login(link, "cancel_on_drop")?;
        }
        let Some(seat) = self.seats.get_mut(&link) else { return Ok(Value::Null) };
        if let Some(wish) = request.get("cancel_on_drop") {
            seat.cancels_on_drop = wish.as_bool().ok_or_else(|| nonsense("cancel_on_drop"))?;
        } else {
            let pause = Duration::from_millis(number(request, "heartbeat")?);
            seat.heartbeat = Some(pause);
            seat.asks_at = Some(now + pause);
            seat.asked_until = None;
        }
        Ok(json!({}))
    }

    fn subscribe(&mut self, link: u64, request: &Value) -> Result<Value> {
        let topics = topics(request)?;
        if topics.is_empty() || topics.len() > self.rules.most_topics {
            return Err(Refused(400, format!("one to {} topics at a time", self.rules.most_topics)));
        }
        let (mut on, mut refused) = (Vec::new(), Vec::new());
        for topic in topics {
            match self.may_take(link, topic) {
                Ok(()) => {
                    self.take(link, topic);
                    if !self.rules.unnamed_topics.contains(topic) {
                        on.push(topic);
                    }
                }
                Err(Refused(code, message)) => {
                    refused.push(json!({ "topic": topic, "code": code, "message": message }));
                }
            }
        }
        Ok(json!({ "on": on, "refused": refused }))
    }

    fn may_take(&mut self, link: u64, topic: &str) -> Result<()> {
        let is_public = ["prices.", "deltas."].iter().any(|kind| {
            let instrument = topic.strip_prefix(kind).unwrap_or_default();
            !instrument.is_empty() && instrument.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if self.rules.refused_topics.contains(topic) || !is_public && topic != "fills" {
            return Err(Refused(404, "there is no such topic".to_owned()));
        }
        if is_public { Ok(()) } else { self.demand_login(link, topic) }
    }

    fn take(&mut self, link: u64, topic: &str) {
        if let Some(seat) = self.seats.get_mut(&link)
            && !seat.topics.insert(topic.to_owned())
        {
            self.complaints.push(format!("{topic} was asked for twice on connection {link}"));
        }
    }

    fn unsubscribe(&mut self, link: u64, request: &Value) -> Result<Value> {
        let topics = topics(request)?;
        if let Some(seat) = self.seats.get_mut(&link) {
            topics.iter().for_each(|topic| _ = seat.topics.remove(*topic));
        }
        Ok(json!({ "off": topics }))
    }

    fn order(&mut self, link: u64, request: &Value) -> Result<Value> {
        self.demand_login(link, "order")?;
        let client_id = text(request, "client_id")?;
        text(request, "instrument")?;
        let side = text(request, "side")?;
        let quantity = request["quantity"].as_f64().filter(|quantity| *quantity > 0.0);
        let quantity = quantity.ok_or_else(|| nonsense("quantity"))?;
        if !matches!(side, "buy" | "sell") {
            return Err(nonsense("side"));
        }
        if let Some(known) = self.orders.get_mut(client_id) {
            known.seen += 1;
            self.complaints.push(format!("order {client_id} came {} times", known.seen));
            return Err(Refused(409, "this order is there already".to_owned()));
        }
        let order = self.orders.len() as u64 + 1;
        let price = request["price"].as_f64();
        let placed = Placed { order, link, seen: 1, is_open: price.is_some() };
        self.orders.insert(client_id.to_owned(), placed);
        // Without a limit it is filled at once; with one it waits in the book.
        if price.is_none()
            && let Some(key) = self.seats.get(&link).and_then(|seat| seat.key()).map(str::to_owned)
        {
            self.publish_fill(&key, client_id, 100.0, quantity);
        }
        Ok(json!({ "order": order, "client_id": client_id }))
    }

    fn demand_login(&mut self, link: u64, what: &str) -> Result<()> {
        if self.seats.get(&link).is_some_and(|seat| seat.login.is_some()) {
            return Ok(());
        }
        self.complaints.push(format!("{what} came without a login on connection {link}"));
        Err(Refused(401, "log in first".to_owned()))
    }

    fn millis(&self, now: Instant) -> u64 {
        let since = self.wall(now).duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

fn nonsense(field: &str) -> Refused {
    Refused(400, format!("`{field}` is missing or wrong"))
}

fn text<'a>(request: &'a Value, field: &str) -> Result<&'a str> {
    request[field].as_str().ok_or_else(|| nonsense(field))
}

fn number(request: &Value, field: &str) -> Result<u64> {
    request[field].as_u64().ok_or_else(|| nonsense(field))
}

fn topics(request: &Value) -> Result<Vec<&str>> {
    let topics = request["topics"].as_array().ok_or_else(|| nonsense("topics"))?;
    topics.iter().map(|topic| topic.as_str().ok_or_else(|| nonsense("topics"))).collect()
}
