//! Health as a probe over HTTP sees it: bad within the probe's deadline of a half-open link, good again
//! after recovery.

use std::time::Instant;

use nova_testkit::net::{EchoServer, FaultProxy, Port};
use websockex_nova::{
    behaviour::{InitialConnect, KeepAlive},
    connect::{Connector, Deadlines},
    prelude::*,
    reconnect::Linear,
    telemetry_export::Watchlist,
    transport_fastwebsockets::FastWebSockets,
};

use crate::{
    kit::{get, serving, until_page},
    venue::{ended, quick},
};

const KEEP_ALIVE: KeepAlive = KeepAlive { every: millis(100), deadline: millis(200), misses: 1 };

#[tokio::test]
async fn readyz_is_bad_within_the_deadline_of_a_half_open_link_and_good_after_recovery() {
    let server = EchoServer::start().await.unwrap();
    let proxy = FaultProxy::to(server.addr()).await.unwrap();
    let watched = Watchlist::default();
    let serving = serving(&watched).await;
    assert_eq!(get(serving.addr(), "/readyz").await.0, 503, "nothing is watched yet");
    // What is dialled while the network swallows everything must not outlast that by much.
    let transport = FastWebSockets::new(Connector::new().with_deadlines(Deadlines::all(millis(300))));
    let client = Connect::new(Echo::at(&proxy.url()).unwrap(), transport)
        .with_policies(quick())
        .with_settings(|settings| settings.keep_alive = KEEP_ALIVE)
        .connect()
        .await
        .unwrap();
    watched.watch("echo", client.monitor());
    let (status, page) = get(serving.addr(), "/readyz").await;
    assert_eq!(status, 200, "{page}");

    proxy.faults().black_hole();
    let began = Instant::now();
    let page = until_page(serving.addr(), "/readyz", "bad health", |status, _| status == 503).await;
    let took = began.elapsed();
    // A probe every 100 ms, 200 ms to answer it; the machine may be busy.
    assert!(took < KEEP_ALIVE.every + KEEP_ALIVE.deadline + millis(500), "{took:?}");
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page["clients"][0]["client"], "echo");
    assert_eq!(page["clients"][0]["condition"], "down");
    assert!(!page["clients"][0]["reasons"].as_array().unwrap().is_empty(), "{page}");
    // It comes back by itself, so a restart is not called for.
    assert_eq!(get(serving.addr(), "/livez").await.0, 200);

    proxy.faults().heal();
    let page = until_page(serving.addr(), "/readyz", "good health", |status, _| status == 200).await;
    assert!(page.contains("\"condition\":\"well\"") || page.contains("\"condition\":\"impaired\""), "{page}");
    client.call("alive").wait_for_link(secs(5)).await.unwrap();
}

#[tokio::test]
async fn a_healthy_link_is_ready_while_its_probes_are_under_way() {
    let server = EchoServer::start().await.unwrap();
    let proxy = FaultProxy::to(server.addr()).await.unwrap();
    // Each answer is on its way for longer than the pause between two probes.
    proxy.faults().delay(nova_testkit::net::Way::ToClient, millis(60));
    let watched = Watchlist::default();
    let serving = serving(&watched).await;
    let client = Client::prepare(Echo::at(&proxy.url()).unwrap())
        .with_settings(|settings| {
            settings.keep_alive = KeepAlive { every: millis(40), deadline: secs(5), misses: 1 };
        })
        .connect()
        .await
        .unwrap();
    watched.watch("echo", client.monitor());
    let page = until_page(serving.addr(), "/readyz", "a probe under way", |status, page| {
        assert_eq!(status, 200, "{page}");
        page.contains("unanswered")
    })
    .await;
    assert!(page.contains("\"condition\":\"impaired\""), "{page}");
}

#[tokio::test]
async fn a_client_that_ended_is_dead_until_it_is_forgotten() {
    let closed = Port::reserve().unwrap();
    let watched = Watchlist::default();
    let serving = serving(&watched).await;
    let client = Client::prepare(Echo::at(&format!("ws://{}/", closed.addr())).unwrap())
        .with_policies(Policies::default().with_reconnect(
            Linear::every(millis(1)).with_retries(websockex_nova::reconnect::Retries::Limited(1)),
        ))
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .start();
    watched.watch("gone", client.monitor());
    ended(&client).await;
    let (status, page) = get(serving.addr(), "/healthz").await;
    assert_eq!(status, 503);
    assert!(page.contains("\"condition\":\"over\"") && page.contains("closed: "), "{page}");
    watched.forget("gone");
    assert_eq!(get(serving.addr(), "/healthz").await.0, 200);
    serving.shutdown().await;
}
