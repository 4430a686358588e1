//! The fault proxy, between a plain client and the echo server or a scripted peer.

use std::{io::ErrorKind, time::Duration};

use nova_frame_codec::OpCode;
use nova_testkit::net::{Conn, EchoServer, Ending, FaultProxy, Flow, Peer, RawFrame, Way};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use crate::client::Client;

/// An upgraded client of an echo server behind a proxy.
async fn echo_behind_proxy() -> (EchoServer, FaultProxy, Client) {
    let server = EchoServer::start().await.unwrap();
    let proxy = FaultProxy::to(server.addr()).await.unwrap();
    let client = Client::connect(proxy.addr()).await;
    (server, proxy, client)
}

/// Both ends of a byte stream through a proxy.
async fn stream_through_proxy() -> (Peer, FaultProxy, TcpStream, Conn) {
    let mut peer = Peer::bind().await.unwrap();
    let proxy = FaultProxy::to(peer.addr()).await.unwrap();
    let client = TcpStream::connect(proxy.addr()).await.unwrap();
    let conn = peer.accept().await;
    (peer, proxy, client, conn)
}

async fn assert_silent(client: &mut Client) {
    let frame = tokio::time::timeout(Duration::from_millis(30), client.next()).await;
    assert!(frame.is_err(), "a frame came through: {frame:?}");
}

#[tokio::test]
async fn without_faults_nothing_changes() {
    let (server, proxy, mut client) = echo_behind_proxy().await;
    client.echo(&"x".repeat(1 << 20)).await;
    client.send(RawFrame::close(1000, "")).await;
    client.expect(OpCode::Close, &[0x03, 0xE8]).await;
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    assert_eq!((proxy.accepted(), server.accepted()), (1, 1));

    let (_peer, _proxy, mut client, mut conn) = stream_through_proxy().await;
    client.shutdown().await.unwrap();
    conn.expect_eof().await;
    conn.send_raw(b"the other half is open").await;
    conn.half_close().await;
    let mut rest = String::new();
    client.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "the other half is open");
}

#[tokio::test]
async fn each_byte_can_be_the_last_one_to_the_server() {
    const ORDER: &[u8] = b"\x81\x85\0\0\0\0order";
    let mut peer = Peer::bind().await.unwrap();
    let proxy = FaultProxy::to(peer.addr()).await.unwrap();
    for bytes in 0..ORDER.len() {
        for (ending, seen) in
            [(Ending::Fin, ErrorKind::UnexpectedEof), (Ending::Reset, ErrorKind::ConnectionReset)]
        {
            let mut client = Client::dial(proxy.addr()).await;
            let mut conn = peer.accept().await;
            proxy.faults().cut_once_after(Way::ToServer, bytes as u64, ending);
            client.stream.write_all(ORDER).await.unwrap_or_default();
            assert_eq!(client.end().await, seen);
            drop(client);
            let before = proxy.faults().forwarded_bytes(Way::ToServer);
            assert_eq!(conn.ended().await, ending);
            assert!(conn.next().await.is_none(), "a whole frame came before the cut");
            assert_eq!(proxy.faults().forwarded_bytes(Way::ToServer), before);
        }
    }
    let passed: usize = (0..ORDER.len()).map(|bytes| 2 * bytes).sum();
    assert_eq!(proxy.faults().forwarded_bytes(Way::ToServer), passed as u64);
}

#[tokio::test]
async fn a_cut_on_the_way_back_leaves_the_bytes_before_it() {
    let (_peer, proxy, mut client, mut conn) = stream_through_proxy().await;
    proxy.faults().cut_once_after(Way::ToClient, 3, Ending::Reset);
    conn.send_raw(b"four").await;
    let mut three = [0; 3];
    client.read_exact(&mut three).await.unwrap();
    assert_eq!(&three, b"fou");
    assert_eq!(client.read_u8().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_single_cut_spares_the_next_connection_and_a_repeated_one_does_not() {
    let (_server, proxy, mut client) = echo_behind_proxy().await;
    proxy.faults().cut_once_after(Way::ToClient, 0, Ending::Fin);
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    Client::connect(proxy.addr()).await.echo("spared").await;

    proxy.faults().cut_each_after(Way::ToClient, 4, Ending::Fin);
    for _ in 0..3 {
        let mut client = Client::dial(proxy.addr()).await;
        client.request("/").await;
        let mut answer = String::new();
        client.stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "HTTP");
    }
    proxy.faults().heal();
    Client::connect(proxy.addr()).await.echo("healed").await;
}

#[tokio::test]
async fn all_links_are_cut_at_once() {
    let (_server, proxy, mut first) = echo_behind_proxy().await;
    let mut second = Client::connect(proxy.addr()).await;
    proxy.faults().cut(Ending::Reset);
    assert_eq!(first.end().await, ErrorKind::ConnectionReset);
    assert_eq!(second.end().await, ErrorKind::ConnectionReset);
    Client::connect(proxy.addr()).await.echo("a later one lives").await;
}

#[tokio::test]
async fn a_black_hole_accepts_and_swallows() {
    let (_server, proxy, mut client) = echo_behind_proxy().await;
    proxy.faults().black_hole();
    client.send(RawFrame::text("lost")).await;
    assert_silent(&mut client).await;
    let mut late = Client::dial(proxy.addr()).await;
    late.request("/").await;
    assert_silent(&mut late).await;
    proxy.faults().heal();
    client.echo("what was lost stays lost").await;
}

#[tokio::test]
async fn what_is_held_comes_later_and_whole() {
    let (_server, proxy, mut client) = echo_behind_proxy().await;
    proxy.faults().set_flow(Way::ToServer, Flow::Hold);
    client.send(RawFrame::text("held")).await;
    assert_silent(&mut client).await;
    proxy.faults().set_flow(Way::ToServer, Flow::Forward);
    client.expect(OpCode::Text, b"held").await;
}

#[tokio::test]
async fn delay_and_throttle_take_their_time() {
    let (_server, proxy, mut client) = echo_behind_proxy().await;
    proxy.faults().delay(Way::ToServer, Duration::from_millis(30));
    let begin = Instant::now();
    client.echo("late").await;
    assert!(begin.elapsed() >= Duration::from_millis(30));

    proxy.faults().heal();
    proxy.faults().throttle(Way::ToClient, 100_000);
    let begin = Instant::now();
    client.echo(&"x".repeat(5_000)).await;
    // The last piece has come before its pause is over.
    assert!(begin.elapsed() >= Duration::from_millis(40), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn split_writes_arrive_byte_by_byte() {
    let (_peer, proxy, mut client, mut conn) = stream_through_proxy().await;
    proxy.faults().split_writes(Way::ToClient);
    conn.send_raw(b"abc").await;
    let mut buffer = [0; 16];
    for byte in b"abc" {
        assert_eq!(client.read(&mut buffer).await.unwrap(), 1);
        assert_eq!(buffer[0], *byte);
    }
}

#[tokio::test]
async fn garbage_is_slipped_in_between() {
    let (_server, proxy, mut client) = echo_behind_proxy().await;
    client.echo("before").await;
    proxy.faults().inject(Way::ToClient, RawFrame::text("from nobody").to_bytes());
    client.expect(OpCode::Text, b"from nobody").await;
    client.echo("between").await;
    proxy.faults().inject(Way::ToServer, [0xFF, 0xFF]);
    client.expect(OpCode::Close, &1002_u16.to_be_bytes()).await;
}

#[tokio::test]
async fn an_unreachable_server_and_a_stopped_proxy_are_seen_as_such() {
    let (mut server, mut proxy, mut client) = echo_behind_proxy().await;
    server.stop().await;
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    assert_eq!(Client::dial(proxy.addr()).await.end().await, ErrorKind::ConnectionReset);
    server.restart().await.unwrap();
    let mut client = Client::connect(proxy.addr()).await;
    proxy.stop().await;
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    assert_eq!(TcpStream::connect(proxy.addr()).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    proxy.restart().await.unwrap();
    Client::connect(proxy.addr()).await.echo("back").await;
}
