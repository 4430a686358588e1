//! What must hold of an envelope whatever a service sends and whatever it is asked.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::collections::BTreeMap;

use nova_behaviour::{
    Body, Demand, Dialect, Envelope, EnvelopeMessages, Inbound, Json, Kept, MessageHandler, MethodCall,
    RequestId,
};
use proptest::prelude::*;

struct Service;

impl Dialect for Service {
    type Request = MethodCall;
    type Codec = Json;
}

fn messages() -> EnvelopeMessages<Service> {
    let envelope = Envelope::new("id", "op", "ok", "error")
        .with_items("topic", "data.item")
        .with_sequence("data.seq")
        .with_demand("op", "ping", Demand::Answer("pong"));
    EnvelopeMessages::new(envelope)
}

/// Words that an envelope means something by, and others, in any order and nesting.
fn nearly_a_message() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("\"id\"".to_owned()),
        Just("\"op\"".to_owned()),
        Just("\"ok\"".to_owned()),
        Just("\"error\"".to_owned()),
        Just("\"topic\"".to_owned()),
        Just("\"data\"".to_owned()),
        Just("\"item\"".to_owned()),
        Just("\"seq\"".to_owned()),
        Just("\"ping\"".to_owned()),
        Just("null".to_owned()),
        Just("\"\\u0061\"".to_owned()),
        "[{}\\[\\]:,]",
        "-?[0-9]{1,25}",
        "\"[ -~]{0,4}\"",
    ];
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn nothing_a_service_sends_panics(text in prop_oneof![".{0,64}", nearly_a_message()]) {
        let _ = messages().route(Body::Text(&text));
        let _ = messages().route(Body::Binary(text.as_bytes()));
    }

    #[test]
    fn a_request_is_one_object_and_its_answer_finds_it(
        id in 0..1_u64 << 53,
        method in ".{0,8}",
        params in prop::collection::btree_map("[a-z]{1,4}x", any::<i32>(), 0..4),
        result in ".{0,8}",
    ) {
        let mut out = Kept::default();
        let params: BTreeMap<_, _> = params.into_iter().collect();
        messages().encode(RequestId::new(id), MethodCall::new(method.clone(), &params), &mut out).unwrap();
        let written: serde_json::Value = serde_json::from_slice(out.as_body().as_bytes()).unwrap();
        prop_assert_eq!(&written["id"], &serde_json::json!(id));
        prop_assert_eq!(&written["op"], &serde_json::json!(method));
        for (name, value) in &params {
            prop_assert_eq!(&written[name], &serde_json::json!(value));
        }
        let quoted = serde_json::json!(result).to_string();
        let answer = format!(r#"{{"ok":{quoted},"id":{id}}}"#);
        let read = messages().route(Body::Text(&answer)).unwrap();
        prop_assert_eq!(read, Inbound::Reply { to: Some(RequestId::new(id)), result: Ok(Body::Text(&quoted)) });
    }
}
