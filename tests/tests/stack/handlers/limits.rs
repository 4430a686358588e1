//! `RateLimitHandler`: what requests and raw messages cost, with token buckets to pay from.

use std::time::{Duration, Instant};

use websockex_nova::{
    behaviour::{Body, RateLimitHandler, Refusal},
    prelude::*,
    ratelimit::{Budget, BudgetId, Charge, ChargeError, TokenBuckets},
    session::{EndCause, NotSent},
    telemetry::Event,
};

use crate::venue::{Lines, Stream, Topics, Words, event, prepare, quick, ready_on, venue};

const CREDITS: BudgetId = BudgetId::new("credits");

/// A request costs its number of words, a raw message what it says.
struct Prices;

impl RateLimitHandler<Words> for Prices {
    fn price(&mut self, request: &String) -> Charge {
        Charge::one(CREDITS, u32::try_from(request.split(' ').count()).unwrap())
    }

    fn price_of_raw(&mut self, message: Body<'_>) -> Charge {
        let cost = message.as_text().and_then(|text| text.parse().ok()).unwrap_or(1);
        Charge::one(CREDITS, cost)
    }
}

/// Four credits, and one more each tenth of a second.
fn buckets() -> TokenBuckets {
    TokenBuckets::new().with_budget(CREDITS, Budget::new(4).with_refill(1, millis(100))).unwrap()
}

#[tokio::test]
async fn a_request_over_budget_waits_until_it_can_be_paid_for() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines).with_limits(Prices))
        .with_policies(quick().with_limiter(buckets()))
        .connect()
        .await
        .unwrap();
    let began = Instant::now();
    client.call("say b c").await.unwrap();
    assert!(began.elapsed() < millis(90), "the bucket was full: {:?}", began.elapsed());
    // Three of four are spent; two more of these three return no sooner than this.
    client.call("say b c").await.unwrap();
    assert!(began.elapsed() >= millis(190), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_raw_message_is_priced_too() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines).with_limits(Prices))
        .with_policies(quick().with_limiter(buckets()))
        .connect()
        .await
        .unwrap();
    let began = Instant::now();
    client.notify_text("4").await.unwrap();
    client.notify_text("2").await.unwrap();
    assert!(began.elapsed() >= millis(190), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_can_never_be_paid_for_fails_at_once() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines).with_limits(Prices))
        .with_policies(quick().with_limiter(buckets()))
        .connect()
        .await
        .unwrap();
    for outcome in [client.call("say b c d e").await.map(drop), client.notify_text("5").await] {
        let error = outcome.unwrap_err();
        assert!(
            matches!(
                error,
                RequestError::NotSent(NotSent::Charge(ChargeError::TooCostly { cost: 5, capacity: 4, .. }))
            ),
            "{error:?}"
        );
    }
    assert!(venue.journal().frames().is_empty());
}

#[tokio::test]
async fn pongs_and_answers_to_demands_cost_nothing() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines).with_limits(Prices))
        .with_policies(quick().with_limiter(buckets()))
        .connect()
        .await
        .unwrap();
    let began = Instant::now();
    client.call("hear ?? a b").await.unwrap();
    client.ping().await.unwrap();
    assert!(began.elapsed() < millis(90), "{:?}", began.elapsed());
}

/// As [`Prices`], and says what the service grants, and what it says when it was asked too much.
struct Stating(Budget);

impl RateLimitHandler<Words> for Stating {
    fn price(&mut self, request: &String) -> Charge {
        Prices.price(request)
    }

    fn budgets(&self) -> Vec<(BudgetId, Budget)> {
        vec![(CREDITS, self.0)]
    }

    fn held_back(&mut self, refusal: &Refusal) -> Option<Duration> {
        (refusal.message == "slowly").then(|| millis(150))
    }
}

#[tokio::test]
async fn what_the_service_grants_is_kept_without_a_word_of_the_application() {
    let venue = venue().await;
    let budget = Budget::new(4).with_refill(1, millis(100));
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_limits(Stating(budget))).connect().await.unwrap();
    let began = Instant::now();
    client.call("say b c").await.unwrap();
    client.call("say b c").await.unwrap();
    assert!(began.elapsed() >= millis(190), "{:?}", began.elapsed());
    let error = client.call("say b c d e").await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(NotSent::Charge(_))), "{error:?}");
}

#[tokio::test]
async fn what_cannot_be_granted_is_an_error_of_the_settings() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_limits(Stating(Budget::new(0)));
    let end = prepare(&venue.url(), handlers).connect().await.unwrap_err();
    assert!(matches!(end, EndCause::Settings(_)), "{end:?}");
    assert_eq!(venue.accepted(), 0);
}

#[tokio::test]
async fn once_told_to_ask_slowly_nothing_priced_goes_out_for_a_while() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_limits(Stating(Budget::new(100)));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    let mut events = client.events();
    client.call("deny slowly").await.unwrap_err();
    let began = Instant::now();
    event(&mut events, "the pause", |event| matches!(event, Event::HeldBack { .. })).await;
    client.ping().await.unwrap();
    assert!(began.elapsed() < millis(140), "pings are free: {:?}", began.elapsed());
    client.call("say again").await.unwrap();
    assert!(began.elapsed() >= millis(140), "{:?}", began.elapsed());
    assert_eq!(venue.accepted(), 1, "it waits, and does not reconnect");
}

#[tokio::test]
async fn the_reserve_is_for_what_the_session_itself_asks() {
    let venue = venue().await;
    // Eight credits, of which four are kept; none returns while the test runs.
    let budget = Budget::new(8).with_reserve(4).with_refill(1, secs(600));
    let handlers = Handlers::new(Lines).with_limits(Stating(budget)).with_subscriptions(Topics);
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    client.call("say b c d").await.unwrap();
    let starved = client.call("say").deadline(millis(100)).await.unwrap_err();
    assert!(matches!(starved, RequestError::TimedOut { sent: false }), "{starved:?}");
    let stream = client.subscribe(Stream("a")).await;
    assert!(stream.is_ok(), "two of the reserve: {stream:?}");
}

#[tokio::test]
async fn a_budget_of_one_link_is_full_again_on_the_next() {
    let venue = venue().await;
    let budget = Budget::new(4).with_refill(1, secs(600)).per_link();
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_limits(Stating(budget))).connect().await.unwrap();
    client.call("say b c").await.unwrap();
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    client.call("say b c d").deadline(secs(5)).await.unwrap();
}
