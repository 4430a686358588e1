//! The proxies a client may have to go through.

use std::{io::ErrorKind, time::Duration};

use nova_testkit::net::{Answer, ConnectProxy, ConnectRules, EchoServer, SocksProxy, SocksRules};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time,
};

use crate::client::Client;

async fn ask_to_connect(proxy: &ConnectProxy, target: &str, more: &str) -> (Client, String) {
    let mut client = Client::dial(proxy.addr()).await;
    let head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{more}\r\n");
    client.stream.write_all(head.as_bytes()).await.unwrap();
    let head = client.head().await;
    (client, head)
}

#[tokio::test]
async fn a_connect_proxy_forwards_to_names_only_it_knows() {
    let server = EchoServer::start().await.unwrap();
    let rules = ConnectRules::default().with_route("venue.test:443", server.addr());
    let proxy = ConnectProxy::start(rules).await.unwrap();
    let local = format!("localhost:{}", server.addr().port());
    for target in ["venue.test:443", &local] {
        let (mut client, head) = ask_to_connect(&proxy, target, "").await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        client.upgrade("/").await;
        client.echo("through the tunnel").await;
    }
    let (_, head) = ask_to_connect(&proxy, "elsewhere.test:443", "").await;
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    assert_eq!(proxy.targets(), ["venue.test:443", &local, "elsewhere.test:443"]);
    assert_eq!((proxy.accepted(), proxy.opened()), (3, 2));
    assert_eq!(proxy.url(), format!("http://{}", proxy.addr()));
}

#[tokio::test]
async fn bytes_sent_with_the_connect_request_are_not_lost() {
    let server = EchoServer::start().await.unwrap();
    let rules = ConnectRules::default().with_route("venue.test:80", server.addr());
    let proxy = ConnectProxy::start(rules).await.unwrap();
    let mut client = Client::dial(proxy.addr()).await;
    client.stream.write_all(b"CONNECT venue.test:80 HTTP/1.1\r\n\r\nGET / ").await.unwrap();
    assert!(client.head().await.starts_with("HTTP/1.1 200 "));
    client.stream.write_all(b"HTTP/1.1\r\n\r\n").await.unwrap();
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 400 "), "the server read another request: {head}");
}

#[tokio::test]
async fn a_connect_proxy_refuses_as_told() {
    let server = EchoServer::start().await.unwrap();
    let target = server.addr().to_string();
    let rules = ConnectRules::default().with_credentials("user", "secret");
    let proxy = ConnectProxy::start(rules.clone()).await.unwrap();
    let (_, head) = ask_to_connect(&proxy, &target, "").await;
    assert!(head.starts_with("HTTP/1.1 407 "), "{head}");
    assert!(head.contains("Proxy-Authenticate: Basic "), "{head}");
    let (_, head) = ask_to_connect(&proxy, &target, "Proxy-Authorization: Basic d3Jvbmc=\r\n").await;
    assert!(head.starts_with("HTTP/1.1 407 "), "{head}");
    let right = "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n";
    let (_, head) = ask_to_connect(&proxy, &target, right).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(proxy.requests()[2].header("proxy-authorization"), Some("Basic dXNlcjpzZWNyZXQ="));

    let refusal = Answer::refusing(403).with_header("X-Reason", "policy");
    let proxy = ConnectProxy::start(rules.with_refusal(refusal)).await.unwrap();
    let (mut client, head) = ask_to_connect(&proxy, &target, right).await;
    assert!(head.starts_with("HTTP/1.1 403 ") && head.contains("X-Reason: policy\r\n"), "{head}");
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    assert_eq!((proxy.opened(), server.accepted()), (0, 1));
}

#[tokio::test]
async fn silent_proxies_never_answer() {
    let connect = ConnectProxy::start(ConnectRules::default().with_silence()).await.unwrap();
    let socks = SocksProxy::start(SocksRules::default().with_silence()).await.unwrap();
    for (proxy, greeting) in
        [(connect.addr(), &b"CONNECT localhost:1 HTTP/1.1\r\n\r\n"[..]), (socks.addr(), &[5, 1, 0])]
    {
        let mut client = Client::dial(proxy).await;
        client.stream.write_all(greeting).await.unwrap();
        let silence = time::timeout(Duration::from_millis(30), client.stream.read_u8()).await;
        assert!(silence.is_err(), "{silence:?}");
    }
}

/// Greets a SOCKS5 proxy with these methods and gives the one it chose.
async fn greet(proxy: &SocksProxy, methods: &[u8]) -> (Client, u8) {
    let mut client = Client::dial(proxy.addr()).await;
    let greeting = [&[5, methods.len() as u8], methods].concat();
    client.stream.write_all(&greeting).await.unwrap();
    assert_eq!(client.stream.read_u8().await.unwrap(), 5);
    let method = client.stream.read_u8().await.unwrap();
    (client, method)
}

/// Asks for a target given as address type and address, and gives the reply code.
async fn ask_socks(client: &mut Client, address: &[u8], port: u16) -> u8 {
    let request = [&[5, 1, 0], address, &port.to_be_bytes()].concat();
    client.stream.write_all(&request).await.unwrap();
    let mut reply = [0; 10];
    client.stream.read_exact(&mut reply).await.unwrap();
    assert_eq!((reply[0], reply[2], reply[3]), (5, 0, 1));
    reply[1]
}

#[tokio::test]
async fn a_socks_proxy_forwards_names_and_addresses() {
    let server = EchoServer::start().await.unwrap();
    let port = server.addr().port();
    let rules = SocksRules::default().with_route("venue.test:443", server.addr());
    let proxy = SocksProxy::start(rules).await.unwrap();
    for (address, port) in [(&b"\x03\x0avenue.test"[..], 443), (b"\x01\x7f\0\0\x01", port)] {
        let (mut client, method) = greet(&proxy, &[0]).await;
        assert_eq!((method, ask_socks(&mut client, address, port).await), (0, 0));
        client.upgrade("/").await;
        client.echo("through the tunnel").await;
    }
    let (mut client, _) = greet(&proxy, &[2, 0]).await;
    let six = [&[4], &std::net::Ipv6Addr::LOCALHOST.octets()[..]].concat();
    assert_eq!(ask_socks(&mut client, &six, 1).await, 4, "nobody listens there");
    assert_eq!(
        proxy.targets(),
        ["venue.test:443".to_owned(), server.addr().to_string(), "[::1]:1".to_owned()]
    );
    assert_eq!((proxy.accepted(), proxy.opened()), (3, 2));
    assert_eq!(proxy.url(), format!("socks5h://{}", proxy.addr()));
}

#[tokio::test]
async fn a_socks_proxy_refuses_as_told() {
    let server = EchoServer::start().await.unwrap();
    let port = server.addr().port();
    let rules = SocksRules::default().with_credentials("user", "secret");
    let proxy = SocksProxy::start(rules.clone()).await.unwrap();
    let (mut client, method) = greet(&proxy, &[0]).await;
    assert_eq!(method, 0xFF, "no password was offered");
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    for (login, status) in [(&b"\x01\x04user\x05wrong"[..], 1), (b"\x01\x04user\x06secret", 0)] {
        let (mut client, method) = greet(&proxy, &[0, 2]).await;
        assert_eq!(method, 2);
        client.stream.write_all(login).await.unwrap();
        assert_eq!(client.stream.read_u16().await.unwrap(), 0x0100 + status);
        if status == 0 {
            assert_eq!(ask_socks(&mut client, b"\x01\x7f\0\0\x01", port).await, 0);
        }
    }
    assert_eq!(proxy.opened(), 1);

    let proxy = SocksProxy::start(SocksRules::default().with_failure(2)).await.unwrap();
    let (mut client, _) = greet(&proxy, &[0]).await;
    assert_eq!(ask_socks(&mut client, b"\x01\x7f\0\0\x01", port).await, 2);
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    assert_eq!(proxy.targets(), [server.addr().to_string()]);
}
