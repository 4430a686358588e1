//! Requests: their shapes, their answers, their fates.

use nova_deribit_simulator::Fault;
use nova_testkit::net::{PATIENCE, within};
use serde_json::Value;
use websockex_nova::{
    deribit::{
        Decimal, RefusalExt,
        calls::{Buy, GetAccountSummary, GetOpenOrders, GetTime, Hello, Test, call},
    },
    prelude::*,
};

use crate::kit::{Trader, cut, hears, private, public, simulator};

/// Puts an order into the book that nobody takes.
pub(crate) async fn rest_an_order(client: &Trader) {
    let placed = client.call(Buy::limit("BTC-PERPETUAL", 10, 1000)).await.expect("the venue takes it");
    assert!(placed.trades.is_empty(), "nobody sells that cheap");
}

#[tokio::test]
async fn test_time_and_hello_are_answered() {
    let simulator = simulator(|_| {}).await;
    let client = public(&simulator).await;
    assert!(!client.call(Test::default()).await.unwrap().version.is_empty());
    assert!(client.call(GetTime::default()).await.unwrap().as_millis() > 0);
    client.call(Hello::new("nova", "1")).await.unwrap();
    let raw = client.call(call("public/get_time", &serde_json::json!({}))).await.unwrap();
    assert!(raw.as_str().parse::<u64>().is_ok(), "{raw}");
}

#[tokio::test]
async fn an_account_and_a_market_order_have_the_shapes_of_the_venue() {
    let simulator = simulator(|_| {}).await;
    let client = private(&simulator).await;
    let summary = client.call(GetAccountSummary::new("BTC")).await.unwrap();
    assert_eq!(summary.portfolio.balance, Decimal::from(10));
    let placed = client.call(Buy::market("BTC-PERPETUAL", 10).with_label("mine")).await.unwrap();
    assert!(!placed.trades.is_empty());
    let control = simulator.control();
    let request = control.journal(|journal| {
        let mut texts = journal.received().map(|(_, text)| serde_json::from_str::<Value>(text).unwrap());
        texts.rfind(|request| request["method"] == "private/buy").unwrap()
    });
    assert_eq!(
        request["params"],
        serde_json::json!({"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market", "label": "mine"})
    );
    assert!(request["id"].is_u64());
}

#[tokio::test]
async fn an_error_of_the_venue_says_what_to_do() {
    let simulator = simulator(|_| {}).await;
    let client = private(&simulator).await;
    let error = client.call(Buy::limit("BTC-PERPETUAL", 11, 1000)).await.unwrap_err();
    let RequestError::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal.code, Some(-32602));
    assert_eq!(refusal.param(), Some("amount".to_owned()));
    assert_eq!(refusal.group(), websockex_nova::deribit::Group::Fix);
}

#[tokio::test]
async fn an_order_that_was_under_way_when_the_link_broke_has_an_unknown_fate_and_is_not_repeated() {
    let simulator = simulator(|_| {}).await;
    let control = simulator.control();
    let client = private(&simulator).await;
    control.set_fault(Fault::LoseReply { method: Some("private/buy".into()) });
    let order = client.call(Buy::limit("BTC-PERPETUAL", 10, 1000));
    let fate = async {
        hears(&control, "the order", |_, request| request["method"] == "private/buy").await;
        cut(&control);
    };
    let (outcome, ()) = tokio::join!(order, fate);
    assert!(matches!(outcome, Err(RequestError::SentUnknown { .. })), "{outcome:?}");
    within(PATIENCE, "the next link", client.ready()).await.unwrap();
    let open = client.call(GetOpenOrders::default()).wait_for_link(PATIENCE).await.unwrap();
    assert_eq!(open.len(), 1, "it had been carried out, once");
    assert_eq!(control.journal(|journal| journal.requests("private/buy")), 1);
}
