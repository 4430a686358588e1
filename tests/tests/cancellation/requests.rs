//! Calls, sends, notifications and pings.

use websockex_nova::behaviour::Kept;
use websockex_nova::prelude::*;

use crate::{
    language::Line,
    world::{CREDITS, Cut, TheClient, World},
};

/// Drops what `ask` makes at every point, on a ready client, and checks the client after each.
/// Returns after how many polls it is over by itself.
async fn sweep<F: Future>(ask: impl Fn(TheClient) -> F, is_right: impl Fn(F::Output)) -> usize {
    Cut::sweep(async |cut| {
        let mut world = World::ready().await;
        let client = world.client.clone();
        let output = world.poll(ask(client), cut).await;
        // At once, before the driver moves again.
        assert_eq!(world.client.status().live_requests, 0, "{cut:?}");
        world.assert_sound().await;
        let is_over = output.is_some();
        output.map(&is_right);
        is_over
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn c26_a_call_may_be_dropped_at_any_point() {
    let polls = sweep(
        async |client: TheClient| client.call(Line("say it")).await,
        |reply| assert_eq!(reply.expect("it is answered"), "it"),
    );
    assert!(polls.await > 2, "the sweep visits something");
}

#[tokio::test(start_paused = true)]
async fn c26_a_send_may_be_dropped_at_any_point() {
    let claims =
        |body: websockex_nova::behaviour::Body<'_>| body.as_text().is_some_and(|text| text.starts_with("- "));
    let text = async |client: TheClient| client.send_text("hello").matching(claims).await;
    let json = async |client: TheClient| client.send_json("hello").matching(claims).await;
    let raw = async |client: TheClient| client.send_raw(Kept::from("hello")).matching(claims).await;
    let is_text = |said: &'static str| {
        move |reply: Result<Kept, RequestError>| assert_eq!(reply.expect("it is answered"), Kept::from(said))
    };
    assert!(sweep(text, is_text("- hello")).await > 2);
    assert!(sweep(json, is_text("- \"hello\"")).await > 2);
    assert!(sweep(raw, is_text("- hello")).await > 2);
    let binary = async |client: TheClient| {
        client.send_binary(*b"hello").matching(|body| body.as_text().is_none()).await
    };
    let is_binary = |reply: Result<Kept, RequestError>| {
        assert_eq!(reply.expect("it is answered"), Kept::Binary(b"hello".to_vec()));
    };
    assert!(sweep(binary, is_binary).await > 2);
}

#[tokio::test(start_paused = true)]
async fn c26_a_notification_may_be_dropped_at_any_point() {
    let is_sent = |sent: Result<(), RequestError>| sent.expect("it is sent");
    assert!(sweep(async |client: TheClient| client.notify(Line("hush")).await, is_sent).await > 2);
    assert!(sweep(async |client: TheClient| client.notify_text("hello").await, is_sent).await > 2);
    assert!(sweep(async |client: TheClient| client.notify_json("hello").await, is_sent).await > 2);
    assert!(sweep(async |client: TheClient| client.notify_binary(*b"hello").await, is_sent).await > 2);
    let raw = async |client: TheClient| client.notify_raw(Kept::from("hello")).await;
    assert!(sweep(raw, is_sent).await > 2);
}

#[tokio::test(start_paused = true)]
async fn c26_a_ping_may_be_dropped_at_any_point() {
    let polls = sweep(
        async |client: TheClient| client.ping().await,
        |pong| {
            pong.expect("it is answered");
        },
    );
    assert!(polls.await > 2);
}

#[tokio::test(start_paused = true)]
async fn c26_a_dropped_request_is_sent_whole_or_not_at_all_and_never_twice() {
    Cut::sweep(async |cut| {
        let mut world = World::ready().await;
        let client = world.client.clone();
        let output = world.poll(async move { client.call(Line("say it")).await }, cut).await;
        world.settle().await;
        let heard = world.peer.heard().iter().filter(|line| line.ends_with(" say it")).count();
        match cut.polls {
            0 => assert_eq!(heard, 0, "it was never polled"),
            1 if !cut.after_step => assert_eq!(heard, 0, "it was never handed over"),
            _ => assert_eq!(heard, 1, "it had been handed over"),
        }
        output.is_some()
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_a_link_is_not_sent_once_it_was_dropped() {
    for polls in 0..5 {
        for after_step in [false, true] {
            let mut world = World::ready().await;
            world.peer.cut();
            world.settle().await;
            assert!(matches!(world.client.state(), State::Waiting { .. }));
            let client = world.client.clone();
            let call = async move { client.call(Line("say it")).wait_for_link(secs(60)).await };
            assert!(world.poll(call, Cut { polls, after_step }).await.is_none());
            assert_eq!(world.client.status().live_requests, 0);
            // The refilled credits must not hide a charge for nothing.
            let left = world.credits.left();
            world.pass(secs(1)).await;
            assert!(world.client.state().is_ready());
            assert!(!world.peer.heard().iter().any(|line| line.ends_with("say it")));
            // The login on the new link, less what came back in a second.
            assert_eq!(world.credits.left(), (left + 1).min(CREDITS) - 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_to_be_replayed_is_not_sent_again_once_it_was_dropped() {
    for polls in 1..6 {
        let mut world = World::ready().await;
        let client = world.client.clone();
        let mut call = Box::pin(async move { client.call(Line("hush")).replay_on_reconnect().await });
        let cut = Cut { polls: 4, after_step: true };
        assert!(world.poll_as_waiter(call.as_mut(), cut).await.0.is_none());
        world.peer.cut();
        world.settle().await;
        assert!(matches!(world.client.state(), State::Waiting { .. }));
        assert_eq!(world.client.status().live_requests, 1);
        assert!(world.poll(call, Cut { polls, after_step: true }).await.is_none());
        assert_eq!(world.client.status().live_requests, 0);
        world.pass(secs(1)).await;
        let heard = world.peer.heard().iter().filter(|line| line.ends_with("hush")).count();
        assert_eq!(heard, 1, "the first sending, and no other");
    }
}

#[tokio::test(start_paused = true)]
async fn c26_a_call_that_waits_for_credits_gives_up_its_turn_and_costs_nothing() {
    for polls in 1..5 {
        for after_step in [false, true] {
            // The login takes one, the first call the other.
            let mut world = World::ready_with(2).await;
            let client = world.client.clone();
            let first = world.complete(async move { client.call(Line("say first")).await }).await;
            first.expect("there was a credit");
            assert_eq!(world.credits.left(), 0);
            let client = world.client.clone();
            let second = async move { client.call(Line("say second")).await };
            assert!(world.poll(second, Cut { polls, after_step }).await.is_none());
            let client = world.client.clone();
            let mut third = Box::pin(async move { client.call(Line("say third")).await });
            assert!(world.poll_as_waiter(third.as_mut(), Cut { polls: 1, after_step }).await.0.is_none());
            world.pass(secs(1)).await;
            let reply = world.complete(third).await.expect("the credit went to it");
            assert_eq!(reply, "third");
            assert!(!world.peer.heard().iter().any(|line| line.ends_with("second")));
            assert_eq!((world.credits.left(), world.client.status().live_requests), (0, 0));
        }
    }
}
