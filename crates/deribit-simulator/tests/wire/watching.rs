//! The control handle, and the simulator as a program.

use std::time::Duration;

use nova_deribit_simulator::{Config, Fault, Run, RunError, Scenario, Simulator, WaitedInVain};
use serde_json::json;
use tokio::sync::oneshot;

use crate::raw_client::RawClient;

#[tokio::test]
async fn a_manual_clock_moves_heartbeats_on_a_real_socket() {
    let simulator = Simulator::start(Config::default().with_manual_clock()).await.unwrap();
    let control = simulator.control();
    let mut client = RawClient::connect(simulator.addr()).await;
    client.call("public/set_heartbeat", json!({"interval": 10})).await;
    control.advance(Duration::from_millis(12_400));
    client.wait_for(|text| text["params"]["type"] == "test_request").await;
    client.call("public/test", json!({})).await;
    control.advance(Duration::from_millis(10_800));
    client.wait_for(|text| text["params"]["type"] == "test_request").await;
    control.advance(Duration::from_secs(10));
    assert_eq!(client.close().await, (4000, "heartbeat close".to_owned()));
}

#[tokio::test]
async fn waiting_ends_by_news_or_in_vain() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let control = simulator.control();
    let waiting = tokio::spawn({
        let control = control.clone();
        async move { control.wait_until(|journal| journal.requests("public/hello") == 1).await }
    });
    let mut client = RawClient::connect(simulator.addr()).await;
    client.call("public/hello", json!({"client_name": "raw", "client_version": "1"})).await;
    waiting.await.unwrap().unwrap();
    let span = Duration::from_millis(20);
    assert_eq!(control.wait_within(span, |_| false).await, Err(WaitedInVain(span)));
}

#[tokio::test]
async fn what_is_injected_arrives_and_faults_can_be_cleared() {
    let simulator = Simulator::start(Config::default()).await.unwrap();
    let control = simulator.control();
    let mut client = RawClient::connect(simulator.addr()).await;
    client.subscribe(&["announcements"]).await;
    control.inject(Some(1), r#"{"injected":1}"#);
    client.wait_for(|text| text["injected"] == 1).await;
    control.notify(None, "announcements", json!({"title": "hello"}));
    assert_eq!(client.notification("announcements").await["title"], "hello");
    let muted = control.set_fault(Fault::MuteChannel {}.on_channel("announcements"));
    control.notify(None, "announcements", json!({"title": "lost"}));
    control.clear_fault(muted);
    control.notify(None, "announcements", json!({"title": "seen"}));
    assert_eq!(client.notification("announcements").await["title"], "seen");
}

#[tokio::test]
async fn a_program_runs_its_scenario_writes_its_journal_and_sums_up() {
    let path = std::env::temp_dir().join(format!("nova-deribit-simulator-{}.jsonl", std::process::id()));
    let steps =
        r#"{"length_s": 3000, "steps": [{"at": 5, "fault": "close_frame", "params": {"code": 1012}}]}"#;
    let scenario: Scenario = serde_json::from_str(steps).unwrap();
    let run = Run::new(Config::default().with_time_scale(100.0)).with_scenario(scenario).with_journal(&path);
    let (tell, started) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(run.serve(
        |addr, url, _| {
            assert!(url.starts_with("ws://127.0.0.1:"));
            tell.send(addr).unwrap();
        },
        async {
            let _ = stopped.await;
        },
    ));
    let mut client = RawClient::connect(started.await.unwrap()).await;
    client.login().await;
    assert_eq!(client.close().await.0, 1012);
    stop.send(()).unwrap();
    let summary = running.await.unwrap().unwrap();
    assert_eq!((summary.attempts, summary.connections, summary.faults, summary.forgotten), (1, 1, 1, 0));
    assert!(summary.to_string().contains("1 of 1 attempts connected"), "{summary}");
    let journal = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let lines: Vec<serde_json::Value> =
        journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["fault"] == "close_frame"));
    assert_eq!(lines.iter().filter(|line| line["kind"] == "text").count() as u64, summary.frames_in + 1);
}

#[tokio::test]
async fn a_program_needs_a_clock_that_moves() {
    let run = Run::new(Config::default().with_manual_clock());
    let refused = run.serve(|_, _, _| {}, std::future::pending()).await;
    assert!(matches!(refused, Err(RunError::ManualClock)));
}
