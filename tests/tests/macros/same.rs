//! The same adapter by hand and by macro: what must hold of one must hold of the other.

use nova_testkit::{
    net::{PATIENCE, within},
    venue::{Heard, Op, Rules, Venue},
};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::{Behaviour, Call, Channel, Conflate, Dialect, MethodCall, Secret},
    prelude::{Adapter, *},
};

use crate::{by_hand, by_macro};

/// What the venue says the time is, in whatever dialect is made of methods.
struct Time;

#[derive(serde::Deserialize)]
struct Clock {
    time: u64,
}

impl<D: Dialect<Request = MethodCall, Codec = websockex_nova::behaviour::Json>> Call<D> for Time {
    type Reply = Clock;

    fn into_request(self) -> MethodCall {
        MethodCall::new("time", &())
    }
}

fn alice() -> (&'static str, Secret) {
    ("alice", Secret::from(Rules::ALICES_SECRET))
}

#[tokio::test]
async fn by_hand_it_holds_a_login_a_heartbeat_its_credits_and_a_stream() {
    let venue = Venue::start(Rules::default()).await.unwrap();
    let adapter = by_hand::desk(venue.endpoint(), alice());
    holds(&venue, adapter, by_hand::Prices("BTC"), |price| (price.bid, price.ask)).await;
}

#[tokio::test]
async fn by_macro_it_holds_a_login_a_heartbeat_its_credits_and_a_stream() {
    let venue = Venue::start(Rules::default()).await.unwrap();
    let adapter = by_macro::Desk { endpoint: venue.endpoint(), credentials: alice() };
    holds(&venue, adapter, by_macro::Prices("BTC"), |price| (price.bid, price.ask)).await;
}

#[test]
fn by_macro_it_takes_at_most_25_lines_and_by_hand_about_50() {
    let lines = |text: &str| {
        let counted = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        text.lines().filter(counted).count()
    };
    let (by_macro, by_hand) = (lines(include_str!("by_macro.rs")), lines(include_str!("by_hand.rs")));
    assert!(by_macro <= 25, "{by_macro}");
    assert!((40..=60).contains(&by_hand), "{by_hand}");
}

async fn holds<A, C>(venue: &Venue, adapter: A, prices: C, sides: impl Fn(C::Item) -> (f64, f64))
where
    A: Adapter<
        Handlers: Behaviour<Dialect: Dialect<Request = MethodCall, Codec = websockex_nova::behaviour::Json>>,
    >,
    C: Channel<Dialect = <A::Handlers as Behaviour>::Dialect, Item: Conflate + std::fmt::Debug>,
{
    let client =
        within(PATIENCE, "the client", Connect::new(adapter, Wire::default()).connect()).await.unwrap();
    let mut prices =
        within(PATIENCE, "the subscription", client.subscribe(prices).into_future()).await.unwrap();
    // The heartbeat is a setting of the connection, and comes before everything.
    let ops: Vec<Op> = venue.look(|core| core.requests(1).map(|(op, _)| op).collect());
    assert_eq!(ops, [Op::Set, Op::Login, Op::Subscribe]);

    // Items, and a gap where positions are missing.
    venue.publish("prices.BTC", &serde_json::json!({ "bid": 1.0, "ask": 2.0 }));
    let first = within(PATIENCE, "an item", prices.next()).await.unwrap();
    let Delivery::Item(first) = first else { panic!("{first:?}") };
    assert_eq!(sides(first), (1.0, 2.0));
    venue.rule(|rules| rules.publishes = false);
    venue.tick("prices.BTC", 4);
    venue.rule(|rules| rules.publishes = true);
    venue.tick("prices.BTC", 1);
    let missed = within(PATIENCE, "a gap", prices.next()).await.unwrap();
    let Delivery::Gap(missed) = missed else { panic!("{missed:?}") };
    assert_eq!((missed.cause.name(), missed.missing), ("sequence_break", Some(4)));

    // More is asked at once than the venue grants, and none of it is refused.
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.call(Time).await.unwrap().time })
        })
        .collect();
    for call in calls {
        assert!(within(PATIENCE, "the time", call).await.unwrap() > 0);
    }
    assert_eq!(venue.look(|core| (core.rate_errors(), core.complaints().to_vec())), (0, Vec::new()));

    // Whoever does not answer is closed; and answers cost nothing.
    let alive = |core: &nova_testkit::venue::Core| {
        core.journal().filter(|entry| entry.heard == Heard::Alive).count() >= 3
    };
    venue.wait_for("three signs of life", alive).await;
    assert_eq!(venue.accepted(), 1);
    client.shutdown(secs(1)).await.unwrap();
}
