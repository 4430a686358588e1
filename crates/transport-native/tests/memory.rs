//! What a link holds, and what a message costs, in bytes and allocations.
//!
//! A program of its own, because it counts allocations: those of the thread that asks, so that the
//! peers, which live in a thread of their own, do not count.

#![allow(clippy::print_stdout, reason = "the figures are worth reading")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    thread,
};

use nova_frame_codec::OutFrame;
use nova_testkit::net::{Conn, PATIENCE, Peer, RawFrame, within};
use nova_transport::{Endpoint, FrameSink, FrameSource, Link, Transport};
use nova_transport_native::{Native, Sink, Source};
use tokio::runtime::Runtime;

struct Counting;

thread_local! {
    static BYTES: Cell<i64> = const { Cell::new(0) };
    static MOST_BYTES: Cell<i64> = const { Cell::new(0) };
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

fn count(bytes: i64) {
    // A thread that ends is not counted to its last byte.
    let _ = BYTES.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST_BYTES.try_with(|most| most.set(most.get().max(held.get())));
    });
    if bytes > 0 {
        let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
    }
}

#[allow(
    unsafe_code,
    reason = "an allocator that counts is the only way to count allocations; it forwards everything"
)]
// SAFETY: every call is forwarded unchanged to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: `at` came from `System.alloc` with this layout.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built")
}

/// A peer in a thread of its own; it runs `script` for each connection.
fn peer<F>(script: impl Fn(Conn) -> F + Send + Sync + 'static) -> Endpoint
where
    F: Future<Output = ()> + Send + 'static,
{
    let (url, urls) = std::sync::mpsc::channel();
    thread::spawn(move || {
        runtime().block_on(async {
            let served = Peer::serve(script).await.expect("a port is free");
            url.send(served.url()).expect("somebody waits for it");
            std::future::pending::<()>().await;
        });
    });
    Endpoint::parse(&urls.recv().expect("the peer starts")).expect("a peer has a good URL")
}

/// Takes frames until one says "end".
async fn until_end(source: &mut Source) -> usize {
    let mut taken = 0;
    loop {
        while let Some(frame) = source.next_frame().expect("legal frames") {
            if frame.payload == b"end" {
                return taken;
            }
            taken += 1;
        }
        within(PATIENCE, "bytes", source.fill()).await.expect("the peer is there");
    }
}

/// Reads as far as there is something, as a driver does before it sleeps.
async fn idle(source: &mut Source) {
    while source.next_frame().expect("legal frames").is_some() {}
    tokio::select! {
        biased;
        filled = source.fill() => panic!("{filled:?} although nothing comes"),
        () = std::future::ready(()) => {}
    }
}

#[test]
fn a_warm_idle_link_holds_at_most_4_kib() {
    let endpoint = peer(|mut conn| async move {
        conn.accept_upgrade().await;
        let burst = RawFrame::text([b'x'; 300]).to_bytes().repeat(400);
        conn.send_raw(&burst).await;
        conn.send(RawFrame::binary(vec![7; 300_000])).await;
        conn.send_text("end").await;
        while conn.next().await.is_some() {}
    });
    runtime().block_on(async {
        const LINKS: usize = 100;
        let transport = Native::default();
        let open = async || {
            let Link { mut source, mut sink, .. } =
                transport.connect(&endpoint, &|_| {}).await.expect("the peer accepts");
            assert_eq!(until_end(&mut source).await, 401);
            for _ in 0..100 {
                sink.feed(OutFrame::binary(&[7; 1_000])).expect("the link is open");
            }
            sink.flush().await.expect("the peer is there");
            idle(&mut source).await;
            (source, sink)
        };
        let mut links: Vec<(Source, Sink)> = Vec::with_capacity(LINKS);
        // Whatever the thread and the runtime keep for all links is made now.
        let _first = open().await;
        let before = BYTES.get();
        for _ in 0..LINKS {
            links.push(open().await);
        }
        let each = usize::try_from(BYTES.get() - before).expect("links hold something") / LINKS;
        let structs = size_of::<Source>() + size_of::<Sink>();
        println!("{each} bytes of heap and {structs} in the values themselves");
        assert!(each + structs <= 4_096, "{each} bytes of heap and {structs} in the values themselves");
    });
}

#[test]
fn an_announcement_takes_no_memory_and_its_bytes_no_more_than_twice_theirs() {
    let endpoint = peer(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.send(RawFrame::binary("").with_announced(1 << 62)).await;
        conn.send_raw(vec![7; 1 << 20]).await;
        conn.half_close().await;
        while conn.next().await.is_some() {}
    });
    runtime().block_on(async {
        let transport = Native::default().with_max_frame_bytes(usize::MAX);
        let mut link = transport.connect(&endpoint, &|_| {}).await.expect("the peer accepts");
        let before = BYTES.get();
        MOST_BYTES.set(before);
        while within(PATIENCE, "bytes", link.source.fill()).await.is_ok() {
            assert!(link.source.next_frame().expect("a legal frame").is_none());
        }
        let most = MOST_BYTES.get() - before;
        // While it grows, the memory before and after may both be held.
        assert!(most <= 4 << 20, "{most} bytes for one MiB");
        drop(link);
        assert!(BYTES.get() - before <= 4 * 64 * 1024, "all of it is let go");
    });
}

#[test]
fn a_message_in_either_direction_allocates_nothing() {
    let endpoint = peer(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.send(RawFrame::text("end")).await;
        while let Some(frame) = conn.next().await {
            if frame.payload == b"again" {
                let burst = RawFrame::text([b'x'; 300]).to_bytes().repeat(500);
                conn.send_raw(&burst).await;
                conn.send(RawFrame::text("end")).await;
            }
        }
    });
    runtime().block_on(async {
        let Link { mut source, mut sink, .. } =
            Native::default().connect(&endpoint, &|_| {}).await.expect("the peer accepts");
        let mut calls = CALLS.get();
        for round in 0..20 {
            until_end(&mut source).await;
            for _ in 0..500 {
                sink.feed(OutFrame::text("some hundred bytes of an order")).expect("the link is open");
            }
            sink.feed(OutFrame::text("again")).expect("the link is open");
            sink.flush().await.expect("the peer is there");
            if round == 2 {
                calls = CALLS.get();
            }
        }
        let made = CALLS.get() - calls;
        // The remainder of a frame at the end of a read moves while the link waits; timers of the test.
        assert!(made < 17_000 / 50, "{made} allocations for 17,000 messages");
    });
}

#[cfg(feature = "deflate")]
#[test]
fn compression_without_context_holds_nothing_while_idle_and_with_it_its_windows() {
    use nova_transport_native::deflate::{Compression, Context};

    let endpoint = peer(|mut conn| async move {
        let offer =
            conn.read_request().await.header("Sec-WebSocket-Extensions").unwrap_or_default().to_owned();
        let mut packer = nova_testkit::net::Packer::without_context();
        // The least that answers the offer.
        let answer = offer.split("; client_max_window_bits").next().unwrap_or_default().to_owned();
        conn.accept_upgrade_with(|right| right.with_header("Sec-WebSocket-Extensions", &answer)).await;
        conn.send(packer.pack_frame(RawFrame::text([b'x'; 200_000]))).await;
        conn.send_text("end").await;
        while conn.next().await.is_some() {}
    });
    runtime().block_on(async {
        let dropping =
            Compression::new().with_send_context(Context::Dropped).with_receive_context(Context::Dropped);
        // The thread may keep a buffer or two more or less, depending on how bytes arrive.
        let buffers = 2 * 64 * 1024;
        let windows = 370_000 + 46_000;
        for (settings, least, most) in
            [(dropping, -buffers, buffers), (Compression::new(), windows - buffers, windows + buffers)]
        {
            let transport = Native::default().with_compression(settings);
            let open = async || {
                let Link { mut source, mut sink, .. } =
                    transport.connect(&endpoint, &|_| {}).await.expect("the peer accepts");
                assert_eq!(until_end(&mut source).await, 1);
                sink.feed(OutFrame::binary(&[7; 50_000])).expect("the link is open");
                sink.flush().await.expect("the peer is there");
                idle(&mut source).await;
                (source, sink)
            };
            let _first = open().await;
            let before = BYTES.get();
            let _second = open().await;
            let held = BYTES.get() - before;
            assert!((least..=most).contains(&held), "{held} bytes with {settings:?}");
        }
    });
}
