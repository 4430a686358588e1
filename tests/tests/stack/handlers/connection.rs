//! `ConnectionHandler`: connected, disconnected, frame, status.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use websockex_nova::{
    behaviour::{ConnectAction, ConnectionHandler, DisconnectAction, FrameAction, InitialConnect, Kept},
    frame_codec::Message,
    prelude::*,
    session::EndCause,
    telemetry::Event,
    transport::{Handshake, LostReason},
};

use crate::venue::{
    Lines, close_frame, ended, event, hears, hears_close, prepare, ready_on, texts, until, venue,
};

/// Decides once, on the first link; agrees with the defaults from then on.
struct Once<A>(Option<A>);

impl ConnectionHandler for Once<ConnectAction> {
    fn connected(&mut self, _: &Handshake) -> ConnectAction {
        self.0.take().unwrap_or(ConnectAction::Proceed)
    }
}

impl ConnectionHandler for Once<DisconnectAction> {
    fn disconnected(&mut self, _: &LostReason, _: u32) -> DisconnectAction {
        self.0.take().unwrap_or(DisconnectAction::Default)
    }
}

/// Decides about the first text message that says `now`.
impl ConnectionHandler for Once<FrameAction> {
    fn frame(&mut self, message: &Message<'_>) -> FrameAction {
        match message {
            Message::Text("now") => self.0.take().unwrap_or(FrameAction::Pass),
            _ => FrameAction::Pass,
        }
    }
}

#[tokio::test]
async fn what_connected_replies_is_sent_before_anything_else() {
    let venue = venue().await;
    let reply = ConnectAction::Reply(vec!["first".into(), Kept::Binary(vec![2])]);
    let handlers = Handlers::new(Lines).with_connection(Once(Some(reply)));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    assert_eq!(client.call("say hello").await.unwrap(), "hello");
    let frames: Vec<_> = venue.journal().frames().into_iter().map(|(_, frame)| frame.payload).collect();
    assert_eq!(frames[..2], [b"first".to_vec(), vec![2]]);
    assert_eq!(frames.len(), 3);
}

#[tokio::test]
async fn a_link_that_connected_closes_is_closed_so_and_replaced() {
    let venue = venue().await;
    let close = Once(Some(ConnectAction::Close(close_frame(4001))));
    let client = prepare(&venue.url(), Handlers::new(Lines).with_connection(close))
        .with_settings(|settings| settings.initial_connect = InitialConnect::Retry)
        .connect()
        .await
        .unwrap();
    hears_close(venue.journal(), 1, 4001).await;
    assert_eq!(client.call("say again").await.unwrap(), "again");
    assert_eq!(venue.accepted(), 2);
}

#[tokio::test]
async fn a_session_that_connected_stops_ends_with_a_close_frame() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_connection(Once(Some(ConnectAction::Stop)));
    let end = prepare(&venue.url(), handlers).connect().await.unwrap_err();
    assert!(matches!(end, EndCause::Stopped), "{end:?}");
    hears_close(venue.journal(), 1, 1000).await;
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn connected_is_told_of_each_link_once_with_its_handshake() {
    #[derive(Clone, Default)]
    struct Counting(Arc<Mutex<Vec<String>>>);
    impl ConnectionHandler for Counting {
        fn connected(&mut self, handshake: &Handshake) -> ConnectAction {
            let upgrade = &handshake.headers["upgrade"];
            self.0.lock().unwrap().push(format!("connected {}", upgrade.to_str().unwrap()));
            ConnectAction::Proceed
        }

        fn disconnected(&mut self, reason: &LostReason, attempts: u32) -> DisconnectAction {
            self.0.lock().unwrap().push(format!("{} after {attempts}", reason.kind()));
            DisconnectAction::Default
        }
    }
    let venue = venue().await;
    let told = Counting::default();
    let handlers = Handlers::new(Lines).with_connection(told.clone());
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    client.call("cut").await.unwrap_err();
    ready_on(&client, 2).await;
    client.call("close 4002").await.unwrap_err();
    ready_on(&client, 3).await;
    let told = told.0.lock().unwrap().clone();
    let connected = "connected websocket";
    assert_eq!(told, [connected, "eof after 0", connected, "closed_by_peer after 1", connected]);
}

#[tokio::test]
async fn a_session_that_disconnected_stops_does_not_come_back() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_connection(Once(Some(DisconnectAction::Stop)));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    client.call("cut").await.unwrap_err();
    assert!(matches!(ended(&client).await, EndCause::Stopped));
    assert_eq!(venue.accepted(), 1);
}

#[tokio::test]
async fn disconnected_can_reconnect_where_the_verdict_would_stop() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_connection(Once(Some(DisconnectAction::Reconnect)));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    // 1008 is fatal by default: the second time nobody overrules it.
    client.call("close 1008").await.unwrap_err();
    ready_on(&client, 2).await;
    client.call("close 1008").await.unwrap_err();
    assert!(matches!(ended(&client).await, EndCause::Failed(LostReason::ClosedByPeer(_))));
}

#[tokio::test]
async fn disconnected_can_move_the_session_to_another_server_for_good() {
    let (old, new) = (venue().await, venue().await);
    let elsewhere = Endpoint::parse(&new.url()).unwrap().with_header("X-Moved", "yes").unwrap();
    let action = DisconnectAction::ReconnectTo(Box::new(elsewhere));
    let handlers = Handlers::new(Lines).with_connection(Once(Some(action)));
    let client = prepare(&old.url(), handlers).connect().await.unwrap();
    for link in 2..=3 {
        client.call("cut").await.unwrap_err();
        ready_on(&client, link).await;
    }
    assert_eq!((old.accepted(), new.accepted()), (1, 2));
    assert!(new.journal().requests().iter().all(|request| request.header("x-moved") == Some("yes")));
}

#[tokio::test]
async fn a_consumed_message_goes_no_further_and_a_passed_one_does() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_connection(Once(Some(FrameAction::Consume)));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    let mut events = client.events();
    client.call("hear now").await.unwrap();
    client.call("hear now").await.unwrap();
    // `now` is no word of the language: the one that got through is counted, and only that.
    event(&mut events, "one undecodable message", |event| {
        matches!(event, Event::Undecodable { count: 1, .. })
    })
    .await;
}

#[tokio::test]
async fn what_frame_replies_is_sent() {
    let venue = venue().await;
    let reply = FrameAction::Reply(vec!["one".into(), "two".into()]);
    let handlers = Handlers::new(Lines).with_connection(Once(Some(reply)));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    client.call("hear now").await.unwrap();
    hears(venue.journal(), "the second reply", |text| text == "two").await;
    assert_eq!(texts(venue.journal(), 1)[1..], ["one", "two"]);
}

#[tokio::test]
async fn a_link_that_frame_closes_is_closed_so_and_replaced() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_connection(Once(Some(FrameAction::Close(close_frame(4003)))));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    client.call("hear now").await.unwrap_err();
    hears_close(venue.journal(), 1, 4003).await;
    ready_on(&client, 2).await;
}

#[tokio::test]
async fn a_session_that_frame_stops_ends_with_a_close_frame() {
    let venue = venue().await;
    let handlers = Handlers::new(Lines).with_connection(Once(Some(FrameAction::Stop)));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    client.notify("hear now").await.unwrap();
    assert!(matches!(ended(&client).await, EndCause::Stopped));
    hears_close(venue.journal(), 1, 1000).await;
}

#[tokio::test]
async fn frame_sees_control_frames_too() {
    struct Pongs(Arc<AtomicU32>);
    impl ConnectionHandler for Pongs {
        fn frame(&mut self, message: &Message<'_>) -> FrameAction {
            self.0.fetch_add(u32::from(matches!(message, Message::Pong(_))), Ordering::Relaxed);
            // Even consumed, the pong counts: liveness is not the handler's to break.
            FrameAction::Consume
        }
    }
    let venue = venue().await;
    let pongs = Arc::new(AtomicU32::new(0));
    let handlers = Handlers::new(Lines).with_connection(Pongs(Arc::clone(&pongs)));
    let client = prepare(&venue.url(), handlers).connect().await.unwrap();
    client.ping().await.unwrap();
    assert_eq!(pongs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_status_says_stands_in_the_clients_status() {
    struct Telling;
    impl ConnectionHandler for Telling {
        fn status(&self) -> Option<String> {
            Some("all is well".to_owned())
        }
    }
    let venue = venue().await;
    let client =
        prepare(&venue.url(), Handlers::new(Lines).with_connection(Telling)).connect().await.unwrap();
    assert_eq!(client.status().handler.as_deref(), Some("all is well"));
    until(&client, "ready", State::is_ready).await;
}
