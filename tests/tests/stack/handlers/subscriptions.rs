//! `SubscriptionHandler`: is_supported, batch, subscribe, unsubscribe, answered.

use nova_testkit::net::Served;
use websockex_nova::{
    behaviour::{
        Behaviour, Body, Bound, Channel, Confirmation, Continuity, Decode, DecodeError, Kept, Plain, Policy,
        Position, Refusal, SubscriptionHandler, Topic, TopicRequest,
    },
    client::SubscribeError,
    prelude::*,
    session::{GapCause, NotSent, SubscriptionEnd, TopicState},
};

use crate::venue::{Lines, Stream, Topics, Words, hears, hears_on, next, prepare, ready_on, texts, venue};

#[tokio::test]
async fn subscribe_and_unsubscribe_are_written_by_the_handler() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let stream = client.subscribe(Stream("a")).await.unwrap();
    let topics: Vec<_> = client.topics().into_iter().map(|status| (status.topic, status.state)).collect();
    assert_eq!(topics, [(Topic::from("a"), TopicState::Confirmed)]);
    drop(stream);
    hears(venue.journal(), "the end of the subscription", |text| text.contains("unsubscribe")).await;
    assert_eq!(texts(venue.journal(), 1), ["1 subscribe a", "2 unsubscribe a"]);
}

#[tokio::test]
async fn no_request_names_more_topics_than_a_batch_allows() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let (a, b, c) = tokio::join!(
        client.subscribe(Stream("a")),
        client.subscribe(Stream("b")),
        client.subscribe(Stream("c"))
    );
    let streams = [a.unwrap(), b.unwrap(), c.unwrap()];
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    // All three come back by themselves, two in one request and one in the next.
    hears_on(venue.journal(), Some(2), "the second batch", |text| text.ends_with("subscribe c")).await;
    let restored: Vec<_> = texts(venue.journal(), 2).iter().map(|text| text[2..].to_owned()).collect();
    assert_eq!(restored, ["subscribe a,b", "subscribe c"]);
    drop(streams);
}

#[tokio::test]
async fn only_what_the_answer_names_is_confirmed() {
    /// Asks for another topic than the one wanted, so that the answer does not name it.
    struct Mumbling;
    impl SubscriptionHandler<Words> for Mumbling {
        fn subscribe(&mut self, _: &[Topic]) -> TopicRequest<String> {
            TopicRequest::Send("subscribe other".to_owned())
        }

        fn unsubscribe(&mut self, _: &[Topic]) -> TopicRequest<String> {
            TopicRequest::Local
        }

        fn answered(&mut self, asked: &[Topic], answer: Result<Body<'_>, &Refusal>) -> Confirmation {
            Topics.answered(asked, answer)
        }
    }
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Mumbling)).connect().await.unwrap();
    let error = client.subscribe(Stream("wanted")).await.unwrap_err();
    assert!(matches!(error, SubscribeError::Ended(SubscriptionEnd::Refused(_))), "{error:?}");
}

#[tokio::test]
async fn by_default_an_error_refuses_all_that_was_asked() {
    struct Denied;
    impl SubscriptionHandler<Words> for Denied {
        fn subscribe(&mut self, _: &[Topic]) -> TopicRequest<String> {
            TopicRequest::Send("deny not for you".to_owned())
        }

        fn unsubscribe(&mut self, _: &[Topic]) -> TopicRequest<String> {
            TopicRequest::Local
        }
    }
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Denied)).connect().await.unwrap();
    match client.subscribe(Stream("a")).await.unwrap_err() {
        SubscribeError::Ended(SubscriptionEnd::Refused(refusal)) => {
            assert_eq!(refusal.message, "not for you")
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(client.topics(), [], "a refused subscription that is gone is not wanted any more");
}

/// Expects positions that rise by one.
struct Numbered {
    resynchronises: bool,
}

impl SubscriptionHandler<Words> for Numbered {
    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<String> {
        Topics.subscribe(topics)
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<String> {
        Topics.unsubscribe(topics)
    }

    fn continuity(&mut self, _: &str, last: Option<u64>, next: Position) -> Continuity {
        Continuity::by_one(last, next, self.resynchronises)
    }
}

#[tokio::test]
async fn a_break_in_the_positions_is_a_gap_that_knows_what_is_missing() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_subscriptions(Numbered { resynchronises: false });
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    let mut stream = client.subscribe(Stream("a")).await.unwrap();
    for line in ["hear # a 1 one", "hear # a 2 two", "hear # a 5 five"] {
        client.call(line).await.unwrap();
    }
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("one".to_owned())));
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("two".to_owned())));
    let Some(Delivery::Gap(gap)) = next(&mut stream).await else { panic!("the break went unnoticed") };
    assert!(matches!(gap.cause, GapCause::SequenceBreak), "{gap:?}");
    assert_eq!(gap.missing, Some(2));
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("five".to_owned())));
}

#[tokio::test]
async fn a_stream_that_a_break_makes_useless_is_subscribed_to_anew() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_subscriptions(Numbered { resynchronises: true });
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    let _stream = client.subscribe(Stream("a")).await.unwrap();
    client.call("hear # a 1 one").await.unwrap();
    client.call("hear # a 5 five").await.unwrap();
    hears(venue.journal(), "the second subscription", |text| {
        text.ends_with(" subscribe a") && !text.starts_with("1 ")
    })
    .await;
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn where_subscriptions_are_not_supported_the_error_is_typed() {
    struct Unsupported;
    impl SubscriptionHandler<Words> for Unsupported {
        fn is_supported(&self) -> bool {
            false
        }

        fn subscribe(&mut self, _: &[Topic]) -> TopicRequest<String> {
            panic!("nothing is asked for where nothing is supported")
        }

        fn unsubscribe(&mut self, _: &[Topic]) -> TopicRequest<String> {
            panic!("nothing is asked for where nothing is supported")
        }
    }
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_subscriptions(Unsupported);
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    let error = client.subscribe(Stream("a")).await.unwrap_err();
    assert!(
        matches!(
            error,
            SubscribeError::NotAccepted(RequestError::NotSent(NotSent::Unsupported("subscriptions")))
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_required_topic_is_acknowledged_before_the_client_is_ready_again() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let _stream = client.subscribe(Stream("a")).required().await.unwrap();
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    let topics: Vec<_> = client.topics().into_iter().map(|status| (status.topic, status.state)).collect();
    assert_eq!(topics, [(Topic::from("a"), TopicState::Confirmed)]);
}

/// Holds each item against the one it names as the one before it.
struct Chained;

impl SubscriptionHandler<Words> for Chained {
    fn subscribe(&mut self, topics: &[Topic]) -> TopicRequest<String> {
        Topics.subscribe(topics)
    }

    fn unsubscribe(&mut self, topics: &[Topic]) -> TopicRequest<String> {
        Topics.unsubscribe(topics)
    }

    fn check(&self, topic: &Topic) -> Result<(), Refusal> {
        match topic.as_str() {
            "secret" => Err(Refusal::new("it needs a login, and there is none")),
            _ => Ok(()),
        }
    }

    fn continuity(&mut self, _: &str, last: Option<u64>, next: Position) -> Continuity {
        match (last, next.follows) {
            (Some(last), _) if next.number <= last => Continuity::Covered,
            (last, Some(follows)) if last != Some(follows) => {
                Continuity::Broken { missing: None, resynchronise: true }
            }
            _ => Continuity::Unbroken,
        }
    }
}

async fn chained() -> (Served, Client<impl Behaviour<Dialect = Words>, impl Policy>) {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Chained)).connect().await.unwrap();
    (venue, client)
}

#[tokio::test]
async fn a_topic_the_adapter_knows_to_be_refused_is_refused_before_anything_is_sent() {
    let (venue, client) = chained().await;
    let error = client.subscribe(Stream("secret")).await.unwrap_err();
    let SubscribeError::NotAccepted(RequestError::NotSent(NotSent::Inadmissible { topic, refusal })) = error
    else {
        panic!("{error:?}")
    };
    assert_eq!((topic.as_str(), refusal.message.as_str()), ("secret", "it needs a login, and there is none"));
    assert_eq!(client.topics(), [], "nothing is wanted");
    client.restore(&[Topic::from("secret")]);
    let states: Vec<_> = client.topics().into_iter().map(|status| status.state).collect();
    assert!(matches!(&states[..], [TopicState::Refused(_)]), "{states:?}");
    client.call("say hello").await.unwrap();
    assert!(texts(venue.journal(), 1).iter().all(|text| !text.contains("secret")));
}

#[tokio::test]
async fn an_item_that_tells_nothing_new_is_left_out_and_counted() {
    let (_venue, client) = chained().await;
    let mut stream = client.subscribe(Stream("a")).await.unwrap();
    for line in ["hear # a 5 base", "hear # a 4<3 old", "hear # a 5<4 again", "hear # a 9<5 new"] {
        client.call(line).await.unwrap();
    }
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("base".to_owned())));
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("new".to_owned())), "it follows the base");
    let counts = stream.counts();
    assert_eq!((counts.received, counts.conflated, counts.delivered), (4, 2, 2));
}

#[tokio::test]
async fn a_change_without_its_base_breaks_the_stream_which_is_subscribed_to_anew() {
    let (venue, client) = chained().await;
    let mut stream = client.subscribe(Stream("a")).await.unwrap();
    for line in ["hear # a 5<4 change", "hear # a 6<5 change"] {
        client.call(line).await.unwrap();
    }
    hears(venue.journal(), "the leave", |text| text.contains(" unsubscribe a")).await;
    client.call("say done").await.unwrap();
    // Even a change that follows the last one is of no use without a base.
    for line in ["hear # a 7<6 change", "hear # a 9 base", "hear # a 10<9 change"] {
        client.call(line).await.unwrap();
    }
    let Some(Delivery::Gap(gap)) = next(&mut stream).await else { panic!("the base was not missed") };
    assert_eq!((gap.cause.name(), gap.missing), ("sequence_break", None));
    assert_eq!(gap.after.and_then(|side| side.sequence), Some(9));
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("base".to_owned())));
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("change".to_owned())));
    let counts = stream.counts();
    assert_eq!((counts.received, counts.dropped, counts.delivered), (5, 3, 2));
}

#[tokio::test]
async fn what_is_dropped_breaks_a_chain_as_well() {
    let subscriptions = |venue: &Served| {
        let is_one = |text: &&String| text.contains(" subscribe ");
        texts(venue.journal(), 1).iter().filter(is_one).count()
    };
    let (venue, client) = chained().await;
    let stream = client
        .subscribe(Stream("a"))
        .bound(Bound { count: 2, bytes: 1 << 20 })
        .dropping_oldest()
        .await
        .unwrap();
    for line in ["hear # a 1 base", "hear # a 2<1 x", "hear # a 3<2 y"] {
        client.call(line).await.unwrap();
    }
    hears(venue.journal(), "a second subscription", |text| text.contains(" unsubscribe a")).await;
    client.call("say done").await.unwrap();
    assert_eq!(subscriptions(&venue), 2, "once for the loss");
    drop(stream);
}

/// A line of which one cannot be read.
#[derive(Debug, PartialEq)]
struct Legible(String);

impl Decode<Plain> for Legible {
    fn decode(body: &mut Kept) -> Result<Self, DecodeError> {
        match <String as Decode<Plain>>::decode(body)? {
            line if line == "illegible" => Err(DecodeError::new("nobody can read this")),
            line => Ok(Self(line)),
        }
    }
}

struct LegibleStream;

impl Channel for LegibleStream {
    type Dialect = Words;
    type Item = Legible;

    fn topic(&self) -> Topic {
        Topic::from("a")
    }
}

#[tokio::test]
async fn what_cannot_be_read_breaks_a_chain_as_well() {
    let (venue, client) = chained().await;
    let mut stream = client.subscribe(LegibleStream).await.unwrap();
    client.call("hear # a 1 base").await.unwrap();
    client.call("hear # a 2<1 illegible").await.unwrap();
    assert_eq!(next(&mut stream).await, Some(Delivery::Item(Legible("base".to_owned()))));
    let Some(Delivery::Gap(gap)) = next(&mut stream).await else { panic!("it was read") };
    assert_eq!(gap.cause.name(), "undecodable");
    hears(venue.journal(), "the leave", |text| text.contains(" unsubscribe a")).await;
    client.call("say done").await.unwrap();
    // What follows the illegible one is of no use, until there is a new base.
    for line in ["hear # a 3<2 change", "hear # a 9 base"] {
        client.call(line).await.unwrap();
    }
    assert!(matches!(next(&mut stream).await, Some(Delivery::Gap(_))));
    assert_eq!(next(&mut stream).await, Some(Delivery::Item(Legible("base".to_owned()))));
    assert_eq!(stream.counts().dropped, 1);
}
