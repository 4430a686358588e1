//! `nova sim deribit`.

use nova_testkit::net::Certificates;
use serde_json::Value;
use tokio::process::Command;

use super::{Scratch, process::Nova, skipped};

#[cfg(unix)]
#[tokio::test]
async fn a_client_that_is_not_ours_logs_in_subscribes_and_receives() {
    let python = std::env::var("NOVA_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_it = Command::new(&python).args(["-c", "import websockets"]).output().await;
    if !has_it.is_ok_and(|ran| ran.status.success()) {
        return skipped(&format!("{python} with the package \"websockets\" is not installed"));
    }
    let mut nova = Nova::start(&["sim", "deribit"]);
    let url = nova.line().await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign/client.py");
    let ran = Command::new(&python).args([script, &url]).output().await.unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!((&told["token_type"], &told["book_is_unbroken"]), (&"bearer".into(), &true.into()), "{told}");
    assert!(told["received"].as_u64().unwrap() >= 10, "{told}");
    nova.interrupt().await;
    nova.ended().await.assert(0, &["1 of 1 attempts connected"]);
}

#[cfg(unix)]
#[tokio::test]
async fn it_serves_on_the_port_it_tells_until_ctrl_c() {
    let mut nova = Nova::start(&["sim", "deribit", "--port", "0", "--seed", "7", "--time-scale", "10"]);
    let url = nova.line().await;
    let ticker = "ticker.BTC-PERPETUAL.100ms";
    let watched = Nova::run(&["deribit", "watch", "--url", &url, ticker, "--for", "500ms", "--json"]).await;
    watched.assert(0, &[]);
    assert!(watched.output.contains("\"type\":\"item\""), "{watched:?}");
    nova.interrupt().await;
    nova.ended().await.assert(0, &["1 of 1 attempts connected", "frames out"]);
}

#[tokio::test]
async fn a_scenario_ends_it_and_its_journal_is_written() {
    let scenario = Scratch::new(
        "scenario.json",
        r#"{"length_s": 3, "steps": [{"at": 1, "fault": "unknown_channel"}, {"at": 2, "fault": "gap"}]}"#,
    );
    let journal = Scratch::new("journal.jsonl", "");
    let args =
        ["sim", "deribit", "--scenario", scenario.path(), "--journal", journal.path(), "--time-scale", "10"];
    let ended = Nova::run(&args).await;
    ended.assert(0, &["scenario ", "0 of 0 attempts connected", "2 faults"]);
    let written = journal.read();
    let faults: Vec<_> = written
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["phase"] == "begins")
        .map(|line| line["fault"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(faults, ["unknown_channel", "gap"], "{written}");
}

#[tokio::test]
async fn a_wrong_file_is_told_by_its_wrong_part() {
    for (option, content, told) in [
        ("--config", r#"{"sead": 7}"#, "unknown field `sead`"),
        ("--config", "{\n  \"seed\": \"x\"\n}", "line 2"),
        ("--config", r#"{"time_scale": 0}"#, "the clock cannot run 0 times"),
        ("--config", r#"{"clock": "manual"}"#, "a program needs the real clock"),
        ("--scenario", r#"[{"at": 1, "fault": "gapp"}]"#, "gapp"),
        ("--scenario", r#"{"steps": [{"fault": "gap", "params": {"m": 1}}]}"#, "unknown field `m`"),
    ] {
        let file = Scratch::new("wrong.json", content);
        let ended = Nova::run(&["sim", "deribit", option, file.path()]).await;
        ended.assert(2, &[told]);
        assert_eq!(ended.output, "", "{ended:?}");
    }
    Nova::run(&["sim", "deribit", "--config", "/no/such"]).await.assert(2, &["/no/such cannot be read"]);
    Nova::run(&["sim", "deribit", "--scenario", "clam"]).await.assert(2, &["\"clam\"", "calm, busy, quiet"]);
    let nonsense = Scratch::new("nonsense.pem", "nonsense");
    let tls = ["sim", "deribit", "--cert", nonsense.path(), "--key", nonsense.path()];
    Nova::run(&tls).await.assert(2, &["certificate or key cannot be used"]);
    Nova::run(&tls[..4]).await.assert(2, &["--key"]);
}

#[cfg(unix)]
#[tokio::test]
async fn with_a_certificate_it_speaks_tls() {
    let identity = Certificates::generate().server();
    let certificate = Scratch::new("cert.pem", &identity.certificate_pem());
    let key = Scratch::new("key.pem", &identity.key_pem());
    let mut nova = Nova::start(&["sim", "deribit", "--cert", certificate.path(), "--key", key.path()]);
    let url = nova.line().await;
    assert!(url.starts_with("wss://127.0.0.1:"), "{url}");
    let mut talk = Nova::start(&["connect", &url, "--insecure", "--linger", "0"]);
    talk.write("{\"id\":1,\"method\":\"public/get_time\",\"params\":{}}\n").await;
    let reply: Value = serde_json::from_str(&talk.line().await).unwrap();
    assert!(reply["result"].is_u64(), "{reply}");
    talk.end_input();
    talk.ended().await.assert(0, &[]);
    nova.interrupt().await;
    nova.ended().await.assert(0, &[]);
}
