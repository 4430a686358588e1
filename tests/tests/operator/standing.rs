//! `explain` and `gauges`, and that exporters say the same.

use std::sync::Arc;

use nova_testkit::net::{Conn, EchoServer, FaultProxy, PATIENCE, within};
use tokio::sync::Notify;
use websockex_nova::{
    behaviour::{Behaviour, Bound, InitialConnect, KeepAlive, Policy},
    prelude::*,
    reconnect::Linear,
    session::{Decider, Wait, Waiting},
    telemetry_export::{Watchlist, prometheus::Exposition},
    transport::Phase,
};

use crate::{
    kit::value,
    venue::{Lines, Logins, Stream, Topics, hears, obey, prepare, quick, serving, until, venue},
};

/// Waits until the client waits for something, which it has to name with its decider.
async fn explained<H: Behaviour, P: Policy>(
    client: &Client<H, P>,
    what: &str,
    is_it: impl Fn(&Wait) -> bool,
) -> Wait {
    let asking = async {
        loop {
            if let Some(wait) = client.explain().into_iter().find(&is_it) {
                return wait;
            }
            tokio::time::sleep(millis(2)).await;
        }
    };
    within(PATIENCE, what, asking).await
}

#[tokio::test]
async fn each_state_names_what_it_waits_for_until_when_and_who_decided() {
    // A server that takes the connection and says nothing, then one that upgrades and ignores the login.
    let enough = Arc::new(Notify::new());
    let told = Arc::clone(&enough);
    let venue = serving(move |mut conn: Conn| {
        let enough = Arc::clone(&told);
        async move {
            if conn.number() <= 2 {
                if conn.number() == 2 {
                    conn.accept_upgrade().await;
                }
                return enough.notified().await;
            }
            conn.accept_upgrade().await;
            let login = conn.recv_text().await;
            let id = login.split(' ').next().unwrap_or_default();
            conn.send_text(&format!("{id} ok 60000")).await;
            obey(&mut conn).await;
        }
    })
    .await;
    let handlers = Handlers::new(Lines).with_auth(Logins::default());
    let client = prepare(&venue.url(), handlers)
        .with_policies(Policies::default().with_reconnect(Linear::every(millis(1))))
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .start();
    let wait =
        explained(&client, "connecting", |wait| matches!(wait.what, Waiting::Phase(Some(Phase::Upgrade))))
            .await;
    assert_eq!(wait.decided_by, Decider::ConnectDeadline);
    enough.notify_one();
    let wait = explained(&client, "opening", |wait| matches!(wait.what, Waiting::Step(..))).await;
    assert_eq!(wait.decided_by, Decider::OpeningDeadline);
    assert!(wait.since.is_some() && wait.until > wait.since, "{wait:?}");
    enough.notify_one();

    until(&client, "ready", |state| state.is_ready()).await;
    let wait = explained(&client, "the renewal", |wait| wait.what == Waiting::Renewal).await;
    assert_eq!(wait.decided_by, Decider::AuthHandler);
    assert!(client.explain().iter().all(|wait| !matches!(wait.what, Waiting::Replies(_))));

    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call("hush").await }
    });
    let wait = explained(&client, "a reply", |wait| wait.what == Waiting::Replies(1)).await;
    assert_eq!(wait.decided_by, Decider::CallDeadline);
    call.abort();
}

#[tokio::test]
async fn a_pause_a_probe_and_a_farewell_are_explained() {
    let server = EchoServer::start().await.unwrap();
    let proxy = FaultProxy::to(server.addr()).await.unwrap();
    let policies = Policies::default().with_reconnect(Linear::every(secs(60)));
    let client = Client::prepare(Echo::at(&proxy.url()).unwrap())
        .with_policies(policies)
        .with_settings(|settings| {
            settings.keep_alive = KeepAlive { every: millis(50), deadline: millis(300), misses: 1 };
        })
        .connect()
        .await
        .unwrap();
    assert!(client.explain().is_empty() || client.explain()[0].what == Waiting::Pong);
    proxy.faults().black_hole();
    let wait = explained(&client, "a pong", |wait| wait.what == Waiting::Pong).await;
    assert_eq!(wait.decided_by, Decider::KeepAlive);
    let wait = explained(&client, "the pause", |wait| matches!(wait.what, Waiting::Attempt(1))).await;
    assert_eq!(wait.decided_by, Decider::Strategy);
    assert_eq!(wait.until.unwrap() - wait.since.unwrap(), secs(60));
    let shown = format!("{} by {}", wait.what, wait.decided_by);
    assert_eq!(shown, "the time of attempt 1 by the reconnect strategy");

    proxy.faults().heal();
    client.reconnect();
    until(&client, "ready", |state| state.is_ready()).await;
    proxy.faults().black_hole();
    let ending = tokio::spawn({
        let client = client.clone();
        async move { client.shutdown(millis(200)).await }
    });
    let wait = explained(&client, "the farewell", |wait| wait.what == Waiting::Close).await;
    assert_eq!(wait.decided_by, Decider::CloseDeadline);
    let _ = ending.await.unwrap();
    assert!(client.explain().is_empty());
}

#[tokio::test]
async fn gauges_equal_what_was_queued_and_the_page_says_the_same() {
    let mut venue = venue().await;
    let handlers = Handlers::new(Lines).with_subscriptions(Topics);
    let client = prepare(&venue.url(), handlers).with_policies(quick()).connect().await.unwrap();
    let watched = Watchlist::default();
    watched.watch("lines", client.monitor());
    let page = || Exposition::Text.write(&watched);
    let series = |name: &str, label: &str| {
        let more = if label.is_empty() { String::new() } else { format!(",{label}") };
        value(&page(), &format!("websocket_client_{name}{{client=\"lines\"{more}}} "))
    };

    let bound = Bound { count: 100, bytes: 1 << 20 };
    let stream = client.subscribe(Stream("a")).bound(bound).await.unwrap();
    for _ in 0..7 {
        client.call("hear * a four").await.unwrap();
    }
    let gauges = client.gauges();
    assert_eq!((gauges.items_waiting, gauges.bytes_waiting), (7, 28));
    assert_eq!((gauges.topics.confirmed, gauges.live_requests), (1, 0));
    assert_eq!(series("subscription_queue_usage", ""), Some(7.0));
    assert_eq!(series("subscription_queue_size_bytes", ""), Some(28.0));
    assert_eq!(series("topic_active", "websocket_topic_state=\"confirmed\""), Some(1.0));

    let call = tokio::spawn({
        let client = client.clone();
        async move { client.call("hush").await }
    });
    hears(venue.journal(), "the call", |text| text.ends_with("hush")).await;
    assert_eq!(series("request_active", ""), Some(1.0));

    venue.stop().await;
    until(&client, "the loss", |state| !state.is_ready()).await;
    call.await.unwrap().unwrap_err();
    assert_eq!(series("ready", ""), Some(0.0));
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.call("say late").wait_for_link(PATIENCE).await })
        })
        .collect();
    let queued = async {
        while client.gauges().lanes[2].count != 3 {
            tokio::task::yield_now().await;
        }
    };
    within(PATIENCE, "three calls in the lane", queued).await;
    assert_eq!(series("queue_usage", "websocket_lane=\"user\""), Some(3.0));
    venue.restart().await.unwrap();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(series("queue_usage", "websocket_lane=\"user\""), Some(0.0));
    drop(stream);
}
