//! `notify` and its kin: told, and no reply wanted.

use websockex_nova::{behaviour::Kept, prelude::*, session::NotSent};

use super::{assert_not_ready, disconnect};
use crate::venue::{Lines, prepare, venue};

#[tokio::test]
async fn each_way_of_telling_reaches_the_peer_in_order() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    client.notify("tell a").await.unwrap();
    client.notify_text("b").await.unwrap();
    client.notify_binary([3]).await.unwrap();
    client.notify_json(&[4]).await.unwrap();
    client.notify_raw(Kept::from("e")).await.unwrap();
    client.call("say done").await.unwrap();
    let told: Vec<_> =
        venue.journal().frames().into_iter().map(|(_, frame)| (frame.opcode, frame.payload)).collect();
    let expected: [(u8, &[u8]); 5] = [(1, b"1 tell a"), (1, b"b"), (2, &[3]), (1, b"[4]"), (1, b"e")];
    assert_eq!(told[..5], expected.map(|(opcode, payload)| (opcode, payload.to_vec())));
    assert_eq!(client.status().live_requests, 0);
}

#[tokio::test]
async fn the_answer_to_what_was_told_is_nobodys() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    client.notify("say unasked").await.unwrap();
    assert_eq!(client.call("say asked").await.unwrap(), "asked");
}

#[tokio::test]
async fn each_way_of_telling_fails_at_once_without_a_link_or_waits_for_one() {
    let mut venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    disconnect(&mut venue, &client).await;
    assert_not_ready(&client.notify("tell a").await.unwrap_err());
    assert_not_ready(&client.notify_text("b").await.unwrap_err());
    assert_not_ready(&client.notify_binary([3]).await.unwrap_err());
    assert_not_ready(&client.notify_json(&[4]).await.unwrap_err());
    assert_not_ready(&client.notify_raw(Kept::default()).await.unwrap_err());
    let error = client.notify_text("b").wait_for_link(secs(5)).deadline(millis(20)).await.unwrap_err();
    assert!(matches!(error, RequestError::TimedOut { sent: false }), "{error:?}");
    assert!(error.is_unsent());
    let (told, _) = tokio::join!(client.notify_text("at last").wait_for_link(secs(5)), venue.restart());
    told.unwrap();
}

#[tokio::test]
async fn what_cannot_be_said_is_not_sent() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let error = client.notify("unspeakable").await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(NotSent::Encode(_))), "{error:?}");
}
