//! Requests: each ends once, an order is placed at most once, and nobody gets another's reply.

use std::future::IntoFuture;

use nova_testkit::{
    net::{Ending, FaultProxy, PATIENCE, Way, within},
    venue::{Answering, Heard, Op, Rules, Venue, adapter::*},
};
use websockex_nova::prelude::*;

use crate::kit::{all, connect, count, generous, ready_after, venue};

#[tokio::test]
async fn c25_an_order_cut_at_any_byte_is_placed_at_most_once_and_never_wrongly_called_unsent() {
    let venue = generous().await;
    let proxy = FaultProxy::to(venue.addr()).await.unwrap();
    let adapter = VenueAdapter::at(proxy.url().parse::<Endpoint>().unwrap())
        .with_credentials("alice", Rules::ALICES_SECRET);
    let client = connect(adapter).await;
    client.call(Order::buy("c-000", "BTC")).await.unwrap();
    let length = venue.look(|core| {
        let (_, text) = core.requests(1).find(|(op, _)| *op == Op::Order).unwrap();
        // With the head of a short masked frame.
        text.len() + if text.len() < 126 { 6 } else { 8 }
    });
    let (mut unsent, mut unknown, mut known) = (0, 0, 0);
    for offset in 0..=length as u64 {
        let link = venue.accepted() as u64;
        let generation = ready_after(&client, 0).await;
        let name = format!("c-{:03}", offset + 1);
        proxy.faults().cut_once_after(Way::ToServer, offset, Ending::Reset);
        let outcome =
            within(PATIENCE, "an outcome", client.call(Order::buy(&name, "BTC")).into_future()).await;
        proxy.faults().heal();
        if outcome.is_err() {
            venue.wait_for("the end of the link", |core| core.seat(link).is_none()).await;
            ready_after(&client, generation).await;
        }
        let seen = venue.look(|core| core.orders().get(&name).map_or(0, |order| order.seen));
        assert!(seen <= 1, "{name} came {seen} times");
        match outcome {
            Ok(accepted) => {
                known += 1;
                assert_eq!((accepted.client_id.as_str(), seen), (name.as_str(), 1));
            }
            Err(error) if error.is_unsent() => {
                unsent += 1;
                assert_eq!(seen, 0, "{name} was called unsent at byte {offset}: {error:?}");
            }
            Err(RequestError::SentUnknown { .. }) => unknown += 1,
            Err(other) => panic!("at byte {offset}: {other:?}"),
        }
    }
    // Cut before its last byte, an order was on its way: its fate is unknown.
    assert!(unknown >= length - 2, "{unsent} unsent, {unknown} unknown, {known} known");
    assert!(venue.look(|core| core.complaints().is_empty()));
}

#[tokio::test]
async fn an_order_is_not_replayed_and_what_is_harmless_is() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    venue.rule(|rules| rules.cut_at_request = Some(2));
    let lost = client.call(Order::buy("once", "BTC")).wait_for_link(secs(5)).await.unwrap_err();
    assert!(matches!(lost, RequestError::SentUnknown { .. }), "{lost:?}");
    ready_after(&client, 1).await;
    venue.rule(|rules| rules.cut_at_request = Some(2));
    client.call(Time).replay_on_reconnect().await.unwrap();
    assert_eq!((count(&venue, Op::Order), count(&venue, Op::Time)), (1, 2));
    assert!(venue.look(|core| core.orders().is_empty()), "the venue did not act on it");
}

#[tokio::test]
async fn reordered_replies_find_their_callers() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    venue.rule(|rules| rules.answering = Answering::Reordered(20));
    let calls = (0..20).map(|n| {
        let client = client.clone();
        async move { (n, client.call(Order::buy(format!("o{n}"), "BTC")).await.unwrap().client_id) }
    });
    for (n, name) in all(calls).await {
        assert_eq!(name, format!("o{n}"));
    }
}

#[tokio::test]
async fn c35_without_ids_a_call_that_timed_out_shifts_no_reply() {
    let venue = Venue::start(Rules::in_order()).await.unwrap();
    let client = connect(venue.adapter()).await;
    for n in 0..5 {
        venue.rule(|rules| rules.answering = Answering::After(millis(60)));
        let late = client.call(Time).deadline(millis(20)).await.unwrap_err();
        assert!(matches!(late, RequestError::TimedOut { sent: true }), "{late:?}");
        let name = format!("o{n}");
        assert_eq!(client.call(Order::buy(&name, "BTC")).await.unwrap().client_id, name);
    }
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn the_venues_errors_are_the_callers_and_no_link_is_lost_for_them() {
    let venue = venue(|rules| rules.credits = Some(nova_testkit::venue::Credits::new(3, secs(60)))).await;
    let client = connect(venue.adapter()).await;
    client.call(Order::buy("a", "BTC")).await.unwrap();
    for (outcome, expected) in [
        (client.call(Order::buy("a", "BTC")).await, Group::State),
        (client.call(Order::buy("b", "BTC")).await, Group::Limits),
    ] {
        let Err(RequestError::Refused(refusal)) = outcome else { panic!("{outcome:?}") };
        assert_eq!(group(&refusal), expected);
    }
    assert!(client.state().is_ready());
    let heard = venue.look(|core| core.journal().filter(|entry| entry.heard == Heard::Gone).count());
    assert_eq!((venue.accepted(), heard), (1, 0));
}
