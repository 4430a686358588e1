//! A lost link: everybody learns of it at once, and exactly one other takes its place.

use std::time::Instant;

use nova_testkit::net::{EchoServer, Ending, FaultProxy, Request};
use nova_tests::{ClientExt, Wire};
use websockex_nova::{
    behaviour::RateLimitHandler,
    prelude::*,
    ratelimit::{Budget, BudgetId, Charge, TokenBuckets},
    reconnect::{Linear, Retries},
    session::{EndCause, NotSent},
    telemetry::Event,
    transport::LostReason,
};

use crate::venue::{
    Lines, Words, ended, event, hears, hears_close, prepare, quick, ready_on, texts, until, venue,
};

#[tokio::test]
async fn what_was_sent_is_unknown_and_what_was_not_is_not_sent() {
    let venue = venue().await;
    // The limiter lets one call go and holds the next back for longer than the test lasts.
    const CREDITS: BudgetId = BudgetId::new("credits");
    struct One;
    impl RateLimitHandler<Words> for One {
        fn price(&mut self, line: &String) -> Charge {
            Charge::one(CREDITS, u32::from(!line.contains("cut")))
        }
    }
    let budget = Budget::new(1).with_refill(1, secs(3600));
    let client = prepare(&venue.url(), Handlers::new(Lines).with_limits(One))
        .with_policies(quick().with_limiter(TokenBuckets::new().with_budget(CREDITS, budget).unwrap()))
        .connect()
        .await
        .unwrap();
    let began = Instant::now();
    let (cut, sent, queued, waiting) = tokio::join!(
        client.call("cut"),
        client.call("say sent"),
        client.call("say queued"),
        client.call("say waiting").wait_for_link(millis(100)),
    );
    assert!(matches!(cut, Err(RequestError::SentUnknown { reason: LostReason::Broken(_), .. })), "{cut:?}");
    assert!(matches!(sent, Err(RequestError::SentUnknown { .. })), "{sent:?}");
    assert!(matches!(queued, Err(RequestError::NotSent(NotSent::LinkLost(_)))), "{queued:?}");
    assert!(matches!(waiting, Err(RequestError::NotSent(NotSent::WaitedInVain))), "{waiting:?}");
    assert!(began.elapsed() < secs(2), "{:?}", began.elapsed());
    ready_on(&client, 2).await;
    client.call("cut").await.unwrap_err();
    // Nothing of the lost link was said on the next.
    assert!(texts(venue.journal(), 2).iter().all(|text| text.ends_with("cut")));
}

#[tokio::test]
async fn a_cut_link_is_replaced_by_exactly_one() {
    for ending in [Ending::Fin, Ending::Reset] {
        let server = EchoServer::start().await.unwrap();
        let client = quick_echo(&server.url()).connect().await.unwrap();
        for round in 2..=4 {
            server.cut_links(ending);
            ready_on(&client, round).await;
            assert_eq!(client.call("still usable").await.unwrap(), "still usable");
            server.wait_for_open_links(1).await;
            assert_eq!(server.accepted() as u64, round);
        }
    }
}

fn quick_echo(url: &str) -> Connect<Echo, Wire, Policies<Linear>> {
    Client::prepare(Echo::at(url).unwrap()).with_policies(quick())
}

#[tokio::test]
async fn a_server_that_went_and_came_back_finds_the_client_again() {
    let mut server = EchoServer::start().await.unwrap();
    let client = quick_echo(&server.url()).connect().await.unwrap();
    let mut events = client.events();
    server.stop().await;
    event(&mut events, "an attempt that fails", |event| matches!(event, Event::ConnectFailed { .. })).await;
    let before = server.accepted();
    server.restart().await.unwrap();
    until(&client, "ready", State::is_ready).await;
    assert_eq!(client.call("back").await.unwrap(), "back");
    assert_eq!(server.accepted() - before, 1);
    assert_eq!(server.open_links(), 1);
}

#[tokio::test]
async fn the_next_request_is_byte_for_byte_the_first_but_for_its_key() {
    /// A request without the key, which must be fresh.
    fn keyless(request: &Request) -> (String, String) {
        let text = String::from_utf8(request.raw.clone()).unwrap();
        let (key, rest): (Vec<_>, Vec<_>) =
            text.split("\r\n").partition(|line| line.to_lowercase().starts_with("sec-websocket-key:"));
        (key.concat(), rest.join("\r\n"))
    }
    let venue = venue().await;
    let endpoint = Endpoint::parse(&format!("{}ws/v2?token=s%20e&b=1&a=", venue.url()))
        .and_then(|endpoint| endpoint.with_header("X-Api-Key", "Secret"))
        .and_then(|endpoint| endpoint.with_header("X-Api-Key", "second"))
        .and_then(|endpoint| endpoint.with_subprotocol("v2.words"))
        .unwrap();
    let adapter = speaking(endpoint, Handlers::new(Lines));
    let client = Client::prepare(adapter).with_policies(quick()).connect().await.unwrap();
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    let requests = venue.journal().requests();
    let [(first_key, first), (second_key, second)] = [keyless(&requests[0]), keyless(&requests[1])];
    assert_eq!(first, second);
    assert_ne!(first_key, second_key);
    assert!(first.starts_with("GET /ws/v2?token=s%20e&b=1&a= HTTP/1.1\r\n"), "{first}");
    assert_eq!(requests[1].values("x-api-key").collect::<Vec<_>>(), ["Secret", "second"]);
    assert_eq!(requests[1].header("sec-websocket-protocol"), Some("v2.words"));
}

#[tokio::test]
async fn several_triggers_at_once_open_exactly_one_link() {
    let server = EchoServer::start().await.unwrap();
    let proxy = FaultProxy::to(server.addr()).await.unwrap();
    let client = quick_echo(&proxy.url()).connect().await.unwrap();
    for round in 2..=4 {
        proxy.faults().cut(Ending::Reset);
        for _ in 0..5 {
            client.reconnect();
        }
        ready_on(&client, round).await;
        assert_eq!(client.call("one").await.unwrap(), "one");
        server.wait_for_open_links(1).await;
        assert_eq!(proxy.accepted() as u64, round);
    }
}

#[tokio::test]
async fn asking_several_times_for_a_new_link_still_closes_the_old_one_in_order() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    for _ in 0..5 {
        client.reconnect();
    }
    ready_on(&client, 2).await;
    hears_close(venue.journal(), 1, 1000).await;
    assert_eq!(venue.accepted(), 2);
}

#[tokio::test]
async fn a_strategy_that_gives_up_ends_the_session_with_the_last_cause() {
    let mut venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_policies(
            Policies::default().with_reconnect(Linear::every(millis(1)).with_retries(Retries::Limited(2))),
        )
        .connect()
        .await
        .unwrap();
    let mut events = client.events();
    venue.stop().await;
    let end = ended(&client).await;
    assert!(matches!(end, EndCause::Exhausted { attempts: 2, last: LostReason::Connect(_) }), "{end:?}");
    event(&mut events, "that it gave up", |event| matches!(event, Event::GaveUp { attempts: 2 })).await;
    event(&mut events, "the end", |event| matches!(event, Event::Closed)).await;
}

#[tokio::test]
async fn the_count_of_attempts_starts_again_after_a_stable_session() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_settings(|settings| settings.stable_after = millis(0))
        .connect()
        .await
        .unwrap();
    let mut events = client.events();
    for link in 2..=4 {
        client.call("cut").await.unwrap_err();
        let planned =
            event(&mut events, "a plan", |event| matches!(event, Event::ReconnectScheduled { .. })).await;
        assert!(matches!(planned, Event::ReconnectScheduled { attempt: 1, .. }), "{planned}");
        ready_on(&client, link).await;
    }
    hears(venue.journal(), "all of it", |text| text.starts_with("3 ")).await;
}
