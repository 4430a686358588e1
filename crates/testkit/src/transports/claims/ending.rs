//! Claims about the ends of links.

use nova_frame_codec::{CloseCode, CloseFrame, ControlPayload, OutFrame};
use nova_transport::{FrameSink, FrameSource, TransportError};

use super::super::{
    Subject,
    ear::Said,
    pair::{Pair, flush, open},
};
use crate::net::{PATIENCE, RawFrame, within};

/// RFC 6455 §5.5.1. A control frame behind it asks for nothing any more; a data frame would count as sent.
pub async fn nothing_follows_a_close_frame<S: Subject>() {
    let mut pair = open::<S>().await;
    let close = ControlPayload::from(&CloseFrame::from(CloseCode::NORMAL));
    let pong = ControlPayload::new(b"late").expect("short enough");
    pair.sink.feed(OutFrame::text("before")).expect("the link is open");
    pair.sink.feed(OutFrame::close(&close)).expect("the link is open");
    pair.sink.feed(OutFrame::pong(&pong)).expect("it is dropped");
    pair.sink.feed(OutFrame::close(&close)).expect("it is dropped");
    let data = pair.sink.feed(OutFrame::text("late"));
    assert!(matches!(data, Err(TransportError::Io(_))), "{data:?}");
    pair.sink.finish().await.expect("the peer is there");
    assert_eq!(pair.conn.recv_text().await, "before");
    assert_eq!(pair.conn.recv().await.close_code(), Some(1000));
    pair.conn.expect_eof().await;
}

/// RFC 6455 §7.1.2: a close each way, then the end of the stream.
pub async fn both_sides_can_close_in_order<S: Subject>() {
    let Pair { mut ear, mut sink, mut conn } = open::<S>().await;
    conn.send(RawFrame::close(1001, "bye")).await;
    let heard = ear.next().await.expect("it was sent");
    let going = CloseCode::try_from(1001).expect("a code that may travel");
    assert_eq!(heard, Said::Close(Some(CloseFrame::new(going, "bye"))));
    sink.feed(OutFrame::text("nobody closed for us")).expect("the link is open");
    sink.feed(OutFrame::close(&ControlPayload::EMPTY)).expect("the link is open");
    within(PATIENCE, "the end", sink.finish()).await.expect("the peer is there");
    assert_eq!(conn.recv_text().await, "nobody closed for us");
    let close = conn.recv().await;
    assert_eq!((close.opcode, close.payload.len()), (0x8, 0));
    conn.expect_eof().await;
    drop(conn);
    assert!(matches!(ear.next().await, Err(TransportError::Eof)));
}

/// Half of a connection may end before the other.
pub async fn a_peer_that_ends_its_direction_can_still_be_told_something<S: Subject>() {
    let Pair { mut ear, mut sink, mut conn } = open::<S>().await;
    conn.send_text("last words").await;
    conn.half_close().await;
    assert_eq!(ear.next().await.expect("it was sent"), Said::Text("last words".into()));
    assert!(matches!(ear.next().await, Err(TransportError::Eof)));
    sink.feed(OutFrame::text("I heard")).expect("this direction is open");
    flush(&mut sink).await;
    assert_eq!(conn.recv_text().await, "I heard");
}

/// Whether an end was clean is for the session to say, which knows what was said before.
pub async fn an_end_without_a_close_frame_is_the_end_of_the_stream_and_stays_so<S: Subject>() {
    let stream = [RawFrame::text("one").to_bytes(), b"\x82\x7e\x01\x2c".to_vec(), vec![0; 299]].concat();
    for cut in [0, 1, 5, 6, 7, 8, 9, 10, stream.len()] {
        let Pair { mut ear, mut conn, .. } = open::<S>().await;
        conn.send_raw(&stream[..cut]).await;
        drop(conn);
        if cut >= 5 {
            assert_eq!(ear.next().await.expect("it was sent"), Said::Text("one".into()));
        }
        for _ in 0..3 {
            assert!(matches!(ear.next().await, Err(TransportError::Eof)), "cut at {cut}");
            assert!(matches!(ear.source.fill().await, Err(TransportError::Eof)), "cut at {cut}");
            assert!(matches!(ear.source.next_frame(), Ok(None)), "cut at {cut}");
        }
    }
}

/// A broken socket is told by both halves, and from then on every time.
pub async fn a_reset_ends_both_halves<S: Subject>() {
    let Pair { mut ear, mut sink, conn } = open::<S>().await;
    conn.reset().await;
    let heard = ear.next().await;
    assert!(matches!(heard, Err(TransportError::Io(_) | TransportError::Eof)), "{heard:?}");
    assert!(ear.source.fill().await.is_err());
    let telling = async {
        loop {
            if sink.feed(OutFrame::text("anyone?")).is_err() || sink.flush().await.is_err() {
                return;
            }
        }
    };
    within(PATIENCE, "an error", telling).await;
    assert!(sink.feed(OutFrame::text("again")).is_err());
    assert!(sink.flush().await.is_err());
    assert!(sink.finish().await.is_err());
}
