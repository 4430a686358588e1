//! The conversation: a call, a stream, what cannot be read in the middle of it, and a lost link.

use std::sync::{Arc, Mutex};

use nova_testkit::net::{PATIENCE, within};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::{Class, DecodeError, ErrorHandler, Fault, Json, Verdict},
    client::Events,
    codecs::{Cbor, MessagePack, Protobuf},
    prelude::*,
    reconnect::Linear,
    session::GapCause,
    telemetry::{Event, Registry},
};

use crate::{
    key_value::KeyValue,
    language::{Ask, Messages, Prices, Speaks, Speechless, Told, Topics},
    venue::venue,
};

#[tokio::test]
async fn in_json() {
    conversation::<Json>().await;
}

#[tokio::test]
async fn in_message_pack() {
    conversation::<MessagePack>().await;
}

#[tokio::test]
async fn in_cbor() {
    conversation::<Cbor>().await;
}

#[tokio::test]
async fn in_protobuf() {
    conversation::<Protobuf>().await;
}

#[tokio::test]
async fn in_a_codec_of_somebody_else() {
    conversation::<KeyValue>().await;
}

async fn conversation<C: Speaks>() {
    let venue = venue::<C>().await;
    let (faults, registry) = (Faults::default(), Registry::default());
    let handlers = Handlers::new(Messages::<C>::default())
        .with_subscriptions(Topics)
        .with_errors(faults.clone())
        .with_metrics(registry.clone());
    let endpoint = Endpoint::parse(&venue.url()).unwrap();
    let client = Connect::new(speaking(endpoint, handlers), Wire::default())
        .with_policies(Policies::default().with_reconnect(Linear::every(millis(1))))
        .connect()
        .await
        .unwrap();
    let mut events = client.events();
    let say = |verb, price| client.call(Ask::new(verb, "btc", price));

    // A call has its reply, or its refusal.
    let reply = say("say", 7.5).await.unwrap();
    assert_eq!((reply.topic.as_str(), reply.price), ("btc", 7.5));
    let refused = say("deny", 0.0).await.unwrap_err();
    assert!(matches!(&refused, RequestError::Refused(refusal) if refusal.message == "btc"), "{refused:?}");

    // A subscription has its items.
    let mut prices = client.subscribe(Prices::<C>::of("btc")).await.unwrap();
    say("tick", 1.0).await.unwrap();
    assert_eq!(price(&mut prices).await, 1.0);

    // What cannot be read is an event and a number, and the reason is a value.
    say("garble", 0.0).await.unwrap();
    undecodable(&mut events).await;
    assert!(!faults.last_is_wrong_kind(), "{faults:?}");
    say("mistake", 0.0).await.unwrap();
    undecodable(&mut events).await;
    assert!(faults.last_is_wrong_kind(), "{faults:?}");

    // In an item it is a gap as well, and in a reply the fate of its request.
    say("stammer", 0.0).await.unwrap();
    say("tick", 2.0).await.unwrap();
    let Some(Delivery::Gap(gap)) = next(&mut prices).await else { panic!("what cannot be read is a gap") };
    assert!(matches!(gap.cause, GapCause::Undecodable), "{gap:?}");
    assert_eq!(price(&mut prices).await, 2.0);
    undecodable(&mut events).await;
    let error = say("mumble", 0.0).await.unwrap_err();
    assert!(matches!(&error, RequestError::Undecodable(DecodeError::Shape(_))), "{error:?}");
    undecodable(&mut events).await;

    // The link lives on through all of that, and it is the only one.
    say("say", 3.0).await.unwrap();
    assert_eq!(venue.accepted(), 1);

    // The next link is as good as the first.
    say("cut", 0.0).await.unwrap_err();
    within(PATIENCE, "the next subscription", prices.confirmed()).await.unwrap();
    client.call(Ask::new("tick", "btc", 4.0)).wait_for_link(PATIENCE).await.unwrap();
    let Some(Delivery::Gap(gap)) = next(&mut prices).await else { panic!("a lost link is a gap") };
    assert!(matches!(gap.cause, GapCause::Disconnected(_)), "{gap:?}");
    assert_eq!(price(&mut prices).await, 4.0);
    assert_eq!(venue.accepted(), 2);

    let counts = prices.counts();
    assert_eq!((counts.received, counts.delivered, counts.undecodable), (4, 3, 1));
    client.shutdown(secs(1)).await.unwrap();
    event(&mut events, "the last event", |event| matches!(event, Event::Closed)).await;
    assert_eq!(registry.snapshot().undecodable, 4);
}

/// Keeps why messages could not be read: whether the kind was wrong.
#[derive(Clone, Debug, Default)]
struct Faults(Arc<Mutex<Vec<bool>>>);

impl Faults {
    fn last_is_wrong_kind(&self) -> bool {
        *self.0.lock().unwrap().last().expect("the error handler was asked")
    }
}

impl ErrorHandler for Faults {
    fn verdict(&mut self, fault: &Fault<'_>, _: Class, _: u32) -> Verdict {
        if let Fault::Undecodable(error) = fault {
            let speechless = error.downcast_ref::<Speechless>();
            let is_wrong_kind =
                matches!(speechless, Some(Speechless::Decode(error)) if error.is_wrong_kind());
            self.0.lock().unwrap().push(is_wrong_kind);
        }
        Verdict::Ignore
    }
}

async fn next(prices: &mut Subscription<Told>) -> Option<Delivery<Told>> {
    within(PATIENCE, "an item", prices.next()).await
}

/// The price of the next item.
async fn price(prices: &mut Subscription<Told>) -> f64 {
    match next(prices).await {
        Some(Delivery::Item(told)) => told.price,
        other => panic!("an item was due, not {other:?}"),
    }
}

async fn undecodable(events: &mut Events) {
    event(events, "an undecodable message", |event| matches!(event, Event::Undecodable { count: 1, .. }))
        .await;
}

async fn event(events: &mut Events, what: &str, is_it: impl Fn(&Event) -> bool) {
    let found = async { while !is_it(&events.next().await.expect("the client is there").event) {} };
    within(PATIENCE, what, found).await;
}
