//! Frames over a real socket, both ways.

use nova_frame_codec::{CloseCode, CloseFrame, ControlPayload, OpCode, OutFrame};
use nova_testkit::net::{Peer, RawFrame};
use nova_transport::{Endpoint, FrameSink, FrameSource, Phase, Transport, TransportError};
use nova_transport_fastwebsockets::{FastWebSockets, Source};

/// The next frame, owned.
async fn next(source: &mut Source) -> Result<(OpCode, Vec<u8>), TransportError> {
    loop {
        if let Some(frame) = source.next_frame()? {
            return Ok((frame.opcode, frame.payload.to_vec()));
        }
        source.fill().await?;
    }
}

#[tokio::test]
async fn frames_travel_both_ways_also_those_right_behind_the_answer() {
    let mut peer = Peer::bind().await.unwrap();
    let endpoint = Endpoint::parse(&peer.url()).unwrap();
    let client = async {
        let mut link = FastWebSockets::default().connect(&endpoint, &|_| {}).await.unwrap();
        assert_eq!(next(&mut link.source).await.unwrap(), (OpCode::Text, b"early".to_vec()));
        let close = ControlPayload::from(&CloseFrame::from(CloseCode::NORMAL));
        link.sink.feed(OutFrame::text("hello")).unwrap();
        link.sink.feed(OutFrame::binary(&[0; 70_000])).unwrap();
        link.sink.feed(OutFrame::close(&close)).unwrap();
        link.sink.finish().await.unwrap();
        let phases: Vec<Phase> = link.handshake.timings.iter().map(|(phase, _)| *phase).collect();
        assert_eq!(phases, [Phase::Tcp, Phase::Upgrade]);
        assert!(matches!(next(&mut link.source).await, Err(TransportError::Eof)));
    };
    let server = async {
        let mut conn = peer.accept().await;
        conn.accept_upgrade_with(|answer| answer.followed_by(RawFrame::text("early").to_bytes())).await;
        assert_eq!(conn.recv_text().await, "hello");
        assert_eq!(conn.recv().await.payload, [0; 70_000]);
        assert_eq!(conn.recv().await.close_code(), Some(1000));
        conn.expect_eof().await;
    };
    tokio::join!(client, server);
}
