//! What the venue publishes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Core, Output};

impl Core {
    /// Publishes an item to all who take its topic; returns its position, which counts also where
    /// nobody does.
    pub fn publish(&mut self, topic: &str, data: &Value) -> u64 {
        let position = self.position(topic);
        self.spread(topic, position, &data.to_string(), |_| true);
        position
    }

    /// Publishes an item made up by the venue, in which `n` is its position. Only prices and deltas
    /// can be made up; of other topics it is an empty object.
    pub fn tick(&mut self, topic: &str) -> u64 {
        let n = self.position(topic);
        let level = 100 + n % 17;
        // Written by hand: floods are made of these.
        let data = if topic.starts_with("prices.") {
            format!(r#"{{"n":{n},"bid":{level}.25,"ask":{level}.5}}"#)
        } else if topic.starts_with("deltas.") {
            let side = if n.is_multiple_of(2) { "buy" } else { "sell" };
            format!(r#"{{"n":{n},"side":"{side}","price":{level}.0,"quantity":{}.0}}"#, n % 5)
        } else {
            "{}".to_owned()
        };
        self.spread(topic, n, &data, |_| true);
        n
    }

    /// Publishes a fill to whoever has logged in with this key.
    pub(super) fn publish_fill(&mut self, key: &str, client_id: &str, price: f64, quantity: f64) {
        let n = self.position("fills");
        let data = json!({ "n": n, "client_id": client_id, "price": price, "quantity": quantity });
        self.spread("fills", n, &data.to_string(), |owner| owner == Some(key));
    }

    /// When it publishes by itself next: at once, if it has not begun.
    pub(super) fn publishes_at(&self) -> Option<Instant> {
        let is_heard = || self.seats.values().any(|seat| !seat.topics.is_empty());
        let publishes = self.rate().is_some() && is_heard();
        publishes.then(|| self.publishes_at.unwrap_or(self.epoch.0))
    }

    fn rate(&self) -> Option<f64> {
        self.rules.items_per_second.filter(|rate| self.rules.publishes && *rate > 0.0)
    }

    /// Publishes what is due by its own rate, on every topic somebody takes.
    pub(super) fn publish_due(&mut self, now: Instant) {
        let Some(rate) = self.rate() else { return self.publishes_at = None };
        let pause = Duration::from_secs_f64(1.0 / rate);
        // What was not published while nobody listened is not made up for.
        let mut at = self.publishes_at.filter(|at| *at + MOST_LATE > now).unwrap_or(now);
        let mut topics: Vec<_> = self.seats.values().flat_map(|seat| seat.topics.iter().cloned()).collect();
        topics.sort_unstable();
        topics.dedup();
        topics.retain(|topic| topic != "fills");
        for _ in 0..MOST_AT_ONCE {
            if at > now {
                break;
            }
            topics.iter().for_each(|topic| _ = self.tick(topic));
            at += pause;
        }
        self.publishes_at = Some(at.max(now));
    }

    fn position(&mut self, topic: &str) -> u64 {
        let position = self.sequences.entry(topic.to_owned()).or_default();
        *position += 1;
        *position
    }

    fn spread(&mut self, topic: &str, position: u64, data: &str, may: impl Fn(Option<&str>) -> bool) {
        if !self.rules.publishes || self.rules.silent_topics.contains(topic) {
            return;
        }
        let name = Value::from(topic);
        let text = format!(r#"{{"topic":{name},"seq":{position},"data":{data}}}"#);
        let takers = self.seats.iter().filter(|(_, seat)| seat.topics.contains(topic) && may(seat.key()));
        for link in takers.map(|(link, _)| *link).collect::<Vec<_>>() {
            self.say(link, Output::Text(text.clone()));
        }
    }
}

/// Items of one topic in one go.
const MOST_AT_ONCE: usize = 5_000;

/// How far its publishing may lag behind its rate.
const MOST_LATE: Duration = Duration::from_millis(200);
