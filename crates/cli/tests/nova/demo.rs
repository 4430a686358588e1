//! `nova demo`.

use std::time::{Duration, Instant};

use serde_json::Value;

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
