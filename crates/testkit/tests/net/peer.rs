//! The scripted peer: each thing a script can do, as a client sees it.

use std::{io::ErrorKind, time::Duration};

use nova_frame_codec::{ControlPayload, OpCode, OutFrame};
use nova_testkit::net::{Answer, Ending, Event, Peer, RawFrame};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use crate::client::{Client, KEY};

/// A peer's connection and its client, upgraded.
async fn upgraded() -> (Peer, nova_testkit::net::Conn, Client) {
    let mut peer = Peer::bind().await.unwrap();
    let mut client = Client::dial(peer.addr()).await;
    let mut conn = peer.accept().await;
    tokio::join!(conn.accept_upgrade(), client.upgrade("/ws?a=1"));
    (peer, conn, client)
}

#[tokio::test]
async fn the_request_is_seen_as_it_was_sent() {
    let (peer, conn, _client) = upgraded().await;
    let request = conn.request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/ws?a=1"));
    assert_eq!(request.header("sec-websocket-key"), Some(KEY));
    assert_eq!(request.headers[0], ("Host".to_owned(), "test".to_owned()));
    assert!(request.raw.ends_with(b"Version: 13\r\n\r\n"));
    assert_eq!(peer.journal().requests(), std::slice::from_ref(request));
}

#[tokio::test]
async fn tcp_is_taken_and_never_upgraded() {
    let mut peer = Peer::bind().await.unwrap();
    let mut unaccepted = Client::dial(peer.addr()).await;
    unaccepted.request("/").await;
    peer.accept().await.read_request().await;
    let mut accepted = Client::dial(peer.addr()).await;
    accepted.request("/").await;
    let stalled = tokio::spawn(peer.accept().await.stall());
    let silence = tokio::time::timeout(Duration::from_millis(50), accepted.stream.read_u8()).await;
    assert!(silence.is_err(), "a stalled peer said {silence:?}");
    stalled.abort();
    // The request was never read, so the kernel resets instead of ending in order.
    assert_eq!(accepted.end().await, ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_refusal_carries_status_headers_and_body() {
    let mut peer = Peer::bind().await.unwrap();
    let mut client = Client::dial(peer.addr()).await;
    client.request("/").await;
    let mut conn = peer.accept().await;
    conn.read_request().await;
    conn.answer(&Answer::refusing(429).with_header("Retry-After", "7").with_body("slow down")).await;
    conn.half_close().await;
    let mut answer = String::new();
    client.stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nslow down"), "{answer}");
}

#[tokio::test]
async fn frames_come_right_behind_the_101() {
    let mut peer = Peer::bind().await.unwrap();
    let mut client = Client::dial(peer.addr()).await;
    client.request("/").await;
    let mut conn = peer.accept().await;
    conn.accept_upgrade_with(|right| {
        right.with_header("Sec-WebSocket-Protocol", "chat").followed_by(RawFrame::text("early").to_bytes())
    })
    .await;
    let mut both = [0; 1024];
    let read = client.stream.read(&mut both).await.unwrap();
    let both = String::from_utf8_lossy(&both[..read]);
    assert!(both.contains("Sec-WebSocket-Protocol: chat\r\n\r\n"), "{both}");
    assert!(both.ends_with("\u{5}early"), "not in the same read: {both}");
}

#[tokio::test]
async fn legal_and_illegal_frames_and_garbage_go_out_as_written() {
    let (_peer, mut conn, mut client) = upgraded().await;
    let ping = ControlPayload::new(b"p").unwrap();
    conn.send(OutFrame::text("legal")).await;
    conn.send(OutFrame::ping(&ping)).await;
    conn.send_fragments(RawFrame::text("a"), &[b"b", b"c"]).await;
    conn.close_with(1012, "restart").await;
    conn.send(RawFrame::text("rsv").with_rsv(0b100)).await;
    client.expect(OpCode::Text, b"legal").await;
    client.expect(OpCode::Ping, b"p").await;
    assert_eq!(client.next().await.unwrap(), (false, OpCode::Text, b"a".to_vec()));
    assert_eq!(client.next().await.unwrap(), (false, OpCode::Continuation, b"b".to_vec()));
    assert_eq!(client.next().await.unwrap(), (true, OpCode::Continuation, b"c".to_vec()));
    client.expect(OpCode::Close, b"\x03\xf4restart").await;
    assert_eq!(client.end().await, ErrorKind::Other, "the codec refuses a reserved bit");

    let (_peer, mut conn, mut client) = upgraded().await;
    conn.send_raw(b"garbage").await;
    let mut garbage = [0; 7];
    client.stream.read_exact(&mut garbage).await.unwrap();
    assert_eq!(&garbage, b"garbage");
}

#[tokio::test]
async fn bytes_are_sent_slowly_and_one_at_a_time() {
    let (_peer, mut conn, mut client) = upgraded().await;
    let begin = Instant::now();
    let bytes = RawFrame::text("slow").to_bytes();
    let send = conn.send_slowly(&bytes, Duration::from_millis(5));
    let ((), ()) = tokio::join!(send, client.expect(OpCode::Text, b"slow"));
    assert!(begin.elapsed() >= Duration::from_millis(5) * bytes.len() as u32);
}

#[tokio::test]
async fn what_the_client_sends_is_seen_with_its_mask_and_fragments() {
    let (peer, mut conn, mut client) = upgraded().await;
    client.send(RawFrame::text("he").with_fin(false)).await;
    client.send(RawFrame::ping("p")).await;
    client.send(RawFrame::continuation("llo")).await;
    client.stream.write_all(&RawFrame::binary([7]).to_bytes()).await.unwrap();
    client.send(RawFrame::pong("ignored")).await;
    client.send(RawFrame::text("next")).await;
    client.send(RawFrame::close(1000, "bye")).await;
    assert_eq!(conn.recv_message().await, RawFrame::ping("p").with_mask([1, 2, 3, 4]));
    let joined = conn.recv_message().await;
    assert_eq!((joined.fin, joined.opcode, joined.as_text()), (true, 0x1, "hello"));
    let unmasked = conn.recv().await;
    assert_eq!((unmasked.mask, unmasked.payload), (None, vec![7]));
    assert_eq!(conn.recv_text().await, "next");
    assert_eq!(conn.recv().await.close_code(), Some(1000));
    client.stream.shutdown().await.unwrap();
    conn.expect_eof().await;
    let opcodes = peer.journal().frames().into_iter().map(|(link, frame)| (link, frame.opcode));
    let expected = [0x1, 0x9, 0x0, 0x2, 0xA, 0x1, 0x8].map(|opcode| (1, opcode));
    assert_eq!(opcodes.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_connection_ends_in_order_or_by_a_reset() {
    let (_peer, mut conn, mut client) = upgraded().await;
    conn.half_close().await;
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    client.send(RawFrame::text("the other half is open")).await;
    assert_eq!(conn.recv_text().await, "the other half is open");

    let (_peer, conn, mut client) = upgraded().await;
    client.send(RawFrame::text("unread")).await;
    tokio::join!(conn.end(Ending::Fin), async {
        assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
        drop(client);
    });

    let (_peer, conn, mut client) = upgraded().await;
    conn.reset().await;
    assert_eq!(client.end().await, ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn the_client_ends_in_order_or_by_a_reset() {
    let (peer, mut conn, client) = upgraded().await;
    drop(client);
    assert_eq!(conn.ended().await, Ending::Fin);
    assert_eq!(peer.journal().entries().last().unwrap().what, Event::Ended);
    let (_peer, mut conn, client) = upgraded().await;
    client.stream.set_zero_linger().unwrap();
    drop(client);
    assert_eq!(conn.ended().await, Ending::Reset);
}

#[tokio::test]
#[should_panic(expected = "in vain for a frame")]
async fn a_script_that_waits_in_vain_says_for_what() {
    let (_peer, conn, _client) = upgraded().await;
    conn.with_patience(Duration::from_millis(10)).recv().await;
}

#[tokio::test]
#[should_panic(expected = "opcode 0x1 came instead of the end")]
async fn a_frame_instead_of_the_end_is_a_failure() {
    let (_peer, mut conn, mut client) = upgraded().await;
    client.send(RawFrame::ping("")).await;
    client.send(RawFrame::text("more")).await;
    client.stream.shutdown().await.unwrap();
    conn.recv().await;
    conn.expect_eof().await;
}

#[tokio::test]
async fn a_bound_peer_goes_and_comes_back_on_the_same_port() {
    let (mut peer, mut conn, mut client) = upgraded().await;
    peer.stop();
    let refused = TcpStream::connect(peer.addr()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    conn.send_text("accepted connections go on").await;
    client.expect(OpCode::Text, b"accepted connections go on").await;
    peer.restart().await.unwrap();
    let _client = Client::dial(peer.addr()).await;
    assert_eq!(peer.accept().await.number(), 2);
}

#[tokio::test]
async fn a_handler_serves_each_connection_and_the_journal_tells_all() {
    let mut served = Peer::serve(|mut conn| async move {
        match conn.number() {
            1 => conn.reset().await,
            _ => {
                conn.accept_upgrade().await;
                conn.echo().await;
            }
        }
    })
    .await
    .unwrap();
    assert_eq!(Client::dial(served.addr()).await.end().await, ErrorKind::ConnectionReset);
    let mut client = Client::connect(served.addr()).await;
    client.echo("hello").await;
    client.send(RawFrame::ping("p")).await;
    client.expect(OpCode::Pong, b"p").await;
    served.restart().await.unwrap();
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    Client::connect(served.addr()).await.echo("again").await;
    let journal = served.journal();
    journal.wait_for("the last client to leave", |all| all.last().unwrap().what == Event::Ended).await;
    assert_eq!((served.accepted(), journal.requests().len()), (3, 2));
    let links: Vec<_> = journal.frames().into_iter().map(|(link, frame)| (link, frame.opcode)).collect();
    assert_eq!(links, [(2, 0x1), (2, 0x9), (3, 0x1)]);
    let moments = journal.accepted_at();
    assert!(moments.len() == 3 && moments.is_sorted());
}
