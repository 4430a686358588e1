//! A whole adapter on one page: login, numbered items, heartbeat, credits, one typed channel.
//!
//! `cargo run -p websockex-nova --example custom_adapter` listens to a made-up venue in this process;
//! with an address behind `--`, to one that serves there. The wire is described at
//! `nova_testkit::venue`. For more than a page, `cargo xtask new-adapter NAME` writes a crate to start
//! from; the feature `macros` says the same in half of the lines.

#![allow(clippy::print_stdout, reason = "a program speaks")]

use std::{env, error::Error};

use nova_testkit::venue::{Rules, Venue, signature};
use serde::Deserialize;
use serde_json::json;
use websockex_nova::{behaviour::*, prelude::*, ratelimit::*};

/// The language: requests are methods with parameters, items are JSON.
pub struct Acme;
impl Dialect for Acme {
    type Request = MethodCall;
    type Codec = Json;
}

/// What can be listened to: the changes of an instrument's book.
pub struct Deltas(pub &'static str);
/// A change: what is there now at a price.
#[derive(Deserialize)]
pub struct Delta {
    price: f64,
    quantity: f64,
}
impl Channel for Deltas {
    type Dialect = Acme;
    type Item = Delta;
    fn topic(&self) -> Topic {
        Topic::from(format!("deltas.{}", self.0))
    }
}

/// What the venue's messages mean, as data.
pub fn acme(url: Endpoint, key: String, secret: Secret) -> Speaking<impl Behaviour<Dialect = Acme>> {
    const CREDITS: BudgetId = BudgetId::new("credits");
    let envelope = Envelope::new("id", "op", "ok", "error")
        .with_items("topic", "data")
        .with_sequence("seq")
        .with_demand("op", "alive?", Demand::Answer(r#"{"op":"alive"}"#));
    let login = LoginBy::new((key, secret), |(key, secret), moment| {
        let (time, nonce) = (moment.unix_millis(), moment.nonce);
        let sign = signature(secret.reveal(), time, nonce);
        let proof = json!({ "key": key, "time": time, "nonce": nonce.to_string(), "sign": sign });
        MethodCall::new("login", &proof)
    });
    let topics = MethodTopics::new("subscribe", "unsubscribe").with_names("topics").with_confirmed("on");
    let heartbeat = Setting::new("heartbeat", MethodCall::new("set", &json!({ "heartbeat": 1000 })));
    let budget = Budget::new(9).with_refill(3, secs(1)).per_link();
    let prices = CarriedPrices::new().with_usual(Charge::one(CREDITS, 1)).with_budget(CREDITS, budget);
    let handlers = Handlers::new(EnvelopeMessages::<Acme>::new(envelope))
        .with_auth(login.with_expires_in("expires"))
        .with_subscriptions(topics.counting_by_one(false))
        .with_connection_settings(FixedSettings::new([heartbeat]))
        .with_limits(prices);
    speaking(url, handlers)
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let venue = Venue::start(Rules::default().with(|rules| rules.items_per_second = Some(5.0))).await?;
    let url = env::args().nth(1).map_or_else(|| Ok(venue.endpoint()), |url| url.parse())?;
    let client = Client::connect(acme(url, "alice".to_owned(), Secret::from(Rules::ALICES_SECRET))).await?;
    let mut deltas = client.subscribe(Deltas("BTC")).await?;
    for _ in 0..5 {
        match deltas.next().await.ok_or("the venue has ended")? {
            Delivery::Item(Delta { price, quantity }) => println!("{quantity} at {price}"),
            Delivery::Gap(gap) => println!("missed {gap}"),
        }
    }
    Ok(client.shutdown(secs(1)).await?)
}
