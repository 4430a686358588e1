//! The flight recorder over real sockets: what stands in a recording, what does not, and its replay.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use nova_testkit::net::{Answer, Conn, PATIENCE, Served, within};
use nova_tests::ClientExt;
use tokio::sync::mpsc;
use websockex_nova::{
    behaviour::{AuthHandler, Behaviour, Body, ConnectionHandler, FrameAction, Grant, LoginMoment, Refusal},
    client::Recorder,
    frame_codec::Message,
    prelude::*,
    reconnect::{Linear, Retries},
    recorder::{Input, Keep, Recording, Told, Verdict},
};

use crate::venue::{
    Lines, Logins, Stream, Topics, Words, ended, hears, next, obey, prepare, quick, ready_on, serving, venue,
};

const SECRET: &str = "hunter2";

/// Logs in with a secret, and is granted by a text that is one.
struct SecretLogin;

impl AuthHandler<Words> for SecretLogin {
    fn login(&mut self, _: LoginMoment) -> Option<String> {
        Some(format!("login {SECRET}"))
    }

    fn answered(&mut self, answer: Result<Body<'_>, Refusal>) -> Result<Grant, Refusal> {
        answer.map(|_| Grant::default())
    }
}

fn handlers() -> impl Behaviour<Dialect = Words> {
    Handlers::new(Lines).with_auth(Logins::default()).with_subscriptions(Topics)
}

/// A recorder that hands over what it writes after each incident.
fn told_of(recorder: Recorder) -> (Recorder, mpsc::UnboundedReceiver<Recording>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let recorder = recorder.with_sink(move |recording: &Recording| {
        // An error only says that the test has ended.
        let _ = sender.send(recording.clone());
    });
    (recorder, receiver)
}

async fn incident(told: &mut mpsc::UnboundedReceiver<Recording>) -> Recording {
    within(PATIENCE, "a recording", told.recv()).await.expect("the client is still there")
}

/// A folder of a test, which is gone with this.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nova-recordings-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A service full of secrets: cookies, refusals of the upgrade, reasons to close.
async fn secretive() -> Served {
    let count = Arc::new(AtomicUsize::new(0));
    serving(move |mut conn: Conn| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move {
            conn.read_request().await;
            if number == 1 {
                let refusal = Answer::refusing(503).with_header("X-Hint", SECRET).with_body(SECRET);
                conn.answer(&refusal).await;
                conn.ended().await;
                return;
            }
            let answer = Answer::accepting(conn.request());
            conn.answer(&answer.with_header("Set-Cookie", &format!("session={SECRET}"))).await;
            if number == 2 {
                conn.close_with(1001, SECRET).await;
                while conn.next().await.is_some() {}
                return;
            }
            obey(&mut conn).await;
        }
    })
    .await
}

#[tokio::test]
async fn c38_a_recording_holds_no_secret() {
    let venue = secretive().await;
    let folder = Folder::new("secrets");
    let endpoint = Endpoint::parse(&format!("{}path?token={SECRET}", venue.url()))
        .and_then(|endpoint| endpoint.with_header("Authorization", &format!("Bearer {SECRET}")))
        .unwrap();
    let handlers = Handlers::new(Lines).with_auth(SecretLogin).with_subscriptions(Topics);
    let (recorder, mut told) = told_of(Recorder::new().with_folder(&folder.0));
    let client = Client::prepare(speaking(endpoint, handlers))
        .with_policies(quick())
        .with_recorder(recorder)
        .connect()
        .await
        .unwrap();
    hears(venue.journal(), "the login", |text| text.contains(SECRET)).await;
    let mut stream = client.subscribe(Stream("news")).await.unwrap();
    client.call(format!("hear * news {SECRET}").as_str()).await.unwrap();
    assert_eq!(next(&mut stream).await, Some(Delivery::Item(SECRET.to_owned())));
    // An item of a stream that nobody takes: its name is the server's text.
    client.call(format!("hear * {SECRET} item").as_str()).await.unwrap();
    client.call(format!("deny {SECRET}").as_str()).await.unwrap_err();
    client.call(format!("hear {SECRET}").as_str()).await.unwrap();
    client.notify_text(SECRET).await.unwrap();
    client.call(format!("cut {SECRET}").as_str()).await.unwrap_err();
    let written = incident(&mut told).await;
    ready_on(&client, 4).await;
    client.shutdown(secs(1)).await.unwrap();
    let asked = client.recording().unwrap();
    let mut texts = vec![written.to_text(), asked.to_text(), format!("{written:?} {asked:?}")];
    texts.extend(asked.lines.iter().map(ToString::to_string));
    let files = folder.files();
    assert!(!files.is_empty());
    texts.extend(files.iter().map(|file| fs::read_to_string(file).unwrap()));
    for text in texts {
        assert!(!text.contains(SECRET), "{}", text.replace(SECRET, ">>>SECRET<<<"));
    }
    let story: Vec<String> = asked.lines.iter().map(ToString::to_string).collect();
    for part in ["refused 503", "closed by the peer with 1001", "refused (7 bytes)", "item of news, 7 bytes"]
    {
        assert!(story.iter().any(|line| line.contains(part)), "{part:?} is missing in {story:#?}");
    }
    assert!(asked.replay().is_equal(), "{}", asked.replay());
}

#[tokio::test]
async fn a_life_over_a_real_socket_replays_equal() {
    let venue = venue().await;
    let client = prepare(&venue.url(), handlers())
        .with_recorder(Recorder::new())
        .with_settings(|settings| settings.keep_alive.every = millis(5))
        .connect()
        .await
        .unwrap();
    let mut stream = client.subscribe(Stream("news")).await.unwrap();
    for link in 2..5 {
        for item in 0..50 {
            client.call(format!("hear * news {item}").as_str()).await.unwrap();
            assert!(next(&mut stream).await.is_some());
        }
        client.ping().await.unwrap();
        client.authenticate().await.unwrap();
        client.call("deny it").await.unwrap_err();
        client.call("hush").deadline(millis(20)).await.unwrap_err();
        client.call("cut").await.unwrap_err();
        ready_on(&client, link).await;
    }
    client.reconfigure(|settings| settings.call_deadline = secs(7)).unwrap();
    client.call("close 1012").await.unwrap_err();
    client.shutdown(secs(1)).await.unwrap();
    ended(&client).await;
    let recording = client.recording().unwrap();
    assert!(recording.is_whole());
    assert_eq!(recording.replay(), Verdict::Equal { inputs: recording.lines.len() });
    let has = |is_it: fn(&Input) -> bool| recording.lines.iter().any(|line| is_it(&line.input));
    assert!(has(|input| matches!(input, Input::Timeout)) && has(|input| matches!(input, Input::Lost { .. })));
    assert!(has(|input| matches!(input, Input::Take { .. })), "what was taken is in it");
    let read = Recording::parse(&recording.to_text()).unwrap();
    assert_eq!(read, recording);
}

#[tokio::test]
async fn a_recording_that_was_changed_is_found_out() {
    let venue = venue().await;
    let client = prepare(&venue.url(), handlers()).with_recorder(Recorder::new()).connect().await.unwrap();
    client.call("say it").await.unwrap();
    client.shutdown(secs(1)).await.unwrap();
    let mut recording = client.recording().unwrap();
    let sent = recording.lines.iter().position(|line| matches!(line.told[..], [Told::Send { .. }])).unwrap();
    if let Some(Told::Send { len, .. }) = recording.lines[sent].told.first_mut() {
        *len += 1;
    }
    match recording.replay() {
        Verdict::Differs(difference) => assert_eq!(difference.index, sent),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn each_incident_leaves_a_file_and_the_oldest_files_go() {
    let venue = venue().await;
    let folder = Folder::new("incidents");
    let recorder = Recorder::new().with_folder(&folder.0).with_most_files(2).with_pause(millis(0));
    let (recorder, mut told) = told_of(recorder);
    let client = prepare(&venue.url(), handlers()).with_recorder(recorder).connect().await.unwrap();
    let mut last = None;
    for link in 2..6 {
        client.call("cut").await.unwrap_err();
        last = Some(incident(&mut told).await);
        ready_on(&client, link).await;
    }
    let files = folder.files();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in &files {
        let recording = Recording::load(file).unwrap();
        assert_eq!(recording.header.incident.as_deref(), Some("lost: eof"));
        assert!(recording.replay().is_equal(), "{}", recording.replay());
    }
    assert_eq!(Recording::load(&files[1]).ok(), last, "the newest is the last that was written");
    client.shutdown(secs(1)).await.unwrap();
    assert!(told.try_recv().is_err(), "a shutdown is no incident");
}

/// Panics over every text.
struct Fragile;

impl ConnectionHandler for Fragile {
    fn frame(&mut self, message: &Message<'_>) -> FrameAction {
        assert!(!matches!(message, Message::Text("- panic")), "as the test demands");
        FrameAction::Pass
    }
}

#[tokio::test]
async fn a_panic_and_the_end_of_all_attempts_are_incidents() {
    let venue = venue().await;
    let (recorder, mut told) = told_of(Recorder::new().with_pause(secs(3600)));
    let handlers = Handlers::new(Lines).with_connection(Fragile);
    let client = prepare(&venue.url(), handlers)
        .with_policies(
            Policies::default().with_reconnect(Linear::every(millis(1)).with_retries(Retries::Limited(1))),
        )
        .with_recorder(recorder)
        .connect()
        .await
        .unwrap();
    client.call("hear - panic").await.unwrap();
    let panicked = incident(&mut told).await;
    assert_eq!(panicked.header.incident.as_deref(), Some("the handler of connection panicked"));
    assert!(panicked.replay().is_equal(), "{}", panicked.replay());
    drop(venue);
    ended(&client).await;
    let gave_up = incident(&mut told).await;
    assert_eq!(gave_up.header.incident.as_deref(), Some("gave up after 1 attempts"));
    assert!(gave_up.replay().is_equal(), "{}", gave_up.replay());
}

#[tokio::test]
async fn a_ring_that_is_full_goes_on_and_says_so() {
    let venue = venue().await;
    let recorder = Recorder::new().with_keep(Keep::default().with_inputs(50));
    let client = prepare(&venue.url(), handlers()).with_recorder(recorder).connect().await.unwrap();
    for _ in 0..50 {
        client.call("say it").await.unwrap();
    }
    let recording = client.recording().unwrap();
    assert_eq!(recording.lines.len(), 50);
    assert!(matches!(recording.replay(), Verdict::Unchecked { missing } if missing > 100));
}

#[tokio::test]
async fn nothing_is_recorded_unless_asked_for() {
    let venue = venue().await;
    let client = prepare(&venue.url(), handlers()).connect().await.unwrap();
    assert_eq!(client.recording(), None);
}
