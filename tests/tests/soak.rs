//! Reconnecting again and again leaves nothing behind: no allocation, no task, no descriptor.
//!
//! A program of its own, because it counts what the whole process holds. `SOAK_RECONNECTS` says how
//! often; `cargo xtask soak` says it.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "a soak tells what it has counted")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    env, fs,
    sync::atomic::{AtomicI64, Ordering},
    time::Instant,
};

use nova_testkit::net::{EchoServer, Ending, PATIENCE, within};
use tokio::runtime::Handle;
use websockex_nova::{
    behaviour::{Behaviour, Policy},
    echo::EchoDialect,
    prelude::*,
    reconnect::Linear,
};

/// Counts what is allocated and not yet freed.
struct Counting;

static LIVE: AtomicI64 = AtomicI64::new(0);

#[allow(
    unsafe_code,
    reason = "an allocator that counts is the only way to count allocations; it forwards everything"
)]
// SAFETY: every call is forwarded unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: `at` came from `System.alloc` with this layout.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What the process holds.
#[derive(Clone, Copy, Debug)]
struct Held {
    allocations: i64,
    tasks: usize,
    descriptors: usize,
}

impl Held {
    fn now() -> Self {
        let descriptors = fs::read_dir("/proc/self/fd").expect("Linux tells descriptors").count();
        let tasks = Handle::current().metrics().num_alive_tasks();
        Self { allocations: LIVE.load(Ordering::Relaxed), tasks, descriptors }
    }

    /// Tasks and descriptors as before; allocations but for what lists and tables keep in reserve.
    fn is_back_at(self, before: Self) -> bool {
        self.tasks == before.tasks
            && self.descriptors == before.descriptors
            && self.allocations <= before.allocations + RESERVE
    }
}

/// Far less than one for each reconnection.
const RESERVE: i64 = 50;

/// Loses the link that many times, with a call under way each time.
async fn lose(
    server: &EchoServer,
    client: &Client<impl Behaviour<Dialect = EchoDialect>, impl Policy>,
    times: u64,
) {
    let mut watch = client.watch();
    for time in 0..times {
        let before = link(&client.state());
        let ending = if time % 2 == 0 { Ending::Fin } else { Ending::Reset };
        let (ended, ()) = tokio::join!(client.call("may be lost"), async { server.cut_links(ending) });
        // Answered in time or lost, it has ended.
        drop(ended);
        let renewed = async {
            loop {
                let state = watch.changed().await;
                if link(&state) > before {
                    break;
                }
            }
        };
        within(PATIENCE, "the next link", renewed).await;
    }
}

/// The link a client is ready on.
const fn link(state: &State) -> Option<u64> {
    match state {
        State::Ready { link } => Some(link.get()),
        _ => None,
    }
}

#[tokio::test]
async fn c17_reconnections_leave_allocations_tasks_and_descriptors_as_they_were() {
    let times = env::var("SOAK_RECONNECTS").ok().and_then(|times| times.parse().ok()).unwrap_or(500);
    let server = EchoServer::start().await.expect("a port is free");
    let client = Client::prepare(Echo::at(&server.url()).expect("the URL is good"))
        .with_policies(Policies::default().with_reconnect(Linear::every(millis(0))))
        .connect()
        .await
        .expect("the server is there");
    // What is made once and kept is made now.
    lose(&server, &client, 100).await;
    server.wait_for_open_links(1).await;
    let (before, began) = (Held::now(), Instant::now());
    lose(&server, &client, times).await;
    let back = async {
        // What a lost link leaves to others, such as the server's end of it, takes a few turns to go.
        while !Held::now().is_back_at(before) {
            tokio::task::yield_now().await;
        }
    };
    if tokio::time::timeout(PATIENCE, back).await.is_err() {
        panic!("after {times} reconnections {before:?} became {:?}", Held::now());
    }
    let rate = times as f64 / began.elapsed().as_secs_f64();
    println!("{times} reconnections, {rate:.0} a second: {before:?} is now {:?}", Held::now());
}
