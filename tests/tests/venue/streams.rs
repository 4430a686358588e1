//! What subscribers receive: everything in order, and a gap wherever something is missing.

use nova_testkit::{
    net::{Ending, PATIENCE, within},
    venue::{Op, adapter::*},
};
use websockex_nova::{prelude::*, session::GapCause, telemetry::Event, transport::LostReason};

use crate::kit::{connect, count, gap, generous, item, prepare, ready_after};

#[tokio::test]
async fn a_cut_is_a_gap_with_its_cause_and_all_else_is_continuous() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut deltas = client.subscribe(Deltas("BTC")).required().await.unwrap();
    let mut last = 0;
    for round in 0..10 {
        last = venue.tick("deltas.BTC", 5);
        for n in last - 4..=last {
            assert_eq!(item(&mut deltas).await.n, n);
        }
        venue.cut(if round % 2 == 0 { Ending::Fin } else { Ending::Reset });
        venue.wait_for("the end of the link", |core| core.seat(round + 1).is_none()).await;
        // Nobody hears these three.
        venue.tick("deltas.BTC", 3);
        ready_after(&client, round + 1).await;
        let first = venue.tick("deltas.BTC", 1);
        assert_eq!(first, last + 4);
        let missed = gap(&mut deltas).await;
        assert!(matches!(&missed.cause, GapCause::Disconnected(LostReason::Broken(_))), "{missed:?}");
        let (before, after) = (missed.before.unwrap(), missed.after.unwrap());
        assert_eq!((before.sequence, after.sequence), (Some(last), Some(first)));
        assert_eq!((before.link.get(), after.link.get()), (round + 1, round + 2));
        assert_eq!(item(&mut deltas).await.n, first);
    }
    assert_eq!(deltas.counts().received, last + 1 - 9 * 3);
}

#[tokio::test]
async fn positions_left_out_by_the_venue_are_a_gap_too() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut deltas = client.subscribe(Deltas("BTC")).await.unwrap();
    venue.tick("deltas.BTC", 1);
    assert_eq!(item(&mut deltas).await.n, 1);
    venue.rule(|rules| rules.publishes = false);
    venue.tick("deltas.BTC", 4);
    venue.rule(|rules| rules.publishes = true);
    venue.tick("deltas.BTC", 1);
    let missed = gap(&mut deltas).await;
    assert_eq!((missed.cause.name(), missed.missing), ("sequence_break", Some(4)));
    assert_eq!(item(&mut deltas).await.n, 6);
}

#[tokio::test]
async fn an_item_of_another_shape_is_a_gap_and_the_link_lives() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut prices = client.subscribe(Prices("BTC")).await.unwrap();
    venue.publish("prices.BTC", &serde_json::json!({ "n": "seven" }));
    venue.tick("prices.BTC", 1);
    assert_eq!(gap(&mut prices).await.cause.name(), "undecodable");
    assert_eq!(item(&mut prices).await.n, 2);
    assert_eq!((prices.counts().undecodable, venue.accepted()), (1, 1));
}

#[tokio::test]
async fn c07_one_silent_topic_is_resubscribed_while_others_go_on() {
    let venue = generous().await;
    let client = prepare(venue.adapter()).connect().await.unwrap();
    let mut events = client.events();
    let mut silent = client.subscribe(Prices("A")).fresh_within(millis(100)).await.unwrap();
    let mut lively = client.subscribe(Prices("B")).fresh_within(millis(100)).await.unwrap();
    venue.rule(|rules| {
        rules.items_per_second = Some(100.0);
        rules.silent_topics.insert("prices.A".into());
    });
    let stale = async {
        loop {
            if let Event::TopicStale { topic, .. } = events.next().await.unwrap().event {
                return topic;
            }
        }
    };
    assert_eq!(within(PATIENCE, "the verdict", stale).await, "prices.A");
    venue.rule(|rules| rules.silent_topics.clear());
    within(PATIENCE, "an item", async { while silent.next().await.unwrap().item().is_none() {} }).await;
    item(&mut lively).await;
    assert_eq!((venue.accepted(), count(&venue, Op::Unsubscribe)), (1, 1));
}
