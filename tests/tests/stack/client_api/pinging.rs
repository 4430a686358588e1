//! `ping`: a real round trip, recognised by its own payload.

use nova_testkit::net::RawFrame;
use websockex_nova::prelude::*;

use super::{assert_not_ready, assert_timed_out_sent, disconnect, mute};
use crate::venue::{Lines, prepare, serving, venue};

#[tokio::test]
async fn a_ping_takes_as_long_as_its_pong() {
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        let ping = conn.recv().await;
        assert_eq!(ping.opcode, 0x9);
        tokio::time::sleep(millis(30)).await;
        conn.send(RawFrame::pong(ping.payload)).await;
        conn.echo().await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let slow = client.ping().await.unwrap();
    assert!(slow >= millis(30), "{slow:?}");
    assert!(client.ping().await.unwrap() < slow);
}

#[tokio::test]
async fn each_ping_has_a_payload_of_its_own() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    client.ping().await.unwrap();
    client.ping().await.unwrap();
    let frames = venue.journal().frames();
    assert_eq!(frames.len(), 2);
    assert_ne!(frames[0].1.payload, frames[1].1.payload);
}

#[tokio::test]
async fn a_withheld_pong_is_missed_at_the_deadline() {
    let venue = mute().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    assert_timed_out_sent(&client.ping().deadline(millis(20)).await.unwrap_err());
    assert_eq!(client.status().live_requests, 0);
}

#[tokio::test]
async fn a_pong_with_another_payload_does_not_count() {
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.recv().await;
        conn.send(RawFrame::pong("another")).await;
        conn.send(RawFrame::pong("")).await;
        conn.echo().await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    assert_timed_out_sent(&client.ping().deadline(millis(50)).await.unwrap_err());
    client.ping().await.unwrap();
}

#[tokio::test]
async fn a_ping_ends_with_its_link_and_needs_one() {
    let mut venue = mute().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let pinged = async {
        let journal = venue.journal().clone();
        journal.wait_for("the ping", |entries| entries.len() >= 3).await;
        venue.stop().await;
    };
    let (lost, ()) = tokio::join!(client.ping(), pinged);
    assert!(matches!(lost, Err(RequestError::SentUnknown { .. })), "{lost:?}");
    disconnect(&mut venue, &client).await;
    assert_not_ready(&client.ping().await.unwrap_err());
}
