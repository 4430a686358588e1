//! A client whose driver moves only when the test says so, and the sweep over all points of dropping.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use websockex_nova::{behaviour::Speaking, client::Driver, prelude::*, reconnect::Linear};

use crate::{
    language::{Credits, Line, Speaks, handlers},
    memory::Memory,
};

pub(crate) type Policy = Policies<Linear, Credits>;
pub(crate) type TheClient = Client<Speaks, Policy>;

pub(crate) struct World {
    pub(crate) client: TheClient,
    /// `None` once it is over.
    pub(crate) driver: Option<Pin<Box<Driver>>>,
    pub(crate) peer: Memory,
    pub(crate) credits: Credits,
}

/// How many credits there are; each message costs one.
pub(crate) const CREDITS: u32 = 1000;

/// Reconnects after a second, with so many credits.
pub(crate) fn prepare(peer: &Memory, credits: &Credits) -> Connect<Speaking<Speaks>, Memory, Policy> {
    let endpoint = Endpoint::parse("ws://memory/").expect("the URL is right");
    let policies = Policies::default().with_reconnect(Linear::every(secs(1))).with_limiter(credits.clone());
    Connect::new(speaking(endpoint, handlers()), peer.clone()).with_policies(policies).with_seed(1)
}

impl World {
    /// A client that has not begun to connect.
    pub(crate) fn new(credits: u32) -> Self {
        let (peer, credits) = (Memory::default(), Credits::new(credits));
        let (client, driver) = prepare(&peer, &credits).into_parts();
        Self { client, driver: Some(Box::pin(driver)), peer, credits }
    }

    /// A client that is ready.
    pub(crate) async fn ready() -> Self {
        Self::ready_with(CREDITS).await
    }

    pub(crate) async fn ready_with(credits: u32) -> Self {
        let mut this = Self::new(credits);
        this.settle().await;
        assert!(this.client.state().is_ready(), "{:?}", this.client.state());
        this
    }

    /// Polls the driver once. Only what was woken moves by it.
    pub(crate) async fn step(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        self.driver.take_if(|driver| driver.as_mut().poll(&mut cx).is_ready());
        // Gives timers their turn and this task a fresh budget; time stands still meanwhile.
        tokio::task::yield_now().await;
    }

    /// Steps until nothing moves any more: more often than anything here takes.
    pub(crate) async fn settle(&mut self) {
        for _ in 0..24 {
            self.step().await;
        }
    }

    /// Lets time pass, and the driver do what is due by then.
    pub(crate) async fn pass(&mut self, time: std::time::Duration) {
        tokio::time::advance(time).await;
        self.settle().await;
    }

    /// Polls a future as often as told, with a step of the driver after each poll, and drops it.
    /// Checks that nobody remembers who waited.
    pub(crate) async fn poll<F: Future>(&mut self, future: F, cut: Cut) -> Option<F::Output> {
        let (output, waiter) = self.poll_as_waiter(future, cut).await;
        if output.is_none() {
            assert_eq!(waiter.remembered(), 0, "{cut:?}: a waiter was left");
        }
        output
    }

    pub(crate) async fn poll_as_waiter<F: Future>(
        &mut self,
        future: F,
        cut: Cut,
    ) -> (Option<F::Output>, Waiter) {
        let waiter = Waiter::default();
        let waker = waiter.waker();
        let mut future = Box::pin(future);
        for turn in 1..=cut.polls {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return (Some(output), waiter);
            }
            if turn < cut.polls || cut.after_step {
                self.step().await;
            }
        }
        (None, waiter)
    }

    /// Polls a future until it is over: only when it was woken, as a runtime would.
    pub(crate) async fn complete<F: Future>(&mut self, future: F) -> F::Output {
        let waiter = Waiter::default();
        let waker = waiter.waker();
        let mut future = Box::pin(future);
        for turn in 0..200 {
            if (turn == 0 || waiter.0.0.swap(false, Ordering::Relaxed))
                && let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return output;
            }
            self.step().await;
        }
        panic!("it does not come to an end, or nobody woke it");
    }

    /// The next operation works, no request is left, and each message the peer heard cost one
    /// credit, no more and no less.
    pub(crate) async fn assert_sound(&mut self) {
        let client = self.client.clone();
        let reply = self.complete(async move { client.call(Line("say on")).await }).await;
        assert_eq!(reply.expect("the next call works"), "on");
        self.settle().await;
        assert_eq!(self.client.status().live_requests, 0);
        let heard = u32::try_from(self.peer.heard().len()).expect("they are few");
        assert_eq!(self.credits.left(), CREDITS - heard, "{:?}", self.peer.heard());
    }
}

/// Where a future is dropped: after so many polls, right after the last one or after the driver's
/// next step, when what it waits for may be there already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cut {
    pub(crate) polls: usize,
    pub(crate) after_step: bool,
}

impl Cut {
    /// All points of dropping, until `visit` says that the future was over.
    pub(crate) async fn sweep(mut visit: impl AsyncFnMut(Self) -> bool) -> usize {
        for polls in 0..100 {
            let mut is_over = false;
            for after_step in [false, true] {
                is_over |= visit(Self { polls, after_step }).await;
            }
            if is_over {
                return polls;
            }
        }
        panic!("it never comes to an end");
    }
}

/// Who polls a future.
#[derive(Default)]
pub(crate) struct Waiter(Arc<Bell>);

#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Waiter {
    /// What a waker is made of.
    pub(crate) fn waker(&self) -> Waker {
        Waker::from(Arc::clone(&self.0))
    }

    /// Whether anybody woke it.
    pub(crate) fn was_woken(&self) -> bool {
        self.0.0.load(Ordering::Relaxed)
    }

    /// How many places remember it still.
    pub(crate) fn remembered(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}
