//! `nova demo`.

use serde_json::Value;

use super::process::Nova;

#[tokio::test]
async fn the_demonstration_adds_up_and_ends_by_itself() {
    let ended = Nova::run(&["demo", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let summary: Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!(ended.output.lines().count(), 1, "one line");

    let calls = |name: &str| summary["calls"][name].as_u64().unwrap();
    let ends = ["answered", "refused", "not_sent", "sent_unknown", "timed_out", "cancelled"];
    assert_eq!(calls("made"), ends.map(calls).iter().sum::<u64>());
    for at_least_one in ["answered", "not_sent", "sent_unknown"] {
        assert!(calls(at_least_one) > 0, "no call was {at_least_one}: {summary}");
    }
    let links = |name: &str| summary["links"][name].as_u64().unwrap();
    assert!(links("reconnections") >= 5 && links("failed") >= 1 && links("silent") >= 1, "{summary}");
    assert_eq!(summary["closed_cleanly"], true);
    assert_eq!(summary["unexplained"], serde_json::json!([]));

    let subscriptions = &summary["subscriptions"];
    assert_eq!((&subscriptions["links"], &subscriptions["lost"]), (&4.into(), &3.into()), "{summary}");
    assert_eq!(subscriptions["closed_cleanly"], true);
    let [deltas, prices] = &subscriptions["streams"].as_array().unwrap()[..] else { panic!("{summary}") };
    assert_conserved(deltas);
    assert_conserved(prices);
    assert_eq!((&deltas["topic"], &prices["topic"]), (&"deltas.BTC".into(), &"prices.BTC".into()));
    assert_eq!((number(deltas, "conflated"), number(deltas, "dropped")), (0, 400), "{summary}");
    assert!(number(prices, "conflated") > 0 && number(prices, "undecodable") == 1, "{summary}");
    let overflown: Vec<_> = gaps(deltas, "overflow").collect();
    assert!(matches!(&overflown[..], [gap] if number(gap, "missing") == 400), "{summary}");
    assert_eq!((gaps(prices, "overflow").count(), gaps(prices, "undecodable").count()), (0, 1));
}

/// Checks by the printed figures alone that each item received has one fate, and that each item
/// published was received or lies in the gap between two links.
fn assert_conserved(stream: &Value) {
    let fates = ["delivered", "conflated", "dropped", "undecodable", "queued"];
    let received = number(stream, "received");
    assert_eq!(received, fates.map(|fate| number(stream, fate)).iter().sum::<u64>(), "{stream}");
    let links = stream["links"].as_array().unwrap();
    assert_eq!(received, links.iter().map(|link| number(link, "received")).sum::<u64>(), "{stream}");
    let widths = gaps(stream, "disconnected").map(|gap| number(gap, "after") - number(gap, "before") - 1);
    let widths: Vec<_> = widths.collect();
    assert_eq!((links.len(), widths.len()), (4, 3), "{stream}");
    for (link, width) in links.iter().zip(widths.into_iter().chain([0])) {
        let published = number(link, "published") + number(link, "unheard_after");
        assert_eq!(published, number(link, "received") + width, "{stream}");
    }
}

fn gaps<'a>(stream: &'a Value, cause: &'a str) -> impl Iterator<Item = &'a Value> {
    stream["gaps"].as_array().unwrap().iter().filter(move |gap| gap["cause"] == cause)
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
        Some(&"The callers, the subscriber, the metrics and both servers agree."),
        "{ended:?}"
    );
    for (beginning, times) in [
        ("calls made ", 1),
        ("deltas.BTC: received ", 1),
        ("prices.BTC: received ", 1),
        // One of each topic for each lost link, one overflow, one item of another shape.
        ("deltas.BTC: GAP after ", 3 + 1),
        ("prices.BTC: GAP after ", 3 + 1),
    ] {
        let told = lines.iter().filter(|line| {
            line[line.find("] ").map_or(0, |at| at + 2)..].trim_start().starts_with(beginning)
        });
        assert_eq!(told.count(), times, "{beginning:?} in {ended:?}");
    }
}
