//! Scenarios of the way to the server, of slow peers and of ends, over real sockets and through the
//! facade.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::{future::pending, io, net::IpAddr, sync::Arc, time::Instant};

use async_trait::async_trait;
use nova_testkit::net::{
    Answer, Conn, ConnectProxy, ConnectRules, DeafPort, EchoServer, FaultProxy, PATIENCE, Peer, Port,
    SocksProxy, SocksRules, Way, within,
};
use nova_tests::{ClientExt, Wire};
use websockex_nova::{
    behaviour::{Everything, InitialConnect, LocalTopics, RawMessages},
    connect::{Connector, Deadlines, Proxy, ProxyChoice, Resolve},
    prelude::*,
    reconnect::{Linear, Retries},
    transport::{ConnectError, LostReason, Phase, ProxyError},
};

/// Never answers.
#[derive(Debug)]
struct Silence;

#[async_trait]
impl Resolve for Silence {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        pending().await
    }
}

/// The error of an attempt that must fail, in less than the deadline of any other phase.
async fn failure(connector: Connector, url: &str) -> ConnectError {
    let began = Instant::now();
    let end = Connect::new(Echo::at(url).unwrap(), Wire::new(connector)).connect().await;
    assert!(began.elapsed() < secs(5), "{:?}", began.elapsed());
    match end.unwrap_err() {
        EndCause::Failed(LostReason::Connect(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn hurried(phase: Phase) -> Connector {
    Connector::new().with_deadlines(Deadlines::all(secs(10)).with(phase, millis(50)))
}

fn through(connector: Connector, proxy: &str) -> Connector {
    connector.with_proxy(ProxyChoice::Explicit(proxy.parse().unwrap()))
}

#[tokio::test]
async fn c31_whichever_phase_hangs_is_given_up_and_named() {
    let deaf = DeafPort::bind().await.unwrap();
    let proxy = ConnectProxy::start(ConnectRules::default().with_silence()).await.unwrap();
    // It accepts connections, and says nothing.
    let mute = Peer::bind().await.unwrap();
    let cases = [
        (Phase::Resolve, "ws://somewhere.example/".to_owned()),
        (Phase::Tcp, deaf.url()),
        (Phase::Proxy, "ws://somewhere.example/".to_owned()),
        (Phase::Tls, mute.tls_url()),
        (Phase::Upgrade, mute.url()),
    ];
    for (slow, url) in cases {
        let connector = match slow {
            Phase::Resolve => hurried(slow).with_resolver(Arc::new(Silence)),
            Phase::Proxy => through(hurried(slow), &proxy.url()),
            _ => hurried(slow),
        };
        let error = failure(connector, &url).await;
        assert!(
            matches!(error, ConnectError::TimedOut { phase, .. } if phase == slow),
            "{slow:?}: {error:?}"
        );
        assert!(error.to_string().contains(slow.name()), "{error}");
    }
}

#[tokio::test]
async fn c34_a_proxy_that_fails_is_never_gone_around_however_often_it_is_tried() {
    let server = EchoServer::start().await.unwrap();
    let dead = Port::reserve().unwrap();
    let refusing = ConnectProxy::start(ConnectRules::default().with_refusal(Answer::refusing(502))).await;
    let refusing = refusing.unwrap();
    let strict = SocksProxy::start(SocksRules::default().with_failure(1)).await.unwrap();
    let proxies = [
        format!("http://{}", dead.addr()),
        format!("socks5://{}", dead.addr()),
        refusing.url(),
        format!("socks5h://{}", strict.addr()),
    ];
    for proxy in proxies {
        let transport = Wire::new(through(Connector::new(), &proxy));
        let retries = Linear::every(millis(1)).with_retries(Retries::Limited(3));
        let end = Connect::new(Echo::at(&server.url()).unwrap(), transport)
            .with_policies(Policies::default().with_reconnect(retries))
            .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
            .connect()
            .await
            .unwrap_err();
        let EndCause::Exhausted { attempts: 3, last: LostReason::Connect(error) } = end else {
            panic!("{proxy}: {end:?}");
        };
        assert!(matches!(error.phase(), Phase::Tcp | Phase::Proxy), "{proxy}: {error:?}");
    }
    assert_eq!(server.accepted(), 0);
}

#[test]
fn c34_a_proxy_of_an_unknown_kind_is_an_error_of_its_own() {
    for unknown in ["ftp://127.0.0.1:21", "socks4://127.0.0.1:1080"] {
        let error = Proxy::parse(unknown).unwrap_err();
        assert!(matches!(error, ProxyError::Unsupported(_)), "{unknown}: {error:?}");
    }
}

#[tokio::test]
async fn c37_an_upgrade_that_trickles_in_ends_at_its_deadline() {
    let server = Peer::serve(|mut conn: Conn| async move {
        conn.read_request().await;
        conn.send_slowly("HTTP/1.1 101 Switching Protocols\r\n".repeat(9), millis(5)).await;
        conn.ended().await;
    })
    .await
    .unwrap();
    let error = failure(hurried(Phase::Upgrade), &server.url()).await;
    assert!(matches!(error, ConnectError::TimedOut { phase: Phase::Upgrade, .. }), "{error:?}");
}

#[tokio::test]
async fn c37_a_frame_that_trickles_in_holds_no_call_beyond_its_deadline() {
    let server = Peer::serve(|mut conn: Conn| async move {
        conn.accept_upgrade().await;
        conn.recv_text().await;
        // A text of 126 bytes, so slowly that it takes longer than the call may.
        conn.send_slowly([0x81, 126, 0, 126], millis(5)).await;
        conn.send_slowly([b'x'; 126], millis(5)).await;
        conn.echo().await;
    })
    .await
    .unwrap();
    let client = Client::connect(Echo::at(&server.url()).unwrap()).await.unwrap();
    let began = Instant::now();
    let late = client.call("hello").deadline(millis(100)).await;
    assert!(matches!(late, Err(RequestError::TimedOut { sent: true })), "{late:?}");
    assert!(began.elapsed() < millis(500), "{:?}", began.elapsed());
    assert!(client.state().is_ready(), "a slow peer is no dead peer");
}

#[tokio::test]
async fn c37_bytes_that_come_one_at_a_time_are_understood_all_the_same() {
    let server = EchoServer::start().await.unwrap();
    let proxy = FaultProxy::to(server.addr()).await.unwrap();
    proxy.faults().split_writes(Way::ToServer);
    proxy.faults().split_writes(Way::ToClient);
    let client = Client::connect(Echo::at(&proxy.url()).unwrap()).await.unwrap();
    let long = "slowly ".repeat(50);
    assert_eq!(client.call(long.as_str()).await.unwrap(), long);
    assert_eq!(proxy.accepted(), 1);
}

#[tokio::test]
async fn c30_what_has_ended_stays_ended() {
    let server = EchoServer::start().await.unwrap();
    let handlers = Handlers::new(RawMessages).with_subscriptions(LocalTopics);
    let adapter = speaking(Endpoint::parse(&server.url()).unwrap(), handlers);
    let client = Client::connect(adapter).await.unwrap();
    let mut stream = client.subscribe(Everything).await.unwrap();
    let (mut events, mut watch) = (client.events(), client.watch());
    client.shutdown(secs(1)).await.unwrap();
    within(PATIENCE, "the last event", async { while events.next().await.is_some() {} }).await;
    for _ in 0..3 {
        assert!(within(PATIENCE, "the end of the stream", stream.next()).await.is_none());
        assert!(within(PATIENCE, "the end of the events", events.next()).await.is_none());
        assert!(client.state().is_closed());
    }
    assert!(within(PATIENCE, "the end of the states", async { watch.changed().await }).await.is_closed());
}
