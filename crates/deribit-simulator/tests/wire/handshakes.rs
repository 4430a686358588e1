//! The opening handshake, right and wrong.

use std::time::Duration;

use nova_deribit_simulator::{Config, Fault, FaultPlan, Refusal, Simulator};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};

use crate::raw_client::RawClient;

#[tokio::test]
async fn there_is_one_path_and_it_wants_an_upgrade() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    assert_eq!(RawClient::attempt(simulator.addr(), "/").await.unwrap().0, 404);
    assert_eq!(RawClient::attempt(simulator.addr(), "/ws/api/v1").await.unwrap().0, 404);
    let mut plain = TcpStream::connect(simulator.addr()).await.unwrap();
    plain.write_all(b"GET /ws/api/v2 HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    plain.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    assert_eq!(
        simulator.control().journal(|journal| journal.entries().count()),
        0,
        "no attempts, any of them"
    );
}

#[tokio::test]
async fn the_thirty_third_connection_gets_429() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..32 {
        clients.push(RawClient::connect(simulator.addr()).await);
    }
    assert_eq!(RawClient::attempt(simulator.addr(), "/ws/api/v2").await.unwrap().0, 429);
}

#[tokio::test]
async fn refused_handshakes_fail_as_often_as_they_should() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let control = simulator.control();
    for status in [429, 503, 500] {
        control.set_fault(Fault::RefuseHandshake { how: Refusal::Status(status), count: Some(2) });
        for wanted in [status, status, 101] {
            let answer = RawClient::attempt(simulator.addr(), "/ws/api/v2").await.unwrap().0;
            assert_eq!(answer, wanted);
        }
    }
    control.set_fault(Fault::RefuseHandshake { how: Refusal::TcpReset, count: Some(1) });
    let error = RawClient::attempt(simulator.addr(), "/ws/api/v2").await.err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    control.set_fault(Fault::RefuseHandshake { how: Refusal::NoAnswer, count: Some(1) });
    let silent = RawClient::attempt(simulator.addr(), "/ws/api/v2");
    assert!(time::timeout(Duration::from_millis(200), silent).await.is_err());
    RawClient::connect(simulator.addr()).await;
    assert_eq!(control.journal(|journal| journal.answers(503)), 2);
}

#[tokio::test]
async fn a_slow_handshake_is_answered_when_the_clock_says_so() {
    let simulator = Simulator::start(Config::default().with_manual_clock()).await.unwrap();
    let control = simulator.control();
    control.set_fault(FaultPlan::from(Fault::SlowHandshake { delay_ms: 3_000 }).times(1));
    let client = tokio::spawn(RawClient::attempt(simulator.addr(), "/ws/api/v2"));
    control.wait_until(|journal| journal.entries().len() > 1).await.unwrap();
    control.advance(Duration::from_millis(2_999));
    assert_eq!(control.journal(|journal| journal.answers(101)), 0);
    control.advance(Duration::from_millis(1));
    assert_eq!(client.await.unwrap().unwrap().0, 101);
}
