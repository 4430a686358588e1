//! The first connect: it fails at once with its own error, unless told to try again.

use std::{io, net::IpAddr, sync::Arc, time::Instant};

use async_trait::async_trait;
use nova_testkit::net::{Answer, Conn, Port};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::InitialConnect,
    connect::{Connector, Deadlines, Resolve},
    prelude::*,
    reconnect::{Linear, Retries},
    session::EndCause,
    transport::{ConnectError, LostReason, Phase, UpgradeError},
};

use crate::venue::{Lines, obey, prepare, serving, venue};

async fn refused_with(url: &str) -> ConnectError {
    let began = Instant::now();
    let end = prepare(url, Handlers::new(Lines)).connect().await.unwrap_err();
    assert!(began.elapsed() < secs(2), "{:?}", began.elapsed());
    match end {
        EndCause::Failed(LostReason::Connect(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_closed_port_is_a_tcp_error_at_once() {
    let port = Port::reserve().unwrap();
    let error = refused_with(&format!("ws://{}/", port.addr())).await;
    assert!(matches!(error, ConnectError::Tcp { .. }), "{error:?}");
    assert_eq!(error.phase(), Phase::Tcp);
}

#[tokio::test]
async fn an_unknown_host_is_an_error_of_resolution_at_once() {
    /// Knows nobody.
    #[derive(Debug)]
    struct Nobody;
    #[async_trait]
    impl Resolve for Nobody {
        async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
            Err(io::ErrorKind::NotFound.into())
        }
    }
    let adapter = speaking(Endpoint::parse("ws://nobody.example/").unwrap(), Handlers::new(Lines));
    let connector = Connector::new().with_resolver(Arc::new(Nobody));
    let end = Connect::new(adapter, Wire::new(connector)).connect().await.unwrap_err();
    let EndCause::Failed(LostReason::Connect(ConnectError::Resolve { host, .. })) = end else {
        panic!("{end:?}");
    };
    assert_eq!(host, "nobody.example");
}

#[tokio::test]
async fn a_refused_upgrade_tells_its_status_and_headers_at_once() {
    for status in [404, 403, 503] {
        let venue = serving(move |mut conn: Conn| async move {
            conn.read_request().await;
            conn.answer(&Answer::refusing(status).with_header("X-Why", "because").with_body("no")).await;
            conn.ended().await;
        })
        .await;
        let error = refused_with(&venue.url()).await;
        let ConnectError::Refused(refusal) = error else { panic!("{error:?}") };
        assert_eq!(refusal.status.as_u16(), status);
        assert_eq!(refusal.headers["x-why"], "because");
        assert_eq!(refusal.body_prefix, b"no");
        assert_eq!(venue.accepted(), 1);
    }
}

#[tokio::test]
async fn a_wrong_accept_key_is_an_error_of_the_upgrade() {
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade_with(|right| {
            right.without_header("Sec-WebSocket-Accept").with_header("Sec-WebSocket-Accept", "bm9wZQ==")
        })
        .await;
        conn.ended().await;
    })
    .await;
    let error = refused_with(&venue.url()).await;
    assert!(matches!(error, ConnectError::Upgrade(UpgradeError::WrongAccept)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_never_upgrades_is_given_up_at_the_deadline_of_that_phase() {
    let venue = serving(|mut conn: Conn| async move {
        conn.read_request().await;
        conn.ended().await;
    })
    .await;
    let connector = Connector::new().with_deadlines(Deadlines::all(secs(5)).with(Phase::Upgrade, millis(50)));
    let adapter = speaking(Endpoint::parse(&venue.url()).unwrap(), Handlers::new(Lines));
    let end = Connect::new(adapter, Wire::new(connector)).connect().await.unwrap_err();
    let EndCause::Failed(LostReason::Connect(ConnectError::TimedOut { phase, limit })) = end else {
        panic!("{end:?}");
    };
    assert_eq!((phase, limit), (Phase::Upgrade, millis(50)));
}

#[tokio::test]
async fn a_first_connect_that_may_be_retried_waits_for_the_server() {
    let mut venue = venue().await;
    venue.stop().await;
    let connecting = prepare(&venue.url(), Handlers::new(Lines))
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .start();
    crate::venue::until(&connecting, "a second attempt", |state| {
        matches!(state, State::Waiting { attempt: 2.., .. } | State::Connecting { attempt: 2.., .. })
    })
    .await;
    venue.restart().await.unwrap();
    connecting.ready().await.unwrap();
    assert_eq!(connecting.call("say at last").await.unwrap(), "at last");
}

#[tokio::test]
async fn a_first_connect_that_may_be_retried_still_ends_where_retrying_cannot_help() {
    let venue = serving(|mut conn: Conn| async move {
        conn.read_request().await;
        conn.answer(&Answer::refusing(403)).await;
        conn.ended().await;
    })
    .await;
    let end = prepare(&venue.url(), Handlers::new(Lines))
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .connect()
        .await
        .unwrap_err();
    assert!(matches!(end, EndCause::Failed(LostReason::Connect(ConnectError::Refused(_)))), "{end:?}");
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn exactly_as_many_attempts_are_made_as_the_strategy_allows() {
    // Accepts, reads the request, hangs up.
    let venue = serving(|mut conn: Conn| async move {
        conn.read_request().await;
    })
    .await;
    let end = prepare(&venue.url(), Handlers::new(Lines))
        .with_policies(
            Policies::default().with_reconnect(Linear::every(millis(1)).with_retries(Retries::Limited(3))),
        )
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .connect()
        .await
        .unwrap_err();
    assert!(matches!(end, EndCause::Exhausted { attempts: 3, .. }), "{end:?}");
    assert_eq!(venue.accepted(), 4);
}

#[tokio::test]
async fn a_503_with_retry_after_is_not_tried_again_sooner() {
    let venue = serving(|mut conn: Conn| async move {
        conn.read_request().await;
        if conn.number() == 1 {
            conn.answer(&Answer::refusing(503).with_header("Retry-After", "1")).await;
            conn.ended().await;
            return;
        }
        conn.accept_upgrade().await;
        obey(&mut conn).await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .connect()
        .await
        .unwrap();
    let accepted = venue.journal().accepted_at();
    assert!(accepted[1] - accepted[0] >= secs(1), "{:?}", accepted[1] - accepted[0]);
    client.call("say fine").await.unwrap();
}
