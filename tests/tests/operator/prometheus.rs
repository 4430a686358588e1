//! Prometheus itself scrapes a client, and its promtool finds nothing wrong with the page.
//!
//! Both come with the package `prometheus`; where they are not there, these tests say so and do nothing.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use nova_testkit::{
    net::{PATIENCE, Port, within},
    venue::{Credits, Reception, Rules, Venue, adapter::*},
};
use websockex_nova::{
    behaviour::{Behaviour, Policy},
    prelude::*,
    telemetry_export::{Watchlist, prometheus::Exposition},
};

use crate::{
    kit::{get, serving, until_page, value},
    venue::quick,
};

/// A client to which most things have happened once, so that all its series are there.
async fn experienced(venue: &Venue) -> Client<impl Behaviour, impl Policy> {
    let client =
        Connect::new(venue.adapter(), websockex_nova::transport_fastwebsockets::FastWebSockets::default())
            .with_policies(quick().with_limiter(limiter(Credits::default()).unwrap()))
            .connect()
            .await
            .unwrap();
    let mut deltas = client.subscribe(Deltas("BTC")).required().await.unwrap();
    venue.tick("deltas.BTC", 3);
    for _ in 0..3 {
        within(PATIENCE, "an item", deltas.next()).await.unwrap();
    }
    venue.rule(|rules| rules.receptions = [Reception::Vanish].into());
    venue.close(1001, "out for lunch");
    crate::venue::until(&client, "the loss", |state| !state.is_ready()).await;
    crate::venue::until(&client, "the return", |state| state.is_ready()).await;
    client.ping().await.unwrap();
    client.call(Time).await.unwrap();
    client
}

async fn venue() -> Venue {
    // With credits, so that there are tokens to be seen.
    Venue::start(Rules::default()).await.unwrap()
}

fn works(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[allow(clippy::print_stderr, reason = "a test that does nothing must say so")]
fn skipped(program: &str) -> bool {
    let is_missing = !works(program);
    if is_missing {
        eprintln!("skipped: {program} is not there (it comes with Prometheus)");
    }
    is_missing
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_the_page() {
    let venue = venue().await;
    let client = experienced(&venue).await;
    let watched = Watchlist::default();
    watched.watch("venue", client.monitor());
    let page = Exposition::Text.write(&watched);
    assert_eq!(value(&page, "websocket_client_ready{"), Some(1.0), "{page}");
    if skipped("promtool") {
        return;
    }
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

/// Prometheus at work in a folder of its own; both go with it.
struct Prometheus {
    process: Child,
    folder: PathBuf,
    addr: SocketAddr,
}

impl Prometheus {
    fn start(target: SocketAddr) -> Self {
        let addr = Port::reserve().unwrap().addr();
        let folder = std::env::temp_dir().join(format!("nova-prometheus-{}", addr.port()));
        fs::create_dir_all(&folder).unwrap();
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/alerts/rules.yml");
        let settings = format!(
            "global:\n  scrape_interval: 500ms\n  evaluation_interval: 500ms\n\
             rule_files: ['{rules}']\n\
             scrape_configs:\n- job_name: nova\n  static_configs:\n  - targets: ['{target}']\n"
        );
        fs::write(folder.join("prometheus.yml"), settings).unwrap();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address={addr}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, folder, addr }
    }

    /// Waits until it listens.
    async fn ready(&self) {
        let connecting = async {
            while tokio::net::TcpStream::connect(self.addr).await.is_err() {
                tokio::time::sleep(millis(20)).await;
            }
        };
        within(PATIENCE, "Prometheus to listen", connecting).await;
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// All metrics of ours that rules and dashboard name.
fn named() -> BTreeSet<String> {
    let rules = include_str!("../../../docs/alerts/rules.yml");
    let dashboard = include_str!("../../../docs/alerts/dashboard.json");
    let words = [rules, dashboard]
        .into_iter()
        .flat_map(|text| text.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_')));
    words.filter(|word| word.starts_with("websocket_client_")).map(str::to_owned).collect()
}

#[tokio::test]
async fn prometheus_scrapes_every_metric_that_rules_and_dashboard_name() {
    if skipped("prometheus") {
        return;
    }
    let venue = venue().await;
    let client = experienced(&venue).await;
    let watched = Watchlist::default();
    watched.watch("venue", client.monitor());
    let serving = serving(&watched).await;
    let prometheus = Prometheus::start(serving.addr());
    prometheus.ready().await;
    // A scrape becomes visible series by series: with the second one the first is whole.
    let scrapes = "/api/v1/query?query=count_over_time(websocket_client_ready%5B1m%5D)%3E1";
    let has_result = |_: u16, page: &str| page.contains("\"client\":\"venue\"");
    until_page(prometheus.addr, scrapes, "two scrapes", has_result).await;
    let (_, page) = get(prometheus.addr, "/api/v1/label/__name__/values").await;
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    let scraped = page["data"].as_array().into_iter().flatten().filter_map(|name| name.as_str());
    let scraped: BTreeSet<_> = scraped.map(str::to_owned).collect();
    let missing: Vec<_> = named().into_iter().filter(|name| !scraped.contains(name)).collect();
    assert!(missing.is_empty(), "named, but not scraped: {missing:?}");

    let (_, page) = get(prometheus.addr, "/api/v1/query?query=websocket_client_ready").await;
    let page: serde_json::Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page["data"]["result"][0]["metric"]["client"], "venue");
    assert_eq!(page["data"]["result"][0]["value"][1], "1");
    // It has taken the rules, and evaluates them.
    let path = "/api/v1/rules";
    until_page(prometheus.addr, path, "the rules", |_, page| page.contains("WebsocketClientDown")).await;
}
