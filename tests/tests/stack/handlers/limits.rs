//! `RateLimitHandler`: what requests and raw messages cost, with token buckets to pay from.

use std::time::Instant;

use websockex_nova::{
    behaviour::{Body, RateLimitHandler},
    prelude::*,
    ratelimit::{Budget, BudgetId, Charge, ChargeError, TokenBuckets},
    session::NotSent,
};

use crate::venue::{Lines, Words, prepare, quick, venue};

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
