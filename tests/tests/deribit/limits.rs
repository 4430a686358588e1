//! Credits: kept by default, and heeded when the venue says that too much was asked.

use nova_deribit_simulator::{Fault, OnExhaust};
use websockex_nova::{
    deribit::{Ticker, calls::Test},
    prelude::*,
    telemetry::Event,
};

use crate::kit::{event, public, simulator};

#[tokio::test]
async fn a_burst_of_calls_waits_for_credits_and_provokes_no_refusal() {
    let simulator = simulator(|_| {}).await;
    let client = public(&simulator).await;
    let calls = (0..130).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.call(Test::default()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    let control = simulator.control();
    assert_eq!(control.journal(|journal| journal.errors(10028)), 0);
    let levels = client.gauges().budgets;
    assert!(levels.iter().any(|level| level.tokens < level.capacity / 2), "it was spent: {levels:?}");
}

#[tokio::test]
async fn many_subscriptions_are_batched_and_paid_for() {
    let simulator = simulator(|_| {}).await;
    let client = public(&simulator).await;
    let mut streams = Vec::new();
    for _ in 0..12 {
        streams.push(client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).open().unwrap());
        streams.push(client.subscribe(Ticker::every_100ms("ETH-PERPETUAL")).open().unwrap());
    }
    for stream in &streams {
        stream.confirmed().await.unwrap();
    }
    let control = simulator.control();
    assert_eq!(control.journal(|journal| journal.errors(10028)), 0);
    assert!(control.journal(|journal| journal.requests("public/subscribe")) <= 2, "one topic, one request");
}

#[tokio::test]
async fn a_refusal_for_too_many_requests_holds_back_and_does_not_reconnect() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    let mut events = client.events();
    control.set_fault(Fault::RateLimit { mode: Some(OnExhaust::ErrorOnly) });
    let error = client.call(Test::default()).await.unwrap_err();
    assert!(matches!(&error, RequestError::Refused(refusal) if refusal.code == Some(10028)), "{error:?}");
    event(&mut events, "the pause", |event| matches!(event, Event::HeldBack { .. })).await;
    client.call(Test::default()).await.unwrap();
    assert_eq!(control.connections(), [1]);
}
