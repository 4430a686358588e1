//! `subscribe`, `unsubscribe`, `authenticate`: where they are answered, refused, unanswered,
//! unsupported, and without a link.

use nova_testkit::net::EchoServer;
use nova_tests::ClientExt;
use websockex_nova::{
    behaviour::{Channel, Topic},
    client::SubscribeError,
    echo::EchoDialect,
    prelude::*,
    session::{EndCause, NotSent, SubscriptionEnd},
};

use super::{disconnect, mute};
use crate::venue::{Lines, Stream, Topics, hears, next, prepare, ready_on, venue};

#[tokio::test]
async fn echo_says_that_it_has_neither_subscriptions_nor_login() {
    struct Anything;
    impl Channel for Anything {
        type Dialect = EchoDialect;
        type Item = String;

        fn topic(&self) -> Topic {
            Topic::from("anything")
        }
    }
    let server = EchoServer::start().await.unwrap();
    let client = Client::connect(Echo::at(&server.url()).unwrap()).await.unwrap();
    let error = client.subscribe(Anything).await.unwrap_err();
    let SubscribeError::NotAccepted(RequestError::NotSent(NotSent::Unsupported(what))) = error else {
        panic!("{error:?}");
    };
    assert_eq!(what, "subscriptions");
    let error = client.authenticate().await.unwrap_err();
    let RequestError::NotSent(NotSent::Unsupported(what)) = error else { panic!("{error:?}") };
    assert_eq!(what, "authentication");
    assert_eq!(client.topics(), []);
    assert_eq!(client.call("and lives on").await.unwrap(), "and lives on");
}

#[tokio::test]
async fn an_unanswered_subscription_is_given_up_and_no_longer_wanted() {
    let venue = mute().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let error = client.subscribe(Stream("a")).deadline(millis(20)).await.unwrap_err();
    assert!(matches!(error, SubscribeError::TimedOut), "{error:?}");
    hears(venue.journal(), "that the topic is let go", |text| text.ends_with("unsubscribe a")).await;
}

#[tokio::test]
async fn a_subscription_outlives_its_link_and_ends_with_the_client() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let mut stream = client.subscribe(Stream("a")).required().await.unwrap();
    client.call("hear * a before").await.unwrap();
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("before".to_owned())));
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    client.call("hear * a after").await.unwrap();
    assert!(matches!(next(&mut stream).await, Some(Delivery::Gap(_))));
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("after".to_owned())));
    client.shutdown(secs(1)).await.unwrap();
    assert_eq!(next(&mut stream).await, None);
    assert!(matches!(stream.why_ended(), Some(SubscriptionEnd::Closed(EndCause::Shutdown))));
}

#[tokio::test]
async fn a_subscription_made_without_a_link_is_asked_for_on_the_next() {
    let mut venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    disconnect(&mut venue, &client).await;
    let (stream, _) = tokio::join!(client.subscribe(Stream("a")), venue.restart());
    stream.unwrap();
}

#[tokio::test]
async fn an_item_after_unsubscribing_does_not_bring_the_topic_back() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let stream = client.subscribe(Stream("a")).await.unwrap();
    client.call("hear * a taken").await.unwrap();
    let counts = stream.unsubscribe();
    assert_eq!((counts.received, counts.dropped), (1, 1));
    client.call("hear * a late").await.unwrap();
    assert_eq!(client.topics(), []);
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    client.call("say first").await.unwrap();
    assert!(crate::venue::texts(venue.journal(), 2)[0].ends_with("say first"));
}
