//! Channels: what is confirmed, what arrives, what is said when something is missing.

use nova_deribit_simulator::Fault;
use websockex_nova::{
    client::SubscribeError,
    deribit::{Book, Quote, RawChannel, Ticker, Trades, UserChanges, UserOrders, UserPortfolio, calls::Buy},
    prelude::*,
    session::SubscriptionEnd,
};

use crate::kit::{item, next, private, public, simulator};

#[tokio::test]
async fn a_ticker_is_typed_conflated_and_exact() {
    let simulator = simulator(|_| {}).await;
    let client = public(&simulator).await;
    let mut ticks = client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).conflated().await.unwrap();
    let tick = item(&mut ticks).await;
    assert_eq!(tick.instrument_name.as_str(), "BTC-PERPETUAL");
    let (bid, ask) = (tick.best_bid_price.unwrap(), tick.best_ask_price.unwrap());
    assert!(bid < ask, "{bid} {ask}");
}

#[tokio::test]
async fn several_families_arrive_side_by_side_and_nothing_is_lost() {
    let simulator = simulator(|_| {}).await;
    let client = public(&simulator).await;
    let mut book = client.subscribe(Book::every_100ms("BTC-PERPETUAL")).await.unwrap();
    let mut trades = client.subscribe(Trades::every_100ms("BTC-PERPETUAL")).await.unwrap();
    let mut quotes = client.subscribe(Quote::of("BTC-PERPETUAL")).await.unwrap();
    for _ in 0..5 {
        item(&mut book).await;
        item(&mut quotes).await;
    }
    item(&mut trades).await;
    for counts in [book.unsubscribe(), trades.unsubscribe(), quotes.unsubscribe()] {
        let sum = counts.delivered + counts.conflated + counts.dropped + counts.undecodable + counts.queued;
        assert_eq!(counts.received, sum, "{counts:?}");
    }
}

#[tokio::test]
async fn only_channels_that_the_answer_names_are_confirmed() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    let error = client.subscribe(Ticker::every_100ms("BTC-1JAN20")).await.unwrap_err();
    assert!(matches!(error, SubscribeError::Ended(SubscriptionEnd::Refused(_))), "{error:?}");
    control.set_fault(Fault::DropAckChannel {}.on_channel("ticker.ETH-PERPETUAL.100ms"));
    let error = client.subscribe(Ticker::every_100ms("ETH-PERPETUAL")).await.unwrap_err();
    assert!(matches!(error, SubscribeError::Ended(SubscriptionEnd::Refused(_))), "{error:?}");
    client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).await.unwrap();
}

#[tokio::test]
async fn a_name_outside_the_grammar_is_refused_with_the_nearest_right_one() {
    let simulator = simulator(|_| {}).await;
    let client = public(&simulator).await;
    let error = client.subscribe(RawChannel::new("tickr.BTC-PERPETUAL.100ms")).await.unwrap_err();
    let text = format!("{error:?}");
    assert!(text.contains("Inadmissible") && text.contains("ticker"), "{text}");
}

#[tokio::test]
async fn raw_channels_need_a_login_and_then_work() {
    let simulator = simulator(|_| {}).await;
    let client = private(&simulator).await;
    let mut ticks = client.subscribe(Ticker::every_event("BTC-PERPETUAL").as_floats()).await.unwrap();
    assert!(item(&mut ticks).await.best_bid_price.unwrap() > 0.0);
    let mut text = client.subscribe(RawChannel::new("ticker.BTC-PERPETUAL.raw")).await.unwrap();
    assert!(item(&mut text).await.as_str().starts_with('{'));
}

#[tokio::test]
async fn an_order_is_told_on_every_private_channel_it_concerns() {
    let simulator = simulator(|_| {}).await;
    let client = private(&simulator).await;
    let mut orders = client.subscribe(UserOrders::every_event("BTC-PERPETUAL")).await.unwrap();
    let mut changes = client.subscribe(UserChanges::every_event("BTC-PERPETUAL")).await.unwrap();
    let mut portfolio = client.subscribe(UserPortfolio::of("BTC")).await.unwrap();
    item(&mut portfolio).await;
    let placed = client.call(Buy::market("BTC-PERPETUAL", 10)).await.unwrap();
    let told = item(&mut orders).await;
    assert_eq!(told.iter().next().unwrap().order_id, placed.order.order_id);
    assert!(!item(&mut changes).await.trades.is_empty());
    item(&mut portfolio).await;
}

#[tokio::test]
async fn what_the_venue_says_of_channels_nobody_asked_for_disturbs_nobody() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    let mut ticks = client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).await.unwrap();
    item(&mut ticks).await;
    control.set_fault(Fault::UnknownChannel {});
    control.set_fault(Fault::UnknownMethod {});
    for _ in 0..5 {
        assert!(matches!(next(&mut ticks).await, Delivery::Item(_)));
    }
}
