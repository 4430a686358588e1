//! Heartbeats, silent links, closings, maintenance.

use nova_deribit_simulator::{Fault, Refusal};
use websockex_nova::{
    deribit::{CancelScope, Ticker, calls::Test},
    prelude::*,
    session::{Decider, Waiting},
    telemetry::Event,
};

use crate::kit::{
    adapter, alert, credentials, cut, event, gap, hears, item, methods, prepare, private, public, simulator,
};

#[tokio::test]
async fn test_requests_are_answered_over_three_intervals_and_the_link_lives() {
    // Thirty seconds of the venue's clock in three of ours.
    let simulator = simulator(|config| config.time_scale = 20.0).await;
    let control = simulator.control();
    let adapter = adapter(&simulator).with_heartbeat(secs(10)).unwrap();
    let client = prepare(adapter).connect().await.unwrap();
    let answered = control.wait_until(|journal| journal.requests("public/test") >= 3);
    answered.await.unwrap();
    assert_eq!(control.connections(), [1]);
    client.call(Test::default()).await.unwrap();
}

#[tokio::test]
async fn an_unanswered_test_request_closes_the_link_and_the_next_one_follows() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    let mut events = client.events();
    let mut ticks = client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).await.unwrap();
    item(&mut ticks).await;
    control.set_fault(Fault::CloseFrame { code: Some(4000), reason: "heartbeat close".into() });
    event(&mut events, "the close", |event| matches!(event, Event::Lost { .. })).await;
    event(&mut events, "the next link", |event| matches!(event, Event::Ready { .. })).await;
    let gap = gap(&mut ticks).await;
    assert!(gap.to_string().contains("4000"), "{gap}");
    item(&mut ticks).await;
}

#[tokio::test]
async fn a_flood_of_test_requests_is_answered_and_nothing_waits_behind_credits_for_it() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    control.set_fault(Fault::HeartbeatFlood { per_second: 50.0 }.on_connection(1).lasting(secs(1)));
    let answered = control.wait_until(|journal| journal.requests("public/test") >= 30);
    answered.await.unwrap();
    client.call(Test::default()).await.unwrap();
}

#[tokio::test]
async fn a_half_open_link_is_noticed_and_replaced() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = prepare(adapter(&simulator))
        .with_settings(|settings| {
            settings.keep_alive = alert(millis(200), millis(200));
            settings.subscription.count = 1024;
        })
        .connect()
        .await
        .unwrap();
    let mut events = client.events();
    let mut ticks =
        client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).holding_back(millis(50)).await.unwrap();
    item(&mut ticks).await;
    control.set_fault(Fault::HalfOpen { duration_s: None }.on_connection(1));
    let lost = event(&mut events, "the loss", |event| matches!(event, Event::Lost { .. })).await;
    assert!(matches!(&lost, Event::Lost { reason, .. } if reason.kind() == "silent"), "{lost}");
    assert_eq!(gap(&mut ticks).await.cause.name(), "disconnected");
    item(&mut ticks).await;
}

#[tokio::test]
async fn cancel_on_disconnect_is_asked_for_after_every_login() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let adapter = adapter(&simulator)
        .with_credentials(credentials())
        .with_cancel_on_disconnect(CancelScope::Connection);
    let client = prepare(adapter).connect().await.unwrap();
    crate::requests::rest_an_order(&client).await;
    let mut events = client.events();
    cut(&control);
    event(&mut events, "the second link", |event| matches!(event, Event::Ready { .. })).await;
    assert_eq!(
        methods(&control, 2),
        ["public/set_heartbeat", "public/auth", "private/enable_cancel_on_disconnect"]
    );
    let open = client.call(websockex_nova::deribit::calls::GetOpenOrders::default()).await.unwrap();
    assert!(open.is_empty(), "the venue has cancelled it");
}

#[tokio::test]
async fn maintenance_is_waited_for_and_everything_returns() {
    let simulator = simulator(|config| config.time_scale = 10.0).await;
    let control = simulator.control();
    let client = private(&simulator).await;
    let mut ticks = client.subscribe(Ticker::every_100ms("BTC-PERPETUAL")).await.unwrap();
    item(&mut ticks).await;
    let mut events = client.events();
    control.set_fault(Fault::Maintenance { warning_s: 1.0, refusing_s: 1.0, length_s: 2.0 });
    event(&mut events, "a refused handshake", |event| matches!(event, Event::ConnectFailed { .. })).await;
    event(&mut events, "the pause", |event| matches!(event, Event::ReconnectScheduled { .. })).await;
    let wait = client.explain().remove(0);
    assert!(matches!(wait.what, Waiting::Attempt(_)), "{wait:?}");
    assert_eq!(wait.decided_by, Decider::ErrorHandler);
    assert!(wait.until.unwrap() > std::time::Instant::now() + secs(8), "at least ten seconds");
    // The application may be less patient than the plan.
    let is_next = |event: &Event| matches!(event, Event::Ready { .. } | Event::ReconnectScheduled { .. });
    loop {
        client.reconnect();
        if let Event::Ready { .. } = event(&mut events, "the return", is_next).await {
            break;
        }
    }
    gap(&mut ticks).await;
    item(&mut ticks).await;
}

#[tokio::test]
async fn a_refused_handshake_is_tried_again_by_plan() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = public(&simulator).await;
    control.set_fault(Fault::RefuseHandshake { how: Refusal::Status(500), count: Some(3) });
    let mut events = client.events();
    cut(&control);
    for _ in 0..3 {
        event(&mut events, "a refusal", |event| matches!(event, Event::ConnectFailed { .. })).await;
    }
    event(&mut events, "the return", |event| matches!(event, Event::Ready { .. })).await;
    hears(&control, "the heartbeat anew", |_, request| request["method"] == "public/set_heartbeat").await;
}
