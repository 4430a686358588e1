//! A link that is open and dead: noticed within the time the settings name.

use std::time::Instant;

use nova_testkit::net::{EchoServer, Entry, Event as Seen, FaultProxy, RawFrame};
use nova_tests::ClientExt;
use websockex_nova::{behaviour::KeepAlive, prelude::*, telemetry::Event, transport::LostReason};

use crate::venue::{Lines, event, obey, prepare, quick, ready_on, serving};

const KEEP_ALIVE: KeepAlive = KeepAlive { every: millis(60), deadline: millis(40), misses: 1 };

#[tokio::test]
async fn c01_a_black_hole_is_noticed_within_every_plus_deadline() {
    let server = EchoServer::start().await.unwrap();
    let proxy = FaultProxy::to(server.addr()).await.unwrap();
    let client = Client::prepare(Echo::at(&proxy.url()).unwrap())
        .with_policies(quick())
        .with_settings(|settings| settings.keep_alive = KEEP_ALIVE)
        .connect()
        .await
        .unwrap();
    let mut events = client.events();
    proxy.faults().black_hole();
    let began = Instant::now();
    let (asked, lost) = tokio::join!(
        client.call("into the void"),
        event(&mut events, "the loss", |event| matches!(event, Event::Lost { .. }))
    );
    let took = began.elapsed();
    assert!(matches!(lost, Event::Lost { reason: LostReason::Silent, .. }), "{lost}");
    assert!(matches!(asked, Err(RequestError::SentUnknown { reason: LostReason::Silent, .. })), "{asked:?}");
    // Not before the deadline of a probe, and not much after the sum; the machine may be busy.
    assert!(
        took >= KEEP_ALIVE.deadline && took < KEEP_ALIVE.every + KEEP_ALIVE.deadline + millis(300),
        "{took:?}"
    );
    proxy.faults().heal();
    client.ready().await.unwrap();
    client.call("alive").wait_for_link(secs(5)).await.unwrap();
}

#[tokio::test]
async fn withheld_pongs_end_the_link_and_any_other_frame_keeps_it() {
    let is_lively = |number: usize| number != 1;
    // The first connection says nothing at all; the second answers probes with other pongs.
    let venue = serving(move |mut conn| async move {
        conn.accept_upgrade().await;
        while let Some(frame) = conn.next().await {
            if frame.opcode == 0x9 && is_lively(conn.number()) {
                conn.send(RawFrame::pong("unsolicited")).await;
            }
        }
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_settings(|settings| settings.keep_alive = KEEP_ALIVE)
        .connect()
        .await
        .unwrap();
    let mut events = client.events();
    let lost = event(&mut events, "the loss", |event| matches!(event, Event::Lost { .. })).await;
    assert!(matches!(lost, Event::Lost { reason: LostReason::Silent, .. }), "{lost}");
    ready_on(&client, 2).await;
    let probes = |entries: &[Entry]| {
        let is_probe = |entry: &&Entry| {
            entry.link == 2 && matches!(&entry.what, Seen::Frame(frame) if frame.opcode == 0x9)
        };
        entries.iter().filter(is_probe).count()
    };
    venue.journal().wait_for("four probes on the second link", |entries| probes(entries) >= 4).await;
    assert!(client.state().is_ready());
    assert_eq!(venue.accepted(), 2);
}

#[tokio::test]
async fn a_busy_link_is_probed_all_the_same() {
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        obey(&mut conn).await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_settings(|settings| settings.keep_alive = KEEP_ALIVE)
        .connect()
        .await
        .unwrap();
    let is_probed = || venue.journal().frames().iter().any(|(_, frame)| frame.opcode == 0x9);
    while !is_probed() {
        client.call("say busy").await.unwrap();
    }
}
