//! Wanted is not confirmed: what the answers name, what they refuse, and what is shared.

use nova_testkit::venue::{Answering, Credits, Op, Rules, Venue, adapter::*};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::Refusal,
    client::SubscribeError,
    prelude::*,
    reconnect::Linear,
    session::{SubscriptionEnd, TopicState},
    telemetry::Event,
};

use crate::kit::{
    all, confirmed, connect, count, generous, item, published, ready_after, topic_state, until, venue,
};

fn refusal<T: std::fmt::Debug>(outcome: Result<T, SubscribeError>) -> Refusal {
    match outcome {
        Err(SubscribeError::Ended(SubscriptionEnd::Refused(refusal))) => refusal,
        other => panic!("a refusal was awaited: {other:?}"),
    }
}

#[tokio::test]
async fn confirmed_is_only_what_the_answer_names() {
    let venue = venue(|rules| _ = rules.unnamed_topics.insert("prices.MUTE".into())).await;
    let client = connect(venue.adapter()).await;
    let unnamed = refusal(client.subscribe(Prices("MUTE")).await);
    assert!(unnamed.message.contains("does not name"), "{unnamed}");
    let _named = client.subscribe(Prices("BTC")).await.unwrap();
    assert_eq!(topic_state(&client, "prices.BTC"), Some(TopicState::Confirmed));
    assert_ne!(topic_state(&client, "prices.MUTE"), Some(TopicState::Confirmed));
}

#[tokio::test]
async fn c09_one_refused_topic_of_ten_ends_alone_and_nine_work() {
    let venue = venue(|rules| _ = rules.refused_topics.insert("prices.X3".into())).await;
    let client = connect(venue.adapter()).await;
    let asks = (0..10).map(|n| {
        let client = client.clone();
        async move { (n, client.subscribe(Prices(format!("X{n}"))).required().await) }
    });
    let mut streams = Vec::new();
    for (n, outcome) in all(asks).await {
        match outcome {
            Ok(stream) => streams.push((n, stream)),
            Err(error) => {
                assert_eq!(n, 3);
                assert_eq!(refusal(Err::<(), _>(error)).code, Some(404));
            }
        }
    }
    assert_eq!((streams.len(), count(&venue, Op::Subscribe)), (9, 1));
    for (n, stream) in &mut streams {
        venue.tick(&format!("prices.X{n}"), 1);
        assert_eq!(item(stream).await.n, 1);
    }
    assert!(client.state().is_ready());
}

#[tokio::test]
async fn c09_ready_is_not_claimed_while_a_required_topic_is_missing() {
    let venue = generous().await;
    let adapter = venue.adapter().with_settings(|settings| settings.opening_deadline = millis(200));
    let client = connect(adapter).await;
    let _prices = client.subscribe(Prices("BTC")).required().await.unwrap();
    venue.rule(|rules| _ = rules.unanswered.insert(Op::Subscribe));
    let mut events = client.events();
    venue.close(1001, "");
    until(&client, "the loss", |state| !state.is_ready()).await;
    venue
        .wait_for("three vain attempts", |core| {
            core.journal()
                .filter(|entry| {
                    matches!(&entry.heard, nova_testkit::venue::Heard::Request { op: Op::Subscribe, .. })
                })
                .count()
                >= 4
        })
        .await;
    venue.rule(|rules| rules.unanswered.clear());
    ready_after(&client, 1).await;
    let mut opened = 0;
    loop {
        match events.next().await.unwrap().event {
            Event::Connected { .. } => opened += 1,
            Event::Ready { .. } => break,
            _ => {}
        }
    }
    assert!(opened >= 3, "ready was claimed on link {opened} after the loss");
    assert_eq!(topic_state(&client, "prices.BTC"), Some(TopicState::Confirmed));
}

#[tokio::test]
async fn two_subscribers_share_one_subscription_on_the_wire() {
    let venue = generous().await;
    let client = connect(venue.adapter()).await;
    let mut one = client.subscribe(Prices("BTC")).await.unwrap();
    let mut other = client.subscribe(Prices("BTC")).conflated().await.unwrap();
    venue.tick("prices.BTC", 1);
    assert_eq!((item(&mut one).await.n, item(&mut other).await.n), (1, 1));
    drop(one);
    venue.tick("prices.BTC", 1);
    assert_eq!(item(&mut other).await.n, 2);
    assert_eq!((count(&venue, Op::Subscribe), count(&venue, Op::Unsubscribe)), (1, 0));
    drop(other);
    venue.wait_for("the farewell", |core| core.seat(1).is_some_and(|seat| seat.topics().is_empty())).await;
    assert_eq!(count(&venue, Op::Unsubscribe), 1);
    assert!(venue.look(|core| core.complaints().is_empty()));
}

#[tokio::test]
async fn c10_many_topics_provoke_no_rate_error() {
    // The one credit the limiter leaves unused makes up for requests that are this much late.
    let terms = Credits::new(10, millis(25));
    let venue = Venue::start(Rules::default().with(|rules| rules.credits = Some(terms))).await.unwrap();
    let policies =
        Policies::default().with_reconnect(Linear::every(millis(1))).with_limiter(limiter(terms).unwrap());
    let client =
        Connect::new(venue.adapter(), Wire::default()).with_policies(policies).connect().await.unwrap();
    let asks = (0..250).map(|n| {
        let client = client.clone();
        async move { client.subscribe(Prices(n.to_string())).await }
    });
    let streams: Vec<_> = all(asks).await.into_iter().map(|outcome| outcome.unwrap()).collect();
    assert_eq!(published(&venue).len(), 250);
    // A lost link has to pay for all of it again.
    venue.close(1001, "");
    ready_after(&client, 1).await;
    venue
        .wait_for("all topics again", |core| {
            core.seats().next_back().is_some_and(|(_, seat)| seat.topics().len() == 250)
        })
        .await;
    assert_eq!(venue.look(nova_testkit::venue::Core::rate_errors), 0);
    drop(streams);
}

#[tokio::test]
async fn a_topic_wanted_again_while_it_leaves_is_there_in_the_end() {
    let venue = venue(|rules| rules.answering = Answering::After(millis(20))).await;
    let client = connect(venue.adapter()).await;
    for _ in 0..5 {
        drop(client.subscribe(Prices("BTC")).await.unwrap());
    }
    let mut last = client.subscribe(Prices("BTC")).await.unwrap();
    confirmed(&client, &["prices.BTC".to_owned()]).await;
    venue.tick("prices.BTC", 1);
    item(&mut last).await;
    assert_eq!(published(&venue), ["prices.BTC"]);
}
