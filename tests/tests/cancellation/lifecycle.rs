//! Connecting, closing, and the driver itself.

use std::task::{Context, Poll, Waker};

use websockex_nova::{prelude::*, session::EndCause};

use crate::{
    language::{Credits, Line, Stream},
    memory::Memory,
    world::{CREDITS, Cut, World, prepare},
};

#[tokio::test(start_paused = true)]
async fn c26_connecting_may_be_dropped_at_any_point() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let polls = Cut::sweep(async |cut| {
        let (peer, credits) = (Memory::default(), Credits::new(CREDITS));
        peer.hold();
        let mut connecting = Box::pin(prepare(&peer, &credits).connect());
        let mut client = None;
        for turn in 1..=cut.polls {
            if let Poll::Ready(ready) = connecting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                client = Some(ready.expect("it connects"));
                break;
            }
            if turn < cut.polls || cut.after_step {
                // Here the driver is a task of its own, which has its turn now.
                peer.let_one_step();
                tokio::task::yield_now().await;
            }
        }
        drop(connecting);
        // What was begun may end; nothing else begins.
        (0..20).for_each(|_| peer.let_one_step());
        let is_over = client.is_some();
        if let Some(client) = client {
            assert_eq!(client.call(Line("say it")).await.expect("it is answered"), "it");
        }
        // Within the time that a dropped client has for its closing handshake.
        tokio::time::sleep(secs(1)).await;
        assert_eq!((tasks(), peer.is_used()), (0, false), "{cut:?}");
        is_over
    });
    assert!(polls.await > 3);
}

#[tokio::test(start_paused = true)]
async fn closing_goes_on_when_its_wait_is_dropped() {
    let polls = Cut::sweep(async |cut| {
        let mut world = World::ready().await;
        let client = world.client.clone();
        let output = world.poll(async move { client.shutdown(secs(1)).await }, cut).await;
        if cut.polls == 0 {
            world.assert_sound().await;
            return false;
        }
        world.settle().await;
        assert!(matches!(world.client.state(), State::Closed(EndCause::Shutdown)));
        assert!(world.client.shutdown_report().is_clean && !world.peer.is_used());
        let client = world.client.clone();
        let late = world.complete(async move { client.call(Line("say it")).await }).await;
        assert!(late.expect_err("it is closed").is_unsent());
        output.is_some()
    });
    assert!(polls.await > 2);
}

/// The driver is a future too: dropped wherever it stands, it leaves nobody waiting.
#[tokio::test(start_paused = true)]
async fn c26_a_driver_may_be_dropped_at_any_point() {
    for steps in 0..40 {
        let mut world = World::new(CREDITS);
        let mut cx = Context::from_waker(Waker::noop());
        let clients: [_; 4] = std::array::from_fn(|_| world.client.clone());
        let [asking, subscribing, waiting, pinging] = &clients;
        let mut call = Box::pin(asking.call(Line("say it")).wait_for_link(secs(60)).into_future());
        let mut stream = subscribing.subscribe(Stream).into_future();
        let mut ready = Box::pin(waiting.ready());
        let mut ping = None;
        let (mut called, mut subscribed) = (None, None);
        for _ in 0..steps {
            world.step().await;
            // Whatever is over stays so.
            if called.is_none()
                && let Poll::Ready(reply) = call.as_mut().poll(&mut cx)
            {
                called = Some(reply.expect("it is answered"));
            }
            if subscribed.is_none()
                && let Poll::Ready(stream) = stream.as_mut().poll(&mut cx)
            {
                subscribed = Some(stream.expect("it is acknowledged"));
            }
            if ping.is_none() && world.client.state().is_ready() {
                let mut sent = Box::pin(pinging.ping().into_future());
                let _ = sent.as_mut().poll(&mut cx);
                ping = Some(sent);
            }
        }
        let peer = world.peer.clone();
        let World { client, driver, .. } = world;
        drop(driver);
        assert!(!peer.is_used(), "after {steps} steps");
        if called.is_none() {
            assert!(matches!(call.as_mut().poll(&mut cx), Poll::Ready(Err(_))), "after {steps} steps");
        }
        match subscribed {
            None => assert!(matches!(stream.as_mut().poll(&mut cx), Poll::Ready(Err(_)))),
            Some(mut stream) => assert!(matches!(stream.poll_next(&mut cx), Poll::Ready(None))),
        }
        assert!(ready.as_mut().poll(&mut cx).is_ready());
        assert!(matches!(client.state(), State::Closed(EndCause::Abandoned)));
        drop((call, ping));
        assert_eq!(client.status().live_requests, 0);
    }
}
