//! Subscribers that are too slow: bounded, told of it, and in nobody's way.

use std::time::{Duration, Instant};

use nova_testkit::venue::{Op, Venue, adapter::*};
use websockex_nova::{
    behaviour::Bound,
    prelude::*,
    session::{DeliveryCounts, SubscriptionEnd},
};

use crate::kit::{VenueClient, connect, count, gap, generous, item};

const FLOOD: u64 = 5_000;
const BOUND: Bound = Bound { count: 100, bytes: 1 << 20 };

/// Floods a topic and asks for the time while nobody takes the items; returns how long the reply
/// took, before which all items have arrived, since the venue says everything in order.
async fn flood(venue: &Venue, client: &VenueClient, topic: &str) -> Duration {
    venue.tick(topic, FLOOD);
    let began = Instant::now();
    client.call(Time).deadline(secs(5)).await.unwrap();
    began.elapsed()
}

fn conserved(counts: DeliveryCounts) -> DeliveryCounts {
    let DeliveryCounts { received, delivered, conflated, dropped, undecodable, queued, .. } = counts;
    assert_eq!(received, delivered + conflated + dropped + undecodable + queued, "{counts:?}");
    counts
}

/// Takes what is queued: the positions of the items, and how many are missing by its gaps.
async fn drain(stream: &mut Subscription<Delta>) -> (Vec<u64>, u64) {
    let (mut items, mut missing) = (Vec::new(), 0);
    while stream.counts().queued > 0 {
        match stream.next().await.unwrap() {
            Delivery::Item(delta) => items.push(delta.n),
            Delivery::Gap(gap) => missing += gap.missing.unwrap(),
        }
    }
    (items, missing)
}

#[tokio::test]
async fn c18_a_burst_with_a_healthy_consumer_loses_nothing() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut deltas = client.subscribe(Deltas("BTC")).await.unwrap();
    venue.tick("deltas.BTC", 10_000);
    for n in 1..=10_000 {
        assert_eq!(item(&mut deltas).await.n, n);
    }
    let counts = conserved(deltas.counts());
    assert_eq!((counts.delivered, counts.dropped, venue.accepted()), (10_000, 0, 1));
}

#[tokio::test]
async fn c20_dropping_the_oldest_keeps_the_newest_and_delays_no_reply() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut deltas = client.subscribe(Deltas("BTC")).dropping_oldest().bound(BOUND).await.unwrap();
    flood(&venue, &client, "deltas.BTC").await;
    let counts = conserved(deltas.counts());
    assert_eq!((counts.received, counts.queued <= 100), (FLOOD, true));
    let (items, missing) = drain(&mut deltas).await;
    assert_eq!((items.last(), missing + items.len() as u64), (Some(&FLOOD), FLOOD));
    assert_eq!(conserved(deltas.counts()).dropped, missing);
}

#[tokio::test]
async fn c20_dropping_the_newest_keeps_the_oldest_and_tells_with_the_next() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut deltas = client.subscribe(Deltas("BTC")).dropping_newest().bound(BOUND).await.unwrap();
    flood(&venue, &client, "deltas.BTC").await;
    let counts = conserved(deltas.counts());
    assert_eq!((counts.received, counts.queued, counts.dropped), (FLOOD, 100, FLOOD - 100));
    let (items, missing) = drain(&mut deltas).await;
    assert_eq!((items, missing), ((1..=100).collect(), 0));
    venue.tick("deltas.BTC", 1);
    assert_eq!(gap(&mut deltas).await.missing, Some(FLOOD - 100));
    assert_eq!(item(&mut deltas).await.n, FLOOD + 1);
}

#[tokio::test]
async fn c20_conflating_keeps_the_newest_alone() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut prices = client.subscribe(Prices("BTC")).conflated().await.unwrap();
    flood(&venue, &client, "prices.BTC").await;
    let counts = conserved(prices.counts());
    assert_eq!((counts.received, counts.queued, counts.conflated), (FLOOD, 1, FLOOD - 1));
    assert_eq!(item(&mut prices).await.n, FLOOD);
}

#[tokio::test]
async fn c20_closing_ends_the_slow_one_alone() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut slow = client.subscribe(Deltas("BTC")).closing_on_overflow().bound(BOUND).await.unwrap();
    let mut wide =
        client.subscribe(Deltas("BTC")).bound(Bound { count: 10_000, bytes: 16 << 20 }).await.unwrap();
    flood(&venue, &client, "deltas.BTC").await;
    assert!(matches!(slow.why_ended(), Some(SubscriptionEnd::Overflow)));
    for n in 1..=100 {
        assert_eq!(item(&mut slow).await.n, n);
    }
    assert!(slow.next().await.is_none());
    conserved(slow.counts());
    assert_eq!(item(&mut wide).await.n, 1);
    assert_eq!(conserved(wide.counts()).queued, FLOOD - 1);
    assert_eq!(count(&venue, Op::Subscribe), 1);
}

#[tokio::test]
async fn c20_holding_back_delays_replies_by_no_more_than_its_pause() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let pause = millis(200);
    let mut deltas = client.subscribe(Deltas("BTC")).holding_back(pause).bound(BOUND).await.unwrap();
    let took = flood(&venue, &client, "deltas.BTC").await;
    assert!((pause / 2..pause + millis(300)).contains(&took), "{took:?}");
    let counts = conserved(deltas.counts());
    assert_eq!((counts.received, counts.queued <= 101), (FLOOD, true));
    let (items, missing) = drain(&mut deltas).await;
    assert_eq!((items.last(), missing + items.len() as u64), (Some(&FLOOD), FLOOD));
    conserved(deltas.counts());
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn c21_nothing_is_forgotten_over_cuts_and_drops() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut deltas = client.subscribe(Deltas("BTC")).dropping_oldest().bound(BOUND).required().await.unwrap();
    for link in 1..=5 {
        flood(&venue, &client, "deltas.BTC").await;
        for _ in 0..30 {
            let _ = deltas.next().await.unwrap();
            conserved(deltas.counts());
        }
        venue.close(1001, "");
        crate::kit::ready_after(&client, link).await;
        conserved(deltas.counts());
    }
    let counts = conserved(deltas.unsubscribe());
    assert_eq!((counts.received, counts.queued), (5 * FLOOD, 0));
}
