//! `nova demo`.

use std::{
    net::{SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use super::process::Nova;

#[tokio::test]
async fn the_demonstration_adds_up_and_ends_by_itself() {
    let began = Instant::now();
    let ended = Nova::run(&["demo", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let summary: Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!(ended.output.lines().count(), 1, "one line");

    let requests = |name: &str| number(&summary["requests"], name);
    let ends = ["answered", "refused", "not_sent", "sent_unknown", "timed_out", "cancelled"];
    assert_eq!(requests("made"), ends.map(requests).iter().sum::<u64>());
    for end in ends {
        assert!(requests(end) > 0, "no request ended as {end}: {summary}");
    }
    let links = |name: &str| number(&summary["links"], name);
    assert_eq!((links("ready"), links("silent")), (3, 1), "{summary}");
    assert!(links("failed") >= 1 && links("attempts") == links("failed") + 3, "{summary}");
    let logins = |name: &str| number(&summary["logins"], name);
    assert_eq!((logins("by_credentials"), logins("lapsed")), (3 + 1, 1), "{summary}");
    assert!(logins("by_refresh_token") >= 1 && number(&summary, "heartbeats_answered") >= 1, "{summary}");
    assert_eq!(summary["orders"], serde_json::json!({ "wanted": 2, "open": 2 }));
    assert_eq!((&summary["book"]["is_the_venues"], &summary["closed_cleanly"]), (&true.into(), &true.into()));
    assert_eq!(summary["unexplained"], serde_json::json!([]));

    let [ticker, book, trades, orders, news] = &summary["streams"].as_array().unwrap()[..] else {
        panic!("{summary}")
    };
    for stream in [ticker, book, trades, orders, news] {
        assert_conserved(stream);
    }
    assert!(number(ticker, "conflated") > 0 && number(trades, "conflated") == 0, "{summary}");
    assert_eq!(causes(book), ["sequence_break", "disconnected", "disconnected"]);
    assert_eq!(causes(orders), ["login_lapsed", "disconnected"]);
    assert_eq!(causes(news), ["overflow"]);
    assert_eq!((number(&news["gaps"][0], "missing"), number(news, "dropped")), (150, 150));
    let cut = &book["links"][0];
    assert!(number(cut, "sent") > number(cut, "received"), "nothing was on its way: {cut}");
}

/// Checks by the printed figures alone that each item received has one fate, and that each item the
/// venue sent was taken, replaced, or lies where a gap was told.
fn assert_conserved(stream: &Value) {
    let fates = ["delivered", "conflated", "dropped", "undecodable", "queued"];
    let received = number(stream, "received");
    assert_eq!(received, fates.map(|fate| number(stream, fate)).iter().sum::<u64>(), "{stream}");
    let links = stream["links"].as_array().unwrap();
    assert_eq!(links.len(), 3, "{stream}");
    assert_eq!(received, links.iter().map(|link| number(link, "received")).sum::<u64>(), "{stream}");
    assert!(received > 0, "{stream}");
    for link in links {
        let explained = ["taken", "replaced", "told"].map(|name| number(link, name));
        assert_eq!(number(link, "sent"), explained.iter().sum::<u64>(), "{stream}");
    }
}

fn causes(stream: &Value) -> Vec<&str> {
    stream["gaps"].as_array().unwrap().iter().map(|gap| gap["cause"].as_str().unwrap()).collect()
}

fn number(of: &Value, name: &str) -> u64 {
    of[name].as_u64().unwrap_or_else(|| panic!("no {name} in {of}"))
}

#[tokio::test]
async fn the_story_is_told_for_humans() {
    let ended = Nova::run(&["demo"]).await;
    assert_eq!((ended.code, ended.told.as_str()), (Some(0), ""), "{ended:?}");
    let lines: Vec<_> = ended.output.lines().collect();
    assert_eq!(
        lines.last(),
        Some(&"The callers, the subscribers, the metrics and the venue agree."),
        "{ended:?}"
    );
    assert!(!ended.output.contains("NOT the same") && !ended.output.contains("secret"), "{ended:?}");
    for (beginning, times) in [
        ("requests made ", 1),
        ("book.BTC-PERPETUAL.100ms: received ", 1),
        ("book.BTC-PERPETUAL.100ms: GAP after ", 3),
        ("announcements: GAP, exactly 150 missing", 1),
        ("the client's book and the venue's: the same", 5),
        ("client: the login has lapsed", 1),
    ] {
        let told = lines.iter().filter(|line| {
            line[line.find("] ").map_or(0, |at| at + 2)..].trim_start().starts_with(beginning)
        });
        assert_eq!(told.count(), times, "{beginning:?} in {ended:?}");
    }
}

/// What the endpoint said at one moment.
struct Look {
    at: Instant,
    readiness: (u16, Value),
    health: (u16, Value),
    metrics: String,
}

impl Look {
    /// The only client's part of an answer, once there is one.
    fn client(page: &Value) -> &Value {
        &page["clients"][0]
    }

    fn is_down(page: &Value) -> bool {
        Self::client(page)["condition"] == "down"
    }
}

/// Gets a page: its status and its text; `None` once nobody serves any more.
async fn page(addr: SocketAddr, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(addr).await.ok()?;
    stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let (head, page) = answer.split_once("\r\n\r\n")?;
    Some((head.get(9..12)?.parse().ok()?, page.to_owned()))
}

/// Looks on until nobody serves any more.
async fn looks(addr: SocketAddr) -> Vec<Look> {
    let mut looks = Vec::new();
    let json = |(status, page): (u16, String)| (status, serde_json::from_str(&page).unwrap());
    loop {
        let at = Instant::now();
        let pages = (page(addr, "/readyz").await, page(addr, "/healthz").await, page(addr, "/metrics").await);
        let (Some(readiness), Some(health), Some((_, metrics))) = pages else { return looks };
        looks.push(Look { at, readiness: json(readiness), health: json(health), metrics });
        // A page cannot be waited for; whoever probes asks again, too.
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn who_looks_on_sees_each_outage_begin_and_end() {
    let mut nova = Nova::start(&["demo", "--json", "--metrics", "127.0.0.1:0", "--hold", "600ms"]);
    nova.end_input();
    let line = nova.tells("serving").await;
    let addr: SocketAddr = line.strip_prefix("serving http://").unwrap().parse().unwrap();
    assert!(addr.ip().is_loopback() && addr.port() != 0);
    let looking = tokio::spawn(looks(addr));
    nova.tells("The venue falls silent").await;
    let silent = Instant::now();
    nova.ended().await.assert(0, &[]);
    let looks = looking.await.unwrap();

    // Before the client is there, nothing is ready.
    let looks: Vec<_> =
        looks.into_iter().skip_while(|look| Look::client(&look.readiness.1).is_null()).collect();
    let changes = |state: &dyn Fn(&Look) -> bool| {
        let mut states: Vec<_> = looks.iter().map(state).collect();
        states.dedup();
        states
    };
    let twice_away = [true, false, true, false, true];
    assert_eq!(changes(&|look| look.readiness.0 == 200), twice_away, "ready, by its status");
    assert_eq!(changes(&|look| !Look::is_down(&look.health.1)), twice_away, "healthy, by its condition");
    let is_ready = "websocket_client_ready{client=\"demo\"} 1";
    assert_eq!(changes(&|look| look.metrics.contains(is_ready)), twice_away, "ready, by the metric");
    // It comes back by itself, so a restart is not called for.
    assert!(looks.iter().all(|look| look.health.0 == 200));
    for look in looks.iter().filter(|look| look.readiness.0 == 503) {
        let client = Look::client(&look.readiness.1);
        assert_eq!((&client["client"], &client["ready"]), (&"demo".into(), &false.into()));
        assert!(client["reasons"][0].as_str().is_some_and(|reason| !reason.is_empty()), "{client}");
    }
    let noticed = looks.iter().find(|look| look.at > silent && look.readiness.0 == 503).unwrap();
    // A probe each second, three seconds to answer it; the machine may be busy.
    let took = noticed.at - silent;
    assert!(took < Duration::from_millis(5_500), "{took:?}");
    let last = &looks.last().unwrap().metrics;
    for reason in ["io", "silent"] {
        let losses = "websocket_client_connection_losses_total{client=\"demo\",error_type=";
        assert!(last.contains(&format!("{losses}\"{reason}\"}} 1")), "{last}");
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_served_is_named_and_ends_with_2() {
    Nova::run(&["demo", "--metrics", "nowhere"]).await.assert(2, &["nowhere", "neither a port nor IP:PORT"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let ended = Nova::run(&["demo", "--metrics", &addr]).await;
    ended.assert(2, &[&format!("nothing can be served at {addr}"), "in use"]);
    assert_eq!(ended.output, "");
}
