//! What the README says is so.
//!
//! Its programs are compiled and run as they stand. To them this file is `websockex_nova`: its prelude
//! is the real one, except that `Client::connect` finds every host at a peer of the loopback
//! interface, and trusts its certificate.

extern crate self as websockex_nova;
extern crate websockex_nova as real;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
};

use nova_testkit::net::{Certificates, Event, Peer, Served};
use real::{
    behaviour::{Bound, InitialConnect, Settings},
    client::{Client, Connect},
    connect::{ByteStream, Connector, Dial, ProxyChoice, Resolve, Roots, TcpDialer, TlsOptions},
    prelude::Adapter,
    session::EndCause,
    transport_fastwebsockets::FastWebSockets,
};

/// What the README's programs import.
pub mod prelude {
    pub use super::ClientExt;
    pub use real::prelude::*;
}

/// In the place of the real one.
pub trait ClientExt<A: Adapter>: Sized {
    /// Connects to whatever stands in for the adapter's endpoint.
    fn connect(adapter: A) -> impl Future<Output = Result<Self, EndCause>> + Send;
}

impl<A: Adapter> ClientExt<A> for Client<A::Handlers> {
    async fn connect(adapter: A) -> Result<Self, EndCause> {
        let network = NETWORK.get().expect("the peer was started").clone();
        Connect::new(adapter, FastWebSockets::new(network)).connect().await
    }
}

static NETWORK: OnceLock<Connector> = OnceLock::new();

/// A network with one host, which has the name `echo.example` and serves on port 443.
#[derive(Debug)]
struct OneHost {
    real: SocketAddr,
}

#[async_trait::async_trait]
impl Resolve for OneHost {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        assert_eq!(host, "echo.example");
        Ok(vec![ADDRESS])
    }
}

#[async_trait::async_trait]
impl Dial for OneHost {
    async fn dial(&self, address: SocketAddr) -> io::Result<ByteStream> {
        assert_eq!(address, (ADDRESS, 443).into());
        TcpDialer.dial(self.real).await
    }
}

/// An address for documentation (RFC 5737): dialled by nobody.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Starts an echo peer that shows a certificate for `echo.example`, and makes it the network.
async fn start_echo_example() -> Served {
    let certificates = Certificates::generate();
    let config = certificates.server_for(&["echo.example"]).server_config();
    let peer = Peer::serve(move |conn| {
        let config = Arc::clone(&config);
        async move {
            let mut conn = conn.start_tls(config).await.expect("the client trusts the certificate");
            conn.accept_upgrade().await;
            conn.echo().await;
        }
    });
    let peer = peer.await.expect("a port is free");
    let tls = TlsOptions::new().with_roots(Roots::ExtraOnly).with_extra_root_der(&certificates.root());
    let host = Arc::new(OneHost { real: peer.addr() });
    let network = Connector::new()
        .with_tls(tls.expect("the root is one"))
        .with_proxy(ProxyChoice::Direct)
        .with_resolver(host.clone())
        .with_dialer(host);
    NETWORK.set(network).expect("one test needs a network");
    peer
}

#[allow(clippy::print_stdout, reason = "the program prints what it got")]
mod echo_program {
    include!(concat!(env!("OUT_DIR"), "/readme_1.rs"));

    /// The program, which makes a runtime of its own.
    pub(super) fn run() -> Result<()> {
        main()
    }
}

#[test]
fn every_program_of_the_readme_is_run_here() {
    assert_eq!(env!("README_PROGRAMS"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_echo_program_says_hello_over_tls_and_closes() {
    let peer = start_echo_example().await;
    let ran = tokio::task::spawn_blocking(echo_program::run).await.unwrap();
    ran.unwrap();
    let is_over =
        |entries: &[nova_testkit::net::Entry]| entries.iter().any(|entry| entry.what == Event::Ended);
    peer.journal().wait_for("the end of the connection", is_over).await;
    let frames: Vec<_> = peer.journal().frames().into_iter().map(|(_, frame)| frame).collect();
    assert_eq!((frames.len(), frames[0].as_text(), frames[1].close_code()), (2, "hello", Some(1000)));
    assert_eq!(peer.accepted(), 1);
}

#[test]
fn the_defaults_of_the_readme_are_those_of_the_code() {
    let s = Settings::default();
    let bound = |bound: Bound, what: &str| format!("{} {what}, {}", bound.count, size(bound.bytes));
    let seconds = |duration: std::time::Duration| format!("{} s", duration.as_secs_f64());
    assert_eq!(s.initial_connect, InitialConnect::FailFast);
    let keep_alive = format!(
        "a probe every {}, {} for an answer, {} miss",
        seconds(s.keep_alive.every),
        seconds(s.keep_alive.deadline),
        s.keep_alive.misses
    );
    let rows = [
        ("initial_connect", "`FailFast`".to_owned()),
        ("stable_after", seconds(s.stable_after)),
        ("keep_alive", keep_alive),
        ("call_deadline", seconds(s.call_deadline)),
        ("opening_deadline", seconds(s.opening_deadline)),
        ("close_deadline", seconds(s.close_deadline)),
        ("drop_deadline", seconds(s.drop_deadline)),
        ("message_bytes", size(s.message_bytes)),
        ("lanes.control", bound(s.lanes.control, "frames")),
        ("lanes.session", bound(s.lanes.session, "requests")),
        ("lanes.user", bound(s.lanes.user, "messages")),
        ("in_flight", format!("{} requests", s.in_flight)),
        ("subscription", bound(s.subscription, "items")),
        ("events", s.events.to_string()),
    ];
    for (name, default) in rows {
        let row = format!("\n| `{name}` | {default} | ");
        assert!(README.contains(&row), "the README lacks the row {row}");
    }
}

fn size(bytes: usize) -> String {
    match bytes {
        mebibytes if mebibytes >> 20 > 0 => format!("{} MiB", mebibytes >> 20),
        kibibytes => format!("{} KiB", kibibytes >> 10),
    }
}

const README: &str = include_str!("../../README.md");
