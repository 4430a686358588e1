//! The futures of a supervisor.

use std::task::{Context, Waker};

use websockex_nova::{prelude::*, session::EndCause};

use crate::{
    language::Credits,
    memory::Memory,
    world::{CREDITS, Cut, TheClient, prepare},
};

async fn turns(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

/// A supervisor with one child that is ready, and the network of that child.
async fn supervised() -> (Supervisor, Memory, TheClient) {
    let (supervisor, peer) = (Supervisor::default(), Memory::default());
    let (network, credits) = (peer.clone(), Credits::new(CREDITS));
    let child = supervisor.start("child", move || prepare(&network, &credits)).expect("the name is free");
    let client = child.client();
    client.ready().await.expect("it connects");
    (supervisor, peer, client)
}

/// Polls a future so often, with a step of the network and a turn for all tasks after each poll, and
/// drops it.
async fn poll<F: Future>(future: F, peer: &Memory, cut: Cut) -> bool {
    let mut future = Box::pin(future);
    for turn in 1..=cut.polls {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        if turn < cut.polls || cut.after_step {
            peer.let_one_step();
            tokio::task::yield_now().await;
        }
    }
    false
}

#[tokio::test(start_paused = true)]
async fn a_termination_that_is_dropped_ends_the_child_all_the_same() {
    let polls = Cut::sweep(async |cut| {
        let (supervisor, peer, client) = supervised().await;
        peer.hold();
        let is_over = poll(supervisor.terminate("child", secs(60)), &peer, cut).await;
        turns(50).await;
        if cut.polls == 0 {
            assert!(client.state().is_ready());
        } else {
            assert!(client.state().is_closed() && !peer.is_used(), "{cut:?}");
            assert!(supervisor.list().is_empty());
        }
        is_over
    });
    assert!(polls.await > 1);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_of_all_that_is_dropped_ends_them_all_the_same() {
    let polls = Cut::sweep(async |cut| {
        let (supervisor, peer, client) = supervised().await;
        peer.hold();
        let is_over = poll(supervisor.shutdown(secs(60)), &peer, cut).await;
        turns(50).await;
        if cut.polls == 0 {
            assert!(client.state().is_ready());
        } else {
            assert!(client.state().is_closed() && !peer.is_used(), "{cut:?}");
            if !is_over {
                assert!(matches!(client.closed().await, EndCause::Abandoned | EndCause::Shutdown));
            }
        }
        is_over
    });
    assert!(polls.await > 1);
}

#[tokio::test(start_paused = true)]
async fn no_restart_and_no_event_is_lost_to_a_dropped_wait() {
    for polls in 0..4 {
        for after_step in [false, true] {
            let (supervisor, peer) = (Supervisor::default(), Memory::default());
            let (network, credits) = (peer.clone(), Credits::new(CREDITS));
            let mut events = supervisor.events();
            let mut child =
                supervisor.start("child", move || prepare(&network, &credits)).expect("the name is free");
            let cut = Cut { polls, after_step };
            assert!(!poll(child.restarted(), &peer, cut).await);
            (0..50).for_each(|_| peer.let_one_step());
            child.client().ready().await.expect("it connects");
            // A first event is there at once; another wait is dropped while there is none.
            events.next().await.expect("it was started");
            assert!(!poll(events.next(), &peer, cut).await);
            // Nobody drives it for a while, so that nothing can be seen but by a new wait.
            child.client().shutdown(secs(1)).await.expect("nothing is left behind");
            assert!(child.restarted().await.is_none());
            let event = events.next().await.expect("it ended");
            assert!(format!("{event:?}").starts_with("Ended"), "{event:?}");
        }
    }
}
