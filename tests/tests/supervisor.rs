//! Many clients under one supervisor, over real sockets.

use std::{sync::Arc, time::Instant};

use nova_testkit::net::{Conn, EchoServer, Ending, Event as Seen, PATIENCE, Peer, Served, within};
use websockex_nova::{
    behaviour::{
        Behaviour, ConnectionHandler, DisconnectAction, EndpointSource, Endpoints, InitialConnect, Policy,
    },
    client::{
        Child, ChildEnd, ChildStatus, RestartPolicy, Standing, StartError, SupervisorEvent, SupervisorEvents,
    },
    echo::{EchoDialect, EchoMessages},
    prelude::*,
    session::EndCause,
    telemetry::{Event, Record},
    transport::{Cause, LostReason},
    transport_fastwebsockets::FastWebSockets,
};

/// Makes clients of an echo service.
fn echoing(url: &str) -> impl FnMut() -> Connect<Echo, FastWebSockets> + Send + 'static {
    let echo = Echo::at(url).expect("the URL of a test server is right");
    move || Connect::new(echo.clone(), FastWebSockets::default())
}

/// Waits until a client is ready for use.
async fn ready<H: Behaviour, P: Policy>(client: &Client<H, P>) {
    within(PATIENCE, "a ready client", client.ready()).await.expect("it connects");
}

async fn next(events: &mut SupervisorEvents) -> SupervisorEvent {
    within(PATIENCE, "an event", events.next()).await.expect("the supervisor is there")
}

async fn restarted<H: Behaviour, P: Policy>(child: &mut Child<H, P>) -> Client<H, P> {
    within(PATIENCE, "a restart", child.restarted()).await.expect("the child is kept")
}

fn status(supervisor: &Supervisor, name: &str) -> ChildStatus {
    supervisor.list().into_iter().find(|child| child.name == name).expect("the child is listed")
}

/// A service that ends its first connections as told, after one message each, and echoes on others.
async fn ending<F>(first: usize, end: impl Fn(Conn) -> F + Send + Sync + 'static) -> Served
where
    F: Future<Output = ()> + Send + 'static,
{
    let end = Arc::new(end);
    Peer::serve(move |mut conn| {
        let end = Arc::clone(&end);
        async move {
            conn.accept_upgrade().await;
            if conn.number() <= first {
                conn.recv_text().await;
                end(conn).await;
            } else {
                conn.echo().await;
            }
        }
    })
    .await
    .expect("a port is free")
}

/// Refuses to serve on, which no reconnecting can help.
async fn forbid(mut conn: Conn) {
    conn.close_with(1008, "policy").await;
    conn.next().await;
}

/// Ends the session with its first link.
#[derive(Clone)]
struct Stops;

impl ConnectionHandler for Stops {
    fn disconnected(&mut self, _reason: &LostReason, _attempts: u32) -> DisconnectAction {
        DisconnectAction::Stop
    }
}

/// Panics, inside of the driver, when it is asked where to reconnect to.
struct Panics(Endpoint);

#[async_trait::async_trait]
impl EndpointSource for Panics {
    async fn endpoint(&self, attempt: u32) -> Result<Endpoint, Cause> {
        assert_eq!(attempt, 0, "a panic on purpose");
        Ok(self.0.clone())
    }
}

/// Starts a child beside two siblings, ends it, and checks that it alone was restarted.
async fn restarted_alone<A, P: Policy>(
    venue: &Served,
    make: impl FnMut() -> Connect<A, FastWebSockets, P> + Send + 'static,
    is_expected: impl Fn(&ChildEnd) -> bool,
) where
    A: Adapter<Handlers: Behaviour<Dialect = EchoDialect>>,
{
    let server = EchoServer::start().await.expect("a port is free");
    let supervisor = Supervisor::default();
    let siblings = ["left", "right"]
        .map(|name| supervisor.start(name, echoing(&server.url())).expect("the name is free"));
    for sibling in &siblings {
        ready(&sibling.client()).await;
    }
    let mut events = supervisor.events();
    let mut child = supervisor.start("child", make).expect("the name is free");
    let first = child.client();
    ready(&first).await;
    let unanswered = within(PATIENCE, "the fate of a call", first.call("the end").into_future()).await;
    assert!(matches!(unanswered, Err(RequestError::SentUnknown { .. })), "{unanswered:?}");

    let second = restarted(&mut child).await;
    ready(&second).await;
    assert_eq!(second.call("again").await.expect("the next client works"), "again");
    assert_eq!(child.client().call("same").await.expect("it is the present one"), "same");
    // The handle on the one that ended says so, and harms nobody.
    assert!(first.call("too late").await.expect_err("it is closed").is_unsent());
    assert!(matches!(next(&mut events).await, SupervisorEvent::Started { child } if child == "child"));
    match next(&mut events).await {
        SupervisorEvent::Restarted { child, end, restarts: 1 } if child == "child" => {
            assert!(is_expected(&end), "{end:?}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(venue.accepted(), 2);

    for (name, sibling) in ["left", "right"].iter().zip(&siblings) {
        let known = status(&supervisor, name);
        assert!(matches!(known.state, State::Ready { link } if link.get() == 1), "{known:?}");
        assert_eq!(known.restarts, 0);
        assert_eq!(sibling.client().call(*name).await.expect("it was not disturbed"), *name);
    }
    assert_eq!(server.accepted(), 2);
    assert_eq!(status(&supervisor, "child").restarts, 1);
}

#[tokio::test]
async fn a_child_that_fails_for_good_is_restarted_alone() {
    let venue = ending(1, forbid).await;
    let failed = |end: &ChildEnd| matches!(end, ChildEnd::Closed(EndCause::Failed(_)));
    restarted_alone(&venue, echoing(&venue.url()), failed).await;
}

#[tokio::test]
async fn a_child_that_a_handler_stops_is_restarted_alone() {
    let venue = ending(1, Conn::reset).await;
    let endpoint = Endpoint::parse(&venue.url()).expect("the URL is right");
    let make = move || {
        let handlers = Handlers::new(EchoMessages).with_connection(Stops);
        Connect::new(speaking(endpoint.clone(), handlers), FastWebSockets::default())
    };
    restarted_alone(&venue, make, |end| matches!(end, ChildEnd::Closed(EndCause::Stopped))).await;
}

#[tokio::test]
async fn a_child_that_panics_is_restarted_alone() {
    let venue = ending(1, Conn::reset).await;
    let endpoint = Endpoint::parse(&venue.url()).expect("the URL is right");
    let make = move || {
        let echo = Echo::new(Endpoints::from_source(Panics(endpoint.clone())));
        let quick = Policies::default().with_reconnect(websockex_nova::reconnect::Linear::every(millis(1)));
        Connect::new(echo, FastWebSockets::default()).with_policies(quick)
    };
    restarted_alone(&venue, make, |end| matches!(end, ChildEnd::Panicked)).await;
}

#[tokio::test]
async fn a_lost_link_is_the_clients_own_business() {
    let server = EchoServer::start().await.expect("a port is free");
    let supervisor = Supervisor::default();
    let mut make = echoing(&server.url());
    let quick = move || {
        let policies =
            Policies::default().with_reconnect(websockex_nova::reconnect::Linear::every(millis(1)));
        make().with_policies(policies)
    };
    let child = supervisor.start("child", quick).expect("the name is free");
    ready(&child.client()).await;
    for link in 2..=6 {
        server.cut_links(Ending::Reset);
        let mut watch = child.client().watch();
        let next = async {
            while !matches!(watch.changed().await, State::Ready { link: now } if now.get() == link) {}
        };
        within(PATIENCE, "the next link", next).await;
    }
    assert_eq!(status(&supervisor, "child").restarts, 0);
}

/// Starts a child that ends with every message, and ends it until it stays down or `most` times.
/// Returns how often it was restarted.
async fn exhaust(policy: RestartPolicy, most: u64) -> u64 {
    let venue = ending(usize::MAX, forbid).await;
    let server = EchoServer::start().await.expect("a port is free");
    let supervisor = Supervisor::new(policy);
    let sibling = supervisor.start("sibling", echoing(&server.url())).expect("the name is free");
    ready(&sibling.client()).await;
    let mut events = supervisor.events();
    let mut child = supervisor.start("child", echoing(&venue.url())).expect("the name is free");
    assert!(matches!(next(&mut events).await, SupervisorEvent::Started { .. }));
    let mut restarts = 0;
    loop {
        let client = child.client();
        ready(&client).await;
        client.call("the end").await.expect_err("the service ends the link instead");
        match next(&mut events).await {
            SupervisorEvent::Restarted { restarts: count, .. } => {
                restarts += 1;
                assert_eq!(count, restarts);
                if restarts == most {
                    break;
                }
            }
            SupervisorEvent::GivenUp { child: name, end } => {
                assert_eq!(name, "child");
                assert!(matches!(end, ChildEnd::Closed(EndCause::Failed(_))), "{end:?}");
                let known = status(&supervisor, "child");
                assert!(matches!(known.standing, Standing::GivenUp(_)), "{known:?}");
                assert!(known.state.is_closed());
                // The last restart may not have been looked at, but nothing follows it.
                while let Some(client) = within(PATIENCE, "the end", child.restarted()).await {
                    assert!(client.state().is_closed());
                }
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(venue.accepted() as u64, restarts + u64::from(restarts < most));
    assert_eq!(sibling.client().call("still here").await.expect("it was not disturbed"), "still here");
    assert_eq!((server.accepted(), status(&supervisor, "sibling").restarts), (1, 0));
    restarts
}

#[tokio::test]
async fn by_default_the_fourth_restart_in_five_seconds_does_not_happen() {
    assert_eq!(exhaust(RestartPolicy::default(), 100).await, 3);
}

#[tokio::test]
async fn the_configured_number_of_restarts_is_what_counts() {
    for max_restarts in [0, 1, 7] {
        let policy = RestartPolicy { max_restarts, within: secs(60) };
        assert_eq!(exhaust(policy, 100).await, u64::from(max_restarts));
    }
}

#[tokio::test]
async fn the_configured_time_is_what_counts() {
    // Each restart is forgotten at once, so that the budget of one is never spent.
    let policy = RestartPolicy { max_restarts: 1, within: secs(0) };
    assert_eq!(exhaust(policy, 12).await, 12);
}

#[tokio::test]
async fn a_child_that_never_connects_stays_down_and_is_reported() {
    let supervisor = Supervisor::default();
    let mut events = supervisor.events();
    let closed = nova_testkit::net::Port::reserve().expect("a port is free");
    let child = supervisor.start("child", echoing(&format!("ws://{}/", closed.addr())));
    child.expect("the name is free");
    assert!(matches!(next(&mut events).await, SupervisorEvent::Started { .. }));
    for count in 1..=3 {
        let event = next(&mut events).await;
        assert!(
            matches!(event, SupervisorEvent::Restarted { restarts, .. } if restarts == count),
            "{event:?}"
        );
    }
    assert!(matches!(next(&mut events).await, SupervisorEvent::GivenUp { .. }));
    // Its name is free again.
    let server = EchoServer::start().await.expect("a port is free");
    let child = supervisor.start("child", echoing(&server.url())).expect("the name is free");
    ready(&child.client()).await;
    assert_eq!(status(&supervisor, "child").restarts, 0);
}

#[tokio::test]
async fn a_function_that_panics_when_it_is_to_restart_is_one_more_end() {
    let venue = ending(usize::MAX, forbid).await;
    let supervisor = Supervisor::new(RestartPolicy { max_restarts: 2, within: secs(60) });
    let mut events = supervisor.events();
    let (mut make, mut calls) = (echoing(&venue.url()), 0);
    let once = move || {
        calls += 1;
        assert_eq!(calls, 1, "a panic on purpose");
        make()
    };
    let child = supervisor.start("child", once).expect("the name is free");
    ready(&child.client()).await;
    child.client().call("the end").await.expect_err("the service ends the link instead");
    assert!(matches!(next(&mut events).await, SupervisorEvent::Started { .. }));
    for count in 1..=2 {
        let event = next(&mut events).await;
        assert!(
            matches!(event, SupervisorEvent::Restarted { restarts, .. } if restarts == count),
            "{event:?}"
        );
    }
    let event = next(&mut events).await;
    assert!(matches!(event, SupervisorEvent::GivenUp { end: ChildEnd::Panicked, .. }), "{event:?}");
}

#[tokio::test]
async fn a_child_that_was_shut_down_is_not_restarted() {
    let server = EchoServer::start().await.expect("a port is free");
    let supervisor = Supervisor::default();
    let mut events = supervisor.events();
    let mut child = supervisor.start("child", echoing(&server.url())).expect("the name is free");
    ready(&child.client()).await;
    let taken = supervisor.start("child", echoing(&server.url())).expect_err("it is alive");
    assert_eq!(taken, StartError::NameTaken("child".to_owned()));
    child.client().shutdown(secs(1)).await.expect("nothing is left behind");
    assert!(matches!(next(&mut events).await, SupervisorEvent::Started { .. }));
    assert!(matches!(next(&mut events).await, SupervisorEvent::Ended { .. }));
    assert!(within(PATIENCE, "the end", child.restarted()).await.is_none());
    let known = status(&supervisor, "child");
    assert!(matches!(known.standing, Standing::Ended), "{known:?}");
    assert_eq!((server.accepted(), known.restarts), (1, 0));
    supervisor.start("child", echoing(&server.url())).expect("the name is free again");
}

#[tokio::test]
async fn terminating_ends_one_child_in_good_order_and_forgets_it() {
    let server = EchoServer::start().await.expect("a port is free");
    let supervisor = Supervisor::default();
    let [first, second] = ["first", "second"]
        .map(|name| supervisor.start(name, echoing(&server.url())).expect("the name is free"));
    ready(&first.client()).await;
    ready(&second.client()).await;
    let report = supervisor.terminate("first", secs(5)).await.expect("there is such a child");
    assert_eq!((report.name.as_str(), report.report.is_clean), ("first", true));
    assert!(matches!(first.client().closed().await, EndCause::Shutdown));
    server.wait_for_open_links(1).await;
    let names: Vec<_> = supervisor.list().into_iter().map(|child| child.name).collect();
    assert_eq!(names, ["second"]);
    assert_eq!(second.client().call("still here").await.expect("it was not disturbed"), "still here");
    assert!(supervisor.terminate("first", secs(5)).await.is_none());
}

#[tokio::test]
async fn a_termination_that_is_given_up_ends_the_child_at_once() {
    let deaf = Peer::serve(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.ended().await;
    })
    .await
    .expect("a port is free");
    let supervisor = Supervisor::default();
    let child = supervisor.start("child", echoing(&deaf.url())).expect("the name is free");
    ready(&child.client()).await;
    let terminating = supervisor.terminate("child", secs(3600));
    assert!(tokio::time::timeout(millis(1), terminating).await.is_err());
    within(PATIENCE, "the end", child.client().closed()).await;
    deaf.journal()
        .wait_for("the end of the stream", |seen| seen.iter().any(|e| matches!(e.what, Seen::Ended)))
        .await;
}

#[tokio::test]
async fn shutdown_ends_all_within_its_time_whatever_their_peers_do() {
    let server = EchoServer::start().await.expect("a port is free");
    let deaf = Peer::serve(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.ended().await;
    })
    .await
    .expect("a port is free");
    let mute = Peer::serve(|mut conn| async move {
        conn.ended().await;
    })
    .await
    .expect("a port is free");
    let gone = nova_testkit::net::Port::reserve().expect("a port is free");
    let supervisor = Supervisor::default();
    let polite = supervisor.start("polite", echoing(&server.url())).expect("the name is free");
    let silent = supervisor.start("silent", echoing(&deaf.url())).expect("the name is free");
    supervisor.start("connecting", echoing(&mute.url())).expect("the name is free");
    let mut make = echoing(&format!("ws://{}/", gone.addr()));
    let patient = move || make().with_settings(|settings| settings.initial_connect = InitialConnect::Retry);
    let waiting = supervisor.start("waiting", patient).expect("the name is free");
    ready(&polite.client()).await;
    ready(&silent.client()).await;
    let mut watch = waiting.client().watch();
    within(PATIENCE, "waiting", async { while watch.changed().await.name() != "waiting" {} }).await;
    let unanswered = silent.client();
    let unanswered = tokio::spawn(async move { unanswered.call("anybody there?").await });
    deaf.journal()
        .wait_for("the upgrade", |seen| seen.iter().any(|e| matches!(e.what, Seen::Request(_))))
        .await;

    let began = Instant::now();
    let reports = supervisor.shutdown(millis(200)).await;
    let took = began.elapsed();
    assert!(took >= millis(200) && took < secs(1), "{took:?}");
    let clean: Vec<_> = reports.iter().map(|child| (child.name.as_str(), child.report.is_clean)).collect();
    assert_eq!(clean, [("connecting", true), ("polite", true), ("silent", false), ("waiting", true)]);
    for client in [polite.client(), silent.client(), waiting.client()] {
        assert!(client.state().is_closed());
    }
    within(PATIENCE, "the fate of a call", unanswered).await.expect("it ran").expect_err("nobody answered");
    server.wait_for_open_links(0).await;
    assert!(supervisor.list().is_empty());
    assert_eq!(supervisor.start("late", echoing(&server.url())).err(), Some(StartError::Closed));
}

#[tokio::test]
async fn a_child_whose_end_was_asked_for_is_not_restarted_whatever_ends_it() {
    // It answers the close frame with the very code that is a reason to restart otherwise.
    let venue = Peer::serve(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.next().await;
        conn.close_with(1008, "policy").await;
        conn.ended().await;
    })
    .await
    .expect("a port is free");
    let supervisor = Supervisor::default();
    let child = supervisor.start("child", echoing(&venue.url())).expect("the name is free");
    ready(&child.client()).await;
    let report = supervisor.terminate("child", secs(5)).await.expect("there is such a child");
    assert_eq!((report.restarts, venue.accepted()), (0, 1));
}

#[test]
fn dropping_the_supervisor_ends_everything() {
    let outside = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let outside = outside.expect("a runtime can be built");
    let server = outside.block_on(EchoServer::start()).expect("a port is free");
    let deaf = outside
        .block_on(Peer::serve(|mut conn| async move {
            conn.accept_upgrade().await;
            conn.ended().await;
        }))
        .expect("a port is free");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime can be built");
    runtime.block_on(async {
        let supervisor = Supervisor::default();
        let mut events = supervisor.events();
        let children: Vec<_> = (0..10)
            .map(|number| {
                let url = if number % 2 == 0 { server.url() } else { deaf.url() };
                supervisor.start(format!("child {number}"), echoing(&url)).expect("the name is free")
            })
            .collect();
        for child in &children {
            ready(&child.client()).await;
        }
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 10);
        let clients: Vec<_> = children.iter().map(Child::client).collect();
        let call = clients[1].call("never answered");
        let (call, ()) = tokio::join!(call, async {
            // Once it was sent.
            deaf.journal().wait_for("its upgrade", |seen| seen.len() >= 2).await;
            drop(supervisor);
        });
        call.expect_err("nobody answered");
        for client in &clients {
            assert!(matches!(within(PATIENCE, "the end", client.closed()).await, EndCause::Abandoned));
        }
        for mut child in children {
            assert!(within(PATIENCE, "the end", child.restarted()).await.is_none());
        }
        while within(PATIENCE, "the end", events.next()).await.is_some() {}
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        let none = async {
            while tasks() > 0 {
                tokio::task::yield_now().await
            }
        };
        within(PATIENCE, "the end of all tasks", none).await;
    });
    outside.block_on(server.wait_for_open_links(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_hangs_in_foreign_code_cannot_delay_the_shutdown() {
    let server = EchoServer::start().await.expect("a port is free");
    let supervisor = Supervisor::default();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let (mut make, mut released) = (echoing(&server.url()), Some(released));
    let hanging = move || {
        let released = released.take().expect("it is made once");
        let hang = move |record: &Record| {
            if matches!(record.event, Event::Closing) {
                // Returns when the test drops the sender.
                let _ = released.recv();
            }
        };
        make().with_policies(Policies::default().with_observer(hang))
    };
    let child = supervisor.start("hanging", hanging).expect("the name is free");
    ready(&child.client()).await;
    let began = Instant::now();
    let reports = supervisor.shutdown(millis(100)).await;
    let took = began.elapsed();
    assert!(took >= millis(100) && took < secs(1), "{took:?}");
    assert_eq!(reports.len(), 1);
    assert!(child.client().state().is_closed());
    drop(release);
    server.wait_for_open_links(0).await;
}
