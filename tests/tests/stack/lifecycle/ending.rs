//! Ends: by shutdown in every state, by dropping handles, by dropping the driver.

use std::time::{Duration, Instant};

use nova_testkit::net::{Answer, Conn, Event as Seen, PATIENCE, Port, within};
use websockex_nova::{
    behaviour::{Behaviour, InitialConnect, Policy},
    prelude::*,
    reconnect::Linear,
    session::{EndCause, NotSent},
    telemetry::Event,
};

use crate::venue::{
    Lines, Logins, ended, event, hears, hears_close, obey, prepare, quick, serving, until, venue,
};

/// Shuts down and tells how long it took.
async fn shut<H: Behaviour, P: Policy>(client: &Client<H, P>, within: Duration) -> Duration {
    let began = Instant::now();
    // What was left behind is the concern of other tests.
    let _ = client.shutdown(within).await;
    assert!(client.state().is_closed());
    began.elapsed()
}

#[tokio::test]
async fn a_ready_client_closes_in_order() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    client.shutdown(secs(5)).await.unwrap();
    hears_close(venue.journal(), 1, 1000).await;
    assert!(client.shutdown_report().is_clean);
    assert!(matches!(ended(&client).await, EndCause::Shutdown));
    client.shutdown(secs(5)).await.unwrap();
}

#[tokio::test]
async fn what_was_queued_is_sent_before_the_close_frame_and_replies_still_count() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    // In one breath, so that the call is still queued when the shutdown begins.
    let (told, closed) = tokio::join!(client.notify("tell last words"), client.shutdown(secs(5)));
    told.unwrap();
    closed.unwrap();
    let frames = venue.journal().frames();
    assert_eq!(frames[0].1.as_text(), "1 tell last words");
    assert_eq!(frames[1].1.close_code(), Some(1000));
}

#[tokio::test]
async fn what_was_never_answered_is_reported() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let (asked, closed) = tokio::join!(client.call("hush"), async {
        hears(venue.journal(), "the call", |text| text.ends_with("hush")).await;
        client.shutdown(secs(5)).await
    });
    assert!(matches!(asked, Err(RequestError::SentUnknown { .. })), "{asked:?}");
    assert_eq!(closed.unwrap_err().report.sent_unknown, 1);
}

#[tokio::test]
async fn a_connecting_client_ends_at_once() {
    let mute = serving(|mut conn: Conn| async move {
        conn.ended().await;
    })
    .await;
    let client = prepare(&mute.url(), Handlers::new(Lines)).start();
    mute.journal().wait_for("a connection", |entries| !entries.is_empty()).await;
    assert!(shut(&client, secs(5)).await < secs(1));
    mute.journal().wait_for("its end", |entries| entries.len() >= 2).await;
}

#[tokio::test]
async fn a_client_that_logs_in_ends_within_its_time() {
    let venue = serving(|mut conn| async move {
        conn.accept_upgrade().await;
        conn.recv_text().await;
        obey(&mut conn).await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines).with_auth(Logins::default())).start();
    until(&client, "opening", |state| matches!(state, State::Opening { .. })).await;
    assert!(shut(&client, secs(5)).await < secs(1));
    hears_close(venue.journal(), 1, 1000).await;
}

#[tokio::test]
async fn a_waiting_client_ends_at_once() {
    let port = Port::reserve().unwrap();
    let client = prepare(&format!("ws://{}/", port.addr()), Handlers::new(Lines))
        .with_policies(Policies::default().with_reconnect(Linear::every(secs(3600))))
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .start();
    until(&client, "waiting", |state| matches!(state, State::Waiting { .. })).await;
    let waiting = client.call("say never").wait_for_link(secs(60));
    let (waiting, took) = tokio::join!(waiting, shut(&client, secs(5)));
    assert!(took < secs(1), "{took:?}");
    assert!(matches!(waiting, Err(RequestError::NotSent(NotSent::Closed(_)))), "{waiting:?}");
}

#[tokio::test]
async fn a_peer_that_never_answers_the_close_cannot_delay_the_end() {
    let venue = serving(|mut conn: Conn| async move {
        conn.accept_upgrade().await;
        conn.ended().await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let took = shut(&client, millis(100)).await;
    assert!(took >= millis(100) && took < secs(1), "{took:?}");
    assert!(!client.shutdown_report().is_clean);
}

#[tokio::test]
async fn a_second_shutdown_can_only_shorten_the_time() {
    let venue = serving(|mut conn: Conn| async move {
        conn.accept_upgrade().await;
        conn.ended().await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let (_, took) = tokio::join!(client.shutdown(secs(60)), shut(&client, millis(50)));
    assert!(took < secs(1), "{took:?}");
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_link_in_order() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let other = client.clone();
    drop(client);
    other.call("say alive").await.unwrap();
    drop(other);
    hears_close(venue.journal(), 1, 1000).await;
    // After the close frame, the client waits for the server to end the stream (§7.1.1).
    venue.journal().wait_for("the end", |entries| entries.len() >= 4).await;
}

#[tokio::test]
async fn dropping_the_last_handle_ends_within_the_deadline_whatever_the_peer_does() {
    let venue = serving(|mut conn: Conn| async move {
        conn.accept_upgrade().await;
        conn.ended().await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_settings(|settings| settings.drop_deadline = millis(100))
        .connect()
        .await
        .unwrap();
    let mut watch = client.watch();
    drop(client);
    let began = Instant::now();
    within(PATIENCE, "the end", async { while !watch.changed().await.is_closed() {} }).await;
    assert!(began.elapsed() < secs(1), "{:?}", began.elapsed());
    venue
        .journal()
        .wait_for("the end of the stream", |entries| entries.iter().any(|entry| entry.what == Seen::Ended))
        .await;
}

#[tokio::test]
async fn dropping_a_connect_under_way_leaves_nothing() {
    let mute = serving(|mut conn: Conn| async move {
        conn.ended().await;
    })
    .await;
    let connecting = prepare(&mute.url(), Handlers::new(Lines)).connect();
    assert!(tokio::time::timeout(millis(20), connecting).await.is_err());
    mute.journal().wait_for("the end of the connection", |entries| entries.len() >= 2).await;
}

#[tokio::test]
async fn dropping_the_driver_resolves_everything_that_waits() {
    let venue = venue().await;
    let (client, driver) = prepare(&venue.url(), Handlers::new(Lines)).into_parts();
    let driver = tokio::spawn(driver);
    client.ready().await.unwrap();
    let mut events = client.events();
    let (asked, ()) = tokio::join!(client.call("hush"), async {
        hears(venue.journal(), "the call", |text| text.ends_with("hush")).await;
        driver.abort();
    });
    assert!(matches!(asked, Err(RequestError::SentUnknown { .. })), "{asked:?}");
    assert!(matches!(ended(&client).await, EndCause::Abandoned));
    let error = client.call("say more").await.unwrap_err();
    assert!(matches!(error, RequestError::NotSent(NotSent::Closed(EndCause::Abandoned))), "{error:?}");
    assert_eq!(client.shutdown(secs(1)).await.unwrap_err().report.sent_unknown, 1);
    // The stream of events ends as it always does.
    event(&mut events, "the last event", |event| matches!(event, Event::Closed)).await;
}

#[tokio::test]
async fn a_driver_that_was_never_polled_ends_the_session_too() {
    let port = Port::reserve().unwrap();
    let (client, driver) = prepare(&format!("ws://{}/", port.addr()), Handlers::new(Lines)).into_parts();
    drop(driver);
    assert!(matches!(client.ready().await, Err(EndCause::Abandoned)));
}

#[test]
fn the_driver_may_run_on_a_runtime_of_its_own_and_goes_down_with_it() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (of_driver, of_user) = (runtime(), runtime());
    let venue = of_driver.block_on(venue());
    let (client, driver) = prepare(&venue.url(), Handlers::new(Lines)).into_parts();
    drop(of_driver.spawn(driver));
    of_user.block_on(async {
        client.ready().await.unwrap();
        assert_eq!(client.call("say across").await.unwrap(), "across");
    });
    let pending = of_user.spawn({
        let client = client.clone();
        async move { client.call("hush").await }
    });
    of_user.block_on(hears(venue.journal(), "the call", |text| text.ends_with("hush")));
    of_driver.shutdown_timeout(secs(5));
    of_user.block_on(async {
        assert!(matches!(pending.await.unwrap(), Err(RequestError::SentUnknown { .. })));
        assert!(matches!(ended(&client).await, EndCause::Abandoned));
    });
}

#[tokio::test]
async fn a_server_that_accepts_and_closes_is_paced_like_one_that_refuses() {
    let venue = serving(|mut conn: Conn| async move {
        conn.read_request().await;
        let right = Answer::accepting(conn.request());
        conn.answer(&right).await;
    })
    .await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_policies(quick())
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .start();
    // The default asks for ten seconds of readiness before the count starts again.
    until(&client, "a third attempt", |state| {
        matches!(state, State::Waiting { attempt: 3.., .. } | State::Connecting { attempt: 3.., .. })
    })
    .await;
}
