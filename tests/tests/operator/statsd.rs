//! StatsD lines of a client, at a UDP socket that reads every one of them.

use std::collections::BTreeMap;

use nova_testkit::{
    canary::caught,
    net::{EchoServer, PATIENCE, within},
};
use tokio::net::UdpSocket;
use websockex_nova::{
    prelude::*,
    telemetry_export::{
        Watchlist,
        statsd::{StatsD, Tags},
    },
};

/// Reads `name:value|kind`, with tags behind it or without.
fn parsed(line: &str) -> (String, f64, char) {
    let (name, rest) = line.split_once(':').expect("a name");
    let mut parts = rest.split('|');
    let value = parts.next().expect("a value").parse().expect("a number");
    let kind = parts.next().expect("a kind");
    assert!(matches!(kind, "c" | "g"), "{line}");
    if let Some(tags) = parts.next() {
        assert!(tags.starts_with("#client:echo"), "{line}");
    }
    assert_eq!(parts.next(), None, "{line}");
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_');
    assert!(name.chars().all(plain), "{line}");
    (name.to_owned(), value, kind.chars().next().unwrap())
}

#[tokio::test]
async fn lines_arrive_parse_and_add_up_to_what_happened() {
    for tags in [Tags::InName, Tags::Behind] {
        let daemon = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = EchoServer::start().await.unwrap();
        let watched = Watchlist::default();
        let client = Client::connect(Echo::at(&server.url()).unwrap()).await.unwrap();
        watched.watch("echo", client.monitor());
        let pushing = StatsD::to(daemon.local_addr().unwrap())
            .with_interval(millis(20))
            .with_tags(tags)
            .start(watched)
            .await
            .unwrap();
        for _ in 0..5 {
            client.call("hello").await.unwrap();
        }
        let prefix = if tags == Tags::InName { "echo." } else { "" };
        let replies = match tags {
            Tags::InName => format!("{prefix}websocket.client.requests.reply"),
            _ => "websocket.client.requests".to_owned(),
        };
        let mut counters: BTreeMap<String, f64> = BTreeMap::new();
        let mut gauges = BTreeMap::new();
        let mut datagram = [0; 2048];
        let reading = async {
            // Deltas of several pushes add up to the five calls.
            while counters.get(&replies) != Some(&5.0) {
                let length = daemon.recv(&mut datagram).await.unwrap();
                assert!(length <= 1432);
                caught("statsd", &datagram[..length]);
                for line in str::from_utf8(&datagram[..length]).unwrap().lines() {
                    match parsed(line) {
                        (name, value, 'c') => *counters.entry(name).or_default() += value,
                        (name, value, _) => _ = gauges.insert(name, value),
                    }
                }
            }
        };
        within(PATIENCE, "five replies", reading).await;
        assert_eq!(counters[&format!("{prefix}websocket.client.connection.attempts")], 1.0);
        assert_eq!(gauges[&format!("{prefix}websocket.client.ready")], 1.0);
        assert!(gauges[&format!("{prefix}websocket.client.request.duration.p99")] > 0.0);
        assert_eq!(pushing.unsent(), 0);
        pushing.finish().await;
    }
}
