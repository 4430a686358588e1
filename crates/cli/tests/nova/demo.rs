//! `nova demo`.

use super::process::Nova;

#[tokio::test]
async fn the_demonstration_adds_up_and_ends_by_itself() {
    let ended = Nova::run(&["demo", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let summary: serde_json::Value = serde_json::from_str(&ended.output).unwrap();
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
}

#[tokio::test]
async fn the_story_is_told_for_humans() {
    let ended = Nova::run(&["demo"]).await;
    assert_eq!((ended.code, ended.told.as_str()), (Some(0), ""), "{ended:?}");
    let last: Vec<_> = ended.output.lines().rev().take(5).collect();
    assert_eq!(last[0], "The callers, the metrics and the server agree.");
    assert!(last[4].starts_with("calls made "), "{last:?}");
}
