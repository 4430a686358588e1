//! The server, seen by the raw client of the other tests.

use nova_testkit::{
    net::{Certificates, Ending},
    venue::{Heard, Reception, Rules, Venue},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Connects, asks for the upgrade, and reads the head of the answer.
async fn knock(venue: &Venue) -> (TcpStream, String) {
    let mut tcp = TcpStream::connect(venue.addr()).await.expect("it listens");
    tcp.write_all(UPGRADE).await.expect("it reads");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match tcp.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    (tcp, String::from_utf8(head).expect("a head is ASCII"))
}

/// A masked text frame; the key of zeros leaves the text as it is.
fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short text") | 0x80;
    [&[0x81, length, 0, 0, 0, 0], text.as_bytes()].concat()
}

async fn frame(tcp: &mut TcpStream) -> (u8, Vec<u8>) {
    let (first, length) = (tcp.read_u8().await.expect("a frame"), tcp.read_u8().await.expect("a frame"));
    let length =
        if length == 126 { usize::from(tcp.read_u16().await.expect("a frame")) } else { usize::from(length) };
    let mut payload = vec![0; length];
    tcp.read_exact(&mut payload).await.expect("a frame");
    (first, payload)
}

#[tokio::test]
async fn it_answers_publishes_pongs_and_closes() {
    let venue = Venue::start(Rules::generous()).await.unwrap();
    let (mut tcp, head) = knock(&venue).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    tcp.write_all(&text(r#"{"id":1,"op":"subscribe","topics":["prices.BTC"]}"#)).await.unwrap();
    assert_eq!(
        frame(&mut tcp).await,
        (0x81, br#"{"id":1,"ok":{"on":["prices.BTC"],"refused":[]}}"#.to_vec())
    );
    assert_eq!(venue.tick("prices.BTC", 3), 3);
    for seq in 1..=3 {
        let (_, item) = frame(&mut tcp).await;
        assert!(
            String::from_utf8(item).unwrap().starts_with(&format!(r#"{{"topic":"prices.BTC","seq":{seq},"#))
        );
    }
    tcp.write_all(&[0x89, 0x81, 0, 0, 0, 0, b'x']).await.unwrap();
    assert_eq!(frame(&mut tcp).await, (0x8A, b"x".to_vec()));
    tcp.write_all(&[0x88, 0x82, 0, 0, 0, 0, 3, 232]).await.unwrap();
    assert_eq!(frame(&mut tcp).await, (0x88, vec![3, 232]));
    assert_eq!(tcp.read(&mut [0]).await.unwrap(), 0);
    venue.wait_for("the end", |core| core.seats().count() == 0).await;
    let last = venue.look(|core| core.journal().map(|entry| entry.heard.clone()).next_back());
    assert_eq!(last, Some(Heard::Gone));
}

#[tokio::test]
async fn receptions_come_in_order_and_then_it_accepts() {
    let venue = Venue::start(Rules::generous().with(|rules| {
        rules.receptions = [
            Reception::Refuse { status: 503, retry_after: Some(7) },
            Reception::Vanish,
            Reception::AcceptThenClose(1013),
            Reception::AcceptThenCut,
        ]
        .into();
    }))
    .await
    .unwrap();
    let (_, head) = knock(&venue).await;
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("Retry-After: 7\r\n"), "{head}");
    assert_eq!(knock(&venue).await.1, "");
    let (mut tcp, _) = knock(&venue).await;
    assert_eq!(frame(&mut tcp).await.1[..2], 1013u16.to_be_bytes());
    let (mut tcp, head) = knock(&venue).await;
    assert!(head.starts_with("HTTP/1.1 101 "));
    assert_eq!(tcp.read(&mut [0]).await.unwrap(), 0);
    assert!(knock(&venue).await.1.starts_with("HTTP/1.1 101 "));
    assert_eq!(venue.accepted(), 5);
}

#[tokio::test]
async fn a_client_that_reads_nothing_can_still_be_cut() {
    let venue = Venue::start(Rules::generous()).await.unwrap();
    let (mut tcp, _) = knock(&venue).await;
    tcp.write_all(&text(r#"{"id":1,"op":"subscribe","topics":["prices.BTC"]}"#)).await.unwrap();
    venue.wait_for("the topic", |core| core.seat(1).is_some_and(|seat| !seat.topics().is_empty())).await;
    // Far more than the kernel buffers for it.
    venue.tick("prices.BTC", 300_000);
    venue.cut(Ending::Reset);
    venue.wait_for("the cut", |core| core.seats().count() == 0).await;
}

#[tokio::test]
async fn it_stops_and_comes_back_on_its_port_with_what_it_knew() {
    let mut venue = Venue::start(Rules::generous()).await.unwrap();
    let (mut tcp, _) = knock(&venue).await;
    venue.tick("prices.BTC", 2);
    venue.stop().await;
    assert_eq!(tcp.read(&mut [0]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(venue.addr()).await.is_err());
    assert_eq!(venue.look(|core| core.seats().count()), 0);
    venue.restart().await.unwrap();
    assert!(knock(&venue).await.1.starts_with("HTTP/1.1 101 "));
    assert_eq!(venue.tick("prices.BTC", 1), 3);
}

#[tokio::test]
async fn over_tls_it_has_a_wss_address() {
    let venue = Venue::start_tls(Rules::generous(), &Certificates::generate()).await.unwrap();
    assert!(venue.url().starts_with("wss://127.0.0.1:"));
    // What is no TLS handshake gets no answer; the venue goes on.
    let (_, head) = knock(&venue).await;
    assert!(!head.starts_with("HTTP"), "{head}");
}
