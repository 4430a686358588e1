//! Claims about the opening handshake.

use nova_transport::{ConnectError, Endpoint, Transport, UpgradeError};

use super::super::{
    Subject,
    ear::{Said, briefly},
    pair::open_with,
};
use crate::net::{Answer, Peer, RawFrame};

/// What a connect says to this answer.
async fn refused<S: Subject>(change: impl FnOnce(Answer) -> Answer) -> ConnectError {
    let mut peer = Peer::bind().await.expect("a port is free");
    let endpoint = Endpoint::parse(&peer.url()).expect("a peer has a good URL");
    let accept = async {
        let mut conn = peer.accept().await;
        conn.accept_upgrade_with(change).await;
        conn
    };
    let transport = S::plain();
    let (link, _conn) = tokio::join!(transport.connect(&endpoint, &|_| {}), accept);
    link.err().expect("no such answer may open a link")
}

/// RFC 6455 §4.1: the proof that the key was read, and no more than was offered.
pub async fn only_a_right_answer_opens_a_link<S: Subject>() {
    let wrong = |error: &ConnectError| matches!(error, ConnectError::Upgrade(UpgradeError::WrongAccept));
    let without = refused::<S>(|answer| answer.without_header("Sec-WebSocket-Accept")).await;
    assert!(wrong(&without), "{without:?}");
    let other = refused::<S>(|answer| {
        answer.without_header("Sec-WebSocket-Accept").with_header("Sec-WebSocket-Accept", "bm8=")
    });
    let other = other.await;
    assert!(wrong(&other), "{other:?}");
    let extension = refused::<S>(|answer| answer.with_header("Sec-WebSocket-Extensions", "made-up")).await;
    assert!(matches!(extension, ConnectError::Upgrade(UpgradeError::UnofferedExtension(_))), "{extension:?}");
    let protocol = refused::<S>(|answer| answer.with_header("Sec-WebSocket-Protocol", "v9")).await;
    assert!(matches!(protocol, ConnectError::Upgrade(UpgradeError::UnofferedSubprotocol(_))), "{protocol:?}");
}

/// A refusal keeps what the server said.
pub async fn a_refusal_is_told_with_its_status<S: Subject>() {
    let error = refused::<S>(|_| Answer::refusing(401).with_body("who are you?")).await;
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    let ConnectError::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal.body_prefix, b"who are you?");
}

/// What a server sends right behind its answer may be frames and parts of frames.
pub async fn bytes_behind_the_answer_are_not_lost_wherever_they_are_cut<S: Subject>() {
    let early = [RawFrame::text("one").to_bytes(), RawFrame::binary([7; 200]).to_bytes()].concat();
    for cut in 0..=early.len() {
        let (now, later) = early.split_at(cut);
        let mut pair = open_with(S::plain(), |answer| answer.followed_by(now)).await;
        pair.conn.send_raw(later).await;
        assert_eq!(pair.ear.next().await.expect("it was sent"), Said::Text("one".into()), "cut at {cut}");
        assert_eq!(pair.ear.next().await.expect("it was sent"), Said::Binary(vec![7; 200]), "cut at {cut}");
    }
}

/// Whoever stops waiting for a link leaves no socket behind.
pub async fn a_connect_dropped_at_any_poll_closes_its_socket<S: Subject>() {
    let transport = S::plain();
    let mut polls = 1;
    loop {
        let mut peer = Peer::bind().await.expect("a port is free");
        let endpoint = Endpoint::parse(&peer.url()).expect("a peer has a good URL");
        let accept = async {
            let mut conn = peer.accept().await;
            if conn.next_request().await.is_some() {
                conn.accept_upgrade().await;
            }
            conn
        };
        let connect = briefly(polls, transport.connect(&endpoint, &|_| {}));
        let (link, mut conn) = tokio::join!(connect, accept);
        if let Some(link) = link {
            link.expect("the peer accepts");
            assert!(polls > 1, "no connect was ever dropped");
            return;
        }
        // In order or by a reset, depending on whether the answer had come.
        let _ending = conn.ended().await;
        polls += 1;
    }
}
