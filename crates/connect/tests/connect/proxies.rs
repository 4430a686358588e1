//! Proxies: how they are asked, how they refuse, and that nothing goes around them.

use std::time::Duration;

use nova_connect::{Connector, Deadlines, Proxy, ProxyChoice};
use nova_testkit::{
    canary,
    net::{Answer, Certificates, ConnectProxy, ConnectRules, Peer, Port, Served, SocksProxy, SocksRules},
};
use nova_transport::{ConnectError, Phase, ProxyError, RetryAfter};

use crate::support::{SOON, connect, failure, is_timeout_of, with_names};
use crate::tls::trusting;

fn through(proxy: &str) -> Connector {
    let proxy = proxy.parse().expect("the test's proxy is good");
    Connector::new().with_proxy(ProxyChoice::Explicit(proxy))
}

/// A server that upgrades whoever asks.
async fn server() -> Served {
    let upgrade = async |mut conn: nova_testkit::net::Conn| {
        conn.accept_upgrade().await;
        conn.stall().await;
    };
    Peer::serve(move |conn| async move { upgrade(conn).await }).await.expect("a port is free")
}

#[tokio::test]
async fn an_http_proxy_is_told_the_name_and_resolves_it() {
    let server = server().await;
    let rules = ConnectRules::default().with_route("venue.test:80", server.addr());
    let proxy = ConnectProxy::start(rules).await.unwrap();
    let upgraded = connect(&through(&proxy.url()), "ws://venue.test/").await.unwrap();
    assert_eq!(proxy.targets(), ["venue.test:80"]);
    assert_eq!(upgraded.handshake.peer, Some(proxy.addr()));
    let phases: Vec<Phase> = upgraded.handshake.timings.iter().map(|(phase, _)| *phase).collect();
    assert_eq!(phases, [Phase::Tcp, Phase::Proxy, Phase::Upgrade]);
    let request = &proxy.requests()[0];
    assert_eq!(request.header("host"), Some("venue.test:80"));
    assert_eq!(request.header("proxy-authorization"), None);
    assert_eq!(request.header("sec-websocket-key"), None, "the upgrade is for the server only");
}

#[tokio::test]
async fn tls_goes_through_the_tunnel_to_the_server_itself() {
    let certificates = Certificates::generate();
    let mut peer = Peer::bind().await.unwrap();
    let rules = ConnectRules::default().with_route("venue.test:443", peer.addr());
    let proxy = ConnectProxy::start(rules).await.unwrap();
    let explicit = ProxyChoice::Explicit(proxy.url().parse().unwrap());
    let connector = trusting(&certificates).with_proxy(explicit);
    let serve = async {
        let config = certificates.server_for(&["venue.test"]).server_config();
        let mut conn = peer.accept().await.start_tls(config).await.unwrap();
        conn.accept_upgrade().await;
        conn
    };
    let (upgraded, conn) = tokio::join!(connect(&connector, "wss://venue.test/"), serve);
    upgraded.unwrap();
    assert_eq!(conn.server_name(), Some("venue.test"));
}

#[tokio::test]
async fn credentials_are_given_and_missed() {
    let server = server().await;
    let url = server.url();
    let rules = ConnectRules::default().with_credentials("me", "p@ss");
    let proxy = ConnectProxy::start(rules).await.unwrap();
    connect(&through(&format!("http://me:p%40ss@{}", proxy.addr())), &url).await.unwrap();
    for wrong in [proxy.url(), format!("http://me:wrong@{}", proxy.addr())] {
        let error = failure(&through(&wrong), &url).await;
        assert!(matches!(error, ConnectError::Proxy(ProxyError::Authentication)), "{error:?}");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_refusal_keeps_its_status_and_when_to_come_back() {
    let server = server().await;
    let busy = Answer::refusing(503).with_header("Retry-After", "3").with_body("busy");
    let proxy = ConnectProxy::start(ConnectRules::default().with_refusal(busy)).await.unwrap();
    let error = failure(&through(&proxy.url()), &server.url()).await;
    assert_eq!((error.phase(), error.status().map(|status| status.as_u16())), (Phase::Proxy, Some(503)));
    let ConnectError::Proxy(ProxyError::Refused(refusal)) = error else { panic!("{error:?}") };
    assert_eq!(refusal.retry_after(), Some(RetryAfter::Delay(Duration::from_secs(3))));
    assert_eq!(refusal.body_prefix, b"busy");
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn any_status_of_success_opens_the_tunnel() {
    let mut peer = Peer::bind().await.unwrap();
    let connector = through(&format!("http://{}", peer.addr()));
    let proxy_and_server = async {
        let mut conn = peer.accept().await;
        conn.read_request().await;
        conn.answer(&Answer::with_status(204)).await;
        let request = conn.read_request().await;
        conn.answer(&Answer::accepting(&request)).await;
        conn
    };
    let (upgraded, _conn) = tokio::join!(connect(&connector, "ws://venue.test"), proxy_and_server);
    upgraded.unwrap();
}

#[tokio::test]
async fn an_upgrade_is_no_tunnel_and_neither_is_garbage() {
    let mut peer = Peer::bind().await.unwrap();
    let connector = through(&format!("http://{}", peer.addr()));
    let proxy = async {
        let mut conn = peer.accept().await;
        conn.read_request().await;
        conn.answer(&Answer::with_status(101)).await;
        conn
    };
    let (error, _conn) = tokio::join!(failure(&connector, "ws://venue.test"), proxy);
    assert_eq!((error.phase(), error.status().map(|status| status.as_u16())), (Phase::Proxy, Some(101)));
    let proxy = async {
        let mut conn = peer.accept().await;
        conn.read_request().await;
        conn.send_raw("\0garbage\r\n").await;
        conn
    };
    let (error, _conn) = tokio::join!(failure(&connector, "ws://venue.test"), proxy);
    assert!(matches!(error, ConnectError::Proxy(ProxyError::Io(_))), "{error:?}");
}

#[tokio::test]
async fn a_silent_proxy_is_given_up() {
    let http = ConnectProxy::start(ConnectRules::default().with_silence()).await.unwrap();
    let socks = SocksProxy::start(SocksRules::default().with_silence()).await.unwrap();
    for proxy in [http.url(), format!("socks5://{}", socks.addr())] {
        let deadlines = Deadlines::default().with(Phase::Proxy, SOON);
        let error = failure(&through(&proxy).with_deadlines(deadlines), "ws://127.0.0.1:1/").await;
        assert!(is_timeout_of(&error, Phase::Proxy), "{proxy}: {error:?}");
    }
}

#[tokio::test]
async fn a_dead_proxy_is_never_gone_around() {
    let server = server().await;
    let dead = Port::reserve().unwrap();
    for scheme in ["http", "socks5", "socks5h"] {
        let error = failure(&through(&format!("{scheme}://{}", dead.addr())), &server.url()).await;
        assert!(matches!(&error, ConnectError::Tcp { port, .. } if *port == dead.addr().port()), "{error:?}");
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn an_unknown_proxy_is_told_by_its_own_name() {
    let connector = with_names(through("http://proxy.test:3128"), &["venue.test"]);
    let error = failure(&connector, "ws://venue.test").await;
    assert!(matches!(&error, ConnectError::Resolve { host, .. } if host == "proxy.test"), "{error:?}");
}

#[tokio::test]
async fn socks5h_tells_the_name_and_socks5_the_address() {
    let server = server().await;
    let port = server.addr().port();
    let name = format!("venue.test:{port}");
    let proxy = SocksProxy::start(SocksRules::default().with_route(&name, server.addr())).await.unwrap();
    let url = format!("ws://{name}/");
    // Without a resolver of our own that knows the name.
    let remote = with_names(through(&format!("socks5h://{}", proxy.addr())), &[]);
    connect(&remote, &url).await.unwrap();
    let local = with_names(through(&format!("socks5://{}", proxy.addr())), &["venue.test"]);
    let upgraded = connect(&local, &url).await.unwrap();
    assert_eq!(proxy.targets(), [name, format!("127.0.0.1:{port}")]);
    let phases: Vec<Phase> = upgraded.handshake.timings.iter().map(|(phase, _)| *phase).collect();
    assert_eq!(phases, [Phase::Resolve, Phase::Tcp, Phase::Proxy, Phase::Upgrade]);
}

#[tokio::test]
async fn a_socks_proxy_refuses_logins_and_targets() {
    let server = server().await;
    let url = server.url();
    let strict = SocksRules::default().with_credentials("me", "pw");
    let proxy = SocksProxy::start(strict).await.unwrap();
    connect(&through(&format!("socks5://me:pw@{}", proxy.addr())), &url).await.unwrap();
    for login in ["", "me:wrong@"] {
        let error = failure(&through(&format!("socks5://{login}{}", proxy.addr())), &url).await;
        assert!(matches!(error, ConnectError::Proxy(ProxyError::Authentication)), "{login}: {error:?}");
    }
    let proxy = SocksProxy::start(SocksRules::default().with_failure(5)).await.unwrap();
    let error = failure(&through(&format!("socks5h://{}", proxy.addr())), &url).await;
    let refused = |error: &ConnectError| matches!(error, ConnectError::Proxy(ProxyError::Socks(why)) if why == "connection refused");
    assert!(refused(&error), "{error:?}");
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn no_debug_output_shows_a_proxy_password() {
    let proxy = Proxy::parse("socks5://proxy.test").unwrap().with_login("me", canary::PASSWORD);
    let connector = Connector::new().with_proxy(ProxyChoice::Explicit(proxy));
    canary::caught("debug", format!("{connector:?}"));
    assert!(!format!("{connector:?}").contains(canary::PASSWORD));
}

/// Runs this very test again as a child, in whose environment the proxy stands: the environment of
/// a running process cannot be changed safely.
#[tokio::test]
async fn the_environment_is_heeded() {
    const CHILD: &str = "NOVA_CONNECT_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        connect(&Connector::new(), "ws://venue.test/").await.unwrap();
        let error = failure(&Connector::new(), "wss://venue.test/").await;
        let unsupported =
            matches!(&error, ConnectError::Proxy(ProxyError::Unsupported(kind)) if kind == "https");
        assert!(unsupported, "{error:?}");
        return;
    }
    let server = server().await;
    let rules = ConnectRules::default().with_route("venue.test:80", server.addr());
    let proxy = ConnectProxy::start(rules).await.unwrap();
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "proxies::the_environment_is_heeded"])
        .env(CHILD, "1")
        .env_remove("REQUEST_METHOD")
        .env("http_proxy", proxy.url())
        .env("https_proxy", "https://proxy.test:3128")
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output();
    let output = child.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(proxy.targets(), ["venue.test:80"]);
    assert_eq!(server.accepted(), 1);
}
