//! Compression over a socket, with a peer that uses another library.

use nova_frame_codec::{ControlPayload, OpCode, OutFrame, ProtocolError};
use nova_testkit::net::{Conn, PATIENCE, Packer, Peer, RawFrame, Unpacker, within};
use nova_transport::{
    ConnectError, Endpoint, FrameSink, FrameSource, Link, Transport, TransportError, UpgradeError,
};
use nova_transport_native::{
    Native, Sink, Source,
    deflate::{Compression, Context},
};

async fn open(
    settings: Compression,
    answer: Option<&str>,
) -> (Result<Link<Source, Sink>, ConnectError>, Conn) {
    let mut peer = Peer::bind().await.expect("a port is free");
    let endpoint = Endpoint::parse(&peer.url()).expect("a peer has a good URL");
    let transport = Native::default().with_max_frame_bytes(100_000).with_compression(settings);
    let accept = async {
        let mut conn = peer.accept().await;
        let request = conn.read_request().await;
        assert_eq!(request.header("Sec-WebSocket-Extensions"), Some(settings.offer().as_str()));
        conn.accept_upgrade_with(|right| match answer {
            Some(answer) => right.with_header("Sec-WebSocket-Extensions", answer),
            None => right,
        })
        .await;
        conn
    };
    tokio::join!(transport.connect(&endpoint, &|_| {}), accept)
}

async fn next(source: &mut Source) -> Result<(OpCode, Vec<u8>), TransportError> {
    loop {
        if let Some(frame) = source.next_frame()? {
            return Ok((frame.opcode, frame.payload.to_vec()));
        }
        within(PATIENCE, "a frame", source.fill()).await?;
    }
}

fn text(number: usize) -> String {
    format!(r#"{{"channel":"ticker","number":{number},"side":"{}"}}"#, "buy ".repeat(number % 500))
}

/// A hundred messages each way, with pings in between.
async fn converse(link: Link<Source, Sink>, mut conn: Conn, mut packer: Packer, mut unpacker: Unpacker) {
    let Link { mut source, mut sink, .. } = link;
    for number in 0..100 {
        let text = text(number);
        sink.feed(OutFrame::text(&text)).expect("the link is open");
        sink.feed(OutFrame::ping(&ControlPayload::EMPTY)).expect("the link is open");
        sink.flush().await.expect("the link is open");
        let mut frame = conn.recv().await;
        if frame.rsv == 0b100 {
            frame.payload = unpacker.unpack(&frame.payload);
        }
        assert_eq!(frame.as_text(), text);
        assert_eq!(conn.recv().await.opcode, 0x9);
        conn.send(packer.pack_frame(RawFrame::text(text.as_bytes()))).await;
        conn.send(RawFrame::ping("plain")).await;
        conn.send(RawFrame::text("plain")).await;
        assert_eq!(next(&mut source).await.expect("it was sent"), (OpCode::Text, text.into_bytes()));
        assert_eq!(next(&mut source).await.expect("it was sent"), (OpCode::Ping, b"plain".to_vec()));
        assert_eq!(next(&mut source).await.expect("it was sent"), (OpCode::Text, b"plain".to_vec()));
    }
}

#[tokio::test]
async fn messages_travel_compressed_both_ways() {
    let settings = Compression::new().with_threshold(64);
    let (link, conn) = open(settings, Some("permessage-deflate")).await;
    converse(link.unwrap(), conn, Packer::new(), Unpacker::new()).await;
}

#[tokio::test]
async fn messages_travel_compressed_without_context() {
    let settings =
        Compression::new().with_send_context(Context::Dropped).with_receive_context(Context::Dropped);
    let answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    let (link, conn) = open(settings, Some(answer)).await;
    converse(link.unwrap(), conn, Packer::without_context(), Unpacker::without_context()).await;
}

#[tokio::test]
async fn a_server_may_limit_what_we_send() {
    let (link, conn) =
        open(Compression::new().with_threshold(1), Some("permessage-deflate; client_max_window_bits=8"))
            .await;
    converse(link.unwrap(), conn, Packer::new(), Unpacker::new()).await;
}

#[tokio::test]
async fn a_server_that_does_not_want_to_compress_gets_plain_messages() {
    let (link, mut conn) = open(Compression::new(), None).await;
    let Link { mut source, mut sink, .. } = link.unwrap();
    sink.feed(OutFrame::text(&text(500))).unwrap();
    sink.flush().await.unwrap();
    assert_eq!(conn.recv_text().await, text(500));
    conn.send(Packer::new().pack_frame(RawFrame::text("hello"))).await;
    let refused = next(&mut source).await;
    assert!(matches!(refused, Err(TransportError::Protocol(ProtocolError::ReservedBit))), "{refused:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_fit_the_offer_opens_no_link() {
    for answer in ["permessage-deflate; what", "permessage-deflate; server_max_window_bits=16"] {
        let (link, _conn) = open(Compression::new(), Some(answer)).await;
        assert!(matches!(link, Err(ConnectError::Upgrade(UpgradeError::UnofferedExtension(_)))), "{answer}");
    }
}

#[tokio::test]
async fn a_bomb_is_refused_at_the_bound_and_the_link_is_over() {
    let (link, mut conn) = open(Compression::new(), Some("permessage-deflate")).await;
    let mut source = link.unwrap().source;
    let bomb = Packer::new().pack_frame(RawFrame::binary(vec![0; 50_000_000]));
    assert!(bomb.payload.len() < 100_000, "it passes as a frame");
    conn.send(bomb).await;
    conn.send_text("after").await;
    for _ in 0..3 {
        let refused = next(&mut source).await;
        let Err(TransportError::Protocol(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error, ProtocolError::TooBig { limit: 100_000 });
        assert_eq!(error.close_code().get(), 1009);
        assert!(source.fill().await.is_err());
    }
}

#[tokio::test]
async fn a_message_just_as_long_as_the_session_takes_passes_however_badly_it_packs() {
    const BOUND: usize = 10_000;
    // All literals of nine bits, and nothing that comes twice soon.
    let incompressible: Vec<u8> =
        (0..BOUND as u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 11) as u8 | 0x90).collect();
    let (link, mut conn) = open(Compression::new(), Some("permessage-deflate")).await;
    let mut source = link.unwrap().source;
    source.bound_messages(BOUND);
    conn.send(Packer::new().pack_frame(RawFrame::binary(incompressible.clone()))).await;
    // Stored, much of it in far too small blocks.
    let mut stored = vec![0, 0xFF, 0x1F, 0x00, 0xE0];
    stored.extend(&incompressible[..0x1FFF]);
    for piece in incompressible[0x1FFF..].chunks(20) {
        let length = piece.len() as u8;
        stored.extend([0, length, 0, !length, 0xFF]);
        stored.extend(piece);
    }
    stored.push(0);
    assert!((BOUND + 400..BOUND * 9 / 8).contains(&stored.len()), "{} bytes", stored.len());
    conn.send(RawFrame::binary(stored).with_rsv(0b100)).await;
    for _ in 0..2 {
        let (opcode, payload) = next(&mut source).await.expect("it is no longer than it may be");
        assert!(opcode == OpCode::Binary && payload == incompressible);
    }
    conn.send(Packer::new().pack_frame(RawFrame::binary(vec![0; BOUND + 1]))).await;
    let refused = next(&mut source).await;
    let too_big = ProtocolError::TooBig { limit: BOUND };
    assert!(matches!(&refused, Err(TransportError::Protocol(error)) if *error == too_big), "{refused:?}");
}

#[tokio::test]
async fn a_frame_that_no_packing_excuses_is_refused_from_its_header() {
    let (link, mut conn) = open(Compression::new(), Some("permessage-deflate")).await;
    let mut source = link.unwrap().source;
    source.bound_messages(10_000);
    conn.send(RawFrame::binary("").with_rsv(0b100).with_announced(12_000)).await;
    let refused = next(&mut source).await;
    assert!(matches!(refused, Err(TransportError::Protocol(ProtocolError::TooBig { .. }))), "{refused:?}");
}

#[tokio::test]
async fn compressed_fragments_come_with_control_frames_between_them() {
    let (link, mut conn) = open(Compression::new(), Some("permessage-deflate")).await;
    let mut source = link.unwrap().source;
    let whole = text(400);
    let packed = Packer::new().pack(whole.as_bytes());
    let (first, rest) = packed.split_at(packed.len() / 2);
    conn.send(RawFrame::text(first).with_rsv(0b100).with_fin(false)).await;
    conn.send(RawFrame::ping("between")).await;
    conn.send(RawFrame::continuation(rest)).await;
    let (mut got, mut pings) = (Vec::new(), 0);
    while got.len() < whole.len() {
        match next(&mut source).await.unwrap() {
            (OpCode::Ping, payload) => pings += usize::from(payload == b"between"),
            (_, payload) => got.extend(payload),
        }
    }
    assert_eq!((got, pings), (whole.into_bytes(), 1));
}
