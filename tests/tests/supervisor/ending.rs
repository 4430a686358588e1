//! Ends that were asked for: of one child, of all, by dropping the supervisor.

use std::time::Instant;

use nova_testkit::net::{EchoServer, Event as Seen, PATIENCE, Peer, Port, within};
use websockex_nova::{
    behaviour::InitialConnect,
    client::{Child, Standing, StartError, SupervisorEvent},
    prelude::*,
    session::EndCause,
    telemetry::{Event, Record},
};

use crate::{echoing, next, ready, status};

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
    let gone = Port::reserve().expect("a port is free");
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
