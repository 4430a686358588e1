//! Who holds a link or a client may change at any moment, and nothing is lost by it.
//!
//! Ownership here is a move: a [`Link`] is a plain value, a [`Client`] a view. That the old holder
//! of a link cannot use it is checked by the compiler; see `link_given_away.rs` in the client's tests.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use nova_testkit::net::{Conn, EchoServer, Ending, Event as Seen, PATIENCE, Peer, Served, within};
use tokio::runtime::{Builder, Runtime};
use websockex_nova::{
    behaviour::{Everything, Kept, LocalTopics, RawMessages},
    client::Events,
    frame_codec::OutFrame,
    prelude::*,
    session::{EndCause, NotSent, SubscriptionEnd},
    telemetry::Event,
    transport::{FrameSink, FrameSource, Link, Transport, TransportError},
    transport_fastwebsockets::{FastWebSockets, Sink, Source},
};

type Open = Link<Source, Sink>;

async fn open(url: &str) -> Open {
    let endpoint = Endpoint::parse(url).expect("the URL of a test server is right");
    FastWebSockets::default().connect(&endpoint, &|_| {}).await.expect("it connects")
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime can be built")
}

async fn serving<F>(handler: impl Fn(Conn) -> F + Send + Sync + 'static) -> Served
where
    F: Future<Output = ()> + Send + 'static,
{
    Peer::serve(handler).await.expect("a port is free")
}

/// A message with a number; every seventh is large, so that it arrives in many pieces.
fn numbered(number: usize) -> String {
    let padding = if number.is_multiple_of(7) { 50_000 } else { 0 };
    format!("{number} {}", "-".repeat(padding))
}

/// Sends so many numbered messages, and then reads who took them.
async fn count_to(mut conn: Conn, count: usize) {
    conn.accept_upgrade().await;
    for number in 0..count {
        conn.send_text(&numbered(number)).await;
    }
    while conn.next().await.is_some() {}
}

/// One holder of a link: takes so many messages from this number on, says so to the peer, and
/// leaves in the middle of a wait for more.
async fn hold(mut link: Open, from: usize, count: usize) -> Open {
    let mut taken = from;
    while taken < from + count {
        match link.source.next_frame().expect("the peer keeps the protocol") {
            Some(frame) => {
                assert_eq!(frame.payload, numbered(taken).as_bytes(), "message {taken}");
                taken += 1;
            }
            None => link.source.fill().await.expect("the peer is there"),
        }
    }
    let polled = pin!(link.source.fill()).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Pending | Poll::Ready(Ok(()))));
    link.sink.feed(OutFrame::text(&format!("took {from} and {count} more"))).expect("the sink works");
    link.sink.flush().await.expect("the peer is there");
    link
}

#[test]
fn a_link_that_changes_hands_while_frames_arrive_loses_and_repeats_none() {
    let runtimes = [runtime(), runtime()];
    runtimes[0].block_on(async {
        let sizes: Vec<usize> = (0..120).map(|turn| 1 + turn * 5 % 11).collect();
        let total: usize = sizes.iter().sum();
        let venue = serving(move |conn| count_to(conn, total)).await;
        let mut link = open(&venue.url()).await;
        let mut from = 0;
        // From task to task and to and fro between two runtimes, one hand-over close upon another.
        for (turn, count) in sizes.iter().copied().enumerate() {
            let holder = runtimes[turn % 2].spawn(hold(link, from, count));
            link = within(PATIENCE, "a hand-over", holder).await.expect("the holder did not panic");
            from += count;
        }
        assert!(link.source.next_frame().expect("the peer keeps the protocol").is_none());
        drop(link);
        venue
            .journal()
            .wait_for("the end", |seen| matches!(seen.last().map(|e| &e.what), Some(Seen::Ended)))
            .await;
        let said = venue.journal().frames().into_iter().map(|(_, frame)| frame.as_text().to_owned());
        let mut from = 0;
        let expected = sizes.iter().map(|count| {
            let line = format!("took {from} and {count} more");
            from += count;
            line
        });
        assert!(said.eq(expected), "each holder was heard once, in order");
    });
    let [first, second] = runtimes;
    drop(second);
    drop(first);
}

#[tokio::test]
async fn whoever_is_handed_a_dead_link_is_told_at_once() {
    let server = EchoServer::start().await.expect("a port is free");
    for ending in [Ending::Fin, Ending::Reset] {
        let mut link = open(&server.url()).await;
        server.wait_for_open_links(1).await;
        server.cut_links(ending);
        let first = within(PATIENCE, "the end", link.source.fill()).await.expect_err("it was cut");
        let told = tokio::spawn(async move {
            let mut again = Vec::new();
            for _ in 0..2 {
                again.push(link.source.fill().await.expect_err("it is dead"));
                assert!(matches!(link.source.next_frame(), Ok(None)), "nothing had arrived");
            }
            // Where only the peer's direction has ended, the other one is still open (RFC 9293 §3.6).
            if ending == Ending::Fin {
                return (again, None);
            }
            let sent = async {
                loop {
                    link.sink.feed(OutFrame::text("anybody there?"))?;
                    link.sink.flush().await?;
                    tokio::task::yield_now().await;
                }
            };
            let sent: Result<(), TransportError> = within(PATIENCE, "an error", sent).await;
            (again, sent.err())
        });
        let (again, sending) = told.await.expect("nothing panics");
        for error in again {
            assert_eq!(error.to_string(), first.to_string());
        }
        let is_told = matches!(sending, Some(TransportError::Io(_)));
        assert_eq!(is_told, ending == Ending::Reset, "{sending:?}");
    }
}

#[tokio::test]
async fn a_handle_may_move_from_task_to_task_while_calls_are_under_way() {
    let server = EchoServer::start().await.expect("a port is free");
    let client =
        Client::connect(Echo::at(&server.url()).expect("the URL is right")).await.expect("it connects");
    let mut calls = Vec::new();
    for number in 0..50 {
        // Begun here, awaited elsewhere: the future moves as well.
        let mut call = Box::pin(client.call(format!("call {number}")).into_future());
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let client = client.clone();
        calls.push(tokio::spawn(async move {
            let reply = call.await.expect("it is answered");
            assert_eq!(client.call("mine too").await.expect("it is answered"), "mine too");
            reply
        }));
    }
    drop(client);
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.expect("nothing panics"), format!("call {number}"));
    }
    // The last handle went with the last task.
    server.wait_for_open_links(0).await;
}

#[test]
fn a_handle_works_in_another_runtime_while_the_first_lives() {
    let (home, away) = (runtime(), runtime());
    let server = home.block_on(EchoServer::start()).expect("a port is free");
    let echo = Echo::at(&server.url()).expect("the URL is right");
    let client = home.block_on(Client::connect(echo)).expect("it connects");
    let abroad = client.clone();
    let reply = away.block_on(async move {
        let reply = abroad.call("from abroad").await;
        abroad.ping().await.expect("the peer answers pings");
        reply
    });
    assert_eq!(reply.expect("it is answered"), "from abroad");
    // The other runtime's end is nothing to the client.
    drop(away);
    assert_eq!(home.block_on(client.call("home").into_future()).expect("it is answered"), "home");
    // A call needs no runtime at all, only somebody who polls it.
    assert_eq!(blocking(client.call("nowhere").into_future()).expect("it is answered"), "nowhere");
    home.block_on(client.shutdown(secs(1))).expect("nothing is left behind");
}

#[test]
fn a_driver_may_run_in_another_runtime_than_its_handle() {
    let (home, away) = (runtime(), runtime());
    let server = home.block_on(EchoServer::start()).expect("a port is free");
    let connect = Client::prepare(Echo::at(&server.url()).expect("the URL is right"));
    let (client, driver) = connect.into_parts();
    let driving = away.spawn(driver);
    home.block_on(async {
        client.ready().await.expect("it connects");
        assert_eq!(client.call("across").await.expect("it is answered"), "across");
        client.shutdown(secs(1)).await.expect("nothing is left behind");
        within(PATIENCE, "the driver's end", driving).await.expect("nothing panics");
    });
}

#[test]
fn the_end_of_the_drivers_runtime_is_the_end_of_its_calls_and_of_nobody_else() {
    let (home, away) = (runtime(), runtime());
    let deaf = home.block_on(serving(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.ended().await;
    }));
    let echo = Echo::at(&deaf.url()).expect("the URL is right");
    let client = away.block_on(Client::connect(echo)).expect("it connects");
    home.block_on(async {
        let mut call = Box::pin(client.call("never answered").into_future());
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        away.shutdown_background();
        within(PATIENCE, "the fate of the call", call).await.expect_err("nobody answers");
        assert!(matches!(client.closed().await, EndCause::Abandoned));
        let late = client.call("too late").await.expect_err("it is closed");
        assert!(matches!(late, RequestError::NotSent(NotSent::Closed(EndCause::Abandoned))), "{late:?}");
        client.shutdown(secs(1)).await.expect_err("one call's fate is unknown");
    });
}

/// All events up to the last.
async fn all(mut events: Events) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(record) = within(PATIENCE, "an event", events.next()).await {
        let is_last = matches!(record.event, Event::Closed);
        seen.push(format!("{:?} {:?}", record.at, record.event));
        if is_last {
            break;
        }
    }
    seen
}

#[tokio::test]
async fn all_receivers_of_the_events_see_the_same_whoever_holds_them() {
    let server = EchoServer::start().await.expect("a port is free");
    let (client, driver) = Client::prepare(Echo::at(&server.url()).expect("the URL is right")).into_parts();
    let mut receivers: Vec<_> = (0..3).map(|_| tokio::spawn(all(client.events()))).collect();
    // One is handed on after it was polled.
    let mut moved = client.events();
    assert!(pin!(moved.next()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    receivers.push(tokio::spawn(all(moved)));
    let driving = tokio::spawn(driver);
    client.ready().await.expect("it connects");
    for number in 0..20 {
        client.call(format!("call {number}")).await.expect("it is answered");
    }
    client.shutdown(secs(1)).await.expect("nothing is left behind");
    driving.await.expect("nothing panics");
    let mut seen = Vec::new();
    for receiver in receivers {
        seen.push(receiver.await.expect("nothing panics"));
    }
    assert!(seen[0].len() > 20, "{:?}", seen[0]);
    assert!(seen[0].last().is_some_and(|last| last.ends_with("Closed")));
    for other in &seen[1..] {
        assert_eq!(*other, seen[0]);
    }
}

#[tokio::test]
async fn a_driver_that_is_dropped_in_mid_stream_leaves_nobody_waiting() {
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.recv_text().await;
        for number in 0..10 {
            conn.send_text(&format!("{number}")).await;
        }
        while conn.next().await.is_some() {}
    })
    .await;
    let endpoint = Endpoint::parse(&venue.url()).expect("the URL is right");
    let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
    let (client, driver) = Connect::new(speaking(endpoint, handlers), FastWebSockets::default()).into_parts();
    let mut events = client.events();
    let mut driver = Box::pin(driver);
    let streaming = async {
        client.ready().await.expect("it connects");
        let mut stream = client.subscribe(Everything).await.expect("there is such a stream");
        client.notify_text("begin").await.expect("it is sent");
        assert!(matches!(stream.next().await, Some(Delivery::Item(_))));
        stream
    };
    let mut stream = tokio::select! {
        stream = streaming => stream,
        () = &mut driver => panic!("the driver ended"),
    };
    let asks = |text: &str| Box::pin(client.send_text(text).matching(|_| false).into_future());
    let mut calls: Vec<_> = (0..5).map(|number| asks(&number.to_string())).collect();
    let mut ping = Box::pin(client.ping().into_future());
    let mut cx = Context::from_waker(Waker::noop());
    for call in &mut calls {
        assert!(call.as_mut().poll(&mut cx).is_pending());
    }
    assert!(ping.as_mut().poll(&mut cx).is_pending());
    let mut closed = pin!(client.closed());
    assert!(closed.as_mut().poll(&mut cx).is_pending());

    drop(driver);
    for call in calls {
        let fate = within(PATIENCE, "the fate of a call", call).await.expect_err("nobody answers");
        // Nothing polled the driver since, so none of them was handed to the socket.
        assert!(fate.is_unsent(), "{fate:?}");
    }
    assert!(within(PATIENCE, "the fate of a ping", ping).await.expect_err("no pong comes").is_unsent());
    assert!(matches!(within(PATIENCE, "the end", closed).await, EndCause::Abandoned));
    // What had arrived can still be taken; then the stream ends and says why.
    let mut taken = vec![];
    while let Some(delivery) = within(PATIENCE, "the rest", stream.next()).await {
        if let Delivery::Item(Kept::Text(text)) = delivery {
            taken.push(text);
        }
    }
    let expected: Vec<_> = (1..=taken.len()).map(|number| number.to_string()).collect();
    assert_eq!(taken, expected);
    assert!(matches!(stream.why_ended(), Some(SubscriptionEnd::Closed(EndCause::Abandoned))));
    while within(PATIENCE, "the last event", events.next())
        .await
        .is_some_and(|r| !matches!(r.event, Event::Closed))
    {}
    assert_eq!(client.status().live_requests, 0);
    venue
        .journal()
        .wait_for("the end of the stream", |seen| seen.iter().any(|e| matches!(e.what, Seen::Ended)))
        .await;
}

/// Polls a future on this very thread, without any runtime.
fn blocking<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = Pin::as_mut(&mut future).poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park_timeout(PATIENCE);
    }
}
