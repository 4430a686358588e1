//! `ErrorHandler`: classify and verdict, for lost links, refused logins and undecodable messages.

use std::{
    sync::{Arc, Mutex},
    time::{Instant, SystemTime},
};

use websockex_nova::{
    behaviour::{Class, ErrorHandler, Fault, InitialConnect, Quiet, Verdict},
    prelude::*,
    reconnect::Linear,
    session::EndCause,
    telemetry::Event,
    transport::LostReason,
};

use crate::venue::{
    Lines, Logins, Stream, Topics, ended, event, hears_close, obey, prepare, ready_on, serving, until, venue,
};

/// Gives one verdict on undecodable messages, and one on everything else.
struct Says {
    undecodable: Verdict,
    lost: Verdict,
}

impl ErrorHandler for Says {
    fn verdict(&mut self, fault: &Fault<'_>, _: Class, _: u32) -> Verdict {
        match fault {
            Fault::Undecodable(_) => self.undecodable,
            _ => self.lost,
        }
    }
}

const PAUSE: Verdict = Verdict::RetryAfter { least: millis(150), spread: millis(0) };

type Saying = Handlers<Lines, Quiet, Says>;

async fn saying(url: &str, undecodable: Verdict, lost: Verdict) -> Client<Saying, Policies<Linear>> {
    prepare(url, Handlers::new(Lines).with_errors(Says { undecodable, lost })).connect().await.unwrap()
}

#[tokio::test]
async fn an_ignored_fault_leaves_the_link_alone() {
    let venue = venue().await;
    let client = saying(&venue.url(), Verdict::Ignore, Verdict::Stop).await;
    client.call("hear gibberish").await.unwrap();
    client.call("say fine").await.unwrap();
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn a_fault_to_be_retried_closes_the_link_and_reconnects() {
    let venue = venue().await;
    let client = saying(&venue.url(), Verdict::Retry, Verdict::Retry).await;
    client.notify("hear gibberish").await.unwrap();
    ready_on(&client, 2).await;
    hears_close(venue.journal(), 1, 1000).await;
}

#[tokio::test]
async fn a_fault_to_be_retried_later_is_retried_no_sooner() {
    let venue = venue().await;
    let client = saying(&venue.url(), PAUSE, Verdict::Retry).await;
    let began = Instant::now();
    client.notify("hear gibberish").await.unwrap();
    ready_on(&client, 2).await;
    assert!(began.elapsed() >= millis(150), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_fault_that_stops_ends_the_session_with_a_close_frame() {
    let venue = venue().await;
    let client = saying(&venue.url(), Verdict::Stop, Verdict::Retry).await;
    client.notify("hear gibberish").await.unwrap();
    assert!(matches!(ended(&client).await, EndCause::Stopped));
    hears_close(venue.journal(), 1, 1000).await;
}

#[tokio::test]
async fn after_a_lost_link_ignore_and_retry_both_reconnect() {
    for verdict in [Verdict::Ignore, Verdict::Retry] {
        let venue = venue().await;
        let client = saying(&venue.url(), Verdict::Ignore, verdict).await;
        client.call("cut").await.unwrap_err();
        ready_on(&client, 2).await;
    }
}

#[tokio::test]
async fn after_a_lost_link_the_verdicts_pause_is_kept() {
    let venue = venue().await;
    let client = saying(&venue.url(), Verdict::Ignore, PAUSE).await;
    let mut events = client.events();
    client.call("cut").await.unwrap_err();
    let planned =
        event(&mut events, "a plan", |event| matches!(event, Event::ReconnectScheduled { .. })).await;
    assert!(
        matches!(planned, Event::ReconnectScheduled { attempt: 1, delay } if delay == millis(150)),
        "{planned}"
    );
    until(&client, "waiting", |state| {
        matches!(state, State::Waiting { attempt: 1, .. } | State::Ready { .. })
    })
    .await;
}

#[tokio::test]
async fn after_a_lost_link_stop_ends_the_session_and_says_why() {
    let venue = venue().await;
    let client = saying(&venue.url(), Verdict::Ignore, Verdict::Stop).await;
    client.call("cut").await.unwrap_err();
    let end = ended(&client).await;
    assert!(matches!(&end, EndCause::Failed(LostReason::Broken(_))), "{end:?}");
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn classify_decides_the_class_that_the_verdict_is_given() {
    /// Finds everything fatal, and leaves the verdict to its default.
    struct Gloomy;
    impl ErrorHandler for Gloomy {
        fn classify(&self, _: &Fault<'_>, _: SystemTime) -> Class {
            Class::Fatal
        }
    }
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines).with_errors(Gloomy)).connect().await.unwrap();
    client.call("cut").await.unwrap_err();
    assert!(matches!(ended(&client).await, EndCause::Failed(_)));
}

#[tokio::test]
async fn the_verdict_is_told_the_number_of_the_attempts_made() {
    type Told = Arc<Mutex<Vec<u32>>>;
    struct Noting(Told);
    impl ErrorHandler for Noting {
        fn verdict(&mut self, _: &Fault<'_>, _: Class, attempts: u32) -> Verdict {
            self.0.lock().unwrap().push(attempts);
            if attempts < 3 { Verdict::Retry } else { Verdict::Stop }
        }
    }
    let mut venue = venue().await;
    let told = Told::default();
    let handlers = Handlers::new(Lines).with_errors(Noting(Arc::clone(&told)));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    venue.stop().await;
    assert!(matches!(ended(&client).await, EndCause::Failed(LostReason::Connect(_))));
    assert_eq!(*told.lock().unwrap(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_refused_login_may_be_tried_again_on_the_next_link() {
    // The first login is refused.
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        if conn.number() == 1 {
            let login = conn.recv_text().await;
            conn.send_text(&login.replace("login 1", "no not yet")).await;
        }
        obey(&mut conn).await;
    })
    .await;
    let handlers = Handlers::new(Lines)
        .with_auth(Logins::default())
        .with_errors(Says { undecodable: Verdict::Ignore, lost: Verdict::Retry });
    let client = prepare(&venue.url(), handlers)
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .connect()
        .await
        .unwrap();
    hears_close(venue.journal(), 1, 1000).await;
    client.call("say fine").await.unwrap();
    assert_eq!(venue.accepted(), 2);
}

#[tokio::test]
async fn a_topic_that_stays_silent_is_judged() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines)
        .with_subscriptions(Topics)
        .with_errors(Says { undecodable: Verdict::Ignore, lost: Verdict::Retry });
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    let mut events = client.events();
    let _stream = client.subscribe(Stream("a")).fresh_within(millis(30)).await.unwrap();
    event(&mut events, "its silence", |event| matches!(event, Event::TopicStale { .. })).await;
    // It is subscribed to anew first; when that does not help, the verdict asks for another link.
    ready_on(&client, 2).await;
}
