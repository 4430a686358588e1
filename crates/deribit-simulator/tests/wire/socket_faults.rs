//! Faults that happen to sockets rather than to messages.

use std::time::{Duration, Instant};

use nova_deribit_simulator::{Config, Ending, Fault, Malformed, Simulator};
use serde_json::json;

use crate::raw_client::{End, RawClient};

const BOOK: &str = "book.BTC-PERPETUAL.100ms";

async fn with_client(config: Config) -> (Simulator, RawClient) {
    let simulator = Simulator::start(config).await.unwrap();
    let client = RawClient::connect(simulator.addr()).await;
    (simulator, client)
}

#[tokio::test]
async fn a_dropped_connection_ends_as_asked_and_without_a_close() {
    for (how, end) in [(Ending::Rst, End::Reset), (Ending::Fin, End::Fin)] {
        let (simulator, mut client) = with_client(Config::default()).await;
        simulator.control().set_fault(Fault::DropTcp { how });
        assert_eq!(client.next().await, Err(end));
    }
}

#[tokio::test]
async fn a_close_frame_has_the_code_and_reason_asked_for() {
    for code in [Some(1000), Some(1001), Some(1011), Some(1012), Some(4000), None] {
        let (simulator, mut client) = with_client(Config::default()).await;
        simulator.control().set_fault(Fault::CloseFrame { code, reason: "because".to_owned() });
        let reason = if code.is_some() { "because" } else { "" };
        assert_eq!(client.close().await, (code.unwrap_or(0), reason.to_owned()));
    }
}

#[tokio::test]
async fn a_half_open_connection_reads_and_says_nothing_until_it_wakes() {
    let (simulator, mut client) = with_client(Config::default()).await;
    let control = simulator.control();
    client.subscribe(&[BOOK]).await;
    let frozen = control.set_fault(Fault::HalfOpen { duration_s: None });
    // What was on its way before.
    while !client.is_silent_for(Duration::from_millis(150)).await {}
    client.request("public/test", json!({})).await;
    client.send(true, 9, b"ping").await;
    let swallowed =
        |journal: &nova_deribit_simulator::Journal| journal.to_json_lines().matches("swallowed").count();
    control.wait_until(|journal| swallowed(journal) == 2).await.unwrap();
    assert!(client.is_silent_for(Duration::from_millis(150)).await);
    control.clear_fault(frozen);
    client.notification(BOOK).await;
    client.call("public/test", json!({})).await;
}

#[tokio::test]
async fn a_throttled_socket_is_slow_in_both_directions() {
    let (simulator, mut client) = with_client(Config::default()).await;
    simulator.control().set_fault(Fault::ThrottleSocket { bytes_per_second: 4_000 });
    client.call("public/test", json!({})).await;
    let began = Instant::now();
    client.call("public/test", json!({"padding": "x".repeat(1_500)})).await;
    assert!(began.elapsed() > Duration::from_millis(300), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_client_that_does_not_read_is_given_up_and_another_does_not_notice() {
    let mut config = Config::default();
    config.socket_buffer_bytes = Some(16 << 10);
    let (simulator, mut slow) = with_client(config).await;
    let control = simulator.control();
    let mut quick = RawClient::connect(simulator.addr()).await;
    slow.subscribe(&[BOOK]).await;
    quick.subscribe(&[BOOK]).await;
    control.set_fault(Fault::SlowReaderLimit { bytes: Some(1 << 20), seconds: None }.on_connection(1));
    // More than all buffers of the system on the way hold.
    let filling = "x".repeat(1 << 20);
    let quick = tokio::spawn(async move {
        quick.notification(BOOK).await;
        quick
    });
    for _ in 0..64 {
        if control.look(|venue| venue.state(1)) == Some("closing") {
            break;
        }
        control.inject(Some(1), format!("\"{filling}\""));
        tokio::task::yield_now().await;
    }
    assert_eq!(control.look(|venue| venue.state(1)), Some("closing"));
    let mut quick = quick.await.unwrap();
    quick.call("public/test", json!({})).await;
    assert_eq!(control.look(|venue| venue.state(2)), Some("unauth"));
    let error = slow.wait_for(|text| text["error"]["code"] == 10001).await;
    assert_eq!(error["error"]["message"], "connection_too_slow");
    assert_eq!(slow.close().await.0, 1000);
}

#[tokio::test]
async fn frames_of_every_wrong_form_arrive_as_such() {
    let (simulator, mut client) = with_client(Config::default()).await;
    let control = simulator.control();
    for kind in [Malformed::Truncated, Malformed::TrailingComma, Malformed::Nan, Malformed::InvalidUtf8] {
        control.set_fault(Fault::MalformedJson { kind });
        let frame = client.next().await.unwrap();
        assert_eq!((frame.opcode, frame.fin), (1, true));
        assert!(serde_json::from_slice::<serde_json::Value>(&frame.payload).is_err());
        assert_eq!(std::str::from_utf8(&frame.payload).is_err(), kind == Malformed::InvalidUtf8);
    }
    control.set_fault(Fault::MalformedJson { kind: Malformed::Empty });
    assert!(client.next().await.unwrap().payload.is_empty());
    control.set_fault(Fault::HugeFrame { bytes: 3 << 20 });
    assert_eq!(client.next().await.unwrap().payload.len(), 3 << 20);

    control.set_fault(Fault::BinaryFrame {});
    client.request("public/test", json!({})).await;
    assert_eq!(client.next().await.unwrap().opcode, 2);
    control.set_fault(Fault::Fragmented { pieces: 3, control_between: true });
    client.request("public/test", json!({})).await;
    let mut frames = Vec::new();
    for _ in 0..5 {
        frames.push(client.next().await.unwrap());
    }
    let shape: Vec<_> = frames.iter().map(|frame| (frame.opcode, frame.fin)).collect();
    assert_eq!(shape, [(1, false), (9, true), (0, false), (9, true), (0, true)]);
    let joined: Vec<u8> =
        frames.into_iter().filter(|frame| frame.opcode < 8).flat_map(|one| one.payload).collect();
    assert!(serde_json::from_slice::<serde_json::Value>(&joined).unwrap()["result"].is_object());
}
