//! Claims about frames that travel.

use nova_frame_codec::{OpCode, OutFrame};
use nova_transport::{Endpoint, FrameSink, FrameSource, Transport};

use super::super::{
    Subject,
    ear::{Ear, Said, briefly},
    pair::{Pair, connected, flush, open},
};
use crate::net::{EchoServer, LengthForm, RawFrame};

/// Around every place where the form of a length, or the way of a frame through a buffer, changes.
pub(super) fn lengths() -> impl Iterator<Item = usize> {
    let edges = [0, 126, 300, 4_096, 16_384, 32_768, 65_536, 131_072, 262_144, 1 << 20];
    let around = |edge: usize| edge.saturating_sub(3)..=edge + 1;
    edges.into_iter().flat_map(around).chain([32_754, 65_522, 700_000]).filter(|length| *length <= 1 << 20)
}

/// Text of this many bytes; at odd lengths with characters of every width.
pub(super) fn text(length: usize) -> String {
    let pattern = if length.is_multiple_of(2) { "plain " } else { "aß語🦀" };
    let mut text = pattern.repeat(length / pattern.len());
    text.extend(std::iter::repeat_n('x', length - text.len()));
    text
}

pub(super) async fn echoed_lengths<T: Transport>(transport: T, url: &str) {
    let endpoint = Endpoint::parse(url).expect("a server has a good URL");
    let link = connected(&transport, &endpoint).await;
    let (mut ear, mut sink) = (Ear::new(link.source), link.sink);
    for length in lengths() {
        let (text, bytes) = (text(length), (0..length).map(|index| (index % 251) as u8).collect::<Vec<_>>());
        let send = async {
            sink.feed(OutFrame::text(&text)).expect("the link is open");
            sink.feed(OutFrame::binary(&bytes)).expect("the link is open");
            flush(&mut sink).await;
        };
        let receive = async {
            // Compared by `==`, since a failed `assert_eq!` would print a megabyte.
            assert!(
                ear.next().await.expect("it echoes") == Said::Text(text.clone()),
                "{length} bytes of text"
            );
            assert!(ear.next().await.expect("it echoes") == Said::Binary(bytes.clone()), "{length} bytes");
        };
        tokio::join!(send, receive);
    }
}

/// Text and bytes of 0 to 1 MiB, there and back.
pub async fn every_length_comes_back_from_an_echo<S: Subject>() {
    let server = EchoServer::start().await.expect("a port is free");
    echoed_lengths(S::plain(), &server.url()).await;
}

/// RFC 6455 §5.4: control frames may stand between the fragments of a message.
pub async fn fragments_and_control_frames_between_them_come_in_order<S: Subject>() {
    let mut pair = open::<S>().await;
    let large = text(100_001);
    let (first, rest) = large.as_bytes().split_at(50_001);
    let frames = [
        RawFrame::text([b'a', 0xE2]).with_fin(false),
        RawFrame::ping("between"),
        RawFrame::continuation([0x82]).with_fin(false),
        RawFrame::continuation("").with_fin(false),
        RawFrame::pong("too"),
        RawFrame::continuation([0xAC, b'b']),
        RawFrame::binary(first).with_fin(false),
        RawFrame::ping(""),
        RawFrame::continuation(rest),
    ];
    for frame in &frames {
        pair.conn.send(frame.clone()).await;
    }
    let expected = [
        Said::Ping(b"between".to_vec()),
        Said::Pong(b"too".to_vec()),
        Said::Text("a€b".into()),
        Said::Ping(Vec::new()),
        Said::Binary(large.into_bytes()),
    ];
    for expected in expected {
        assert!(pair.ear.next().await.expect("it was sent") == expected);
    }
}

/// However a stream is cut into reads, it says the same.
pub async fn a_byte_at_a_time_is_as_good_as_all_at_once<S: Subject>() {
    let Pair { mut ear, mut conn, .. } = open::<S>().await;
    let payloads = [0, 1, 125, 126, 300].map(text);
    let mut stream: Vec<u8> =
        payloads.iter().flat_map(|text| RawFrame::text(text.as_bytes()).to_bytes()).collect();
    stream.extend(RawFrame::ping("p").to_bytes());
    stream.extend(RawFrame::text("🦀".as_bytes()[..2].to_vec()).with_fin(false).to_bytes());
    stream.extend(RawFrame::continuation("🦀".as_bytes()[2..].to_vec()).to_bytes());
    let send = async {
        for byte in &stream {
            conn.send_raw([*byte]).await;
            tokio::task::yield_now().await;
        }
    };
    let receive = async {
        for text in &payloads {
            assert_eq!(ear.next().await.expect("it was sent"), Said::Text(text.clone()));
        }
        assert_eq!(ear.next().await.expect("it was sent"), Said::Ping(b"p".to_vec()));
        assert_eq!(ear.next().await.expect("it was sent"), Said::Text("🦀".into()));
    };
    tokio::join!(send, receive);
}

/// One read may bring thousands of frames; whoever takes them must get to other work in between.
pub async fn a_flood_of_small_frames_comes_in_order_and_in_bounded_batches<S: Subject>() {
    let Pair { mut ear, mut conn, .. } = open::<S>().await;
    let count = 50_000_usize;
    let stream: Vec<u8> =
        (0..count).flat_map(|number| RawFrame::text(number.to_string()).to_bytes()).collect();
    let send = async {
        conn.send_raw(&stream).await;
    };
    let receive = async {
        let (mut number, mut longest) = (0, 0);
        while number < count {
            ear.source.fill().await.expect("there is more");
            let before = number;
            while let Some(frame) = ear.source.next_frame().expect("legal frames") {
                assert_eq!(frame.payload, number.to_string().as_bytes());
                number += 1;
            }
            longest = longest.max(number - before);
        }
        assert!(longest <= 4_096, "{longest} frames in one go");
    };
    tokio::join!(send, receive);
}

/// Answering is the session's.
pub async fn pings_are_shown_and_not_answered<S: Subject>() {
    let mut pair = open::<S>().await;
    pair.conn.send(RawFrame::ping("are you there")).await;
    assert_eq!(pair.ear.next().await.expect("it was sent"), Said::Ping(b"are you there".to_vec()));
    assert_eq!(pair.ear.buffered().expect("nothing more came"), None);
    assert!(briefly(3, pair.ear.source.fill()).await.is_none(), "nothing more came");
    pair.sink.feed(OutFrame::text("first")).expect("the link is open");
    flush(&mut pair.sink).await;
    assert_eq!(pair.conn.recv_text().await, "first");
}

/// RFC 6455 §5.1 to §5.3: masked, each with a key of its own, lengths as short as they can be.
pub async fn every_frame_that_leaves_is_legal_and_masked_anew<S: Subject>() {
    let Pair { mut sink, mut conn, .. } = open::<S>().await;
    let lengths = [0, 1, 125, 126, 65_535, 65_536, 70_000];
    let send = async {
        for length in lengths {
            sink.feed(OutFrame::binary(&vec![0; length])).expect("the link is open");
        }
        flush(&mut sink).await;
    };
    let receive = async {
        let mut masks = Vec::new();
        for length in lengths {
            let frame = conn.recv().await;
            let legal = frame.fin && frame.rsv == 0 && frame.length_form == LengthForm::Shortest;
            assert!(legal && frame.opcode == OpCode::Binary.bits());
            assert!(frame.payload == vec![0; length], "{length} bytes");
            masks.push(frame.mask.expect("a client masks"));
        }
        masks.sort_unstable();
        masks.dedup();
        assert_eq!(masks.len(), lengths.len(), "a mask was used again");
    };
    tokio::join!(send, receive);
}
