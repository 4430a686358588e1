//! The facade's examples do what they say: each is run as a program, against a peer of this test or the
//! one it brings along, and what it prints is read.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use nova_deribit_simulator::{Config, Ending as Cut, Fault, Simulator};
use nova_testkit::{
    net::{EchoServer, Ending, PATIENCE, within},
    venue::{Heard, Op, Rules, Venue},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
};
use websockex_nova::{behaviour::Secret, prelude::*};

#[path = "../../crates/facade/examples/custom_adapter.rs"]
#[allow(dead_code, unreachable_pub, reason = "its `main` is not called here")]
mod custom_adapter;

/// An example that is running.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(program(name));
        let command = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line it prints.
    async fn line(&mut self) -> String {
        let line = within(PATIENCE, "a line of the example", self.lines.next_line()).await.unwrap();
        line.expect("it goes on")
    }

    /// The next line that holds this.
    async fn line_with(&mut self, words: &str) -> String {
        loop {
            let line = self.line().await;
            if line.contains(words) {
                return line;
            }
        }
    }

    /// The rest it prints, once it has ended well.
    async fn rest(mut self) -> Vec<String> {
        let mut rest = Vec::new();
        while let Some(line) =
            within(PATIENCE, "the end of the example", self.lines.next_line()).await.unwrap()
        {
            rest.push(line);
        }
        let output = self.child.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        rest
    }

    /// Ends it where it would go on, and returns what it complained of.
    async fn kill(mut self) -> String {
        self.child.start_kill().unwrap();
        let output = self.child.wait_with_output().await.unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

/// Where cargo puts examples: beside the folder of this test.
fn program(name: &str) -> PathBuf {
    let test = env::current_exe().unwrap();
    let program = test.parent().and_then(Path::parent).unwrap().join("examples").join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../crates/facade/examples/{name}.rs"));
    let age_of = |path: &Path| fs::metadata(path).and_then(|found| found.modified());
    let is_fresh = age_of(&program).is_ok_and(|built| built >= age_of(&source).unwrap());
    assert!(
        is_fresh,
        "{name} is not built from its present source: the tests of the whole workspace build it, and so does \
         `cargo build -p websockex-nova --all-features --examples`"
    );
    program
}

/// The lines of a source that are neither empty nor remarks nor attributes of the file.
fn lines_of_code(source: &str) -> usize {
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//") && !line.starts_with("#!");
    source.lines().map(str::trim).filter(is_code).count()
}

macro_rules! source {
    ($name:literal) => {
        include_str!(concat!("../../crates/facade/examples/", $name, ".rs"))
    };
}

#[test]
fn the_programs_are_as_short_as_they_claim_to_be() {
    assert_eq!(lines_of_code(source!("echo")), 8);
    assert!(lines_of_code(source!("deribit_ticker")) <= 14);
    let page = source!("custom_adapter");
    let (adapter, program) = (page.find("/// The language").unwrap(), page.find("#[tokio::main]").unwrap());
    assert!(lines_of_code(&page[adapter..program]) <= 50, "the adapter alone");
}

#[tokio::test]
async fn echo_says_hello() {
    let server = EchoServer::start().await.unwrap();
    assert_eq!(Running::start("echo", &[&server.url()]).rest().await, ["hello"]);
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_transport_of_ones_own_says_hello() {
    let server = EchoServer::start().await.unwrap();
    assert_eq!(Running::start("own_transport", &[&server.url()]).rest().await, ["hello"]);
}

#[tokio::test]
async fn the_ticker_prints_prices_and_tells_what_it_missed() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let mut ticker = Running::start("deribit_ticker", &[&simulator.url()]);
    ticker.line_with("BTC-PERPETUAL Some(").await;
    simulator.control().set_fault(Fault::DropTcp { how: Cut::Rst });
    simulator.control().wait_until(|journal| journal.requests("public/subscribe") == 2).await.unwrap();
    ticker.line_with("BTC-PERPETUAL Some(").await;
    let complaints = ticker.kill().await;
    assert!(
        complaints.contains("missed: an unknown number of items of ticker.BTC-PERPETUAL.100ms"),
        "{complaints}"
    );
}

#[tokio::test]
async fn the_book_is_void_after_a_hole_and_whole_again() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let mut book = Running::start("order_book", &[&simulator.url()]);
    book.line_with(" | ").await;
    simulator.control().set_fault(Fault::Gap { n: 1 }.on_channel("book.BTC-PERPETUAL.100ms"));
    simulator.control().wait_until(|journal| journal.requests("public/subscribe") == 2).await.unwrap();
    book.line_with(" | ").await;
    let complaints = book.kill().await;
    assert!(complaints.contains("the book is void: "), "{complaints}");
}

#[tokio::test]
async fn requests_end_in_every_way_that_is_shown() {
    let lines = Running::start("requests", &[]).rest().await;
    let endings = [
        "first order: Accepted",
        "the same order: refused",
        "second order: sent, no answer in time",
        "third order: sent, and the link is gone",
        "fourth order: never sent, so try again",
        "the time: \"told by the next link\"",
    ];
    assert_eq!(lines.len(), endings.len(), "{lines:?}");
    for (line, ending) in lines.iter().zip(endings) {
        assert!(line.starts_with(ending), "{line}");
    }
}

#[tokio::test]
async fn the_login_takes_the_newest_secret() {
    let lines = Running::start("login", &[]).rest().await;
    assert_eq!(lines, ["logged in: order 1", "logged in with the new secret: order 2"]);
}

#[tokio::test]
async fn a_strategy_of_ones_own_paces_and_gives_up() {
    let lines = Running::start("reconnect_strategy", &[]).rest().await;
    assert_eq!(lines.first().map(String::as_str), Some("hello"));
    assert!(lines[1].starts_with("attempt 1 follows, because "), "{lines:?}");
    assert_eq!(lines.last().map(String::as_str), Some("the end: it gave up after 3 reconnection attempts"));
}

#[tokio::test]
async fn clients_under_a_supervisor_share_a_budget() {
    let lines = Running::start("supervisor", &[]).rest().await;
    // One at once and ten a second: the third waits for two tenths.
    let took = lines.iter().find_map(|line| line.strip_prefix("all are back after ")).unwrap();
    assert!(took.split(' ').next().unwrap().parse::<u32>().unwrap() >= 2, "{lines:?}");
    for name in ["left", "middle", "right"] {
        assert!(lines.contains(&format!("{name}: {name}")), "{lines:?}");
        assert!(lines.contains(&format!("{name}: 0 restarts, closed cleanly: true")), "{lines:?}");
    }
}

#[tokio::test]
async fn probes_and_prometheus_are_answered() {
    let server = EchoServer::start().await.unwrap();
    let mut health = Running::start("health", &[&server.url()]);
    let url = health.line().await;
    let addr = url.strip_prefix("http://").unwrap().to_owned();
    assert_eq!(health.line().await, "hello");
    assert!(get(&addr, "/readyz").await.starts_with("HTTP/1.0 200"));
    assert!(get(&addr, "/metrics").await.contains("client=\"echo\""));
    health.kill().await;
}

async fn get(addr: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: {addr}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(PATIENCE, path, stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn a_shutdown_tells_what_it_leaves_behind() {
    let lines = Running::start("shutdown", &[]).rest().await;
    let missed = "missed after item 5: an unknown number of items of deltas.BTC: ";
    assert!(lines[0].starts_with(missed), "{lines:?}");
    assert_eq!(lines[2], "left behind: 0 not sent, 1 of unknown fate");
    assert!(lines[3].contains("outcome unknown"), "{lines:?}");
}

#[tokio::test]
async fn the_custom_adapter_brings_a_venue_along() {
    assert_eq!(Running::start("custom_adapter", &[]).rest().await.len(), 5);
}

#[tokio::test]
async fn the_custom_adapter_logs_in_lives_and_tells_holes() {
    let venue = Venue::start(Rules::default()).await.unwrap();
    let mut program = Running::start("custom_adapter", &[&venue.url()]);
    let is_on = |link| {
        move |core: &nova_testkit::venue::Core| {
            core.seat(link).is_some_and(|seat| seat.topics().contains("deltas.BTC"))
        }
    };
    venue.wait_for("the subscription", is_on(1)).await;
    let asked = |link| venue.look(|core| core.requests(link).map(|(op, _)| op).collect::<Vec<_>>());
    assert_eq!(asked(1), [Op::Set, Op::Login, Op::Subscribe]);
    venue.wait_for("a sign of life", |core| core.journal().any(|entry| entry.heard == Heard::Alive)).await;
    venue.tick("deltas.BTC", 2);
    assert_eq!([program.line().await, program.line().await], ["1 at 101", "2 at 102"]);

    // A hole in the numbers.
    venue.rule(|rules| rules.silent_topics = ["deltas.BTC".to_owned()].into());
    venue.tick("deltas.BTC", 3);
    venue.rule(|rules| rules.silent_topics.clear());
    venue.tick("deltas.BTC", 1);
    assert_eq!(program.line().await, "missed 3 items of deltas.BTC: sequence_break");

    venue.cut(Ending::Reset);
    venue.wait_for("the next subscription", is_on(2)).await;
    assert_eq!(asked(2), [Op::Set, Op::Login, Op::Subscribe]);
    venue.tick("deltas.BTC", 1);
    let rest = program.rest().await;
    assert!(rest[1].starts_with("missed an unknown number of items of deltas.BTC: "), "{rest:?}");
}

#[tokio::test]
async fn the_custom_adapter_keeps_to_the_credits() {
    let venue = Venue::start(Rules::default()).await.unwrap();
    let secret = Secret::from(Rules::ALICES_SECRET);
    let adapter = custom_adapter::acme(venue.endpoint(), "alice".to_owned(), secret);
    let client = Connect::new(adapter, nova_tests::Wire::default()).connect().await.unwrap();
    // With the setting and the login these are fourteen requests, and the venue takes ten at once.
    for topic in ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"] {
        client.subscribe(custom_adapter::Deltas(topic)).await.unwrap();
    }
    assert_eq!(venue.look(|core| core.rate_errors()), 0);
    client.shutdown(secs(1)).await.unwrap();
}
