//! `MessageHandler`: encode, adopt, and every `Inbound` that `route` can say.

use nova_testkit::net::EchoServer;
use nova_tests::ClientExt;
use websockex_nova::{
    behaviour::{Body, Correlation, Inbound, Kept, MessageHandler, RequestId},
    prelude::*,
    session::{GapCause, NotSent},
    telemetry::Event,
};

use crate::venue::{
    Lines, Nonsense, Stream, Topics, Words, event, hears, hears_close, next, prepare, ready_on, texts, venue,
};

#[tokio::test]
async fn encode_writes_what_the_peer_reads() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    client.call("say hello").await.unwrap();
    assert_eq!(texts(venue.journal(), 1), ["1 say hello"]);
}

#[tokio::test]
async fn what_encode_refuses_is_not_sent() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let error = client.call("unspeakable").await.unwrap_err();
    assert!(
        matches!(&error, RequestError::NotSent(NotSent::Encode(why)) if why.is::<Nonsense>()),
        "{error:?}"
    );
    client.call("say still here").await.unwrap();
    assert_eq!(texts(venue.journal(), 1).len(), 1);
}

#[tokio::test]
async fn adopt_decides_how_the_reply_to_a_raw_message_is_recognised() {
    /// Recognises the reply to a raw line by the id that the line already bears.
    struct Adopting;
    impl MessageHandler for Adopting {
        type Dialect = Words;
        type Error = Nonsense;

        fn encode(&mut self, id: RequestId, line: String, out: &mut Kept) -> Result<Correlation, Nonsense> {
            Lines.encode(id, line, out)
        }

        fn adopt(&mut self, id: RequestId, message: Body<'_>) -> Correlation {
            let bears_id = message.as_text().is_some_and(|text| text.starts_with(&format!("{id} ")));
            if bears_id { Correlation::ById } else { Correlation::Unanswered }
        }

        fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Nonsense> {
            Lines.route(message)
        }
    }
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Adopting)).connect().await.unwrap();
    assert_eq!(client.send_text("1 say mine").await.unwrap(), Kept::from("mine"));
    let error = client.send_text("9 say not mine").await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(NotSent::Uncorrelated)), "{error:?}");
    // By default nothing is adopted.
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let error = client.send_text("1 say mine").await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(NotSent::Uncorrelated)), "{error:?}");
}

#[tokio::test]
async fn replies_by_id_reach_their_callers_and_refusals_are_errors() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let (yes, no) = tokio::join!(client.call("say yes"), client.call("deny because"));
    assert_eq!(yes.unwrap(), "yes");
    assert!(matches!(no, Err(RequestError::Refused(refusal)) if refusal.message == "because"));
}

#[tokio::test]
async fn replies_in_order_reach_their_callers_in_order() {
    let server = EchoServer::start().await.unwrap();
    let client = Client::connect(Echo::at(&server.url()).unwrap()).await.unwrap();
    let (a, b, c) = tokio::join!(client.call("a"), client.call(vec![1u8]), client.call("c"));
    assert_eq!((a.unwrap(), b.unwrap(), c.unwrap()), ("a".to_owned(), vec![1], "c".to_owned()));
}

#[tokio::test]
async fn events_reach_their_subscription() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let mut stream = client.subscribe(Stream("news")).await.unwrap();
    client.call("hear * news of the day").await.unwrap();
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("of the day".to_owned())));
}

#[tokio::test]
async fn what_the_server_says_is_missing_is_a_gap_and_may_need_a_new_subscription() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let mut stream = client.subscribe(Stream("news")).await.unwrap();
    client.call("hear * news before").await.unwrap();
    client.call("hear ! news").await.unwrap();
    client.call("hear * news after").await.unwrap();
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("before".to_owned())));
    let Some(Delivery::Gap(gap)) = next(&mut stream).await else { panic!("the server was not heard") };
    assert!(matches!(gap.cause, GapCause::ToldByServer), "{gap:?}");
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("after".to_owned())));
    assert_eq!(texts(venue.journal(), 1).len(), 4, "nobody subscribes anew for that");
    client.call("hear !! news").await.unwrap();
    hears(venue.journal(), "the second subscription", |text| {
        text.ends_with(" subscribe news") && !text.starts_with("1 ")
    })
    .await;
}

#[tokio::test]
async fn a_demand_is_answered_and_several_in_their_order() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    client.call("hear ? alive").await.unwrap();
    client.call("hear ?? a b c").await.unwrap();
    hears(venue.journal(), "the last answer", |text| text == "c").await;
    let answers: Vec<_> =
        texts(venue.journal(), 1).into_iter().filter(|text| !text.contains("hear")).collect();
    assert_eq!(answers, ["alive", "a", "b", "c"]);
}

#[tokio::test]
async fn a_link_that_route_closes_is_closed_so_and_replaced() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let error = client.call("hear x").await.unwrap_err();
    assert!(matches!(error, RequestError::SentUnknown { .. }), "{error:?}");
    hears_close(venue.journal(), 1, 4000).await;
    ready_on(&client, 2).await;
    client.call("say fine").await.unwrap();
}

#[tokio::test]
async fn what_is_ignored_has_no_effect_and_what_makes_no_sense_is_counted() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let mut events = client.events();
    client.call("hear -").await.unwrap();
    client.call("hear gibberish").await.unwrap();
    let counted =
        event(&mut events, "an undecodable message", |event| matches!(event, Event::Undecodable { .. }))
            .await;
    assert!(matches!(counted, Event::Undecodable { count: 1, .. }), "{counted}");
    client.call("say still here").await.unwrap();
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn a_reply_nobody_waits_for_is_counted_and_harmless() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let mut events = client.events();
    client.call("hear 999 ok surprise").await.unwrap();
    event(&mut events, "a stale reply", |event| matches!(event, Event::Stale { count: 1 })).await;
    client.call("say still here").await.unwrap();
}
