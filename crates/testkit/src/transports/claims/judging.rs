//! Claims about peers that break the rules.

use nova_frame_codec::ProtocolError;
use nova_transport::{FrameSource, TransportError};

use super::super::{
    Subject, Violation, Weakness,
    ear::Said,
    pair::{open, open_with},
};
use crate::net::RawFrame;

/// What comes of a stream: everything said, and the offence, or what came instead of it.
async fn verdict<S: Subject>(stream: &[u8]) -> Result<Said, ProtocolError> {
    let mut pair = open::<S>().await;
    pair.conn.send_raw(stream).await;
    pair.conn.send_text("end of the script").await;
    loop {
        match pair.ear.next().await {
            Ok(Said::Text(text)) if text == "end of the script" => return Ok(Said::Text(text)),
            Ok(_) => {}
            Err(TransportError::Protocol(error)) => return Err(error),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// RFC 6455 §5, §7.4.1 and §8.1.
pub async fn each_offence_has_its_error_and_its_close_code<S: Subject>() {
    for offence in Violation::all() {
        let said = verdict::<S>(&offence.stream).await;
        match S::weakness(&offence) {
            None => {
                assert_eq!(said, Err(offence.error), "{}", offence.name);
                let code = match offence.error {
                    ProtocolError::InvalidUtf8 => 1007,
                    _ => 1002,
                };
                assert_eq!(offence.error.close_code().get(), code, "{}", offence.name);
            }
            Some(Weakness::Mistaken(error)) => assert_eq!(said, Err(error), "{}: less weak?", offence.name),
            Some(Weakness::Unnoticed) => assert!(said.is_ok(), "{}: no longer unnoticed", offence.name),
        }
    }
}

/// Nothing is lost because of what follows it, and a source that has lost its place stays dead.
pub async fn frames_before_an_offence_are_delivered<S: Subject>() {
    let mut pair = open::<S>().await;
    let frames = [RawFrame::text("good"), RawFrame::ping("too"), RawFrame::text("bad").with_rsv(1)];
    let stream: Vec<u8> = frames.iter().flat_map(RawFrame::to_bytes).collect();
    pair.conn.send_raw(stream).await;
    assert_eq!(pair.ear.next().await.expect("it was sent"), Said::Text("good".into()));
    assert_eq!(pair.ear.next().await.expect("it was sent"), Said::Ping(b"too".to_vec()));
    let is_it = |error: &TransportError| matches!(error, TransportError::Protocol(error) if *error == ProtocolError::ReservedBit);
    let error = pair.ear.next().await.expect_err("an offence");
    assert!(is_it(&error), "{error:?}");
    pair.conn.send_text("after").await;
    for _ in 0..3 {
        assert!(is_it(&pair.ear.source.fill().await.expect_err("an offence")));
        assert!(is_it(&pair.ear.source.next_frame().expect_err("an offence")));
    }
}

/// Strict is not stricter than the RFC.
pub async fn the_last_legal_form_of_each_rule_passes<S: Subject>() {
    let mut pair = open::<S>().await;
    let frames = [
        RawFrame::ping([1; 125]),
        RawFrame::pong([2; 125]),
        RawFrame::text(""),
        RawFrame::text("").with_fin(false),
        RawFrame::continuation(""),
        RawFrame::binary([3; 125]),
        RawFrame::binary([4; 126]),
        RawFrame::text("\u{10FFFF}\u{FFFE}\0"),
        RawFrame::close(4999, &"r".repeat(123)),
    ];
    let stream: Vec<u8> = frames.iter().flat_map(RawFrame::to_bytes).collect();
    pair.conn.send_raw(stream).await;
    let mut heard = Vec::new();
    while !matches!(heard.last(), Some(Said::Close(_))) {
        heard.push(pair.ear.next().await.expect("legal frames"));
    }
    let expected = [
        Said::Ping(vec![1; 125]),
        Said::Pong(vec![2; 125]),
        Said::Text(String::new()),
        Said::Text(String::new()),
        Said::Binary(vec![3; 125]),
        Said::Binary(vec![4; 126]),
        Said::Text("\u{10FFFF}\u{FFFE}\0".into()),
    ];
    assert_eq!(heard[..heard.len() - 1], expected);
    let Some(Said::Close(Some(close))) = heard.last() else { panic!("{heard:?}") };
    assert_eq!((close.code().get(), close.reason().len()), (4999, 123));
}

/// The limit does not wait for the payload, and a frame just as long as the limit passes.
pub async fn a_huge_frame_is_refused_from_its_header<S: Subject>() {
    let limit = 1_000;
    let transport = || S::with_max_frame_bytes(limit);
    let mut pair = open_with(transport(), |answer| answer).await;
    pair.conn.send(RawFrame::binary(vec![1; limit])).await;
    assert_eq!(pair.ear.next().await.expect("it is legal"), Said::Binary(vec![1; limit]));
    for announced in [1_001, 65_536, 1 << 40, 1 << 62, i64::MAX as u64] {
        let mut pair = open_with(transport(), |answer| answer).await;
        pair.conn.send(RawFrame::binary("").with_announced(announced)).await;
        let error = pair.ear.next().await.expect_err("an offence");
        let TransportError::Protocol(error) = error else { panic!("{error:?}") };
        assert_eq!(error, ProtocolError::TooBig { limit }, "{announced} bytes");
        assert_eq!(error.close_code().get(), 1009);
    }
}

/// Of the bound of the transport and that of the session, the smaller one holds.
pub async fn a_frame_longer_than_a_message_may_be_is_refused_from_its_header<S: Subject>() {
    for (own, sessions) in [(100_000, 1_000), (1_000, 100_000)] {
        let limit = own.min(sessions);
        for (announced, passes) in [(limit, true), (limit + 1, false)] {
            let mut pair = open_with(S::with_max_frame_bytes(own), |answer| answer).await;
            pair.ear.source.bound_messages(sessions);
            if passes {
                pair.conn.send(RawFrame::binary(vec![1; announced])).await;
                assert_eq!(pair.ear.next().await.expect("it is legal"), Said::Binary(vec![1; announced]));
            } else {
                pair.conn.send(RawFrame::binary("").with_announced(announced as u64)).await;
                let error = pair.ear.next().await.expect_err("an offence");
                let TransportError::Protocol(error) = error else { panic!("{error:?}") };
                assert_eq!(error, ProtocolError::TooBig { limit }, "{own} and {sessions} bytes");
            }
        }
    }
}
