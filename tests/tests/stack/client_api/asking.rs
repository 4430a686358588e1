//! `call`, `send_text`, `send_json`, `send_binary`, `send_raw`: a message and its reply.

use std::time::Instant;

use nova_testkit::net::EchoServer;
use nova_tests::ClientExt;
use serde_json::json;
use websockex_nova::{
    behaviour::{Call, Kept},
    echo::EchoDialect,
    prelude::*,
    session::{EndCause, NotSent},
};

use super::{assert_not_ready, assert_timed_out_sent, disconnect, inexpressible, mute, reversing};
use crate::venue::{Lines, Twice, hears, prepare, ready_on, serving, texts, venue};

#[tokio::test]
async fn each_way_of_asking_yields_its_reply() {
    let server = EchoServer::start().await.unwrap();
    let client = Client::connect(Echo::at(&server.url()).unwrap()).await.unwrap();
    assert_eq!(client.call("text").await.unwrap(), "text");
    assert_eq!(client.send_text("text").await.unwrap(), Kept::from("text"));
    assert_eq!(client.send_binary(vec![0, 255]).await.unwrap(), Kept::Binary(vec![0, 255]));
    assert_eq!(client.send_json(&json!({"a": [1]})).await.unwrap(), Kept::from(r#"{"a":[1]}"#));
    assert_eq!(client.send_raw(Kept::from("raw")).await.unwrap(), Kept::from("raw"));
}

#[tokio::test]
async fn each_way_of_asking_gives_up_at_its_deadline() {
    let venue = mute().await;
    let client = Client::connect(Echo::at(&venue.url()).unwrap()).await.unwrap();
    let soon = millis(20);
    assert_timed_out_sent(&client.call("a").deadline(soon).await.unwrap_err());
    assert_timed_out_sent(&client.send_text("a").deadline(soon).await.unwrap_err());
    assert_timed_out_sent(&client.send_binary([1]).deadline(soon).await.unwrap_err());
    assert_timed_out_sent(&client.send_json(&1).deadline(soon).await.unwrap_err());
    assert_timed_out_sent(&client.send_raw(Kept::default()).deadline(soon).await.unwrap_err());
    assert_eq!(client.status().live_requests, 0);
}

#[tokio::test]
async fn the_deadline_of_the_settings_holds_where_none_is_given() {
    let venue = mute().await;
    let echo = Echo::at(&venue.url()).unwrap().with_settings(|settings| settings.call_deadline = millis(20));
    let client = Client::connect(echo).await.unwrap();
    assert_timed_out_sent(&client.call("a").await.unwrap_err());
}

#[tokio::test]
async fn each_way_of_asking_fails_at_once_without_a_link() {
    let mut venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    disconnect(&mut venue, &client).await;
    assert_not_ready(&client.call("say a").await.unwrap_err());
    assert_not_ready(&client.send_text("a").await.unwrap_err());
    assert_not_ready(&client.send_binary([1]).await.unwrap_err());
    assert_not_ready(&client.send_json(&1).await.unwrap_err());
    assert_not_ready(&client.send_raw(Kept::default()).await.unwrap_err());
}

#[tokio::test]
async fn each_way_of_asking_learns_at_once_that_its_link_is_lost() {
    let mut venue = mute().await;
    let client = Client::connect(Echo::at(&venue.url()).unwrap()).await.unwrap();
    let began = Instant::now();
    let (a, b, c, d, e, ()) = tokio::join!(
        client.call("a"),
        client.send_text("a"),
        client.send_binary([1]),
        client.send_json(&"last"),
        client.send_raw(Kept::from("a")),
        async {
            let journal = venue.journal().clone();
            // The connection, its request, and five messages.
            journal.wait_for("all five", |entries| entries.len() >= 7).await;
            venue.stop().await;
        }
    );
    for error in [a.map(drop), b.map(drop), c.map(drop), d.map(drop), e.map(drop)] {
        let error = error.unwrap_err();
        assert!(matches!(&error, RequestError::SentUnknown { link, .. } if link.get() == 1), "{error:?}");
        assert!(!error.is_unsent());
    }
    assert!(began.elapsed() < secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_cannot_be_expressed_is_not_sent() {
    let server = EchoServer::start().await.unwrap();
    let client = Client::connect(Echo::at(&server.url()).unwrap()).await.unwrap();
    for error in [
        client.send_json(&inexpressible()).await.unwrap_err(),
        client.notify_json(&inexpressible()).await.unwrap_err(),
    ] {
        assert!(matches!(error, RequestError::NotSent(NotSent::Encode(_))), "{error:?}");
    }
}

#[tokio::test]
async fn a_reply_of_another_shape_is_undecodable() {
    /// Sends bytes and wants text.
    struct Wrong;
    impl Call<EchoDialect> for Wrong {
        type Reply = String;

        fn into_request(self) -> Kept {
            Kept::Binary(vec![1])
        }
    }
    let server = EchoServer::start().await.unwrap();
    let client = Client::connect(Echo::at(&server.url()).unwrap()).await.unwrap();
    let error = client.call(Wrong).await.unwrap_err();
    assert!(matches!(error, RequestError::Undecodable(_)), "{error:?}");
    assert_eq!(client.call("fine").await.unwrap(), "fine");
}

#[tokio::test]
async fn fifty_requests_answered_out_of_order_reach_their_callers() {
    let venue = reversing(50).await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let calls: Vec<_> = (0..50)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                let said = format!("{number}");
                (client.call(format!("say {said}").as_str()).await.unwrap(), said)
            })
        })
        .collect();
    for call in calls {
        let (heard, said) = call.await.unwrap();
        assert_eq!(heard, said);
    }
    assert_eq!(client.status().live_requests, 0);
}

#[tokio::test]
async fn the_late_answer_to_a_call_given_up_is_not_taken_for_the_next_ones() {
    // Echoes nothing until two messages came.
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        let (first, second) = (conn.recv_text().await, conn.recv_text().await);
        conn.send_text(&first).await;
        conn.send_text(&second).await;
        conn.echo().await;
    })
    .await;
    let client = Client::connect(Echo::at(&venue.url()).unwrap()).await.unwrap();
    assert_timed_out_sent(&client.call("first").deadline(millis(20)).await.unwrap_err());
    assert_eq!(client.call("second").await.unwrap(), "second");
}

#[tokio::test]
async fn a_call_may_wait_for_a_link_and_not_for_ever() {
    let mut venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    disconnect(&mut venue, &client).await;
    let error = client.call("say a").wait_for_link(millis(20)).await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(NotSent::WaitedInVain)), "{error:?}");
    let (said, _) = tokio::join!(client.call("say b").wait_for_link(secs(5)), venue.restart());
    assert_eq!(said.unwrap(), "b");
}

#[tokio::test]
async fn only_an_idempotent_call_is_sent_again_and_only_when_asked() {
    // The first connection ends when it has heard both calls.
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        if conn.number() == 1 {
            conn.recv_text().await;
            conn.recv_text().await;
            return;
        }
        crate::venue::obey(&mut conn).await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let (replayed, lost) =
        tokio::join!(client.call(Twice("say twice")).replay_on_reconnect(), client.call(Twice("say once")));
    assert_eq!(replayed.unwrap(), "twice");
    assert!(matches!(lost, Err(RequestError::SentUnknown { .. })), "{lost:?}");
    assert_eq!(texts(venue.journal(), 2), ["1 say twice"]);
}

#[tokio::test]
async fn a_call_that_is_dropped_is_forgotten() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    tokio::select! {
        biased;
        _ = client.call("hush") => unreachable!("it is never answered"),
        () = hears(venue.journal(), "the call", |text| text == "1 hush") => {}
    }
    assert_eq!(client.status().live_requests, 0);
    client.call("say fine").await.unwrap();
}

#[tokio::test]
async fn no_more_requests_than_allowed_wait_for_replies() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_settings(|settings| settings.in_flight = 1)
        .connect()
        .await
        .unwrap();
    let (first, second) = tokio::join!(client.call("hush").deadline(millis(20)), client.call("say a"));
    assert_timed_out_sent(&first.unwrap_err());
    assert!(matches!(second, Err(RequestError::NotSent(NotSent::TooManyInFlight))), "{second:?}");
    client.call("say fine").await.unwrap();
}

#[tokio::test]
async fn a_closed_client_says_so() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    client.shutdown(secs(1)).await.unwrap();
    for error in [
        client.call("say a").await.unwrap_err(),
        client.call("say a").wait_for_link(secs(9)).await.unwrap_err(),
        client.notify_text("a").await.unwrap_err(),
        client.ping().await.unwrap_err(),
    ] {
        assert!(matches!(error, RequestError::NotSent(NotSent::Closed(EndCause::Shutdown))), "{error:?}");
    }
}

#[tokio::test]
async fn a_client_that_came_back_asks_on() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    assert_eq!(client.call("say back").await.unwrap(), "back");
}
