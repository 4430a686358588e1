//! A whole conversation, and what goes with it.

use std::time::Duration;

use nova_deribit_simulator::{Config, Simulator};
use serde_json::json;

use crate::raw_client::{CLOSE, End, PING, RawClient, TEXT};

const BOOK: &str = "book.BTC-PERPETUAL.100ms";

#[tokio::test]
async fn a_raw_client_connects_logs_in_subscribes_answers_a_heartbeat_and_closes() {
    let simulator = Simulator::start(Config::default().with_time_scale(50.0)).await.unwrap();
    let mut client = RawClient::connect(simulator.addr()).await;
    assert_eq!(client.call("public/set_heartbeat", json!({"interval": 10})).await["result"], "ok");
    client.login().await;
    let channels = [BOOK, "trades.BTC-PERPETUAL.raw", "ticker.BTC-PERPETUAL.100ms"];
    assert_eq!(client.subscribe(&channels).await.as_array().unwrap().len(), 3);
    assert_eq!(client.notification(BOOK).await["type"], "snapshot");
    assert!(client.notification("trades.BTC-PERPETUAL.raw").await.is_array());
    assert!(client.notification("ticker.BTC-PERPETUAL.100ms").await["mark_price"].is_number());
    client.wait_for(|text| text["params"]["type"] == "test_request").await;
    let reply = client.call("public/test", json!({})).await;
    assert_eq!(reply["result"]["version"], "1.2.26");
    client.send(true, CLOSE, &[0x03, 0xE8]).await;
    assert_eq!(client.close().await.0, 1000);
    assert_eq!(client.end().await, End::Fin);
    let control = simulator.control();
    control.wait_within(Duration::from_secs(5), |venue| venue.connections().next().is_none()).await.unwrap();
    assert_eq!(control.counters(1).unwrap().answer_times.len(), 1);
    control.journal(|journal| {
        assert_eq!((journal.answers(101), journal.requests("public/subscribe")), (1, 1));
        journal.secrets_stay_in_place(&["sim-secret-0001"]).unwrap();
        journal.test_requests_answered_within(Duration::from_secs(30)).unwrap();
    });
}

#[tokio::test]
async fn text_that_is_not_utf8_is_answered_and_the_connection_stays() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let mut client = RawClient::connect(simulator.addr()).await;
    client.send(true, TEXT, b"\xFF\xFE").await;
    let reply = client.wait_for(|text| text.get("error").is_some()).await;
    assert_eq!((&reply["error"]["code"], &reply["error"]["data"]), (&11050.into(), &"invalid json".into()));
    assert!(client.call("public/test", json!({})).await.get("result").is_some());
}

#[tokio::test]
async fn fragments_are_joined_pings_between_them_answered_and_large_messages_refused() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let mut client = RawClient::connect(simulator.addr()).await;
    client.send(false, TEXT, br#"{"id":1,"meth"#).await;
    client.send(true, PING, b"still there?").await;
    client.send(false, 0, b"").await;
    client.send(true, 0, br#"od":"public/test"}"#).await;
    let pong = client.next().await.unwrap();
    assert_eq!((pong.opcode, &pong.payload[..]), (0xA, &b"still there?"[..]));
    assert_eq!(client.wait_for(|text| text["id"] == 1).await["result"]["version"], "1.2.26");
    client.text(&"x".repeat(40_000)).await;
    assert_eq!(client.wait_for(|text| text.get("error").is_some()).await["error"]["code"], -32600);
    client.text(&"x".repeat(2 << 20)).await;
    assert_eq!(client.close().await.0, 1009);
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_closed_with_the_fitting_code() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    // Unmasked, reserved bit, reserved opcode, continuation of nothing, close code that may not travel.
    let offences: [&[u8]; 5] = [
        &[0x81, 0x01, b'x'],
        &[0xC1, 0x80, 0, 0, 0, 0],
        &[0x83, 0x80, 0, 0, 0, 0],
        &[0x80, 0x80, 0, 0, 0, 0],
        &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED],
    ];
    for offence in offences {
        let mut client = RawClient::connect(simulator.addr()).await;
        client.send_bytes(offence).await;
        assert_eq!(client.close().await.0, 1002, "{offence:?}");
        client.end().await;
    }
    let control = simulator.control();
    control.wait_within(Duration::from_secs(5), |venue| venue.connections().next().is_none()).await.unwrap();
}

#[tokio::test]
async fn a_connection_is_noticed_as_gone_and_a_dropped_simulator_ends_them_all() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let control = simulator.control();
    let (gone, mut stays) =
        (RawClient::connect(simulator.addr()).await, RawClient::connect(simulator.addr()).await);
    drop(gone);
    control.wait_within(Duration::from_secs(5), |venue| venue.connections().count() == 1).await.unwrap();
    let addr = simulator.addr();
    drop(simulator);
    stays.end().await;
    assert!(RawClient::attempt(addr, "/ws/api/v2").await.is_err());
}
