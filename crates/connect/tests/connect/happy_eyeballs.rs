//! Which address wins, in virtual time over a simulated network.

use std::{
    future::pending,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use nova_connect::{ByteStream, Connector, Dial, Resolve};
use nova_transport::{ConnectError, Phase};
use tokio::time::Instant;

use crate::support::{endpoint, failure};

/// A network in which the first byte of an address says what happens there.
#[derive(Debug, Default)]
struct Network {
    dialled: Mutex<Vec<(IpAddr, Instant)>>,
    abandoned: Arc<AtomicUsize>,
}

/// Counts dials that were dropped before they ended.
struct Abandoned(Arc<AtomicUsize>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

const UNPOISONED: &str = "nothing panics under this lock";

const DEAD: &str = "1.0.0.1";
const DEAD_TOO: &str = "1.0.0.2";
const REFUSING: &str = "2.0.0.1";
const ALIVE: &str = "3.0.0.1";
const ALIVE_SIX: &str = "300::1";

#[async_trait]
impl Dial for Network {
    async fn dial(&self, address: SocketAddr) -> io::Result<ByteStream> {
        self.dialled.lock().expect(UNPOISONED).push((address.ip(), Instant::now()));
        let text = address.ip().to_string();
        if text.starts_with('1') {
            let _abandoned = Abandoned(Arc::clone(&self.abandoned));
            pending::<()>().await;
        }
        if text.starts_with('2') {
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, text));
        }
        // Nobody is at the other end, so that the upgrade fails at once.
        Ok(ByteStream::new(tokio::io::duplex(1024).0))
    }
}

#[derive(Debug)]
struct Addresses(&'static [&'static str]);

#[async_trait]
impl Resolve for Addresses {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.iter().map(|ip| ip.parse().expect("the test writes addresses")).collect())
    }
}

/// Connects to a host with these addresses. Gives which were dialled, each after how many
/// milliseconds, when the race was over, and the error.
async fn race(addresses: &'static [&'static str]) -> (Vec<(String, u128)>, u128, ConnectError, usize) {
    let network = Arc::new(Network::default());
    let dialer = Arc::clone(&network) as Arc<dyn Dial>;
    let connector = Connector::new().with_resolver(Arc::new(Addresses(addresses))).with_dialer(dialer);
    let begun = Instant::now();
    let error = failure(&connector, "ws://venue.test").await;
    let over = begun.elapsed().as_millis();
    let dialled = network.dialled.lock().expect(UNPOISONED);
    let dialled = dialled.iter().map(|(ip, at)| (ip.to_string(), (*at - begun).as_millis())).collect();
    (dialled, over, error, network.abandoned.load(Ordering::Relaxed))
}

fn log(entries: &[(&str, u128)]) -> Vec<(String, u128)> {
    entries.iter().map(|(ip, at)| ((*ip).to_owned(), *at)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_dead_address_costs_a_quarter_second_and_is_dropped() {
    let (dialled, over, error, abandoned) = race(&[DEAD, ALIVE]).await;
    assert_eq!(dialled, log(&[(DEAD, 0), (ALIVE, 250)]));
    assert_eq!((error.phase(), over, abandoned), (Phase::Upgrade, 250, 1));
}

#[tokio::test(start_paused = true)]
async fn a_dead_family_costs_one_pause_and_not_one_per_address() {
    let (dialled, ..) = race(&[DEAD, DEAD_TOO, ALIVE_SIX]).await;
    assert_eq!(dialled, log(&[(DEAD, 0), (ALIVE_SIX, 250)]));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_lets_the_next_address_start_at_once() {
    let (dialled, over, error, _) = race(&[REFUSING, ALIVE]).await;
    assert_eq!(dialled, log(&[(REFUSING, 0), (ALIVE, 0)]));
    assert_eq!((error.phase(), over), (Phase::Upgrade, 0));
}

#[tokio::test(start_paused = true)]
async fn a_live_first_address_is_the_only_one_dialled() {
    let (dialled, ..) = race(&[ALIVE, DEAD]).await;
    assert_eq!(dialled, log(&[(ALIVE, 0)]));
}

#[tokio::test(start_paused = true)]
async fn when_all_refuse_the_last_refusal_is_told() {
    let (_, over, error, _) = race(&[REFUSING, "2.0.0.2"]).await;
    assert!(
        matches!(&error, ConnectError::Tcp { source, .. } if source.to_string() == "2.0.0.2"),
        "{error:?}"
    );
    assert_eq!(over, 0);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_bounds_the_whole_race() {
    let (dialled, over, error, abandoned) = race(&[DEAD, DEAD_TOO]).await;
    assert_eq!(dialled.len(), 2);
    let limit = Duration::from_secs(5);
    assert!(matches!(error, ConnectError::TimedOut { phase: Phase::Tcp, limit: told } if told == limit));
    assert_eq!((over, abandoned), (5_000, 2));
}

#[tokio::test(start_paused = true)]
async fn an_address_needs_no_resolver() {
    let network = Arc::new(Network::default());
    let dialer = Arc::clone(&network) as Arc<dyn Dial>;
    let connector = Connector::new().with_resolver(Arc::new(Addresses(&[]))).with_dialer(dialer);
    let told = Mutex::new(Vec::new());
    let record = |phase| told.lock().unwrap().push(phase);
    connector.connect(&endpoint("ws://[300::1]:7"), &record).await.unwrap_err();
    assert_eq!(*told.lock().unwrap(), [Phase::Tcp, Phase::Upgrade]);
    assert_eq!(network.dialled.lock().unwrap()[0].0.to_string(), ALIVE_SIX);
}
