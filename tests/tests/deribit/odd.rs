//! What a venue should not send: survived, counted, told.

use nova_deribit_simulator::{Fault, FaultPlan, Malformed};
use websockex_nova::{
    deribit::{Ticker, calls::Test},
    prelude::*,
    telemetry::Event,
};

use crate::kit::{event, item, private, public, simulator};

#[tokio::test]
async fn malformed_messages_are_counted_and_the_link_lives() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    let mut events = client.events();
    for kind in [Malformed::Empty, Malformed::Null] {
        control.set_fault(Fault::MalformedJson { kind });
        event(&mut events, "the nonsense", |event| matches!(event, Event::Undecodable { .. })).await;
    }
    for kind in [Malformed::Truncated, Malformed::TrailingComma, Malformed::Nan] {
        control.set_fault(Fault::MalformedJson { kind });
        client.call(Test::default()).await.unwrap();
    }
    control.set_fault(Fault::DeepJson { depth: 5_000 });
    client.call(Test::default()).await.unwrap();
    assert_eq!(control.connections(), [1]);
}

#[tokio::test]
async fn members_and_numbers_at_the_edge_are_survived() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    control.set_fault(FaultPlan::from(Fault::UnknownMembers {}).until_cleared());
    let mut ticks = client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).await.unwrap();
    for _ in 0..3 {
        item(&mut ticks).await;
    }
    control.set_fault(FaultPlan::from(Fault::NumberEdge {}).lasting(secs(1)));
    for _ in 0..5 {
        crate::kit::next(&mut ticks).await;
    }
    control.clear_faults();
    item(&mut ticks).await;
    client.call(Test::default()).await.unwrap();
    assert_eq!(control.connections(), [1]);
}

#[tokio::test]
async fn fragments_binary_and_foreign_replies_are_survived() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    let mut ticks = client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).await.unwrap();
    item(&mut ticks).await;
    control.set_fault(Fault::Fragmented { pieces: 4, control_between: true });
    control.set_fault(Fault::ForeignIdReply {});
    control.set_fault(Fault::DuplicateReply { method: None });
    for _ in 0..5 {
        client.call(Test::default()).await.unwrap();
        item(&mut ticks).await;
    }
    control.set_fault(Fault::BinaryFrame {});
    for _ in 0..3 {
        item(&mut ticks).await;
    }
    assert_eq!(control.connections(), [1]);
}

#[tokio::test]
async fn a_late_reply_is_nobodys_and_a_lost_one_is_a_timeout() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = private(&simulator).await;
    control.set_fault(Fault::LateReply { ms: 300.0, method: Some("public/test".into()) });
    let late = client.call(Test::default()).deadline(millis(100)).await.unwrap_err();
    assert!(matches!(late, RequestError::TimedOut { sent: true }), "{late:?}");
    let mut events = client.events();
    // A late arrival is told of together with whatever happens next.
    control
        .wait_until(|journal| journal.sent().filter(|(_, text)| text.contains("version")).count() == 1)
        .await
        .unwrap();
    client.ping().await.unwrap();
    event(&mut events, "the late reply", |event| matches!(event, Event::Stale { .. })).await;
    control.set_fault(Fault::LoseReply { method: Some("public/test".into()) });
    let lost = client.call(Test::default()).deadline(millis(100)).await.unwrap_err();
    assert!(matches!(lost, RequestError::TimedOut { sent: true }), "{lost:?}");
    client.call(Test::default()).await.unwrap();
}
