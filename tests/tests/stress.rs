//! Too much of everything: storms of reconnections, subscriptions that come and go, consumers that do not
//! keep up, and more connections than anybody needs. Whatever happens meanwhile, at the end everything is as
//! it was asked for, and accounted for.
//!
//! The ordinary suite takes each in small; `STRESS` says how many times as much, and `cargo xtask stress`
//! says it.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::{
    collections::BTreeSet,
    env,
    time::{Duration, Instant},
};

use nova_testkit::{
    net::{EchoServer, Ending, PATIENCE, within},
    venue::{
        Rules, Venue,
        adapter::{Delta, Deltas, Price, Prices, Time, VenueAdapter, VenueHandlers},
    },
};
use nova_tests::{ClientExt, Wire};
use tokio::task::JoinSet;
use websockex_nova::{
    behaviour::{Behaviour, Bound, Policy},
    prelude::*,
    reconnect::Linear,
    session::DeliveryCounts,
};

/// How many times as much as in the ordinary suite.
fn times() -> usize {
    env::var("STRESS").map_or(1, |times| times.parse().expect("STRESS is a number"))
}

/// Time for much to happen on a machine that is busy with it.
fn patience() -> Duration {
    PATIENCE * u32::try_from(times()).expect("a number that makes sense")
}

/// Numbers that look like chance, equal for equal seeds.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

async fn ready_after<H: Behaviour, P: Policy>(client: &Client<H, P>, link: u64) {
    let mut watch = client.watch();
    let next = async {
        while !matches!(client.state(), State::Ready { link: now } if now.get() > link) {
            watch.changed().await;
        }
    };
    within(patience(), "the next link", next).await;
}

fn link_of<H: Behaviour, P: Policy>(client: &Client<H, P>) -> u64 {
    match client.state() {
        State::Ready { link } => link.get(),
        other => panic!("ready, not {other:?}"),
    }
}

async fn venue_client(venue: &Venue) -> Client<VenueHandlers, Policies<Linear>> {
    let policies = Policies::default().with_reconnect(Linear::every(millis(1)));
    let connect = Connect::<VenueAdapter, _>::new(venue.adapter(), Wire::default()).with_policies(policies);
    within(patience(), "the client to be ready", connect.connect()).await.unwrap()
}

#[tokio::test]
async fn a_storm_of_reconnections_brings_every_client_back_once_per_cut() {
    let (clients, cuts) = (40, 5 * times());
    let server = EchoServer::start().await.unwrap();
    let echo = Echo::at(&server.url()).unwrap();
    // As many as there are may go at once, so that the storm is one.
    let budget = ReconnectBudget::new(40, 40, millis(1)).unwrap();
    let mut all = Vec::new();
    for _ in 0..clients {
        let policies = Policies::default().with_reconnect(Linear::every(millis(1)));
        let client = Client::prepare(echo.clone()).with_policies(policies);
        all.push(client.with_reconnect_budget(budget.clone()).connect().await.unwrap());
    }
    for cut in 1..=cuts {
        server.cut_links(if cut % 2 == 0 { Ending::Fin } else { Ending::Reset });
        for client in &all {
            ready_after(client, cut as u64).await;
            assert_eq!(link_of(client), cut as u64 + 1, "each cut costs one link");
        }
    }
    for (number, client) in all.iter().enumerate() {
        let word = format!("still client {number}");
        assert_eq!(client.call(word.as_str()).await.unwrap(), word);
        assert_eq!(client.status().live_requests, 0);
    }
    assert_eq!(server.accepted(), clients * (cuts + 1), "one connection for each client and cut");
}

#[tokio::test]
async fn topics_that_come_and_go_through_cuts_end_as_they_were_wanted_last() {
    const TOPICS: [&str; 12] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"];
    let venue = Venue::start(Rules::generous()).await.unwrap();
    let client = venue_client(&venue).await;
    let mut dice = Dice(7);
    let mut held: [Option<Subscription<Price>>; TOPICS.len()] = [const { None }; TOPICS.len()];
    for step in 0..400 * times() {
        let topic = dice.roll(TOPICS.len());
        held[topic] = match held[topic].take() {
            Some(_) => None,
            None => Some(client.subscribe(Prices(TOPICS[topic])).open().unwrap()),
        };
        match dice.roll(40) {
            0 => venue.cut(Ending::Reset),
            1 => drop(
                within(patience(), "a call", client.call(Time).wait_for_link(patience()).into_future()).await,
            ),
            _ if step % 7 == 0 => tokio::task::yield_now().await,
            _ => {}
        }
    }
    let wanted: BTreeSet<String> = TOPICS
        .iter()
        .zip(&held)
        .filter(|(_, held)| held.is_some())
        .map(|(topic, _)| format!("prices.{topic}"))
        .collect();
    assert!(!wanted.is_empty() && wanted.len() < TOPICS.len(), "the seed leaves some and not all");
    within(patience(), "the venue to publish what is wanted", async {
        let holds = |venue: &Venue| {
            venue.look(|core| {
                core.seats().next_back().is_some_and(|(_, seat)| {
                    seat.topics().iter().map(ToString::to_string).collect::<BTreeSet<_>>() == wanted
                })
            })
        };
        while !(client.state().is_ready() && holds(&venue)) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for (topic, held) in TOPICS.iter().zip(&mut held) {
        let Some(stream) = held else { continue };
        venue.tick(&format!("prices.{topic}"), 1);
        let item = async { while stream.next().await.unwrap().item().is_none() {} };
        within(patience(), "an item of each", item).await;
    }
    assert!(venue.look(|core| core.complaints().is_empty()), "nothing was asked for twice");
}

/// Whether nothing went missing without being told.
fn adds_up(counts: DeliveryCounts) -> bool {
    counts.received
        == counts.delivered + counts.conflated + counts.dropped + counts.undecodable + counts.queued
}

#[tokio::test]
async fn consumers_that_do_not_keep_up_cost_no_reply_and_nothing_unaccounted() {
    let venue = Venue::start(Rules::generous()).await.unwrap();
    let client = venue_client(&venue).await;
    let small = Bound { count: 16, bytes: 1 << 20 };
    let newest = client.subscribe(Deltas("A")).bound(small).dropping_oldest().await.unwrap();
    let oldest = client.subscribe(Deltas("B")).bound(small).dropping_newest().await.unwrap();
    let conflated = client.subscribe(Prices("C")).bound(small).conflated().await.unwrap();
    let blocking = client.subscribe(Deltas("D")).bound(small).holding_back(millis(5)).await.unwrap();
    let mut lively = client.subscribe(Prices("E")).await.unwrap();

    let rounds = 50 * times() as u64;
    let reader = tokio::spawn(async move {
        let mut last = 0;
        while last < rounds {
            last = match within(patience(), "an item", lively.next()).await.unwrap() {
                Delivery::Item(price) => price.n,
                Delivery::Gap(gap) => panic!("the one that keeps up misses nothing: {gap}"),
            };
        }
        lively.counts()
    });
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        for topic in ["deltas.A", "deltas.B", "prices.C", "deltas.D"] {
            venue.tick(topic, 20);
        }
        venue.tick("prices.E", 1);
        let asked = Instant::now();
        within(patience(), "a reply", client.call(Time).deadline(patience()).into_future()).await.unwrap();
        slowest = slowest.max(asked.elapsed());
    }
    assert_eq!(reader.await.unwrap().delivered, rounds);
    assert!(slowest < patience(), "a reply is held up by a pause, not by a consumer");
    for counts in [newest.counts(), oldest.counts(), conflated.counts(), blocking.counts()] {
        assert_eq!(counts.received, rounds * 20, "{counts:?}");
        assert!(adds_up(counts), "{counts:?}");
        assert!(counts.queued <= 16 + 1, "{counts:?}");
    }
    let first_and_last = |mut stream: Subscription<Delta>| async move {
        let mut items = Vec::new();
        while stream.counts().queued > 0 {
            items.extend(stream.next().await.unwrap().item().map(|delta| delta.n));
        }
        (items.first().copied(), items.last().copied())
    };
    assert_eq!(first_and_last(newest).await.1, Some(rounds * 20), "the newest was kept");
    assert_eq!(first_and_last(oldest).await.0, Some(1), "the oldest was kept");
}

#[tokio::test]
async fn a_crowd_of_connections_is_served_and_leaves_in_good_order() {
    let crowd = 150 * times();
    let server = EchoServer::start().await.unwrap();
    let echo = Echo::at(&server.url()).unwrap();
    let mut clients = Vec::with_capacity(crowd);
    for _ in 0..crowd {
        clients.push(Client::connect(echo.clone()).await.unwrap());
    }
    server.wait_for_open_links(crowd).await;
    let mut calls = JoinSet::new();
    for (number, client) in clients.iter().cloned().enumerate() {
        let word = format!("from {number}");
        calls.spawn(async move { (client.call(word.clone()).deadline(patience()).await, word) });
    }
    for (reply, word) in calls.join_all().await {
        assert_eq!(reply.unwrap(), word);
    }
    let mut ends = JoinSet::new();
    for client in clients {
        ends.spawn(async move { client.shutdown(patience()).await });
    }
    for end in ends.join_all().await {
        end.unwrap();
    }
    within(patience(), "all links to be gone", server.wait_for_open_links(0)).await;
}
