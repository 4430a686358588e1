//! An adapter of the made-up venue: login, positions, heartbeat, credits, one typed channel.

use nova_testkit::venue::signature;
use serde_json::json;
use websockex_nova::{
    behaviour::*,
    prelude::*,
    ratelimit::{Budget, BudgetId, Charge},
};

pub(crate) struct Language;

impl Dialect for Language {
    type Request = MethodCall;
    type Codec = Json;
}

pub(crate) fn desk(
    endpoint: Endpoint,
    credentials: (&'static str, Secret),
) -> impl Adapter<Handlers: Behaviour<Dialect = Language>> {
    let envelope = Envelope::new("id", "op", "ok", "error")
        .with_items("topic", "data")
        .with_sequence("seq")
        .with_demand("op", "alive?", Demand::Answer(r#"{"op":"alive"}"#));
    let topics = MethodTopics::new("subscribe", "unsubscribe").with_names("topics").with_confirmed("on");
    let heartbeat = Setting::new("heartbeat", MethodCall::new("set", &json!({ "heartbeat": 50 })));
    let limits = CarriedPrices::new()
        .with_usual(Charge::one(CREDITS, 1))
        .with_budget(CREDITS, Budget::new(9).with_refill(3, secs(1)));
    let handlers = Handlers::new(EnvelopeMessages::<Language>::new(envelope))
        .with_subscriptions(topics.counting_by_one(false))
        .with_auth(LoginBy::new(credentials, sign).with_expires_in("expires"))
        .with_connection_settings(FixedSettings::new([heartbeat]))
        .with_limits(limits);
    speaking(endpoint, handlers)
}

const CREDITS: BudgetId = BudgetId::new("credits");

fn sign((key, secret): &(&'static str, Secret), moment: LoginMoment) -> MethodCall {
    let (time, nonce) = (moment.unix_millis(), moment.nonce);
    let sign = signature(secret.reveal(), time, nonce);
    MethodCall::new("login", &json!({ "key": key, "time": time, "nonce": nonce.to_string(), "sign": sign }))
}

pub(crate) struct Prices(pub(crate) &'static str);

impl Channel for Prices {
    type Dialect = Language;
    type Item = Price;

    fn topic(&self) -> Topic {
        Topic::from(format!("prices.{}", self.0))
    }
}

#[derive(Clone, Copy, Debug, serde::Deserialize)]
pub(crate) struct Price {
    pub(crate) bid: f64,
    pub(crate) ask: f64,
}

impl Conflate for Price {}
