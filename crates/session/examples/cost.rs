//! What one inbound message costs in the core, from frame to delivered item.
//!
//! `cargo build --release -p nova-session --example cost` and then
//! `valgrind --tool=callgrind target/release/examples/cost 64 10000` for each size; the difference
//! between two counts of messages is the cost of the messages alone. Run without valgrind, it prints
//! nanoseconds and allocations per message.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    env,
    error::Error,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Waker},
    time::{Instant, SystemTime},
};

use nova_behaviour::{Channel, Everything, Handlers, Kept, LocalTopics, Policies, RawMessages, Settings};
use nova_frame_codec::{Frame, OpCode};
use nova_session::{Delivery, Session, Start, Wanted};
use nova_transport::Handshake;

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

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let bytes: usize = args.next().unwrap_or_else(|| "350".into()).parse()?;
    let messages: u64 = args.next().unwrap_or_else(|| "1000000".into()).parse()?;

    let cx = &mut Context::from_waker(Waker::noop());
    let start = Start { now: Instant::now(), wall: SystemTime::now(), seed: 1 };
    let Policies { reconnect, limiter, .. } = Policies::default();
    let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
    let mut session: Session<_, Policies> =
        Session::new(handlers, reconnect, limiter, Settings::default(), start);
    let dial = (0..2).find_map(|place| match session.poll_dial(place, cx) {
        Poll::Ready(dial) => dial,
        Poll::Pending => None,
    });
    let link = dial.ok_or("a new session wants a link")?.link;
    session.handle_connected(start.now, start.wall, link, &Handshake::default());
    let id = session.subscribe(Wanted::new(vec![Everything.topic()]))?;
    // The writer comes and asks for what is wanted.
    assert!(session.poll_transmit(start.now, link, cx).is_pending());

    let payload = "x".repeat(bytes);
    let frame = Frame { fin: true, opcode: OpCode::Text, payload: payload.as_bytes() };
    let mut body = Kept::default();
    let mut one = || {
        session.handle_frame(start.now, link, frame);
        let delivery = session.poll_delivery(|| start.now, id, &mut body, cx);
        session.take_wakes().wake();
        assert!(matches!(delivery, Poll::Ready(Some(Delivery::Item(_)))), "each message is an item");
    };
    (0..100).for_each(|_| one());
    let (began, allocated) = (Instant::now(), ALLOCATIONS.load(Ordering::Relaxed));
    (0..messages).for_each(|_| one());
    let (took, allocated) = (began.elapsed(), ALLOCATIONS.load(Ordering::Relaxed) - allocated);
    println!(
        "{bytes} B: {:.1} ns and {:.3} allocations a message, over {messages}",
        took.as_nanos() as f64 / messages as f64,
        allocated as f64 / messages as f64
    );
    Ok(())
}
