//! A child that ends badly is restarted, and no other child with it.

use nova_testkit::net::{Conn, EchoServer, Ending, PATIENCE, Served, within};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::{Behaviour, ConnectionHandler, DisconnectAction, EndpointSource, Endpoints, Policy},
    client::{ChildEnd, SupervisorEvent},
    echo::{EchoDialect, EchoMessages},
    prelude::*,
    reconnect::Linear,
    session::EndCause,
    transport::{Cause, LostReason},
};

use crate::{echoing, ending, forbid, next, ready, restarted, status};

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
    make: impl FnMut() -> Connect<A, Wire, P> + Send + 'static,
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
        Connect::new(speaking(endpoint.clone(), handlers), Wire::default())
    };
    restarted_alone(&venue, make, |end| matches!(end, ChildEnd::Closed(EndCause::Stopped))).await;
}

#[tokio::test]
async fn a_child_that_panics_is_restarted_alone() {
    let venue = ending(1, Conn::reset).await;
    let endpoint = Endpoint::parse(&venue.url()).expect("the URL is right");
    let make = move || {
        let echo = Echo::new(Endpoints::from_source(Panics(endpoint.clone())));
        let quick = Policies::default().with_reconnect(Linear::every(millis(1)));
        Connect::new(echo, Wire::default()).with_policies(quick)
    };
    restarted_alone(&venue, make, |end| matches!(end, ChildEnd::Panicked)).await;
}

#[tokio::test]
async fn a_lost_link_is_the_clients_own_business() {
    let server = EchoServer::start().await.expect("a port is free");
    let supervisor = Supervisor::default();
    let mut make = echoing(&server.url());
    let quick = move || {
        let policies = Policies::default().with_reconnect(Linear::every(millis(1)));
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
