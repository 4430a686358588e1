//! `state`, `status`, `watch`, `events`, `reconnect`.

use nova_testkit::net::{PATIENCE, within};
use websockex_nova::{
    prelude::*, reconnect::Linear, session::EndCause, telemetry::Event, transport::LostReason,
};

use crate::venue::{Lines, event, hears, hears_close, prepare, ready_on, until, venue};

#[tokio::test]
async fn state_and_status_tell_the_truth() {
    let mut venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).start();
    assert!(matches!(client.state(), State::Connecting { attempt: 0, .. }), "{:?}", client.state());
    client.ready().await.unwrap();
    let waiting = {
        let client = client.clone();
        tokio::spawn(async move { client.call("hush").await })
    };
    hears(venue.journal(), "the call", |text| text.ends_with("hush")).await;
    let status = client.status();
    assert!(status.state.is_ready());
    assert_eq!((status.live_requests, status.handler), (1, None));
    venue.stop().await;
    let state = until(&client, "waiting", |state| matches!(state, State::Waiting { .. })).await;
    assert!(matches!(state, State::Waiting { attempt: 1.., .. }), "{state:?}");
    assert!(waiting.await.unwrap().is_err());
    assert_eq!(client.status().live_requests, 0);
    client.shutdown(secs(1)).await.unwrap();
    assert!(matches!(client.status().state, State::Closed(EndCause::Shutdown)));
}

#[tokio::test]
async fn a_watch_sees_the_end_and_then_nothing_more_and_keeps_nobody_alive() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let mut watch = client.watch();
    assert!(watch.changed().await.is_ready(), "the first look tells at once");
    drop(client);
    let end = within(PATIENCE, "the end", async {
        loop {
            if let State::Closed(end) = watch.changed().await {
                return end;
            }
        }
    })
    .await;
    assert!(matches!(end, EndCause::Shutdown));
    assert!(tokio::time::timeout(millis(20), watch.changed()).await.is_err());
}

#[tokio::test]
async fn two_receivers_of_events_see_the_same() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let mut receivers = [client.events(), client.events()];
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    client.shutdown(secs(1)).await.unwrap();
    let mut seen = Vec::new();
    for receiver in &mut receivers {
        let mut names = Vec::new();
        while names.last() != Some(&"closed") {
            names.push(receiver.next().await.unwrap().event.name());
        }
        seen.push(names);
    }
    assert_eq!(seen[0], seen[1]);
    let lives = seen[0].iter().filter(|name| matches!(**name, "lost" | "ready" | "closing" | "closed"));
    assert_eq!(lives.copied().collect::<Vec<_>>(), ["lost", "ready", "closing", "lost", "closed"]);
    // The client and its driver are gone, and with them the stream.
    drop(client);
    let [mut one, _] = receivers;
    assert!(within(PATIENCE, "the end of the stream", one.next()).await.is_none());
}

#[tokio::test]
async fn a_receiver_that_falls_behind_is_told_how_much_it_missed() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_settings(|settings| settings.events = 4)
        .connect()
        .await
        .unwrap();
    let mut events = client.events();
    for _ in 0..50 {
        client.call("say a").await.unwrap();
    }
    let missed =
        event(&mut events, "that some were missed", |event| matches!(event, Event::EventsDropped { .. }))
            .await;
    assert!(matches!(missed, Event::EventsDropped { count: 10.. }), "{missed}");
}

#[tokio::test]
async fn reconnect_closes_the_link_in_order_and_opens_exactly_one_more() {
    let venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines)).connect().await.unwrap();
    let mut events = client.events();
    client.reconnect();
    ready_on(&client, 2).await;
    hears_close(venue.journal(), 1, 1000).await;
    event(&mut events, "why the link was lost", |event| {
        matches!(event, Event::Lost { reason: LostReason::Reconnect, .. })
    })
    .await;
    client.call("say fine").await.unwrap();
    assert_eq!(venue.accepted(), 2);
}

#[tokio::test]
async fn reconnect_does_not_wait_for_the_next_attempt() {
    let mut venue = venue().await;
    let client = prepare(&venue.url(), Handlers::new(Lines))
        .with_policies(Policies::default().with_reconnect(Linear::every(secs(3600))))
        .connect()
        .await
        .unwrap();
    venue.stop().await;
    until(&client, "waiting", |state| matches!(state, State::Waiting { .. })).await;
    venue.restart().await.unwrap();
    client.reconnect();
    ready_on(&client, 2).await;
}
