//! Who chooses between HTTP/1.1 and HTTP/2, and what follows.

use nova_connect::HttpChoice;
use nova_testkit::net::{Answer, Certificates, Gateway, GatewayRules};
use nova_transport::{ConnectError, Phase};

use super::{BOTH, Behind, HTTP_1_1_REQUIRED, by, over_tls, trusting_by};
use crate::support::failure;

/// How an attempt that may use either went: by HTTP/2, by HTTP/1.1, and over how many connections.
fn way(gateway: &Gateway) -> (usize, usize, usize) {
    (gateway.requests().len(), gateway.passed_through(), gateway.accepted())
}

#[tokio::test]
async fn http_2_is_not_offered_unasked() {
    let certificates = Certificates::generate();
    let mut behind = Behind::new(over_tls(&certificates, &BOTH)).await;
    let (_upgraded, _conn) = behind.open(&trusting_by(&certificates, HttpChoice::default())).await;
    assert_eq!(way(&behind.gateway), (0, 1, 1));
}

#[tokio::test]
async fn of_both_the_server_takes_what_it_likes() {
    let certificates = Certificates::generate();
    let either = trusting_by(&certificates, HttpChoice::Either);
    for (protocols, expected) in [(&BOTH[..], (1, 0, 1)), (&["http/1.1"], (0, 1, 1)), (&[], (0, 1, 1))] {
        let mut behind = Behind::new(over_tls(&certificates, protocols)).await;
        let (_upgraded, _conn) = behind.open(&either).await;
        assert_eq!(way(&behind.gateway), expected, "{protocols:?}");
    }
}

/// RFC 8441 §3, RFC 9113 §7.
#[tokio::test]
async fn http_2_without_websocket_gives_way_to_another_connection() {
    let certificates = Certificates::generate();
    let either = trusting_by(&certificates, HttpChoice::Either);
    let rules = || over_tls(&certificates, &BOTH);
    for (rules, asked) in
        [(rules().without_extended_connect(), 0), (rules().with_reset(HTTP_1_1_REQUIRED), 1)]
    {
        let mut behind = Behind::new(rules).await;
        let (upgraded, _conn) = behind.open(&either).await;
        assert_eq!(way(&behind.gateway), (asked, 1, 2));
        let phases: Vec<Phase> = upgraded.handshake.timings.iter().map(|(phase, _)| *phase).collect();
        let once = [Phase::Tcp, Phase::Tls, Phase::Upgrade];
        assert_eq!(phases, [once, once].concat());
        behind.gateway.open(0).await;
    }
}

#[tokio::test]
async fn a_refusal_is_not_taken_elsewhere() {
    let certificates = Certificates::generate();
    let rules = over_tls(&certificates, &BOTH).with_refusal(Answer::refusing(403));
    let behind = Behind::new(rules).await;
    let error = failure(&trusting_by(&certificates, HttpChoice::Either), &behind.gateway.url()).await;
    assert!(matches!(error, ConnectError::Refused(_)), "{error:?}");
    assert_eq!(way(&behind.gateway), (1, 0, 1));
}

#[tokio::test]
async fn without_tls_nobody_chooses() {
    for (http, expected) in
        [(HttpChoice::One, (0, 1, 1)), (HttpChoice::Either, (0, 1, 1)), (HttpChoice::Two, (1, 0, 1))]
    {
        let mut behind = Behind::new(GatewayRules::default()).await;
        let (_upgraded, _conn) = behind.open(&by(http)).await;
        assert_eq!(way(&behind.gateway), expected, "{http:?}");
    }
}
