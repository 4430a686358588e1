//! Waiting for a state, for events, for a login.

use std::pin::pin;

use websockex_nova::{prelude::*, session::EndCause};

use crate::world::{Cut, TheClient, World};

#[tokio::test(start_paused = true)]
async fn c26_waiting_to_be_ready_may_be_dropped_at_any_point() {
    let polls = Cut::sweep(async |cut| {
        let mut world = World::new(crate::world::CREDITS);
        let client = world.client.clone();
        let output = world.poll(async move { client.ready().await }, cut).await;
        world.settle().await;
        assert!(world.client.state().is_ready());
        world.assert_sound().await;
        output.is_some()
    });
    assert!(polls.await > 3, "it takes a while to become ready");
}

#[tokio::test(start_paused = true)]
async fn c26_waiting_for_the_end_may_be_dropped_at_any_point() {
    for polls in 0..6 {
        for after_step in [false, true] {
            let mut world = World::ready().await;
            let client = world.client.clone();
            let waited = world.poll(async move { client.closed().await }, Cut { polls, after_step }).await;
            assert!(waited.is_none());
            world.assert_sound().await;
            let client = world.client.clone();
            let ended = async move { tokio::join!(client.shutdown(secs(1)), client.closed()) };
            let (shutdown, cause) = world.complete(ended).await;
            shutdown.expect("nothing is left behind");
            assert!(matches!(cause, EndCause::Shutdown));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn c26_no_change_of_state_is_lost_to_a_dropped_wait() {
    // As often as anything happens, a wait is begun, polled so often, and dropped.
    let names = async |polls: usize, after_step: bool| {
        let mut world = World::new(crate::world::CREDITS);
        let mut watch = world.client.watch();
        let mut seen = Vec::new();
        for turn in 0..60 {
            let cut = Cut { polls, after_step };
            if let Some(state) = world.poll(watch.changed(), cut).await {
                seen.push(state.name());
            }
            world.step().await;
            match turn {
                20 => world.peer.cut(),
                30 => world.pass(secs(1)).await,
                _ => {}
            }
        }
        let last = world.client.state().name();
        assert_eq!(seen.last(), Some(&last));
        seen
    };
    for polls in 1..4 {
        for after_step in [false, true] {
            let seen = names(polls, after_step).await;
            assert_eq!(seen.first(), Some(&"connecting"));
            assert!(seen.contains(&"waiting"), "{seen:?}");
            assert_eq!(seen.last(), Some(&"ready"));
        }
    }
    assert!(names(1, false).await.len() >= 6, "each step is seen when nothing is skipped");
}

#[tokio::test(start_paused = true)]
async fn c26_no_event_is_lost_to_a_dropped_wait() {
    for polls in 1..4 {
        for after_step in [false, true] {
            let mut world = World::new(crate::world::CREDITS);
            let (mut disturbed, mut undisturbed) = (world.client.events(), world.client.events());
            let mut seen = Vec::new();
            for _ in 0..40 {
                let polled = world.poll(disturbed.next(), Cut { polls, after_step }).await;
                seen.extend(polled.flatten().map(|record| format!("{record:?}")));
                world.step().await;
            }
            world.assert_sound().await;
            let client = world.client.clone();
            world.complete(async move { client.shutdown(secs(1)).await }).await.expect("nothing is left");
            while !seen.last().is_some_and(|last| last.contains("Closed")) {
                let record = world.complete(disturbed.next()).await.expect("the last event comes");
                seen.push(format!("{record:?}"));
            }
            for record in seen {
                let other = world.complete(undisturbed.next()).await.expect("the same events come");
                assert_eq!(record, format!("{other:?}"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_goes_on_when_its_wait_is_dropped() {
    let polls = Cut::sweep(async |cut| {
        let mut world = World::ready().await;
        let client = world.client.clone();
        let output = world.poll(async move { client.authenticate().await }, cut).await;
        world.settle().await;
        let logins = world.peer.heard().iter().filter(|line| line.ends_with("login me")).count();
        assert_eq!(logins, if cut.polls == 0 { 1 } else { 2 }, "{cut:?}");
        assert_eq!(world.client.status().live_requests, 0);
        let client = world.client.clone();
        world.complete(async move { client.authenticate().await }).await.expect("it is granted");
        world.assert_sound().await;
        output.is_some_and(|granted| granted.is_ok())
    });
    assert!(polls.await > 2);
}

/// A task that waits for the end beside its work, and there are many such tasks in the life of one
/// link: none of them may be remembered.
#[tokio::test(start_paused = true)]
async fn c26_waits_that_were_dropped_leave_no_trace_however_many() {
    let world = World::ready().await;
    for _ in 0..1000 {
        let waiter = crate::world::Waiter::default();
        let waker = waiter.waker();
        let client: TheClient = world.client.clone();
        {
            let mut closed = pin!(client.closed());
            assert!(closed.as_mut().poll(&mut std::task::Context::from_waker(&waker)).is_pending());
        }
        drop(waker);
        assert_eq!(waiter.remembered(), 0);
    }
}
