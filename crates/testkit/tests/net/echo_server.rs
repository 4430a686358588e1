//! The echo server.

use std::io::ErrorKind;

use nova_frame_codec::OpCode;
use nova_testkit::net::{EchoServer, Ending, RawFrame};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::client::Client;

#[tokio::test]
async fn text_and_binary_come_back_byte_for_byte() {
    let server = EchoServer::start().await.unwrap();
    assert_eq!(server.url(), format!("ws://{}/", server.addr()));
    let mut client = Client::connect(server.addr()).await;
    for length in [0, 1, 125, 126, 65_535, 65_536, 1 << 20] {
        let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
        client.send(RawFrame::binary(bytes.clone())).await;
        client.expect(OpCode::Binary, &bytes).await;
        client.echo(&"ä".repeat(length / 2)).await;
    }
    assert_eq!((server.accepted(), server.handshakes(), server.open_links()), (1, 1, 1));
}

#[tokio::test]
async fn fragments_are_joined_and_a_ping_between_them_is_answered_first() {
    let server = EchoServer::start().await.unwrap();
    let mut client = Client::connect(server.addr()).await;
    client.send(RawFrame::text("hel").with_fin(false)).await;
    client.send(RawFrame::ping("now")).await;
    client.send(RawFrame::continuation("lo")).await;
    client.expect(OpCode::Pong, b"now").await;
    client.expect(OpCode::Text, b"hello").await;
}

#[tokio::test]
async fn close_is_answered_with_its_code_and_then_the_stream_ends() {
    let server = EchoServer::start().await.unwrap();
    let mut client = Client::connect(server.addr()).await;
    client.send(RawFrame::close(4001, "done")).await;
    client.expect(OpCode::Close, &[0x0F, 0xA1, b'd', b'o', b'n', b'e']).await;
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    server.wait_for_open_links(0).await;
}

#[tokio::test]
async fn a_client_that_breaks_the_protocol_is_told_so() {
    let server = EchoServer::start().await.unwrap();
    let mut client = Client::connect(server.addr()).await;
    client.stream.write_all(&RawFrame::text("not masked").to_bytes()).await.unwrap();
    client.expect(OpCode::Close, &1002_u16.to_be_bytes()).await;
    let mut client = Client::connect(server.addr()).await;
    client.send(RawFrame::text([0xFF])).await;
    client.expect(OpCode::Close, &1007_u16.to_be_bytes()).await;
    let mut client = Client::dial(server.addr()).await;
    client.stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert!(client.head().await.starts_with("HTTP/1.1 400 "));
}

#[tokio::test]
async fn links_are_cut_as_asked_and_later_ones_live() {
    let server = EchoServer::start().await.unwrap();
    for (ending, seen) in
        [(Ending::Fin, ErrorKind::UnexpectedEof), (Ending::Reset, ErrorKind::ConnectionReset)]
    {
        let mut clients = [Client::connect(server.addr()).await, Client::connect(server.addr()).await];
        server.cut_links(ending);
        for client in &mut clients {
            assert_eq!(client.end().await, seen);
        }
        Client::connect(server.addr()).await.echo("still here").await;
    }
    assert_eq!(server.handshakes(), 6);
}

#[tokio::test]
async fn it_goes_and_comes_back_on_the_same_port() {
    let mut server = EchoServer::start().await.unwrap();
    let addr = server.addr();
    let mut client = Client::connect(addr).await;
    server.stop().await;
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    assert_eq!(TcpStream::connect(addr).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    server.restart().await.unwrap();
    let mut client = Client::connect(addr).await;
    client.echo("back").await;
    assert_eq!((server.addr(), server.accepted()), (addr, 2));
    drop(server);
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_client_that_writes_much_and_reads_late_gets_all_of_it() {
    let server = EchoServer::start().await.unwrap();
    let client = Client::connect(server.addr()).await;
    let (read, mut write) = client.stream.into_split();
    let chunk = vec![7; 100_000];
    let frame = RawFrame::binary(chunk.clone()).with_mask([1, 2, 3, 4]).to_bytes();
    let writer = tokio::spawn(async move {
        for _ in 0..100 {
            write.write_all(&frame).await.unwrap();
        }
        write
    });
    let mut reader = Client::over(tokio::io::join(read, tokio::io::sink()));
    for _ in 0..100 {
        reader.expect(OpCode::Binary, &chunk).await;
    }
    writer.await.unwrap();
}
