//! An adapter of the made-up venue: login, positions, heartbeat, credits, one typed channel.

use nova_testkit::venue::signature;
use serde_json::json;
use websockex_nova::{behaviour::*, prelude::*};

#[derive(Adapter)]
#[adapter(json(method = "op", result = "ok", topic = "topic", item = "data", sequence = "seq"))]
#[adapter(answer("op" = "alive?", with = r#"{"op":"alive"}"#), setting("set", params("heartbeat" = 50)))]
#[adapter(topics(names = "topics", confirmed = "on", counted), login(with = sign, expires_in = "expires"))]
#[adapter(budget("credits", capacity = 9, refill = 3, per = "1s", cost = 1))]
pub(crate) struct Desk {
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: (&'static str, Secret),
}

fn sign((key, secret): &(&'static str, Secret), moment: LoginMoment) -> MethodCall {
    let (time, nonce) = (moment.unix_millis(), moment.nonce);
    let sign = signature(secret.reveal(), time, nonce);
    MethodCall::new("login", &json!({ "key": key, "time": time, "nonce": nonce.to_string(), "sign": sign }))
}

#[derive(Channel)]
#[channel(topic = "prices.{0}", item = Price, dialect = Desk, conflatable)]
pub(crate) struct Prices(pub(crate) &'static str);

#[derive(Clone, Copy, Debug, serde::Deserialize)]
pub(crate) struct Price {
    pub(crate) bid: f64,
    pub(crate) ask: f64,
}
