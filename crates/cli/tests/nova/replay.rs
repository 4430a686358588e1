//! `nova replay`: a recording's story, its verdict, and how the program ends.

use std::path::Path;

use nova_testkit::net::EchoServer;
use websockex_nova::{
    client::Recorder,
    prelude::*,
    recorder::{Keep, Recording},
};

use super::{Scratch, process::Nova};

/// A short life, recorded.
async fn recorded(keep: Keep) -> Recording {
    let server = EchoServer::start().await.unwrap();
    let client = Client::prepare(Echo::at(&server.url()).unwrap())
        .with_recorder(Recorder::new().with_keep(keep))
        .connect()
        .await
        .unwrap();
    assert_eq!(client.call("hunter2").await.unwrap(), "hunter2");
    client.shutdown(secs(1)).await.unwrap();
    client.recording().unwrap()
}

fn file(name: &str, text: &str) -> Scratch {
    Scratch::new(&format!("{name}.recording.jsonl"), text)
}

async fn replay(path: &Path, more: &[&str]) -> super::process::Ended {
    let path = path.to_str().unwrap();
    Nova::start(&[&["replay", path], more].concat()).ended().await
}

#[tokio::test]
async fn a_recording_is_told_and_found_equal() {
    let text = recorded(Keep::default()).await.to_text();
    let file = file("equal", &text);
    let ended = replay(&file.0, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in
        ["the session begins", "now ready link 1", "text of 7 bytes came", "reply of 7 bytes", "equal: all "]
    {
        assert!(ended.output.contains(part), "{part:?} is missing in {}", ended.output);
    }
    assert!(!ended.output.contains("hunter2"));
    let quiet = replay(&file.0, &["--quiet"]).await;
    assert_eq!((quiet.code, quiet.output.lines().count()), (Some(0), 1), "{}", quiet.output);
}

#[tokio::test]
async fn a_recording_that_was_changed_ends_with_1_and_names_the_difference() {
    let text = recorded(Keep::default()).await.to_text();
    let changed =
        text.replacen("\"send\":{\"op\":\"text\",\"len\":7", "\"send\":{\"op\":\"text\",\"len\":8", 1);
    assert!(changed != text);
    let file = file("changed", &changed);
    let ended = replay(&file.0, &[]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for part in ["differs at input ", "send text of 8 bytes", "send text of 7 bytes"] {
        assert!(ended.output.contains(part), "{part:?} is missing in {}", ended.output);
    }
}

#[tokio::test]
async fn what_cannot_be_read_ends_with_2() {
    let text = recorded(Keep::default()).await.to_text();
    let spoilt = file("spoilt", &text.replacen("\"begin\"", "\"bogus\"", 1));
    replay(&spoilt.0, &[]).await.assert(2, &["no recording that can be read", "line 2 cannot be read"]);
    let other = file("other", "{}\n");
    replay(&other.0, &[]).await.assert(2, &["does not begin with the header"]);
    replay(Path::new("/nowhere/at/all"), &[]).await.assert(2, &["the file cannot be read"]);
}

#[tokio::test]
async fn a_recording_without_its_beginning_is_told_and_ends_with_5() {
    let file = file("late", &recorded(Keep::default().with_inputs(12)).await.to_text());
    let ended = replay(&file.0, &[]).await;
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(
        ended.output.contains("now closed: shut down") && ended.output.contains("not checked"),
        "{}",
        ended.output
    );
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_read_up_to_there() {
    let text = recorded(Keep::default()).await.to_text();
    let file = file("torn", &text[..text.len() - 5]);
    let ended = replay(&file.0, &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.contains("the file ends inside a line"), "{}", ended.output);
}
