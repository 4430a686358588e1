//! What fastwebsockets 0.10 leaves to its caller, edge by edge: each is handled, or pinned as what
//! the crate hides. The peer sends raw bytes.

use std::future::Future;

use nova_frame_codec::{CloseCode, CloseFrame, ControlPayload, OpCode, OutFrame, ProtocolError};
use nova_testkit::net::{Answer, Conn, LengthForm, Peer, RawFrame};
use nova_transport::{
    ConnectError, Endpoint, FrameSink, FrameSource, Link, Transport, TransportError, UpgradeError,
};
use nova_transport_fastwebsockets::{FastWebSockets, Sink, Source};

/// A link, and the peer at its other end.
struct Pair {
    source: Source,
    sink: Sink,
    conn: Conn,
}

async fn open() -> Pair {
    open_with(FastWebSockets::default(), |answer| answer).await
}

async fn open_with(transport: FastWebSockets, change: impl FnOnce(Answer) -> Answer) -> Pair {
    let mut peer = Peer::bind().await.expect("a port is free");
    let endpoint = Endpoint::parse(&peer.url()).expect("a peer has a good URL");
    let accept = async {
        let mut conn = peer.accept().await;
        conn.accept_upgrade_with(change).await;
        conn
    };
    let (link, conn) = tokio::join!(transport.connect(&endpoint, &|_| {}), accept);
    let Link { source, sink, .. } = link.expect("the peer accepts");
    Pair { source, sink, conn }
}

type Got = Result<(bool, OpCode, Vec<u8>), TransportError>;

/// The next frame, owned.
async fn next(source: &mut Source) -> Got {
    loop {
        if let Some(frame) = source.next_frame()? {
            return Ok((frame.fin, frame.opcode, frame.payload.to_vec()));
        }
        source.fill().await?;
    }
}

/// Polls `future` a few times, then drops it; what it gave, if it ended.
async fn briefly<F: Future>(future: F) -> Option<F::Output> {
    let pause = async {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        output = future => Some(output),
        () = pause => None,
    }
}

/// What the source says to these bytes, once all before the error is read.
async fn verdict(bytes: &[u8]) -> ProtocolError {
    let mut pair = open().await;
    pair.conn.send_raw(bytes).await;
    loop {
        match next(&mut pair.source).await {
            Ok(_) => {}
            Err(TransportError::Protocol(error)) => {
                // A source that has lost its place stays dead.
                assert!(
                    matches!(pair.source.fill().await, Err(TransportError::Protocol(again)) if again == error)
                );
                assert!(
                    matches!(pair.source.next_frame(), Err(TransportError::Protocol(again)) if again == error)
                );
                return error;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

fn text(text: &str) -> (bool, OpCode, Vec<u8>) {
    (true, OpCode::Text, text.as_bytes().to_vec())
}

#[tokio::test]
async fn edge_1_the_answer_to_the_upgrade_is_checked() {
    let mut peer = Peer::bind().await.unwrap();
    let endpoint = Endpoint::parse(&peer.url()).unwrap();
    let accept = async {
        let mut conn = peer.accept().await;
        let wrong = |answer: Answer| {
            answer.without_header("Sec-WebSocket-Accept").with_header("Sec-WebSocket-Accept", "bm8=")
        };
        conn.accept_upgrade_with(wrong).await;
    };
    let transport = FastWebSockets::default();
    let (link, ()) = tokio::join!(transport.connect(&endpoint, &|_| {}), accept);
    assert!(matches!(link, Err(ConnectError::Upgrade(UpgradeError::WrongAccept))));
}

#[tokio::test]
async fn edge_2_frames_and_half_frames_behind_the_answer_are_not_lost() {
    let early = [RawFrame::text("one").to_bytes(), RawFrame::text("two").to_bytes()].concat();
    let (now, later) = early.split_at(7);
    let mut pair = open_with(FastWebSockets::default(), |answer| answer.followed_by(now)).await;
    assert_eq!(next(&mut pair.source).await.unwrap(), text("one"));
    pair.conn.send_raw(later).await;
    assert_eq!(next(&mut pair.source).await.unwrap(), text("two"));
}

#[tokio::test]
async fn edge_3_a_fill_dropped_at_any_byte_loses_nothing() {
    let mut pair = open().await;
    let frames = [
        RawFrame::text("a"),
        RawFrame::binary([7; 300]),
        RawFrame::ping("p"),
        RawFrame::text("b").with_length_form(LengthForm::Bits64),
    ];
    let mut got = Vec::new();
    for byte in frames.iter().flat_map(RawFrame::to_bytes) {
        pair.conn.send_raw([byte]).await;
        if briefly(pair.source.fill()).await.is_some() {
            while let Some(frame) = pair.source.next_frame().unwrap() {
                got.push((frame.opcode, frame.payload.to_vec()));
            }
        }
    }
    while got.len() < frames.len() {
        let (_, opcode, payload) = next(&mut pair.source).await.unwrap();
        got.push((opcode, payload));
    }
    let expected = [
        (OpCode::Text, b"a".to_vec()),
        (OpCode::Binary, vec![7; 300]),
        (OpCode::Ping, b"p".to_vec()),
        (OpCode::Text, b"b".to_vec()),
    ];
    assert_eq!(got, expected);
}

#[tokio::test]
async fn edge_4_a_flush_dropped_at_any_byte_goes_on_with_the_next() {
    let mut pair = open().await;
    // More than the socket's buffers hold, so that flushes do end half-way.
    let big: Vec<u8> = (0..8 * 1024 * 1024).map(|index| (index % 251) as u8).collect();
    let (stuck, is_stuck) = tokio::sync::oneshot::channel();
    let send = async {
        pair.sink.feed(OutFrame::binary(&big)).unwrap();
        let (mut dropped, mut stuck) = (0, Some(stuck));
        while briefly(pair.sink.flush()).await.is_none() {
            dropped += 1;
            if dropped % 16 == 0 {
                // What is fed meanwhile follows behind.
                pair.sink.feed(OutFrame::text("meanwhile")).unwrap();
                let _told_before = stuck.take().map(|stuck| stuck.send(()));
            }
        }
        pair.sink.feed(OutFrame::text("last")).unwrap();
        pair.sink.flush().await.unwrap();
        dropped
    };
    let mut texts = 0;
    let mut conn = pair.conn;
    let receive = async {
        is_stuck.await.unwrap();
        assert!(conn.recv().await.payload == big);
        while conn.recv().await.payload == b"meanwhile" {
            texts += 1;
        }
    };
    let (dropped, ()) = tokio::join!(send, receive);
    assert!(texts > 0, "nothing was fed between two flushes");
    assert_eq!(texts, dropped / 16);
}

#[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
#[tokio::test]
async fn edge_5_a_flush_reaches_the_peer_through_tls() {
    use nova_connect::{Connector, Roots, TlsOptions};
    use nova_testkit::net::Certificates;

    let certificates = Certificates::generate();
    let mut peer = Peer::bind().await.unwrap();
    let trust = TlsOptions::new().with_roots(Roots::ExtraOnly);
    let trust = trust.with_extra_roots_pem(certificates.root_pem().as_bytes()).unwrap();
    let transport = FastWebSockets::new(Connector::new().with_tls(trust));
    let endpoint = Endpoint::parse(&peer.tls_url()).unwrap();
    let accept = async {
        let conn = peer.accept().await.start_tls(certificates.server().server_config()).await;
        let mut conn = conn.unwrap();
        conn.accept_upgrade().await;
        conn
    };
    let (link, mut conn) = tokio::join!(transport.connect(&endpoint, &|_| {}), accept);
    let mut link = link.unwrap();
    // Larger than a TLS record, so that some of it waits inside the TLS machine.
    let big = vec![1; 1024 * 1024];
    let send = async {
        link.sink.feed(OutFrame::binary(&big)).unwrap();
        link.sink.feed(OutFrame::text("end")).unwrap();
        link.sink.flush().await.unwrap();
    };
    let receive = async {
        assert!(conn.recv().await.payload == big);
        assert_eq!(conn.recv_text().await, "end");
    };
    tokio::join!(send, receive);
    conn.send_text("back").await;
    assert_eq!(next(&mut link.source).await.unwrap(), text("back"));
    let (finished, ()) = tokio::join!(link.sink.finish(), conn.expect_eof());
    finished.unwrap();
}

#[tokio::test]
async fn edge_6_every_frame_is_masked_anew() {
    let mut pair = open().await;
    let payload = vec![0; 70_000];
    for _ in 0..3 {
        pair.sink.feed(OutFrame::binary(&payload)).unwrap();
    }
    pair.sink.flush().await.unwrap();
    let mut masks = Vec::new();
    for _ in 0..3 {
        let frame = pair.conn.recv().await;
        assert!(frame.payload == payload);
        masks.push(frame.mask.expect("a client masks"));
    }
    masks.dedup();
    assert_eq!(masks.len(), 3, "a mask was used again");
}

#[tokio::test]
async fn edge_7_nothing_follows_a_close_frame() {
    let mut pair = open().await;
    let close = ControlPayload::from(&CloseFrame::from(CloseCode::NORMAL));
    let pong = ControlPayload::new(b"late").unwrap();
    pair.sink.feed(OutFrame::close(&close)).unwrap();
    pair.sink.feed(OutFrame::pong(&pong)).unwrap();
    pair.sink.feed(OutFrame::close(&close)).unwrap();
    let data = pair.sink.feed(OutFrame::text("late"));
    assert!(matches!(data, Err(TransportError::Io(_))), "{data:?}");
    pair.sink.finish().await.unwrap();
    assert_eq!(pair.conn.recv().await.close_code(), Some(1000));
    pair.conn.expect_eof().await;
}

#[tokio::test]
async fn edge_8_a_close_frame_is_only_delivered_and_an_end_without_one_looks_the_same() {
    let mut pair = open().await;
    pair.conn.send(RawFrame::close(1000, "bye")).await;
    // Half a code: the session judges what a close frame holds.
    pair.conn.send(RawFrame::new(0x8, [3])).await;
    assert_eq!(next(&mut pair.source).await.unwrap(), (true, OpCode::Close, b"\x03\xe8bye".to_vec()));
    assert_eq!(next(&mut pair.source).await.unwrap(), (true, OpCode::Close, vec![3]));
    pair.sink.feed(OutFrame::text("nobody closed for us")).unwrap();
    pair.sink.flush().await.unwrap();
    assert_eq!(pair.conn.recv_text().await, "nobody closed for us");
    drop(pair.conn);
    assert!(matches!(next(&mut pair.source).await, Err(TransportError::Eof)));
    assert!(matches!(pair.source.fill().await, Err(TransportError::Eof)));
    assert_eq!(pair.source.next_frame().unwrap(), None);

    let mut pair = open().await;
    pair.conn.send_raw(b"\x82\x7e\x01").await;
    drop(pair.conn);
    assert!(matches!(next(&mut pair.source).await, Err(TransportError::Eof)), "in the midst of a header");
}

#[tokio::test]
async fn edge_9_each_violation_has_its_error_and_its_close_code() {
    let reserved = ProtocolError::ReservedOpCode(u8::MAX);
    let table = [
        (RawFrame::text("a").with_rsv(0b100), ProtocolError::ReservedBit, 1002),
        (RawFrame::text("a").with_rsv(0b001), ProtocolError::ReservedBit, 1002),
        (RawFrame::new(0x3, "a"), reserved, 1002),
        (RawFrame::new(0xB, "a"), reserved, 1002),
        (RawFrame::ping("a").with_fin(false), ProtocolError::FragmentedControl, 1002),
        (RawFrame::new(0x8, "").with_fin(false), ProtocolError::FragmentedControl, 1002),
        (RawFrame::text([0xC3, 0x28]), ProtocolError::InvalidUtf8, 1007),
        (RawFrame::text([0xE2, 0x82]), ProtocolError::InvalidUtf8, 1007),
    ];
    for (frame, error, code) in table {
        assert_eq!(verdict(&frame.to_bytes()).await, error, "{frame:?}");
        assert_eq!(error.close_code().get(), code, "{frame:?}");
    }
}

#[tokio::test]
async fn edge_9_frames_before_a_violation_are_still_delivered() {
    let mut pair = open().await;
    let bytes = [RawFrame::text("good").to_bytes(), RawFrame::text("bad").with_rsv(1).to_bytes()].concat();
    pair.conn.send_raw(bytes).await;
    assert_eq!(next(&mut pair.source).await.unwrap(), text("good"));
    let error = next(&mut pair.source).await.unwrap_err();
    assert!(matches!(error, TransportError::Protocol(ProtocolError::ReservedBit)), "{error:?}");
}

#[tokio::test]
async fn edge_10_masked_frames_are_refused() {
    let mask = [1, 2, 3, 4];
    for frame in [
        RawFrame::binary([7; 9]),
        RawFrame::ping("p"),
        RawFrame::close(1000, ""),
        RawFrame::text("").with_fin(false),
        RawFrame::text("this stays UTF-8 behind a mask"),
    ] {
        let bytes = frame.clone().with_mask(mask).to_bytes();
        assert_eq!(verdict(&bytes).await, ProtocolError::MaskedByServer, "{frame:?}");
    }
    // Pinned: text is judged before it is unmasked, and then refused for that.
    let bytes = RawFrame::text("aaaa").with_mask([0xFF; 4]).to_bytes();
    assert_eq!(verdict(&bytes).await, ProtocolError::InvalidUtf8);
}

#[tokio::test]
async fn edge_10_long_control_frames_are_refused() {
    for opcode in [0x8, 0x9, 0xA] {
        let frame = RawFrame::new(opcode, [0; 126]);
        assert_eq!(verdict(&frame.to_bytes()).await, ProtocolError::ControlTooLong, "{opcode:#x}");
        let mut pair = open().await;
        pair.conn.send(RawFrame::new(opcode, [0; 125])).await;
        assert_eq!(next(&mut pair.source).await.unwrap().2, [0; 125]);
    }
}

#[tokio::test]
async fn edge_10_pinned_a_length_longer_than_needed_is_not_noticed() {
    let mut pair = open().await;
    for form in [LengthForm::Bits16, LengthForm::Bits64] {
        pair.conn.send(RawFrame::text("a").with_length_form(form)).await;
        assert_eq!(next(&mut pair.source).await.unwrap(), text("a"));
    }
}

#[tokio::test]
async fn edge_10_fragments_are_delivered_raw_for_the_session_to_judge() {
    let mut pair = open().await;
    let frames = [
        // Text that breaks off in a character, then a new message inside it.
        RawFrame::text([b'a', 0xE2]).with_fin(false),
        RawFrame::continuation([0x82]).with_fin(false),
        RawFrame::text("b"),
        RawFrame::continuation([0xFF]),
        // One that continues nothing.
        RawFrame::continuation("c"),
    ];
    for frame in &frames {
        pair.conn.send(frame.clone()).await;
    }
    for frame in frames {
        let opcode = OpCode::from_bits(frame.opcode).unwrap();
        assert_eq!(next(&mut pair.source).await.unwrap(), (frame.fin, opcode, frame.payload));
    }
}

#[tokio::test]
async fn edge_11_a_frame_may_be_as_long_as_the_limit_and_no_longer() {
    let transport = FastWebSockets::default().with_max_frame_bytes(1000);
    let mut pair = open_with(transport.clone(), |answer| answer).await;
    pair.conn.send(RawFrame::binary([1; 1000])).await;
    assert_eq!(next(&mut pair.source).await.unwrap().2.len(), 1000);
    // Only the header comes: the limit does not wait for the rest.
    for announced in [1001, 1 << 40, u64::MAX] {
        let mut pair = open_with(transport.clone(), |answer| answer).await;
        let header = RawFrame::binary("").with_announced(announced);
        pair.conn.send(header).await;
        let error = next(&mut pair.source).await.unwrap_err();
        let too_big = ProtocolError::TooBig { limit: 1000 };
        // Pinned: also where the top bit of the length is set, which is malformed rather than big.
        assert!(
            matches!(error, TransportError::Protocol(error) if error == too_big),
            "{announced}: {error:?}"
        );
    }
}

#[tokio::test]
async fn edge_13_pings_are_shown_and_not_answered() {
    let mut pair = open().await;
    pair.conn.send(RawFrame::ping("are you there")).await;
    assert_eq!(next(&mut pair.source).await.unwrap(), (true, OpCode::Ping, b"are you there".to_vec()));
    pair.sink.feed(OutFrame::text("first")).unwrap();
    pair.sink.flush().await.unwrap();
    assert_eq!(pair.conn.recv_text().await, "first");
}

#[test]
fn edge_14_links_and_their_futures_can_move_between_threads() {
    fn sendable<T: Send>(_: T) {}
    fn all_of(transport: &FastWebSockets, endpoint: &Endpoint, link: &mut Link<Source, Sink>) {
        sendable(transport.connect(endpoint, &|_| {}));
        sendable(link.source.fill());
        sendable(link.sink.flush());
        sendable(link.sink.finish());
    }
    let _ = all_of;
}

#[tokio::test]
async fn reading_runs_ahead_only_so_far_and_loses_nothing() {
    let mut pair = open().await;
    let count = 5_000_usize;
    let bytes: Vec<u8> =
        (0..count).flat_map(|number| RawFrame::text(number.to_string()).to_bytes()).collect();
    let send = async {
        pair.conn.send_raw(&bytes).await;
    };
    let receive = async {
        let (mut number, mut longest) = (0, 0);
        while number < count {
            pair.source.fill().await.unwrap();
            let before = number;
            while let Some(frame) = pair.source.next_frame().unwrap() {
                assert_eq!(frame.payload, number.to_string().as_bytes());
                number += 1;
            }
            longest = longest.max(number - before);
        }
        assert_eq!(longest, 64, "the bound was never reached, or did not hold");
    };
    tokio::join!(send, receive);
}

#[tokio::test]
async fn edge_13_half_a_frame_is_a_sign_of_life() {
    let Pair { mut source, mut conn, .. } = open().await;
    let frame = RawFrame::text("hello").to_bytes();
    conn.send_raw(&frame[..4]).await;
    assert!(source.fill().await.is_ok(), "half a frame came");
    assert!(matches!(source.next_frame(), Ok(None)));
    assert!(briefly(source.fill()).await.is_none(), "and nothing more");
    conn.send_raw(&frame[4..]).await;
    assert_eq!(next(&mut source).await.expect("the frame is whole"), (true, OpCode::Text, b"hello".to_vec()));
}
