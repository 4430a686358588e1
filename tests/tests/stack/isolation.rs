//! What one part does leaves the others alone: handles of many tasks, large and fragmented messages,
//! slow subscribers.

use std::{
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use nova_testkit::net::{Conn, EchoServer, RawFrame};
use nova_tests::ClientExt;
use websockex_nova::{
    behaviour::{Bound, ConnectionHandler, Everything, FrameAction, Kept, LocalTopics, RawMessages},
    echo::EchoMessages,
    frame_codec::Message,
    prelude::*,
    telemetry::Event,
};

use crate::venue::{Lines, Stream, Topics, next, obey, prepare, serving, venue};

/// Does something with its own client at every frame.
#[derive(Clone, Default)]
struct Hook(Arc<OnceLock<Box<dyn Fn() + Send + Sync>>>);

impl ConnectionHandler for Hook {
    fn frame(&mut self, _: &Message<'_>) -> FrameAction {
        if let Some(hook) = self.0.get() {
            hook();
        }
        FrameAction::Pass
    }
}

#[tokio::test]
async fn c28_a_handler_may_use_its_own_client() {
    let server = EchoServer::start().await.unwrap();
    let hook = Hook::default();
    let handlers = Handlers::new(EchoMessages).with_connection(hook.clone());
    let client = prepare(&server.url(), handlers).connect().await.unwrap();
    let (own, spawned) = (client.clone(), Arc::new(Mutex::new(Vec::new())));
    let (tasks, asked) = (Arc::clone(&spawned), AtomicU64::new(0));
    let set = hook.0.set(Box::new(move || {
        assert!(own.state().is_ready());
        drop((own.clone(), own.watch(), own.events(), own.metrics()));
        // What changes something happens as soon as the handler has returned.
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => {
                let own = own.clone();
                tasks.lock().unwrap().push(tokio::spawn(async move { own.call("from a handler").await }));
            }
            2 => own.reconnect(),
            _ => {}
        }
    }));
    assert!(set.is_ok());
    assert_eq!(client.call("one").await.unwrap(), "one");
    let task = spawned.lock().unwrap().pop().unwrap();
    assert_eq!(task.await.unwrap().unwrap(), "from a handler");
    assert_eq!(client.call("three").await.unwrap(), "three");
    crate::venue::ready_on(&client, 2).await;
}

#[tokio::test]
async fn c28_a_handler_that_waits_for_its_own_client_is_refused_and_not_stuck() {
    let server = EchoServer::start().await.unwrap();
    let hook = Hook::default();
    let handlers = Handlers::new(EchoMessages).with_connection(hook.clone());
    let client = prepare(&server.url(), handlers).connect().await.unwrap();
    let mut events = client.events();
    let own = client.clone();
    assert!(hook.0.set(Box::new(move || drop(own.status()))).is_ok());
    assert_eq!(client.call("one").await.unwrap(), "one");
    loop {
        if let Event::HandlerPanicked { handler } = events.next().await.unwrap().event {
            break assert_eq!(handler, "connection");
        }
    }
    assert!(client.state().is_ready());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn c28_every_method_can_be_called_from_any_task_while_handlers_run() {
    /// Takes its time over every message.
    struct Slow(Arc<AtomicU64>);
    impl ConnectionHandler for Slow {
        fn frame(&mut self, _: &Message<'_>) -> FrameAction {
            self.0.fetch_add(1, Ordering::Relaxed);
            std::thread::yield_now();
            FrameAction::Pass
        }

        fn status(&self) -> Option<String> {
            Some(self.0.load(Ordering::Relaxed).to_string())
        }
    }
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_subscriptions(Topics).with_connection(Slow(Arc::default()));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                for round in 0..20 {
                    let said = format!("{number}.{round}");
                    assert_eq!(client.call(format!("say {said}").as_str()).await.unwrap(), said);
                    client.notify("tell it").await.unwrap();
                    client.ping().await.unwrap();
                    client.subscribe(Stream("shared")).await.unwrap();
                    assert!(client.state().is_ready());
                    assert!(client.status().handler.is_some());
                    assert!(client.watch().changed().await.is_ready());
                    drop((client.events(), client.topics(), client.shutdown_report()));
                    client.ready().await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // The service answers in order: what was left to say about the topic has been answered before.
    client.call("say last").await.unwrap();
    assert_eq!(client.status().live_requests, 0);
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn a_mebibyte_comes_back_the_same() {
    let server = EchoServer::start().await.unwrap();
    let client = Client::connect(Echo::at(&server.url()).unwrap()).await.unwrap();
    let bytes: Vec<u8> =
        (0..1 << 20).map(|index: u32| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_eq!(client.call(bytes.clone()).await.unwrap(), bytes);
    let text = "é€😀a".repeat(1 << 17);
    assert_eq!(client.call(text.clone()).await.unwrap(), text);
}

#[tokio::test]
async fn kinds_alternate_without_mixing() {
    let server = EchoServer::start().await.unwrap();
    let client = Client::connect(Echo::at(&server.url()).unwrap()).await.unwrap();
    for number in 0u8..50 {
        let (text, bytes) = tokio::join!(client.call(number.to_string()), client.call(vec![number]));
        assert_eq!((text.unwrap(), bytes.unwrap()), (number.to_string(), vec![number]));
    }
}

#[tokio::test]
async fn fragments_are_joined_and_a_ping_between_them_is_answered_at_once() {
    let venue = serving(|mut conn: Conn| async move {
        conn.accept_upgrade().await;
        let asked = conn.recv_text().await;
        let id = asked.split(' ').next().unwrap();
        let answer = format!("{id} ok hé");
        // Cut within a character: only the whole must be UTF-8.
        let (head, tail) = answer.as_bytes().split_at(answer.len() - 1);
        conn.send(RawFrame::text(head).with_fin(false)).await;
        conn.send(RawFrame::ping("between")).await;
        let pong = conn.recv().await;
        assert_eq!((pong.opcode, pong.payload.as_slice()), (0xA, b"between".as_slice()));
        conn.send(RawFrame::continuation("").with_fin(false)).await;
        conn.send(RawFrame::continuation(tail)).await;
        obey(&mut conn).await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    assert_eq!(client.call("anything").await.unwrap(), "hé");
}

#[tokio::test]
async fn twenty_pings_in_a_row_are_answered_in_order_and_with_their_payloads() {
    let venue = serving(|mut conn: Conn| async move {
        conn.accept_upgrade().await;
        conn.recv_text().await;
        let pings: Vec<u8> = (0..20).flat_map(|number| RawFrame::ping([number; 125]).to_bytes()).collect();
        conn.send_raw(pings).await;
        for number in 0..20 {
            let pong = conn.recv().await;
            assert_eq!((pong.opcode, pong.payload), (0xA, vec![number; 125]));
            assert!(pong.mask.is_some());
        }
        conn.send_text("1 ok").await;
        obey(&mut conn).await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    client.call("flood me").await.unwrap();
}

#[tokio::test]
async fn a_subscriber_that_never_takes_delays_replies_by_its_pause_and_no_more() {
    const PAUSE: std::time::Duration = millis(150);
    let venue = serving(|mut conn: Conn| async move {
        conn.accept_upgrade().await;
        while let Some(frame) = conn.next().await {
            match frame.opcode {
                0x1 => {
                    let line = frame.as_text().to_owned();
                    let id = line.split(' ').next().unwrap();
                    if line.contains("flood") {
                        for number in 0..100 {
                            conn.send_text(&format!("* news {number}")).await;
                        }
                    }
                    conn.send_text(&format!("{id} ok news")).await;
                }
                0x8 => return conn.send(RawFrame::new(0x8, frame.payload)).await,
                _ => {}
            }
        }
    })
    .await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let mut lazy = client
        .subscribe(Stream("news"))
        .holding_back(PAUSE)
        .bound(Bound { count: 10, bytes: 1 << 20 })
        .await
        .unwrap();
    let began = Instant::now();
    client.call("flood").await.unwrap();
    let took = began.elapsed();
    assert!(took >= PAUSE && took < PAUSE + secs(1), "{took:?}");
    // Once its pause is used up it drops the oldest, with a gap, and holds up nobody.
    let began = Instant::now();
    client.call("say at once").await.unwrap();
    assert!(began.elapsed() < PAUSE, "{:?}", began.elapsed());
    let Some(Delivery::Gap(gap)) = next(&mut lazy).await else { panic!("items are missing without a gap") };
    assert_eq!(gap.missing, Some(90));
    assert_eq!(next(&mut lazy).await, Some(Delivery::Item("90".to_owned())));
    let counts = lazy.unsubscribe();
    assert_eq!((counts.received, counts.delivered, counts.dropped), (100, 1, 99));
}

#[tokio::test]
async fn a_subscriber_that_takes_loses_nothing_however_small_its_bound() {
    let server = EchoServer::start().await.unwrap();
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
    let client = Client::connect(speaking(endpoint, handlers)).await.unwrap();
    let mut everything =
        client.subscribe(Everything).bound(Bound { count: 1, bytes: 1 << 20 }).await.unwrap();
    let teller = client.clone();
    let telling = tokio::spawn(async move {
        for number in 0..500 {
            teller.notify_text(number.to_string()).await.unwrap();
        }
    });
    for number in 0..500 {
        let item = next(&mut everything).await;
        assert_eq!(item, Some(Delivery::Item(Kept::from(number.to_string().as_str()))));
    }
    telling.await.unwrap();
}

#[tokio::test]
async fn a_slow_subscriber_of_one_client_does_not_hold_up_another() {
    let venue = venue().await;
    let lazy =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let lively = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let _stream = lazy.subscribe(Stream("a")).bound(Bound { count: 1, bytes: 1 }).await.unwrap();
    lazy.notify("hear * a 1").await.unwrap();
    lazy.notify("hear * a 2").await.unwrap();
    lazy.notify("hear * a 3").await.unwrap();
    let began = Instant::now();
    for _ in 0..20 {
        lively.call("say on").await.unwrap();
    }
    assert!(began.elapsed() < millis(900), "{:?}", began.elapsed());
}
