//! Subscribing, and taking items.

use websockex_nova::prelude::*;

use crate::{
    language::Stream,
    world::{Cut, World},
};

#[tokio::test(start_paused = true)]
async fn c26_subscribing_may_be_dropped_at_any_point() {
    let polls = Cut::sweep(async |cut| {
        let mut world = World::ready().await;
        let client = world.client.clone();
        let output = world.poll(async move { client.subscribe(Stream).await }, cut).await;
        let is_over = output.as_ref().is_some_and(Result::is_ok);
        drop(output);
        world.settle().await;
        assert!(world.client.topics().is_empty(), "{cut:?}");
        let count = |what: &str| world.peer.heard().iter().filter(|line| line.ends_with(what)).count();
        // What the server was told to begin, it was told to end.
        assert_eq!(count(" subscribe stream"), count(" unsubscribe stream"), "{:?}", world.peer.heard());
        world.assert_sound().await;
        // It can be subscribed to again, and delivers.
        let client = world.client.clone();
        let mut stream =
            world.complete(async move { client.subscribe(Stream).await }).await.expect("it is acknowledged");
        world.peer.say("* stream item");
        assert!(matches!(world.complete(stream.next()).await, Some(Delivery::Item(item)) if item == "item"));
        world.assert_sound().await;
        is_over
    });
    assert!(polls.await > 2);
}

#[tokio::test(start_paused = true)]
async fn a_second_subscriber_that_gives_up_leaves_the_first_alone() {
    let polls = Cut::sweep(async |cut| {
        let mut world = World::ready().await;
        let client = world.client.clone();
        let mut first = Box::pin(async move { client.subscribe(Stream).await });
        // Asked for, and not yet acknowledged.
        let asked = Cut { polls: 1, after_step: false };
        assert!(world.poll_as_waiter(first.as_mut(), asked).await.0.is_none());
        let client = world.client.clone();
        let second = world.poll(async move { client.subscribe(Stream).await }, cut).await;
        let is_over = second.is_some();
        drop(second);
        let mut first = world.complete(first).await.expect("it is acknowledged");
        world.peer.say("* stream item");
        assert!(matches!(world.complete(first.next()).await, Some(Delivery::Item(item)) if item == "item"));
        world.assert_sound().await;
        is_over
    });
    assert!(polls.await > 2);
}

#[tokio::test(start_paused = true)]
async fn c26_waiting_for_an_acknowledgement_may_be_dropped_at_any_point() {
    let polls = Cut::sweep(async |cut| {
        let mut world = World::ready().await;
        let stream = world.client.subscribe(Stream).open().expect("it is accepted");
        let (output, waiter) = world.poll_as_waiter(stream.confirmed(), cut).await;
        // A subscription remembers who waited until it is acknowledged.
        assert!(waiter.remembered() <= 1);
        world.complete(stream.confirmed()).await.expect("it is acknowledged");
        assert_eq!(waiter.remembered(), 0, "{cut:?}");
        world.assert_sound().await;
        output.is_some()
    });
    assert!(polls.await > 2);
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_for_an_acknowledgement_are_woken_also_by_the_end() {
    for is_shut_down in [false, true] {
        let mut world = World::ready().await;
        let stream = world.client.subscribe(Stream).open().expect("it is accepted");
        let mut others = Vec::new();
        for _ in 0..3 {
            let once = Cut { polls: 1, after_step: false };
            others.push(world.poll_as_waiter(stream.confirmed(), once).await.1);
        }
        if is_shut_down {
            world.driver = None;
        }
        assert_eq!(world.complete(stream.confirmed()).await.is_err(), is_shut_down);
        assert!(others.iter().all(|other| other.was_woken() && other.remembered() == 0));
    }
}

#[tokio::test(start_paused = true)]
async fn c26_no_item_is_lost_or_repeated_by_dropped_waits() {
    for polls in 1..5 {
        for after_step in [false, true] {
            let mut world = World::ready().await;
            let client = world.client.clone();
            let mut stream = world
                .complete(async move { client.subscribe(Stream).await })
                .await
                .expect("it is acknowledged");
            let (mut said, mut taken) = (0, Vec::new());
            while taken.len() < 30 {
                // Items come singly and in bursts, before, between and after the polls.
                for _ in 0..(said % 3).min(30 - said) + usize::from(said < 30) {
                    if said < 30 {
                        world.peer.say(&format!("* stream {said}"));
                        said += 1;
                    }
                }
                let cut = Cut { polls, after_step };
                let (polled, waiter) = world.poll_as_waiter(stream.next(), cut).await;
                // A subscription has one place for whoever waits; the next wait takes it over.
                assert!(waiter.remembered() <= 1);
                match polled {
                    Some(Some(Delivery::Item(item))) => taken.push(item),
                    None => {}
                    other => panic!("{other:?}"),
                }
                world.step().await;
            }
            let expected: Vec<_> = (0..30).map(|number| number.to_string()).collect();
            assert_eq!(taken, expected);
            let counts = stream.counts();
            assert_eq!((counts.received, counts.delivered, counts.queued), (30, 30, 0));
            world.assert_sound().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_remembers_at_most_one_waiter() {
    let mut world = World::ready().await;
    let client = world.client.clone();
    let mut stream =
        world.complete(async move { client.subscribe(Stream).await }).await.expect("it is acknowledged");
    let mut waiters = Vec::new();
    for _ in 0..10 {
        let cut = Cut { polls: 2, after_step: true };
        waiters.push(world.poll_as_waiter(stream.next(), cut).await.1);
    }
    let remembered: usize = waiters.iter().map(crate::world::Waiter::remembered).sum();
    assert_eq!(remembered, 1);
    drop(stream);
    let remembered: usize = waiters.iter().map(crate::world::Waiter::remembered).sum();
    assert_eq!(remembered, 0);
}
