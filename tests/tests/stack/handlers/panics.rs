//! A handler that panics, in each of its roles: the panic is contained and told, the rest lives on.

use std::time::{Duration, SystemTime};

use websockex_nova::{
    behaviour::{
        AuthHandler, Behaviour, Body, Call, Channel, Class, ConnectAction, ConnectionHandler, Correlation,
        Decode, DecodeError, DisconnectAction, ErrorHandler, Fault, FrameAction, Grant, Inbound, Kept,
        LoginMoment, MessageHandler, Plain, RateLimitHandler, Refusal, RequestId, SubscriptionHandler, Topic,
        TopicRequest, Verdict,
    },
    frame_codec::Message,
    prelude::*,
    ratelimit::Charge,
    session::{EndCause, NotSent},
    telemetry::Event,
    transport::{Handshake, LostReason},
};

use crate::venue::{Lines, Nonsense, Stream, Topics, Words, event, next, prepare, ready_on, texts, venue};

/// Panics in the method it is told to.
#[derive(Clone, Copy, PartialEq)]
enum PanicsIn {
    Connected,
    Disconnected,
    Frame,
    Status,
    Encode,
    Adopt,
    Route,
    Classify,
    Verdict,
    Price,
    PriceOfRaw,
    Supported,
    Batch,
    Subscribe,
    Unsubscribe,
}

impl PanicsIn {
    fn step(self, method: Self) {
        assert!(self != method, "as the test demands");
    }
}

impl ConnectionHandler for PanicsIn {
    fn connected(&mut self, _: &Handshake) -> ConnectAction {
        self.step(Self::Connected);
        ConnectAction::Proceed
    }

    fn disconnected(&mut self, _: &LostReason, _: u32) -> DisconnectAction {
        self.step(Self::Disconnected);
        DisconnectAction::Default
    }

    fn frame(&mut self, _: &Message<'_>) -> FrameAction {
        self.step(Self::Frame);
        FrameAction::Pass
    }

    fn status(&self) -> Option<String> {
        self.step(Self::Status);
        None
    }
}

/// Panics only over lines that ask for it.
impl MessageHandler for PanicsIn {
    type Dialect = Words;
    type Error = Nonsense;

    fn encode(&mut self, id: RequestId, line: String, out: &mut Kept) -> Result<Correlation, Nonsense> {
        if line.contains("panic") {
            self.step(Self::Encode);
        }
        Lines.encode(id, line, out)
    }

    fn adopt(&mut self, _: RequestId, _: Body<'_>) -> Correlation {
        self.step(Self::Adopt);
        Correlation::Unanswered
    }

    fn route<'a>(&mut self, message: Body<'a>) -> Result<Inbound<'a>, Nonsense> {
        if message.as_text() == Some("panic") {
            self.step(Self::Route);
        }
        Lines.route(message)
    }
}

impl ErrorHandler for PanicsIn {
    fn classify(&self, _: &Fault<'_>, _: SystemTime) -> Class {
        self.step(Self::Classify);
        Class::Transient
    }

    fn verdict(&mut self, fault: &Fault<'_>, _: Class, _: u32) -> Verdict {
        self.step(Self::Verdict);
        if matches!(fault, Fault::Lost(_)) { Verdict::Retry } else { Verdict::Ignore }
    }
}

impl RateLimitHandler<Words> for PanicsIn {
    fn price(&mut self, line: &String) -> Charge {
        if line.contains("panic") {
            self.step(Self::Price);
        }
        Charge::FREE
    }

    fn price_of_raw(&mut self, _: Body<'_>) -> Charge {
        self.step(Self::PriceOfRaw);
        Charge::FREE
    }
}

impl SubscriptionHandler<Words> for PanicsIn {
    fn is_supported(&self) -> bool {
        self.step(Self::Supported);
        true
    }

    fn batch(&self) -> usize {
        self.step(Self::Batch);
        9
    }

    fn subscribe(&mut self, _: &[Topic]) -> TopicRequest<String> {
        self.step(Self::Subscribe);
        TopicRequest::Local
    }

    fn unsubscribe(&mut self, _: &[Topic]) -> TopicRequest<String> {
        self.step(Self::Unsubscribe);
        TopicRequest::Local
    }
}

fn panicking(method: PanicsIn) -> impl Behaviour<Dialect = Words> {
    Handlers::new(method)
        .with_connection(method)
        .with_errors(method)
        .with_limits(method)
        .with_subscriptions(method)
}

#[tokio::test]
async fn over_a_request_the_caller_is_told_and_the_link_lives_on() {
    for method in [PanicsIn::Encode, PanicsIn::Price, PanicsIn::Adopt, PanicsIn::PriceOfRaw] {
        let venue = venue().await;
        let client = prepare(&venue.url(), panicking(method)).connect().await.unwrap();
        let mut events = client.events();
        let error = match method {
            PanicsIn::Encode | PanicsIn::Price => client.call("say panic").await.map(drop),
            _ => client.notify_text("raw").await,
        };
        assert!(matches!(error, Err(RequestError::NotSent(NotSent::HandlerPanicked))), "{error:?}");
        let role =
            if matches!(method, PanicsIn::Price | PanicsIn::PriceOfRaw) { "limits" } else { "messages" };
        event(
            &mut events,
            "the panic",
            |event| matches!(event, Event::HandlerPanicked { handler } if *handler == role),
        )
        .await;
        client.call("say fine").await.unwrap();
        assert_eq!(venue.accepted(), 1);
    }
}

#[tokio::test]
async fn over_a_message_the_panic_is_told_and_the_link_lives_on() {
    for method in [PanicsIn::Route, PanicsIn::Frame] {
        let venue = venue().await;
        let client = prepare(&venue.url(), panicking(method)).connect().await.unwrap();
        let mut events = client.events();
        client.call("hear panic").await.unwrap();
        event(&mut events, "the panic", |event| matches!(event, Event::HandlerPanicked { .. })).await;
        client.call("say fine").await.unwrap();
        assert_eq!(venue.accepted(), 1);
    }
}

#[tokio::test]
async fn over_a_link_the_panic_is_told_and_the_session_goes_on() {
    for method in [PanicsIn::Connected, PanicsIn::Disconnected, PanicsIn::Classify, PanicsIn::Verdict] {
        let venue = venue().await;
        let client = prepare(&venue.url(), panicking(method)).connect().await.unwrap();
        let mut events = client.events();
        client.call("cut").await.unwrap_err();
        event(&mut events, "the panic", |event| matches!(event, Event::HandlerPanicked { .. })).await;
        ready_on(&client, 2).await;
        client.call("say fine").await.unwrap();
    }
}

#[tokio::test]
async fn over_an_undecodable_message_a_panicking_judge_leaves_the_link_alone() {
    let venue = venue().await;
    let client = prepare(&venue.url(), panicking(PanicsIn::Verdict)).connect().await.unwrap();
    let mut events = client.events();
    client.call("hear gibberish").await.unwrap();
    event(&mut events, "the panic", |event| matches!(event, Event::HandlerPanicked { handler: "errors" }))
        .await;
    client.call("say fine").await.unwrap();
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn over_the_status_there_is_none() {
    let venue = venue().await;
    let client = prepare(&venue.url(), panicking(PanicsIn::Status)).connect().await.unwrap();
    assert_eq!(client.status().handler, None);
    client.call("say fine").await.unwrap();
}

#[tokio::test]
async fn over_a_subscription_the_link_lives_on() {
    for method in [PanicsIn::Supported, PanicsIn::Batch, PanicsIn::Subscribe, PanicsIn::Unsubscribe] {
        let venue = venue().await;
        let client = prepare(&venue.url(), panicking(method)).connect().await.unwrap();
        let subscribed = client.subscribe(Stream("a")).deadline(millis(50)).await;
        let succeeds = matches!(method, PanicsIn::Batch | PanicsIn::Unsubscribe);
        assert_eq!(subscribed.is_ok(), succeeds, "{subscribed:?}");
        drop(subscribed);
        client.call("say fine").await.unwrap();
        assert_eq!(venue.accepted(), 1);
    }
}

#[tokio::test]
async fn over_a_matcher_the_link_lives_on() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let mut events = client.events();
    let matched = client.send_text("raw").matching(|_| panic!("as the test demands")).deadline(millis(200));
    let (matched, _) = tokio::join!(matched, client.call("hear -").deadline(millis(200)));
    assert!(matches!(matched, Err(RequestError::TimedOut { sent: true })), "{matched:?}");
    event(&mut events, "the panic", |event| matches!(event, Event::HandlerPanicked { handler: "matcher" }))
        .await;
    client.call("say fine").await.unwrap();
}

/// Panics where a login is concerned.
#[derive(Clone, Copy, PartialEq)]
enum LoginPanics {
    Required,
    Login,
    Answered,
    Lead,
}

impl AuthHandler<Words> for LoginPanics {
    fn is_required(&self) -> bool {
        assert!(*self != Self::Required, "as the test demands");
        true
    }

    fn login(&mut self, _: LoginMoment) -> Option<String> {
        assert!(*self != Self::Login, "as the test demands");
        Some("login".to_owned())
    }

    fn answered(&mut self, _: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        assert!(*self != Self::Answered, "as the test demands");
        Ok(Grant::default())
    }

    fn renewal_lead(&self) -> Duration {
        assert!(*self != Self::Lead, "as the test demands");
        Duration::ZERO
    }
}

#[tokio::test]
async fn over_a_login_nobody_is_let_through_without_it() {
    for method in [LoginPanics::Login, LoginPanics::Answered] {
        let venue = venue().await;
        let end = prepare(&venue.url(), Handlers::new(Lines).with_auth(method)).connect().await.unwrap_err();
        assert!(matches!(&end, EndCause::Failed(LostReason::NotEstablished(_))), "{end:?}");
    }
    // Whether a login is needed is not known, so it is made.
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_auth(LoginPanics::Required)).connect().await.unwrap();
    client.call("say fine").await.unwrap();
    assert_eq!(texts(venue.journal(), 1)[0], "1 login");
}

#[tokio::test]
async fn over_the_lead_of_a_renewal_the_login_holds() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_auth(LoginPanics::Lead)).connect().await.unwrap();
    client.call("say fine").await.unwrap();
}

/// A line whose reader panics over one of them.
#[derive(Debug, PartialEq)]
struct Fragile(String);

impl Decode<Plain> for Fragile {
    fn decode(body: &mut Kept) -> Result<Self, DecodeError> {
        let line = <String as Decode<Plain>>::decode(body)?;
        assert!(line != "poison", "as the test demands");
        Ok(Self(line))
    }
}

struct FragileStream;

impl Channel for FragileStream {
    type Dialect = Words;
    type Item = Fragile;

    fn topic(&self) -> Topic {
        Topic::from("a")
    }
}

struct FragileCall(&'static str);

impl Call<Words> for FragileCall {
    type Reply = Fragile;

    fn into_request(self) -> String {
        self.0.to_owned()
    }
}

#[tokio::test]
async fn over_an_item_or_a_reply_it_counts_as_unreadable() {
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_subscriptions(Topics)).connect().await.unwrap();
    let mut stream = client.subscribe(FragileStream).await.unwrap();
    for line in ["hear * a one", "hear * a poison", "hear * a two"] {
        client.call(line).await.unwrap();
    }
    assert_eq!(next(&mut stream).await, Some(Delivery::Item(Fragile("one".to_owned()))));
    let Some(Delivery::Gap(gap)) = next(&mut stream).await else { panic!("no gap") };
    assert_eq!((gap.cause.name(), gap.missing), ("undecodable", Some(1)));
    assert_eq!(next(&mut stream).await, Some(Delivery::Item(Fragile("two".to_owned()))));
    let error = client.call(FragileCall("say poison")).await.unwrap_err();
    assert!(matches!(error, RequestError::Undecodable(_)), "{error:?}");
    assert_eq!(client.call(FragileCall("say fine")).await.unwrap(), Fragile("fine".to_owned()));
}

#[tokio::test]
async fn over_a_message_every_stream_without_positions_is_told_that_it_may_have_missed_it() {
    let venue = venue().await;
    let handlers = Handlers::new(PanicsIn::Route).with_subscriptions(Topics);
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    let mut stream = client.subscribe(Stream("a")).await.unwrap();
    let mut numbered = client.subscribe(Stream("b")).await.unwrap();
    let lines = ["hear * a one", "hear # b 1 x", "hear panic", "hear * a two", "hear # b 2 y"];
    for line in lines {
        client.call(line).await.unwrap();
    }
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("one".to_owned())));
    let Some(Delivery::Gap(gap)) = next(&mut stream).await else { panic!("no gap") };
    assert_eq!((gap.cause.name(), gap.missing), ("handler_panicked", None));
    assert_eq!(next(&mut stream).await, Some(Delivery::Item("two".to_owned())));
    assert_eq!(next(&mut numbered).await, Some(Delivery::Item("x".to_owned())));
    assert_eq!(next(&mut numbered).await, Some(Delivery::Item("y".to_owned())), "its positions tell");
}
