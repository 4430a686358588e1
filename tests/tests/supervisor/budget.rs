//! A child that ends too often stays down, by the numbers that were configured.

use nova_testkit::net::{EchoServer, PATIENCE, Port, within};
use websockex_nova::{
    client::{ChildEnd, RestartPolicy, Standing, SupervisorEvent},
    prelude::*,
    session::EndCause,
};

use crate::{echoing, ending, forbid, next, ready, status};

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
    let closed = Port::reserve().expect("a port is free");
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
