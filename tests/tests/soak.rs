//! What the whole process holds: reconnecting again and again leaves nothing behind, and no flood takes
//! more memory than the settings allow.
//!
//! A program of its own, with its tests one after the other, because it counts allocations.
//! `SOAK_RECONNECTS` says how often it reconnects; `cargo xtask soak` says it.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "a soak tells what it has counted")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    env, fs,
    future::Future,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

use nova_testkit::net::{Conn, EchoServer, Ending, PATIENCE, Packer, Peer, RawFrame, within};
use nova_tests::ClientExt;
use tokio::runtime::Handle;
use websockex_nova::{
    behaviour::{Behaviour, Bound, Everything, LocalTopics, Policy, RawMessages},
    echo::EchoDialect,
    prelude::*,
    reconnect::Linear,
    telemetry::Event,
    transport::{LostReason, TransportError},
    transport_native::{Native, deflate::Compression},
};

/// Counts what is allocated and not yet freed.
struct Counting;

static LIVE: AtomicI64 = AtomicI64::new(0);
static BYTES: AtomicI64 = AtomicI64::new(0);
static MOST_BYTES: AtomicI64 = AtomicI64::new(0);

#[allow(
    unsafe_code,
    reason = "an allocator that counts is the only way to count allocations; it forwards everything"
)]
// SAFETY: every call is forwarded unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(1, Ordering::Relaxed);
        let size = layout.size() as i64;
        MOST_BYTES.fetch_max(BYTES.fetch_add(size, Ordering::Relaxed) + size, Ordering::Relaxed);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
        BYTES.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: `at` came from `System.alloc` with this layout.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs one test at a time, each in a runtime of its own.
fn alone(test: impl Future<Output = ()>) {
    static TURN: Mutex<()> = Mutex::new(());
    // A test that failed has left nothing that matters to the next.
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be built").block_on(test);
}

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

#[test]
fn c17_reconnections_leave_allocations_tasks_and_descriptors_as_they_were() {
    alone(async {
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
    });
}

/// The most bytes that were allocated at once while this ran, above those before it.
async fn most_bytes_of(work: impl Future<Output = ()>) -> i64 {
    let before = BYTES.load(Ordering::Relaxed);
    MOST_BYTES.store(before, Ordering::Relaxed);
    work.await;
    MOST_BYTES.load(Ordering::Relaxed) - before
}

#[test]
fn c18_a_consumer_that_stops_under_a_flood_costs_the_configured_memory() {
    const ITEMS: u64 = 200_000;
    const ITEM: usize = 200;
    const BOUND: Bound = Bound { count: 100_000, bytes: 1 << 20 };
    alone(async {
        let flooding = Peer::serve(|mut conn: Conn| async move {
            conn.accept_upgrade().await;
            conn.recv_text().await;
            let hundred = RawFrame::binary([7; ITEM]).to_bytes().repeat(100);
            for _ in 0..ITEMS / 100 {
                conn.send_raw(&hundred).await;
            }
            conn.echo().await;
        });
        let server = flooding.await.expect("a port is free");
        let url = Endpoint::parse(&server.url()).expect("the URL is good");
        let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
        let client = Client::connect(speaking(url, handlers)).await.expect("the server is there");
        let asked = client.subscribe(Everything).dropping_oldest().bound(BOUND);
        let stalled = asked.await.expect("all topics are there");
        let most = most_bytes_of(async {
            client.notify_text("begin").await.expect("the link is there");
            while stalled.counts().received < ITEMS {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let counts = stalled.counts();
        assert_eq!(counts.dropped + counts.queued, ITEMS, "{counts:?}");
        // What belongs to each item besides its bytes, lists that double, and buffers on the way.
        let allowed = 4 * BOUND.bytes as i64;
        println!("{} bytes at most under a flood of {}", most, ITEMS * ITEM as u64);
        assert!(most < allowed, "{most} bytes");
    });
}

#[test]
fn c36_a_message_beyond_the_bound_takes_no_more_memory_than_the_bound() {
    const BOUND: usize = 1 << 20;
    alone(async {
        let server = Peer::serve(|mut conn: Conn| async move {
            conn.accept_upgrade().await;
            conn.recv_text().await;
            // Twenty times the bound, in parts that each are small enough.
            let part = RawFrame::continuation([7; 1000]).with_fin(false).to_bytes();
            conn.send(RawFrame::binary([7; 1000]).with_fin(false)).await;
            for _ in 0..20_000 {
                conn.send_raw(&part).await;
            }
            conn.ended().await;
        });
        let server = server.await.expect("a port is free");
        let url = Endpoint::parse(&server.url()).expect("the URL is good");
        let client = Client::prepare(speaking(url, Handlers::new(RawMessages)))
            .with_settings(|settings| settings.message_bytes = BOUND)
            .connect()
            .await
            .expect("the server is there");
        let mut watch = client.watch();
        let most = most_bytes_of(async {
            client.notify_text("begin").await.expect("the link is there");
            let lost = async { while watch.changed().await.is_ready() {} };
            within(PATIENCE, "the end of the link", lost).await;
        })
        .await;
        println!("{most} bytes at most for a message without end");
        assert!(most < 4 * BOUND as i64, "{most} bytes");
    });
}

#[test]
fn c36_a_message_that_grows_when_it_is_inflated_takes_no_more_memory_than_the_bound() {
    const BOUND: usize = 1 << 20;
    alone(async {
        let bomb = Packer::new().pack_frame(RawFrame::binary(vec![0; 64 * BOUND])).to_bytes();
        assert!(bomb.len() < BOUND / 4, "it passes as a frame");
        let server = Peer::serve(move |mut conn: Conn| {
            let bomb = bomb.clone();
            async move {
                let accepted = "permessage-deflate";
                conn.accept_upgrade_with(|right| right.with_header("Sec-WebSocket-Extensions", accepted))
                    .await;
                conn.recv().await;
                conn.send_raw(&bomb).await;
                while conn.recv().await.opcode != 0x8 {}
                conn.ended().await;
            }
        });
        let server = server.await.expect("a port is free");
        let url = Endpoint::parse(&server.url()).expect("the URL is good");
        let transport = Native::default().with_compression(Compression::new());
        let client = Connect::new(speaking(url, Handlers::new(RawMessages)), transport)
            .with_settings(|settings| settings.message_bytes = BOUND)
            .connect()
            .await
            .expect("the server is there");
        let mut events = client.events();
        let most = most_bytes_of(async {
            client.notify_text("begin").await.expect("the link is there");
            let lost = async {
                loop {
                    let record = events.next().await.expect("the client lives");
                    if let Event::Lost { reason, .. } = record.event {
                        return reason;
                    }
                }
            };
            let reason = within(PATIENCE, "the end of the link", lost).await;
            let LostReason::Broken(TransportError::Protocol(why)) = &reason else { panic!("{reason:?}") };
            assert_eq!(why.close_code().get(), 1009);
        })
        .await;
        println!("{most} bytes at most for a message of {} bytes that came packed", 64 * BOUND);
        assert!(most < 4 * BOUND as i64, "{most} bytes");
    });
}
