//! Secrets stay secret: headers, query tokens and payloads show in no log, event, error or `Debug`.

use std::{
    error::Error as StdError,
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
};

use nova_testkit::{
    canary::{self, caught},
    net::{Answer, Conn, Port},
};
use nova_tests::ClientExt;
use tracing::{
    Event as Line, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record as Values},
};
use websockex_nova::{
    behaviour::{Behaviour, InitialConnect},
    prelude::*,
    telemetry::{Record, Severity, TracingLogger},
};

use crate::venue::{
    Lines, Logins, Stream, Topics, Words, ended, hears, next, obey, quick, ready_on, serving,
};

const SECRET: &str = canary::TOKEN;

/// Writes down whatever anybody logs on this thread, at every level.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Visit for Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0.lock().unwrap(), " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Values<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, line: &Line<'_>) {
        writeln!(self.0.lock().unwrap(), "{:?}", line.metadata()).unwrap();
        line.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Both faces of an error, and of its causes.
fn faces(error: &dyn StdError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut next = error.source();
    while let Some(cause) = next {
        write!(text, " {cause} {cause:?}").unwrap();
        next = cause.source();
    }
    text
}

/// Keeps what was caught for the search for other forms of the secret, and looks for it as it is.
#[track_caller]
fn assert_silent(kind: &str, text: &str) {
    caught(kind, text);
    assert!(!text.contains(SECRET), "{}", text.replace(SECRET, ">>>SECRET<<<"));
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint::parse(&format!("{url}path?token={SECRET}"))
        .and_then(|endpoint| endpoint.with_header("Authorization", &format!("Bearer {SECRET}")))
        .and_then(|endpoint| endpoint.with_header("X-Api-Key", SECRET))
        .unwrap()
}

/// Handlers that log everything that can be logged.
fn handlers() -> impl Behaviour<Dialect = Words> {
    Handlers::new(Lines)
        .with_auth(Logins::default())
        .with_subscriptions(Topics)
        .with_logging(TracingLogger::default().with_least(Severity::Trace))
}

#[tokio::test]
async fn c38_a_whole_life_shows_no_secret() {
    let logged = Everything::default();
    let _logging = tracing::subscriber::set_default(logged.clone());
    let observed = Arc::new(Mutex::new(String::new()));
    let notes = Arc::clone(&observed);
    // The server has secrets as well: cookies, the text of its close, what it says.
    let venue = serving(|mut conn: Conn| async move {
        conn.accept_upgrade_with(|right| right.with_header("Set-Cookie", &format!("session={SECRET}"))).await;
        obey(&mut conn).await;
    })
    .await;
    let client = Client::prepare(speaking(endpoint(&venue.url()), handlers()))
        .with_policies(quick().with_observer(move |record: &Record| {
            write!(notes.lock().unwrap(), "{} {record:?}", record.event).unwrap();
        }))
        .connect()
        .await
        .unwrap();
    let mut shown = format!("{client:?} {:?} {:?}", client.status(), client.state());
    let mut stream = client.subscribe(Stream("news")).await.unwrap();
    client.call(format!("hear * news {SECRET}").as_str()).await.unwrap();
    write!(shown, "{stream:?} {:?}", client.topics()).unwrap();
    assert_eq!(next(&mut stream).await, Some(Delivery::Item(SECRET.to_owned())));
    client.call(format!("hear {SECRET}").as_str()).await.unwrap();
    let bare = client.send_text(SECRET).await.unwrap_err();
    let timed_out = client.call("hush").deadline(millis(10)).await.unwrap_err();
    let cut = client.call("cut").await.unwrap_err();
    for error in [&bare, &timed_out, &cut] {
        shown.push_str(&faces(error));
    }
    ready_on(&client, 2).await;
    client.notify_text(SECRET).await.unwrap();
    hears(venue.journal(), "the notification", |text| text == SECRET).await;
    client.shutdown(secs(1)).await.unwrap();
    shown.push_str(&faces(&ended(&client).await));
    assert_silent("debug", &shown);
    assert_silent("events", &observed.lock().unwrap());
    let logged = logged.0.lock().unwrap();
    assert!(logged.contains("lost") && logged.contains("settled"), "the log was not caught: {logged}");
    assert_silent("tracing", &logged);
}

#[tokio::test]
async fn c38_a_connect_that_fails_shows_no_secret() {
    let logged = Everything::default();
    let _logging = tracing::subscriber::set_default(logged.clone());
    let closed = Port::reserve().unwrap();
    let answers: [fn(&Conn) -> Answer; 4] = [
        |_| Answer::refusing(401).with_header("X-Hint", SECRET).with_body(SECRET),
        |_| Answer::with_status(302).with_header("Location", &format!("ws://elsewhere/?token={SECRET}")),
        |conn| Answer::accepting(conn.request()).with_header("Sec-WebSocket-Protocol", "unasked"),
        |conn| Answer::accepting(conn.request()).without_header("Upgrade"),
    ];
    let mut urls = vec![format!("ws://{}/", closed.addr())];
    let mut venues = Vec::new();
    for answer in answers {
        let venue = serving(move |mut conn: Conn| async move {
            conn.read_request().await;
            let answer = answer(&conn);
            conn.answer(&answer).await;
            conn.ended().await;
        })
        .await;
        urls.push(venue.url());
        venues.push(venue);
    }
    for url in urls {
        let prepared = Client::prepare(speaking(endpoint(&url), handlers()));
        let end = prepared.connect().await.unwrap_err();
        assert_silent("errors", &faces(&end));
        assert_silent("errors", &faces(&Error::from(end)));
    }
    let logged = logged.0.lock().unwrap();
    assert!(logged.contains("connect_failed"), "the log was not caught: {logged}");
    assert_silent("tracing", &logged);
}

#[tokio::test]
async fn c38_what_is_about_to_connect_shows_no_secret() {
    let adapter = speaking(endpoint("ws://127.0.0.1:9/"), Handlers::new(Lines));
    assert_silent("debug", &format!("{adapter:?} {:?}", adapter.endpoints()));
    let prepared = Client::prepare(adapter);
    assert_silent("debug", &format!("{prepared:?}"));
    let client = prepared.with_settings(|settings| settings.initial_connect = InitialConnect::Retry).start();
    assert_silent("debug", &format!("{client:?} {:?}", client.state()));
    assert_silent("errors", &faces(&Endpoint::parse(&format!("ws://user:{SECRET}@host/")).unwrap_err()));
    assert_silent("errors", &faces(&Endpoint::parse(&format!("ws://host:bad/?token={SECRET}")).unwrap_err()));
    let unprintable = format!("{SECRET}\n");
    let refused = endpoint("ws://host/").with_header("X-Api-Key", &unprintable).unwrap_err();
    assert_silent("errors", &faces(&refused));
}
