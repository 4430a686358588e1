//! Claims about what is held while something is missing: room, bytes, or patience.

use nova_frame_codec::{OpCode, OutFrame};
use nova_transport::{FrameSink, FrameSource};

use super::super::{
    Subject,
    ear::{Said, briefly},
    pair::{Pair, flush, open},
};
use crate::net::{LengthForm, RawFrame};

/// A peer that does not read fills the socket, then the sink; once it reads, all of it comes.
pub async fn a_full_socket_leaves_no_room_and_loses_nothing<S: Subject>() {
    let Pair { mut sink, mut conn, .. } = open::<S>().await;
    let (mut fed, mut held_up) = (0_u32, 0);
    while held_up < 50 {
        while sink.has_room() {
            sink.feed(OutFrame::binary(&[&fed.to_be_bytes()[..], &[7; 996]].concat()))
                .expect("the link is open");
            fed += 1;
        }
        match briefly(2, sink.flush()).await {
            Some(flushed) => flushed.expect("the peer is there"),
            None => held_up += 1,
        }
    }
    assert!(fed < 100_000, "100 MB were taken that nobody read");
    let receive = async {
        for number in 0..fed {
            let frame = conn.recv().await;
            assert!(frame.payload[..4] == number.to_be_bytes() && frame.payload[4..] == [7; 996]);
        }
    };
    tokio::join!(flush(&mut sink), receive);
    assert!(sink.has_room());
}

/// Required by [`FrameSink::flush`].
pub async fn a_flush_dropped_at_any_poll_goes_on_with_the_next_byte<S: Subject>() {
    let Pair { mut sink, mut conn, .. } = open::<S>().await;
    // More than the socket's buffers hold, so that flushes do end half-way.
    let big: Vec<u8> = (0..8 << 20).map(|index| (index % 251) as u8).collect();
    let send = async {
        sink.feed(OutFrame::binary(&big)).expect("the link is open");
        let mut dropped = 0;
        while briefly(1 + dropped % 3, sink.flush()).await.is_none() {
            dropped += 1;
            if dropped % 16 == 0 {
                // What is fed meanwhile follows behind.
                sink.feed(OutFrame::text("meanwhile")).expect("the link is open");
            }
            tokio::task::yield_now().await;
        }
        sink.feed(OutFrame::text("last")).expect("the link is open");
        flush(&mut sink).await;
        dropped
    };
    let mut texts = 0;
    let receive = async {
        assert!(conn.recv().await.payload == big);
        while conn.recv().await.payload == b"meanwhile" {
            texts += 1;
        }
    };
    let (dropped, ()) = tokio::join!(send, receive);
    assert!(dropped > 0, "no flush was ever dropped");
    assert_eq!(texts, dropped / 16);
}

/// Required by [`FrameSource::fill`].
pub async fn a_fill_dropped_at_any_poll_loses_nothing<S: Subject>() {
    let Pair { mut ear, mut conn, .. } = open::<S>().await;
    let frames = [
        RawFrame::text("a"),
        RawFrame::binary([7; 300]),
        RawFrame::ping("p"),
        RawFrame::binary([8; 40_000]),
        RawFrame::binary([9; 70_000]).with_length_form(LengthForm::Bits64),
        RawFrame::text("b"),
    ];
    let stream: Vec<u8> = frames.iter().flat_map(RawFrame::to_bytes).collect();
    let (small, large) = stream.split_at(320);
    let pieces = small.chunks(1).chain(large.chunks(3_333));
    let mut got = Vec::new();
    for (number, piece) in pieces.enumerate() {
        conn.send_raw(piece).await;
        if briefly(1 + number % 3, ear.source.fill()).await.is_some() {
            while let Some(said) = ear.buffered().expect("legal frames") {
                got.push(said);
            }
        }
    }
    while got.len() < frames.len() {
        got.push(ear.next().await.expect("it was sent"));
    }
    let expected = [
        Said::Text("a".into()),
        Said::Binary(vec![7; 300]),
        Said::Ping(b"p".to_vec()),
        Said::Binary(vec![8; 40_000]),
        Said::Binary(vec![9; 70_000]),
        Said::Text("b".into()),
    ];
    assert!(got == expected, "{} messages", got.len());
}

/// A large frame takes its time; the peer lives meanwhile.
pub async fn half_a_frame_is_a_sign_of_life<S: Subject>() {
    let Pair { mut ear, mut conn, .. } = open::<S>().await;
    let frame = RawFrame::text("hello").to_bytes();
    conn.send_raw(&frame[..4]).await;
    assert!(ear.source.fill().await.is_ok(), "half a frame came");
    assert!(matches!(ear.source.next_frame(), Ok(None)));
    assert!(briefly(4, ear.source.fill()).await.is_none(), "and nothing more");
    conn.send_raw(&frame[4..]).await;
    assert_eq!(ear.next_frame().await.expect("it is whole"), (true, OpCode::Text, b"hello".to_vec()));
}

/// A half-open link looks like an idle one: silence is no end, and telling them apart is the session's.
pub async fn a_silent_peer_is_waited_for<S: Subject>() {
    let Pair { mut ear, mut sink, mut conn } = open::<S>().await;
    assert!(briefly(100, ear.source.fill()).await.is_none());
    assert!(matches!(ear.source.next_frame(), Ok(None)));
    sink.feed(OutFrame::text("still there?")).expect("the link is open");
    flush(&mut sink).await;
    assert_eq!(conn.recv_text().await, "still there?");
    assert!(briefly(100, ear.source.fill()).await.is_none());
}
