//! The venue's adapter, against the venue's own core in virtual time.

use std::time::{Duration, Instant, SystemTime};

use nova_testkit::{
    conformance::{self, Service},
    venue::{Core, Output, Reception, Rules, adapter::*},
};
use serde_json::{Value, json};
use websockex_nova::{
    behaviour::{Body, Kept, Topic},
    prelude::*,
};

/// The core on its only link.
pub(crate) struct OneLink {
    core: Core,
    began: Instant,
    link: u64,
    has_ids: bool,
}

impl OneLink {
    pub(crate) fn new(rules: Rules) -> Self {
        let rules = rules.with(|rules| {
            // The world has a calendar of its own.
            rules.clock_tolerance = Duration::MAX;
            rules.login_life = LOGIN_LIFE;
            rules.refused_topics.insert("prices.BAD".into());
        });
        let (began, has_ids) = (Instant::now(), rules.replies_carry_ids);
        Self { core: Core::new(rules, began, SystemTime::now()), began, link: 0, has_ids }
    }

    fn said(&mut self) -> Vec<Kept> {
        let outputs = std::iter::from_fn(|| self.core.poll_output(self.link));
        let texts = outputs.filter_map(|output| match output {
            Output::Text(text) => Some(Kept::Text(text)),
            _ => None,
        });
        texts.collect()
    }
}

const LOGIN_LIFE: Duration = Duration::from_secs(120);

fn parsed(message: Body<'_>) -> Value {
    serde_json::from_slice(message.as_bytes()).unwrap_or_default()
}

impl Service<VenueDialect> for OneLink {
    fn hear(&mut self, at: Duration, message: Body<'_>) -> Vec<Kept> {
        self.core.handle_text(self.began + at, self.link, message.as_text().unwrap_or_default());
        self.said()
    }

    fn call(&self, number: u32) -> Request {
        Request::Order(Order::buy(format!("call {number}"), "BTC").at(1.0))
    }

    fn answers(&self, number: u32, reply: Body<'_>) -> bool {
        parsed(reply)["client_id"] == format!("call {number}")
    }

    fn connected(&mut self) {
        self.core.handle_gone(self.began, self.link);
        self.link += 1;
        self.core.handle_connected(self.began, self.link, Reception::Accept);
    }

    fn may_reorder(&self) -> bool {
        self.has_ids
    }

    fn refuse(&mut self, message: Body<'_>) -> Option<Kept> {
        let id = parsed(message)["id"].clone();
        let error = json!({ "code": 403, "message": "no" });
        let reply =
            if id.is_null() { json!({ "error": error }) } else { json!({ "id": id, "error": error }) };
        Some(Kept::Text(reply.to_string()))
    }

    fn has_login(&self) -> bool {
        true
    }

    fn is_login(&self, message: Body<'_>) -> bool {
        parsed(message)["op"] == "login"
    }

    fn may_precede_login(&self, message: Body<'_>) -> bool {
        parsed(message)["op"] == "login" || parsed(message).get("heartbeat").is_some()
    }

    fn login_life(&self) -> Option<Duration> {
        Some(LOGIN_LIFE)
    }

    fn topic(&self, number: u32) -> Option<Topic> {
        let topics = ["deltas.BTC", "prices.BTC", "prices.ETH"];
        topics.get(number as usize).map(|name| Topic::from(*name))
    }

    fn refused_topic(&self) -> Option<Topic> {
        Some(Topic::from("prices.BAD"))
    }

    fn carries(&self, topic: &Topic) -> bool {
        self.core.seat(self.link).is_some_and(|seat| seat.topics().contains(topic.as_str()))
    }

    fn publish(&mut self, topic: &Topic) -> Option<Kept> {
        self.core.tick(topic.as_str());
        self.said().pop()
    }

    fn demand(&mut self) -> Option<Kept> {
        Some(Kept::from(r#"{"op":"alive?"}"#))
    }

    fn is_alive(&self, message: Body<'_>) -> bool {
        parsed(message)["op"] == "alive"
    }

    fn secrets(&self) -> Vec<String> {
        vec![Rules::ALICES_SECRET.to_owned()]
    }
}

/// The adapter as an application would have it.
pub(crate) fn adapter() -> VenueAdapter {
    VenueAdapter::at("wss://venue.example/".parse::<Endpoint>().unwrap())
        .with_credentials("alice", Rules::ALICES_SECRET)
        .with_heartbeat(Duration::from_secs(3600))
        .with_cancel_on_drop()
}

#[test]
fn the_venues_adapter_holds_in_everything() {
    let report = conformance::check(adapter, || OneLink::new(Rules::generous()));
    assert!(report.holds(), "{report}");
    assert_eq!(report.applied(), report.verdicts().len(), "{report}");
}

#[test]
fn without_ids_it_holds_too() {
    let report = conformance::check(|| adapter().without_ids(), || OneLink::new(Rules::in_order()));
    assert!(report.holds(), "{report}");
}
