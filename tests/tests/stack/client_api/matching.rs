//! Matchers: the application itself says which message is the reply.

use websockex_nova::{
    behaviour::{Body, Kept},
    prelude::*,
    session::NotSent,
};

use super::{assert_timed_out_sent, disconnect};
use crate::venue::{Lines, Stream, Topics, next, prepare, venue};

#[tokio::test]
async fn a_message_without_id_and_matcher_is_not_sent() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    for error in [
        client.send_text("a").await.unwrap_err(),
        client.send_json(&1).await.unwrap_err(),
        client.send_binary([1]).await.unwrap_err(),
        client.send_raw(Kept::default()).await.unwrap_err(),
    ] {
        assert!(matches!(error, RequestError::NotSent(NotSent::Uncorrelated)), "{error:?}");
    }
    assert!(venue.journal().frames().is_empty());
}

#[tokio::test]
async fn a_matcher_takes_the_first_message_it_claims() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let reply = client.send_text("9 say mine").matching(|body| body == Body::Text("9 ok mine")).await;
    assert_eq!(reply.unwrap(), Kept::from("9 ok mine"));
}

#[tokio::test]
async fn what_a_matcher_does_not_claim_reaches_whom_it_concerns() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let mut stream = client.subscribe(Stream("news")).await.unwrap();
    let matched = client.send_text("9 hush").matching(|body| body == Body::Text("the end"));
    let others = async {
        client.call("hear * news item").await.unwrap();
        assert_eq!(next(&mut stream).await, Some(Delivery::Item("item".to_owned())));
        assert_eq!(client.call("say hello").await.unwrap(), "hello");
        client.call("hear the end").await.unwrap();
    };
    let (matched, ()) = tokio::join!(matched, others);
    assert_eq!(matched.unwrap(), Kept::from("the end"));
}

#[tokio::test]
async fn a_matcher_gives_up_at_its_deadline_and_with_its_link() {
    let mut venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let never = || client.send_text("9 hush").matching(|_| false);
    assert_timed_out_sent(&never().deadline(millis(20)).await.unwrap_err());
    let (lost, _) = tokio::join!(never(), client.call("cut"));
    assert!(matches!(lost, Err(RequestError::SentUnknown { .. })), "{lost:?}");
    disconnect(&mut venue, &client).await;
    super::assert_not_ready(&never().await.unwrap_err());
}
