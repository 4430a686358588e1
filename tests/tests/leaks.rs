//! Nothing is left behind: tasks, descriptors and requests return to what they were.
//!
//! A program of its own, with its tests one after the other, because it counts what the whole
//! process holds.

#![cfg(target_os = "linux")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use nova_testkit::net::{Answer, EchoServer, Ending, PATIENCE, Peer, Port, within};
use nova_tests::ClientExt;
use tokio::runtime::{Handle, Runtime};
use websockex_nova::{prelude::*, reconnect::Linear};

/// One test at a time.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> (MutexGuard<'static, ()>, Runtime) {
    // A test that failed has left nothing that matters to the next.
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    (turn, runtime.expect("a runtime can be built"))
}

/// What the process holds: tasks of this runtime, and open descriptors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Held {
    tasks: usize,
    descriptors: usize,
}

impl Held {
    fn now() -> Self {
        let descriptors = std::fs::read_dir("/proc/self/fd").expect("Linux tells descriptors").count();
        Self { tasks: Handle::current().metrics().num_alive_tasks(), descriptors }
    }

    /// Waits until the process holds this again. What a closed link leaves to others, such as the
    /// server's end of it, may take a few more turns to go.
    async fn returns(self) {
        let settled = async {
            while Self::now() != self {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(PATIENCE, settled).await.is_err() {
            panic!("{self:?} became {:?}", Self::now());
        }
    }
}

async fn reconnected(
    client: &Client<impl websockex_nova::behaviour::Behaviour, impl websockex_nova::behaviour::Policy>,
    link: u64,
) {
    let mut watch = client.watch();
    let ready =
        async { while !matches!(watch.changed().await, State::Ready { link: now } if now.get() == link) {} };
    within(PATIENCE, "the next link", ready).await;
}

#[test]
fn c14_two_hundred_clients_that_were_dropped_leave_nothing() {
    let (_turn, runtime) = turn();
    runtime.block_on(async {
        let server = EchoServer::start().await.unwrap();
        let echo = Echo::at(&server.url()).unwrap();
        // Whatever is made once and kept, such as the resolver's thread, is made now.
        let first = Client::connect(echo.clone()).await.unwrap();
        first.shutdown(secs(1)).await.unwrap();
        drop(first);
        server.wait_for_open_links(0).await;
        tokio::task::yield_now().await;
        let before = Held::now();
        for round in 0..200 {
            let client = Client::connect(echo.clone()).await.unwrap();
            assert_eq!(client.call("hello").await.unwrap(), "hello");
            assert_eq!(client.status().live_requests, 0);
            let mut watch = client.watch();
            match round % 3 {
                0 => client.shutdown(secs(1)).await.unwrap(),
                1 => drop(client),
                _ => {
                    // With a call under way that is dropped too.
                    let call = client.call("goodbye");
                    drop(tokio::time::timeout(millis(0), call).await);
                    drop(client);
                }
            }
            within(PATIENCE, "the end", async { while !watch.changed().await.is_closed() {} }).await;
        }
        before.returns().await;
    });
}

#[test]
fn two_hundred_links_that_were_cut_leave_one() {
    let (_turn, runtime) = turn();
    runtime.block_on(async {
        let server = EchoServer::start().await.unwrap();
        let client = Client::prepare(Echo::at(&server.url()).unwrap())
            .with_policies(Policies::default().with_reconnect(Linear::every(millis(0))))
            .connect()
            .await
            .unwrap();
        assert_eq!(client.call("first").await.unwrap(), "first");
        let before = Held::now();
        for link in 2..=201 {
            let ending = if link % 2 == 0 { Ending::Fin } else { Ending::Reset };
            let pending = client.call("may be lost");
            let (pending, ()) = tokio::join!(pending, async { server.cut_links(ending) });
            // Answered in time or lost, it has ended.
            drop(pending);
            reconnected(&client, link).await;
            assert_eq!(client.status().live_requests, 0);
        }
        assert_eq!(client.call("last").await.unwrap(), "last");
        before.returns().await;
        assert_eq!(server.accepted(), 201);
    });
}

#[test]
fn a_connect_that_fails_leaves_nothing() {
    let (_turn, runtime) = turn();
    runtime.block_on(async {
        let closed = Port::reserve().unwrap();
        let refusing = Peer::serve(|mut conn| async move {
            conn.read_request().await;
            conn.answer(&Answer::refusing(503)).await;
        })
        .await
        .unwrap();
        let hanging_up = Peer::serve(|mut conn| async move {
            conn.read_request().await;
        })
        .await
        .unwrap();
        let mute = Peer::serve(|mut conn| async move {
            conn.ended().await;
        })
        .await
        .unwrap();
        tokio::task::yield_now().await;
        let before = Held::now();
        for _ in 0..50 {
            for url in [format!("ws://{}/", closed.addr()), refusing.url(), hanging_up.url()] {
                Client::connect(Echo::at(&url).unwrap()).await.unwrap_err();
            }
            // Given up by its caller while it is under way.
            let connecting = Client::connect(Echo::at(&mute.url()).unwrap());
            assert!(tokio::time::timeout(millis(1), connecting).await.is_err());
        }
        before.returns().await;
    });
}

#[test]
fn a_client_that_is_shut_down_while_it_waits_leaves_nothing() {
    let (_turn, runtime) = turn();
    runtime.block_on(async {
        let mut server = EchoServer::start().await.unwrap();
        let echo = Echo::at(&server.url()).unwrap();
        for _ in 0..2 {
            let client = Client::connect(echo.clone()).await.unwrap();
            server.stop().await;
            let mut watch = client.watch();
            within(PATIENCE, "a lost link", async { while watch.changed().await.is_ready() {} }).await;
            let waiting = client.call("later").wait_for_link(secs(60));
            let (waiting, closed) = tokio::join!(waiting, client.shutdown(secs(1)));
            assert!(waiting.unwrap_err().is_unsent());
            assert_eq!(closed.unwrap_err().report.not_sent, 1);
            drop((client, watch));
            server.restart().await.unwrap();
        }
        tokio::task::yield_now().await;
        let only_the_server = Held::now();
        assert_eq!(only_the_server.tasks, 1, "{only_the_server:?}");
    });
}
