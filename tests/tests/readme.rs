//! What the README says is so.
//!
//! Its programs are compiled and run as they stand. To them this file is `websockex_nova`: its prelude
//! is the real one, except that `Client::connect` finds every host at a peer of the loopback
//! interface, trusts its certificate, and keeps a handle by which a program can be ended. What they
//! print is kept as well.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

extern crate self as websockex_nova;
extern crate websockex_nova as real;

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use nova_deribit_simulator::{Config, Ending, Fault, Simulator, Tls};
use nova_testkit::net::{Certificates, Event, Peer, Served};
use real::{
    behaviour::{Behaviour, Bound, InitialConnect, Settings},
    client::{Client, Connect},
    connect::{ByteStream, Connector, Dial, ProxyChoice, Resolve, Roots, TcpDialer, TlsOptions},
    prelude::{Adapter, secs},
    session::EndCause,
    transport_fastwebsockets::FastWebSockets,
};
use tokio::sync::{oneshot, watch};

/// What the README's programs import.
pub mod prelude {
    pub use super::ClientExt;
    pub use real::prelude::*;
}

pub use real::deribit;

/// In the place of the real one.
pub trait ClientExt<A: Adapter>: Sized {
    /// Connects to whatever stands in for the adapter's endpoint.
    fn connect(adapter: A) -> impl Future<Output = Result<Self, EndCause>> + Send;
}

impl<A: Adapter> ClientExt<A> for Client<A::Handlers> {
    async fn connect(adapter: A) -> Result<Self, EndCause> {
        let client = Connect::new(adapter, FastWebSockets::new(network())).connect().await?;
        keep_end_of(client.clone());
        Ok(client)
    }
}

/// The network: hosts by their names, which serve on port 443.
#[derive(Debug, Default)]
struct Network {
    hosts: Mutex<BTreeMap<String, SocketAddr>>,
}

static NETWORK: LazyLock<Arc<Network>> = LazyLock::new(Arc::default);

/// Of the authority that every host shows a certificate of.
static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(Certificates::generate);

impl Network {
    fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, SocketAddr>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a host be found.
    fn add(&self, name: &str, real: SocketAddr) {
        self.hosts().insert(name.to_owned(), real);
    }
}

#[async_trait::async_trait]
impl Resolve for Network {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let place = self.hosts().keys().position(|name| name == host);
        Ok(vec![address(place.unwrap_or_else(|| panic!("{host} is no host of this network")))])
    }
}

#[async_trait::async_trait]
impl Dial for Network {
    async fn dial(&self, wanted: SocketAddr) -> io::Result<ByteStream> {
        assert_eq!(wanted.port(), 443);
        let hosts: Vec<_> = self.hosts().values().copied().collect();
        let real = (0..).zip(hosts).find(|(place, _)| address(*place) == wanted.ip());
        let (_, real) = real.expect("it was resolved");
        TcpDialer.dial(real).await
    }
}

/// An address for documentation (RFC 5737): dialled by nobody.
fn address(place: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, u8::try_from(place).expect("there are few hosts")))
}

fn network() -> Connector {
    let tls = TlsOptions::new().with_roots(Roots::ExtraOnly).with_extra_root_der(&CERTIFICATES.root());
    Connector::new()
        .with_tls(tls.expect("the root is one"))
        .with_proxy(ProxyChoice::Direct)
        .with_resolver(Arc::clone(&*NETWORK) as Arc<dyn Resolve>)
        .with_dialer(Arc::clone(&*NETWORK) as Arc<dyn Dial>)
}

/// Ends the client of a program that would go on for ever.
type End = oneshot::Sender<()>;

static ENDS: Mutex<Vec<End>> = Mutex::new(Vec::new());

fn keep_end_of<H: Behaviour>(client: Client<H>) {
    let (end, ended) = oneshot::channel();
    // In the program's own runtime, which drops the handle with itself.
    tokio::spawn(async move {
        if ended.await.is_ok() {
            let _ = client.shutdown(secs(2)).await;
        }
    });
    ENDS.lock().unwrap().push(end);
}

/// What programs printed, each line with the stream it went to.
static PRINTED: LazyLock<watch::Sender<Vec<String>>> = LazyLock::new(watch::Sender::default);

fn printed(stream: &str, line: &str) {
    PRINTED.send_modify(|lines| lines.push(format!("{stream}: {line}")));
}

/// Waits until this holds of what was printed.
async fn until_printed(what: &str, holds: impl FnMut(&Vec<String>) -> bool) -> usize {
    let mut lines = PRINTED.subscribe();
    let so_far = nova_testkit::net::within(secs(20), what, lines.wait_for(holds)).await.unwrap();
    so_far.len()
}

/// Starts an echo peer that shows a certificate for `echo.example`, and adds it to the network.
async fn start_echo_example() -> Served {
    let config = CERTIFICATES.server_for(&["echo.example"]).server_config();
    let peer = Peer::serve(move |conn| {
        let config = Arc::clone(&config);
        async move {
            let mut conn = conn.start_tls(config).await.expect("the client trusts the certificate");
            conn.accept_upgrade().await;
            conn.echo().await;
        }
    });
    let peer = peer.await.expect("a port is free");
    NETWORK.add("echo.example", peer.addr());
    peer
}

/// Starts the simulator as `test.deribit.com`, and adds it to the network.
async fn start_deribit() -> Simulator {
    let identity = CERTIFICATES.server_for(&["test.deribit.com"]);
    let tls = Tls::Pem { certificates: identity.certificate_pem(), key: identity.key_pem() };
    let simulator = Simulator::start(Config::default().with_tls(tls)).await.expect("a port is free");
    NETWORK.add("test.deribit.com", simulator.addr());
    simulator
}

/// What the programs print is kept.
macro_rules! println {
    ($($words:tt)*) => { crate::printed("out", &format!($($words)*)) };
}

macro_rules! eprintln {
    ($($words:tt)*) => { crate::printed("err", &format!($($words)*)) };
}

mod echo_program {
    include!(concat!(env!("OUT_DIR"), "/readme_1.rs"));

    /// The program, which makes a runtime of its own.
    pub(super) fn run() -> Result<()> {
        main()
    }
}

mod deribit_program {
    include!(concat!(env!("OUT_DIR"), "/readme_2.rs"));

    /// The program, which makes a runtime of its own.
    pub(super) fn run() -> Result<()> {
        main()
    }
}

#[test]
fn every_program_of_the_readme_is_run_here() {
    assert_eq!(env!("README_PROGRAMS"), "2");
}

/// One after the other: what they print goes to one place.
#[tokio::test(flavor = "multi_thread")]
async fn the_programs_do_what_the_readme_says() {
    let (echo, deribit) = (start_echo_example().await, start_deribit().await);
    the_echo_program_says_hello_over_tls_and_closes(&echo).await;
    the_deribit_program_prints_tickers_and_tells_what_it_missed(&deribit).await;
}

async fn the_echo_program_says_hello_over_tls_and_closes(peer: &Served) {
    let ran = tokio::task::spawn_blocking(echo_program::run).await.unwrap();
    ran.unwrap();
    let is_over =
        |entries: &[nova_testkit::net::Entry]| entries.iter().any(|entry| entry.what == Event::Ended);
    peer.journal().wait_for("the end of the connection", is_over).await;
    let frames: Vec<_> = peer.journal().frames().into_iter().map(|(_, frame)| frame).collect();
    assert_eq!((frames.len(), frames[0].as_text(), frames[1].close_code()), (2, "hello", Some(1000)));
    assert_eq!(peer.accepted(), 1);
    assert_eq!(*PRINTED.borrow(), ["out: hello"]);
}

async fn the_deribit_program_prints_tickers_and_tells_what_it_missed(venue: &Simulator) {
    let control = venue.control();
    let running = tokio::task::spawn_blocking(deribit_program::run);
    let is_ticker = |line: &String| line.starts_with("out: BTC-PERPETUAL Some(");
    let tickers = move |lines: &[String]| lines.iter().filter(|line| is_ticker(line)).count();
    until_printed("some tickers", |lines| tickers(lines) >= 3).await;

    control.set_fault(Fault::DropTcp { how: Ending::Rst });
    let missed = "err: missed: an unknown number of items of ticker.BTC-PERPETUAL.100ms: ";
    let is_gap = |line: &String| line.starts_with(missed);
    let at = until_printed("the gap", |lines| lines.iter().any(is_gap)).await;
    until_printed("tickers on the next link", |lines| tickers(&lines[at..]) >= 3).await;

    let ends = std::mem::take(&mut *ENDS.lock().unwrap());
    // That of the first program has ended already.
    for end in ends {
        let _ = end.send(());
    }
    running.await.unwrap().unwrap();
    assert_eq!(control.journal(|journal| journal.answers(101)), 2);
    assert_eq!(control.journal(|journal| journal.requests("public/subscribe")), 2);
    assert_eq!(control.journal(|journal| journal.requests("public/auth")), 0);
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
