//! What one inbound message costs in session and client together, from frame to `next()`.
//!
//! The transport serves frames from memory, 64 in each wake, so that what is counted is ours and
//! the runtime's. `cargo build --release -p nova-client --example cost`, then
//! `valgrind --tool=callgrind target/release/examples/cost 350 64000` with two counts of messages:
//! their difference is the cost of the messages alone. Without valgrind it prints nanoseconds and
//! allocations per message. A third argument `recorded` switches the flight recorder on.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    env,
    error::Error,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use nova_behaviour::{Bound, Everything, Handlers, LocalTopics, RawMessages, speaking};
use nova_client::{Connect, Recorder};
use nova_frame_codec::{Frame, OpCode, OutFrame};
use nova_session::Delivery;
use nova_transport::{
    ConnectError, Endpoint, FrameSink, FrameSource, Handshake, Link, Progress, Transport, TransportError,
};
use tokio::sync::Notify;

/// Counts allocations.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

#[allow(
    unsafe_code,
    reason = "an allocator that counts is the only way to count allocations; it forwards everything"
)]
// SAFETY: every call is forwarded unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: `at` came from `System.alloc` with this layout.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Serves the same frame, so many in each wake, once the flood is opened.
struct Flood {
    payload: Arc<str>,
    opened: Arc<Notify>,
}

struct Source {
    payload: Arc<str>,
    opened: Option<Arc<Notify>>,
    ready: u32,
}

struct Sink;

const PER_WAKE: u32 = 64;

impl Transport for Flood {
    type Source = Source;
    type Sink = Sink;

    async fn connect(&self, _: &Endpoint, _: Progress<'_>) -> Result<Link<Source, Sink>, ConnectError> {
        let source =
            Source { payload: Arc::clone(&self.payload), opened: Some(Arc::clone(&self.opened)), ready: 0 };
        Ok(Link { source, sink: Sink, handshake: Handshake::default() })
    }
}

impl FrameSource for Source {
    async fn fill(&mut self) -> Result<(), TransportError> {
        match self.opened.take() {
            Some(opened) => opened.notified().await,
            // A wake of the executor between two batches, as a socket would bring.
            None => tokio::task::yield_now().await,
        }
        self.ready = PER_WAKE;
        Ok(())
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>, TransportError> {
        let Some(rest) = self.ready.checked_sub(1) else { return Ok(None) };
        self.ready = rest;
        Ok(Some(Frame { fin: true, opcode: OpCode::Text, payload: self.payload.as_bytes() }))
    }
}

impl FrameSink for Sink {
    fn has_room(&self) -> bool {
        true
    }

    fn feed(&mut self, _: OutFrame<'_>) -> Result<(), TransportError> {
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), TransportError> {
        pending().await
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let bytes: usize = args.next().unwrap_or_else(|| "350".into()).parse()?;
    let messages: u64 = args.next().unwrap_or_else(|| "1000000".into()).parse()?;

    let flood = Flood { payload: "x".repeat(bytes).into(), opened: Arc::new(Notify::new()) };
    let opened = Arc::clone(&flood.opened);
    let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
    let mut prepared = Connect::new(speaking("ws://flood/".parse::<Endpoint>()?, handlers), flood);
    if args.next().as_deref() == Some("recorded") {
        prepared = prepared.with_recorder(Recorder::new());
    }
    let client = prepared.connect().await?;
    let bound = Bound { count: 1 << 10, bytes: 1 << 24 };
    let mut items = client.subscribe(Everything).bound(bound).await?;
    opened.notify_one();

    let mut take = async |count: u64| {
        for _ in 0..count {
            assert!(matches!(items.next().await, Some(Delivery::Item(_))), "each message is an item");
        }
    };
    take(10_000).await;
    let (began, allocated) = (Instant::now(), ALLOCATIONS.load(Ordering::Relaxed));
    take(messages).await;
    let (took, allocated) = (began.elapsed(), ALLOCATIONS.load(Ordering::Relaxed) - allocated);
    println!(
        "{bytes} B: {:.1} ns and {:.3} allocations a message, over {messages}",
        took.as_nanos() as f64 / messages as f64,
        allocated as f64 / messages as f64
    );
    Ok(())
}
