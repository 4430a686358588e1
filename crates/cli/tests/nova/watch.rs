//! `nova deribit watch`.

use nova_deribit_simulator::{Config, Ending, Event, Fault, Journal, Refusal, Simulator};
use nova_testkit::canary;
use serde_json::Value;

use super::{
    Scratch,
    process::{Ended, Nova},
};

const TICKER: &str = "ticker.BTC-PERPETUAL.100ms";
const BOOK: &str = "book.BTC-PERPETUAL.100ms";
const ORDERS: &str = "user.orders.any.any.raw";

async fn venue() -> Simulator {
    Simulator::start(Config::default()).await.unwrap()
}

fn attempts(venue: &Simulator) -> usize {
    let is_attempt = |event: &Event| matches!(event, Event::Attempt { .. });
    venue.control().journal(|journal| journal.entries().filter(|entry| is_attempt(&entry.event)).count())
}

fn credentials(name: &str, id: &str, secret: &str) -> Scratch {
    Scratch::new(name, &format!("DERIBIT_CLIENT_ID={id}\nDERIBIT_CLIENT_SECRET={secret}\n"))
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))
}

/// Checks a summary by its own figures.
fn assert_conserved(summary: &Value) {
    for channel in summary["channels"].as_array().unwrap() {
        let of = |name: &str| channel[name].as_u64().unwrap();
        let fates = ["delivered", "conflated", "dropped", "undecodable", "queued"];
        assert_eq!(of("received"), fates.map(of).iter().sum::<u64>(), "{channel}");
    }
}

/// The next line of this type, and in which all of `holds` is true.
async fn next(nova: &mut Nova, holds: impl Fn(&Value) -> bool) -> Value {
    loop {
        let line = parsed(&nova.line().await);
        if holds(&line) {
            return line;
        }
    }
}

fn last(ended: &Ended) -> Value {
    parsed(ended.output.lines().last().unwrap())
}

#[tokio::test]
async fn a_simulator_in_the_process_is_watched_as_json() {
    let ended = Nova::run(&["deribit", "watch", "--simulator", "--json", "--for", "1s", TICKER, BOOK]).await;
    ended.assert(0, &[]);
    let lines: Vec<_> = ended.output.lines().map(parsed).collect();
    let items = |channel: &str| {
        lines.iter().filter(|line| line["type"] == "item" && line["channel"] == channel).collect::<Vec<_>>()
    };
    let (tickers, books) = (items(TICKER), items(BOOK));
    assert!(tickers.len() >= 2 && books.len() >= 2, "{ended:?}");
    assert!(tickers.iter().all(|line| line["data"]["best_bid_price"].is_number()), "{ended:?}");
    assert_eq!(books[0]["data"]["type"], "snapshot");
    assert!(books[0]["sequence"].is_u64() && books[0]["age_ms"].is_i64(), "{}", books[0]);
    let summary = last(&ended);
    assert_eq!((&summary["type"], summary["channels"].as_array().unwrap().len()), (&"summary".into(), 2));
    assert_eq!(summary["channels"][0]["delivered"], tickers.len());
    assert_conserved(&summary);
}

#[tokio::test]
async fn lines_tell_rates_ages_and_best_prices() {
    let args = ["deribit", "watch", "--simulator", "--for", "2500ms", BOOK, "user.orders.BTC-PERPETUAL.raw"];
    let ended = Nova::run(&args).await;
    ended.assert(0, &[]);
    let row = ended.output.lines().find(|line| line.starts_with(&format!("{BOOK}  ")));
    let row = row.unwrap_or_else(|| panic!("no row in {ended:?}"));
    for part in ["/s  ", " items  0 gaps  age ", " ms  bid ", "  ask "] {
        assert!(row.contains(part), "no {part:?} in {row}");
    }
    assert!(ended.output.contains("logged in") && ended.output.contains("ready after"), "{ended:?}");
    assert!(ended.output.contains(&format!("\n{BOOK}: received ")), "{ended:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_cut_link_is_told_and_ctrl_c_ends_in_good_order() {
    let venue = venue().await;
    let mut nova = Nova::start(&["deribit", "watch", "--json", "--url", &venue.url(), TICKER, BOOK]);
    next(&mut nova, |line| line["channel"] == BOOK).await;
    venue.control().set_fault(Fault::DropTcp { how: Ending::Rst });
    next(&mut nova, |line| line["event"] == "lost").await;
    next(&mut nova, |line| line["event"] == "ready").await;
    let gap = next(&mut nova, |line| line["type"] == "gap" && line["channel"] == BOOK).await;
    assert_eq!((&gap["cause"], gap["after"].is_u64()), (&"disconnected".into(), true), "{gap}");
    let item = next(&mut nova, |line| line["type"] == "item" && line["channel"] == BOOK).await;
    assert_eq!((&item["data"]["type"], &item["link"]), (&"snapshot".into(), &2.into()));
    nova.interrupt().await;
    let ended = nova.ended().await;
    ended.assert(0, &[]);
    let summary = last(&ended);
    assert_conserved(&summary);
    assert_eq!(summary["channels"][1]["gaps"], 1, "{summary}");
}

#[tokio::test]
async fn a_wrong_name_is_told_by_its_part_before_anything_is_sent() {
    let venue = venue().await;
    for (name, told) in [
        ("tiker.btc-perpetual.100ms", ["\"tiker\"", "\"ticker.BTC-PERPETUAL.100ms\""]),
        ("book.BTC-PERPETUAL.50ms", ["\"50ms\"", "\"book.BTC-PERPETUAL.100ms\""]),
        ("trades.BTC-PERPETUAL", ["one of raw, 100ms, agg2", "\"trades.BTC-PERPETUAL.100ms\""]),
    ] {
        let ended = Nova::run(&["deribit", "watch", "--url", &venue.url(), TICKER, name]).await;
        ended.assert(2, &told);
    }
    assert_eq!(attempts(&venue), 0);
}

#[tokio::test]
async fn a_private_channel_without_a_login_is_told_before_anything_is_sent() {
    let venue = venue().await;
    for channel in [ORDERS, "ticker.BTC-PERPETUAL.raw"] {
        let ended = Nova::run(&["deribit", "watch", "--url", &venue.url(), channel]).await;
        ended.assert(2, &[channel, "needs a login", "DERIBIT_CLIENT_SECRET", "--credentials"]);
    }
    assert_eq!(attempts(&venue), 0);
}

#[tokio::test]
async fn credentials_come_from_a_file_or_from_the_environment() {
    let file = credentials("good", "sim-client", "sim-secret-0001");
    let environment = [("DERIBIT_CLIENT_ID", "sim-client"), ("DERIBIT_CLIENT_SECRET", "sim-secret-0001")];
    for (environment, more) in [(&[][..], &["--credentials", file.path()][..]), (&environment[..], &[])] {
        let venue = venue().await;
        let url = venue.url();
        let args = [&["deribit", "watch", "--json", "--url", &url, ORDERS, "--for", "200ms"], more].concat();
        let mut nova = Nova::start_in(&args, environment);
        next(&mut nova, |line| line["event"] == "logged_in").await;
        nova.ended().await.assert(0, &[]);
        let control = venue.control();
        assert_eq!(control.journal(|journal| journal.requests("private/subscribe")), 1);
        control.journal(|journal| journal.secrets_stay_in_place(&["sim-secret-0001"])).unwrap();
    }
}

#[tokio::test]
async fn a_refused_login_tells_the_venues_reason_and_the_secret_nowhere() {
    let venue = venue().await;
    let file = credentials("wrong", "sim-client", canary::CLIENT_SECRET);
    let args = ["deribit", "watch", "--verbose", "--url", &venue.url(), TICKER, "--credentials", file.path()];
    let ended = Nova::run(&args).await;
    ended.assert(3, &["the server refused the login", "invalid_credentials (code 13004)"]);
    assert!(!format!("{ended:?}").contains(canary::CLIENT_SECRET), "{ended:?}");
    assert_eq!(venue.control().journal(|journal| journal.requests("public/subscribe")), 0);

    let message = Some(format!("who is {}?", canary::CLIENT_SECRET));
    let method = Some("public/auth".to_owned());
    venue.control().set_fault(Fault::ForceError { method, code: 13004, message, data: None, count: None });
    let ended = Nova::run(&args).await;
    ended.assert(3, &["who is (the secret)? (code 13004)"]);
    assert!(!format!("{ended:?}").contains(canary::CLIENT_SECRET), "{ended:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_of_credentials_that_others_can_read_is_refused() {
    let venue = venue().await;
    let file = credentials("exposed", "sim-client", "sim-secret-0001");
    for mode in [0o640, 0o604, 0o644, 0o620] {
        file.set_mode(mode);
        let ended =
            Nova::run(&["deribit", "watch", "--url", &venue.url(), TICKER, "--credentials", file.path()])
                .await;
        ended.assert(2, &["others than its owner have access", &format!("mode {mode:o}"), "chmod 600"]);
    }
    assert_eq!(attempts(&venue), 0);
    file.set_mode(0o400);
    let args =
        ["deribit", "watch", "--url", &venue.url(), TICKER, "--for", "1ms", "--credentials", file.path()];
    Nova::run(&args).await.assert(0, &[]);
}

#[tokio::test]
async fn credentials_that_cannot_be_used_are_told_without_them() {
    let half = [("DERIBIT_CLIENT_ID", "me-myself")];
    let mut nova = Nova::start_in(&["deribit", "watch", TICKER], &half);
    nova.end_input();
    let ended = nova.ended().await;
    ended.assert(2, &["DERIBIT_CLIENT_SECRET is not set"]);
    assert!(!ended.told.contains("me-myself"), "{ended:?}");

    let file = credentials("plain", "me", "hush-hush");
    let args = ["deribit", "watch", TICKER, "--url", "ws://venue.example/", "--credentials", file.path()];
    let ended = Nova::run(&args).await;
    ended.assert(2, &["without encryption: use wss://"]);
    assert!(!ended.told.contains("hush-hush"), "{ended:?}");

    Nova::run(&["deribit", "watch", TICKER, "--simulator", "--credentials", file.path()])
        .await
        .assert(2, &[]);
    Nova::run(&["deribit", "watch", TICKER, "--simulator", "--production"]).await.assert(2, &[]);
    Nova::run(&["deribit", "watch", TICKER, "--url", "https://x/"]).await.assert(2, &["scheme is \"https\""]);
}

#[tokio::test]
async fn a_channel_the_venue_refuses_is_told_and_so_is_a_venue_that_is_not_there() {
    let venue = venue().await;
    let ended = Nova::run(&["deribit", "watch", "--url", &venue.url(), "ticker.BTC-NOSUCH.100ms"]).await;
    ended.assert(1, &["the venue refused ticker.BTC-NOSUCH.100ms", "no such instrument"]);
    let url = venue.url();
    drop(venue);
    let ended = Nova::run(&["deribit", "watch", "--url", &url, TICKER]).await;
    ended.assert(3, &["because: "]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_reader_that_has_had_enough_ends_it_and_one_that_sleeps_does_not_hold_it_up() {
    let venue = venue().await;
    let args = ["deribit", "watch", "--json", "--url", &venue.url(), "announcements"];
    let flood = || {
        for id in 0..2_000 {
            let news = serde_json::json!({"id": id, "title": "x".repeat(1_000), "body": "", "action": "new"});
            venue.control().notify(None, "announcements", news);
        }
    };
    let confirmed = |count| move |journal: &Journal| journal.requests("public/subscribe") == count;
    let mut awake = Nova::start(&args);
    awake.line().await;
    awake.close_output();
    venue.control().wait_until(confirmed(1)).await.unwrap();
    flood();
    awake.ended().await.assert(0, &[]);

    let asleep = Nova::start(&args);
    venue.control().wait_until(confirmed(2)).await.unwrap();
    flood();
    // Its answer shows that all before it has arrived.
    venue
        .control()
        .inject(None, r#"{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}"#);
    venue.control().wait_until(|journal| journal.requests("public/test") > 0).await.unwrap();
    asleep.interrupt().await;
    asleep.gone().await.assert(1, &["standard output is not read"]);
}

#[cfg(unix)]
#[tokio::test]
async fn interrupted_before_there_is_a_connection_it_says_so() {
    let venue = venue().await;
    venue.control().set_fault(Fault::RefuseHandshake { how: Refusal::NoAnswer, count: None });
    let nova = Nova::start(&["deribit", "watch", "--url", &venue.url(), TICKER]);
    let is_ignored =
        |journal: &Journal| journal.entries().any(|entry| matches!(entry.event, Event::Ignored { .. }));
    venue.control().wait_until(is_ignored).await.unwrap();
    nova.interrupt().await;
    nova.ended().await.assert(130, &[]);
}

/// On a terminal, which `script` makes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminal_shows_a_table_and_is_given_back() {
    let watch = format!("{} deribit watch --simulator {BOOK} --for 1s", env!("CARGO_BIN_EXE_nova"));
    let script = tokio::process::Command::new("script").args(["-qec", &watch, "/dev/null"]).output().await;
    let Ok(script) = script else { return super::skipped("there is no program \"script\"") };
    let shown = String::from_utf8_lossy(&script.stdout).into_owned();
    assert!(script.status.success(), "{shown}");
    let (table, after) = shown.split_once("\x1b[?1049l").expect("the terminal is given back");
    assert_eq!(table.matches("\x1b[?1049h").count(), 1, "{table:?}");
    assert!(table.contains("the simulator: ready") && table.contains("AGE* MS"), "{table:?}");
    assert!(table.contains(BOOK) && after.contains(&format!("{BOOK}: received ")), "{shown:?}");
}
