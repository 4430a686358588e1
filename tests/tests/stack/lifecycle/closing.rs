//! Closing handshakes: the server's codes, and what the client tells a server that breaks the rules.

use nova_testkit::net::{Conn, RawFrame, Served};
use websockex_nova::{
    frame_codec::ProtocolError,
    prelude::*,
    session::EndCause,
    telemetry::Event,
    transport::{LostReason, TransportError},
};

use crate::venue::{Lines, ended, event, hears_close, obey, prepare, ready_on, serving, venue};

#[tokio::test]
async fn a_servers_close_is_answered_with_its_code_and_followed_by_a_new_link() {
    for code in [1000, 1001, 1011, 4999] {
        let venue = venue().await;
        let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
        let mut events = client.events();
        let error = client.call(format!("close {code}").as_str()).await.unwrap_err();
        let RequestError::SentUnknown { reason: LostReason::ClosedByPeer(Some(frame)), .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!((frame.code().get(), frame.reason()), (code, "as told"));
        hears_close(venue.journal(), 1, code).await;
        ready_on(&client, 2).await;
        let lost = event(&mut events, "the loss", |event| matches!(event, Event::Lost { .. })).await;
        assert!(matches!(lost, Event::Lost { reason: LostReason::ClosedByPeer(Some(_)), .. }), "{lost}");
    }
}

#[tokio::test]
async fn a_close_without_a_code_is_answered_without_one() {
    let venue = serving(|mut conn: Conn| async move {
        conn.accept_upgrade().await;
        if conn.number() == 1 {
            conn.send(RawFrame::new(0x8, "")).await;
            let answer = conn.recv().await;
            assert_eq!((answer.opcode, answer.payload), (0x8, vec![]));
            conn.expect_eof().await;
            return;
        }
        obey(&mut conn).await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    ready_on(&client, 2).await;
}

#[tokio::test]
async fn a_fatal_code_is_answered_and_ends_the_session() {
    for code in [1003, 1008] {
        let venue = venue().await;
        let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
        client.call(format!("close {code}").as_str()).await.unwrap_err();
        let end = ended(&client).await;
        assert!(matches!(&end, EndCause::Failed(LostReason::ClosedByPeer(Some(_)))), "{end:?}");
        hears_close(venue.journal(), 1, code).await;
        assert_eq!(venue.accepted(), 1);
    }
}

#[tokio::test]
async fn a_server_that_restarts_is_given_its_time() {
    for (code, least, most) in [(1012, 5, 30), (1013, 10, 60)] {
        let venue = venue().await;
        let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
        let mut events = client.events();
        client.call(format!("close {code}").as_str()).await.unwrap_err();
        let planned =
            event(&mut events, "a plan", |event| matches!(event, Event::ReconnectScheduled { .. })).await;
        let Event::ReconnectScheduled { delay, .. } = planned else { unreachable!() };
        assert!((secs(least)..=secs(most)).contains(&delay), "{delay:?}");
    }
}

/// A server whose first connection sends these bytes, and tells nothing more.
async fn saying(bytes: Vec<u8>) -> Served {
    serving(move |mut conn: Conn| {
        let bytes = bytes.clone();
        async move {
            conn.accept_upgrade().await;
            if conn.number() == 1 {
                // Not before the client has said that it is ready.
                conn.recv_text().await;
                conn.send_raw(bytes).await;
            }
            obey(&mut conn).await;
        }
    })
    .await
}

/// Lets the server say these bytes; the client must close with this code, know why, and come back.
async fn closes(bytes: Vec<u8>, code: u16, is_why: impl Fn(&ProtocolError) -> bool) {
    let venue = saying(bytes).await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_settings(|settings| settings.message_bytes = 1000)
        .connect()
        .await
        .unwrap();
    let mut events = client.events();
    let error = client.call("hush").await.unwrap_err();
    assert!(matches!(error, RequestError::SentUnknown { .. }), "{error:?}");
    hears_close(venue.journal(), 1, code).await;
    let lost = event(&mut events, "the loss", |event| matches!(event, Event::Lost { .. })).await;
    let Event::Lost { reason: LostReason::Broken(TransportError::Protocol(why)), .. } = &lost else {
        panic!("{lost:?}");
    };
    assert!(is_why(why), "{why:?}");
    ready_on(&client, 2).await;
    client.call("say fine").await.unwrap();
}

#[tokio::test]
async fn c36_a_message_over_the_limit_is_closed_with_1009_whole_or_in_parts() {
    let is_why = |why: &ProtocolError| why.close_code().get() == 1009;
    closes(RawFrame::text(vec![b'a'; 1001]).to_bytes(), 1009, is_why).await;
    let first = RawFrame::binary(vec![0; 600]).with_fin(false).to_bytes();
    let second = RawFrame::continuation(vec![0; 600]).to_bytes();
    closes([first, second].concat(), 1009, is_why).await;
}

#[tokio::test]
async fn c36_a_frame_over_the_limit_of_the_transport_is_closed_with_1009() {
    let header_only = RawFrame::binary("").with_announced(1 << 40).to_bytes();
    closes(header_only, 1009, |why| why.close_code().get() == 1009).await;
}

#[tokio::test]
async fn c36_a_frame_over_the_limit_of_messages_is_closed_with_1009_before_its_payload_comes() {
    let header_only = RawFrame::binary("").with_announced(1001).to_bytes();
    closes(header_only, 1009, |why| *why == ProtocolError::TooBig { limit: 1000 }).await;
}

#[tokio::test]
async fn text_that_is_not_utf8_is_closed_with_1007() {
    closes(RawFrame::text([0xFF, 0xFE]).to_bytes(), 1007, |why| why.close_code().get() == 1007).await;
}

#[tokio::test]
async fn a_breach_of_the_protocol_is_closed_with_1002() {
    let is_why = |why: &ProtocolError| why.close_code().get() == 1002;
    let breaches = [
        RawFrame::continuation("with nothing before it").to_bytes(),
        RawFrame::text("reserved bit").with_rsv(0b100).to_bytes(),
        RawFrame::new(0xB, "reserved opcode").to_bytes(),
        RawFrame::ping(vec![0; 126]).to_bytes(),
        RawFrame::text("masked by a server").with_mask([1, 2, 3, 4]).to_bytes(),
        RawFrame::close(1005, "must not travel").to_bytes(),
        RawFrame::new(0x8, [3]).to_bytes(),
    ];
    for breach in breaches {
        closes(breach, 1002, is_why).await;
    }
}
