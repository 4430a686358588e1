//! Settings in layers: user over client over adapter over default, seen from the other end of a socket.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests too")]

use std::{
    future::{Future, IntoFuture, poll_fn},
    task::Poll,
};

use nova_testkit::net::{DeafPort, Entry, Event, PATIENCE, Peer, Port, RawFrame, Served, within};
use nova_tests::Wire;
use websockex_nova::{
    behaviour::{InitialConnect, KeepAlive, Layer, SettingName},
    prelude::*,
    reconnect::Retries,
    session::NotSent,
};

/// A service that hears everything and answers nothing but pings.
async fn silent() -> Served {
    Peer::serve(|mut conn| async move {
        conn.accept_upgrade().await;
        while let Some(frame) = conn.next().await {
            match frame.opcode {
                0x8 => return conn.send(RawFrame::new(0x8, frame.payload)).await,
                0x9 => conn.send(RawFrame::pong(frame.payload)).await,
                _ => {}
            }
        }
    })
    .await
    .expect("a port of the loopback interface is free")
}

/// A client of whose layers some say how many requests may wait for replies.
fn prepare(venue: &Served, said: &[Layer]) -> Connect<Echo, Wire> {
    let mut echo = Echo::at(&venue.url()).unwrap();
    if said.contains(&Layer::Adapter) {
        echo = echo.with_settings(|settings| settings.in_flight = 1);
    }
    let mut prepared = Connect::new(echo, Wire::default());
    // The user speaks first here: it is not the order that counts.
    if said.contains(&Layer::User) {
        prepared = prepared.with_overrides(&Overrides::new().with_in_flight(3));
    }
    if said.contains(&Layer::Client) {
        prepared = prepared.with_client_overrides(&Overrides::new().with_in_flight(2));
    }
    prepared
}

/// How many requests a client lets wait for their replies before it refuses one.
async fn room(prepared: Connect<Echo, Wire>) -> usize {
    let client = prepared.connect().await.unwrap();
    let mut waiting = Vec::new();
    loop {
        let mut call = Box::pin(client.call("hush").into_future());
        // Polled once: it is refused at once, or waits.
        let refused = poll_fn(|cx| match call.as_mut().poll(cx) {
            Poll::Ready(ended) => Poll::Ready(Some(ended.unwrap_err())),
            Poll::Pending => Poll::Ready(None),
        })
        .await;
        match refused {
            None => waiting.push(call),
            Some(RequestError::NotSent(NotSent::TooManyInFlight)) => return waiting.len(),
            // The writer has its own bound: let it write.
            Some(RequestError::NotSent(NotSent::LaneFull)) => tokio::task::yield_now().await,
            Some(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn each_layer_wins_over_those_below_it() {
    use Layer::{Adapter, Client, Default, User};
    let rows: [(&[Layer], Layer, usize); 8] = [
        (&[], Default, 4096),
        (&[Adapter], Adapter, 1),
        (&[Client], Client, 2),
        (&[Adapter, Client], Client, 2),
        (&[User], User, 3),
        (&[Adapter, User], User, 3),
        (&[Client, User], User, 3),
        (&[Adapter, Client, User], User, 3),
    ];
    let venue = silent().await;
    for (said, winner, expected) in rows {
        let prepared = prepare(&venue, said);
        assert_eq!(prepared.settings().origin(SettingName::InFlight), winner, "{said:?}");
        assert_eq!(room(prepared).await, expected, "{said:?}");
    }
}

/// The probes of the layer that wins are those that the service sees.
#[tokio::test]
async fn probes_follow_the_layer_that_wins() {
    const SOON: KeepAlive = KeepAlive { every: millis(5), deadline: secs(5), misses: 1 };
    let venue = silent().await;
    let is_ping_on = |connection: usize| {
        move |entry: &&Entry| {
            entry.link == connection && matches!(&entry.what, Event::Frame(frame) if frame.opcode == 9)
        }
    };
    // The adapter's probes are overruled by the preset, whose first is due in 15 s.
    let adapter = Echo::at(&venue.url()).unwrap().with_settings(|settings| settings.keep_alive = SOON);
    let prepared = Connect::new(adapter.clone(), Wire::default()).with_preset(Preset::Financial);
    let rare = prepared.connect().await.unwrap();
    // The user overrules both, with a part of the compound setting.
    let prepared = Connect::new(adapter, Wire::default()).with_preset(Preset::Financial);
    let often = prepared.with_settings(|settings| settings.keep_alive.every = millis(50));
    let often = often.connect().await.unwrap();
    let journal = venue.journal();
    let has_come = |entries: &[Entry]| entries.iter().any(|entry| is_ping_on(2)(&entry));
    journal.wait_for("a probe of the second client", has_come).await;
    // The first would have sent its own long before, if the adapter had its way.
    assert_eq!(journal.entries().iter().filter(is_ping_on(1)).count(), 0);
    let line = |settings: &Settings, name| {
        settings.explain().find(|line| line.name == name).map(|line| line.to_string()).unwrap()
    };
    assert_eq!(line(&rare.settings(), SettingName::KeepAliveEvery), "keep_alive.every = 15 s (client)");
    assert_eq!(line(&often.settings(), SettingName::KeepAliveEvery), "keep_alive.every = 50 ms (user)");
    assert_eq!(line(&often.settings(), SettingName::KeepAliveDeadline), "keep_alive.deadline = 5 s (client)");
}

#[tokio::test]
async fn what_is_changed_at_run_time_is_the_users_word() {
    let venue = silent().await;
    let client = prepare(&venue, &[Layer::Adapter, Layer::Client]).connect().await.unwrap();
    assert_eq!(client.settings().origin(SettingName::InFlight), Layer::Client);
    client.reconfigure(|settings| settings.in_flight = 9).unwrap();
    let settings = client.settings();
    assert_eq!((settings.in_flight, settings.origin(SettingName::InFlight)), (9, Layer::User));
    let invalid = client.reconfigure(|settings| settings.in_flight = 0).unwrap_err();
    assert_eq!(invalid.said_by, Some(Layer::User));
    assert_eq!(client.settings(), settings);
}

/// A layer that makes no sense ends the client before anything is dialled, and is named.
#[tokio::test]
async fn a_layer_that_makes_no_sense_is_named_and_nothing_is_dialled() {
    let venue = silent().await;
    let prepared = prepare(&venue, &[]).with_client_overrides(&Overrides::new().with_events(0));
    let EndCause::Settings(invalid) = prepared.connect().await.unwrap_err() else {
        panic!("it was accepted")
    };
    assert_eq!(invalid.to_string(), "the setting \"events\" must be at least 1 (it comes from the client)");
    assert_eq!(venue.accepted(), 0);
}

/// A preset says when to try again; here, that it ends after three attempts.
#[tokio::test(start_paused = true)]
async fn a_preset_paces_reconnection_unless_the_user_does() {
    let nobody = Port::reserve().unwrap();
    let echo = Echo::at(&format!("ws://{}/", nobody.addr())).unwrap();
    let retry = |settings: &mut Settings| settings.initial_connect = InitialConnect::Retry;
    let none =
        || Policies::default().with_reconnect(Preset::Standard.reconnect().with_retries(Retries::Limited(0)));
    let preset = Connect::new(echo.clone(), Wire::default()).with_preset(Preset::Lightweight);
    let user_first =
        Connect::new(echo.clone(), Wire::default()).with_policies(none()).with_preset(Preset::Lightweight);
    let user_last =
        Connect::new(echo, Wire::default()).with_preset(Preset::Lightweight).with_policies(none());
    for (prepared, expected) in [(preset, 3), (user_first, 0), (user_last, 0)] {
        let client = prepared.with_settings(retry).start();
        // In virtual time: the pauses are of seconds.
        let end = within(PATIENCE * 100, "the end of the attempts", client.closed()).await;
        assert!(matches!(end, EndCause::Exhausted { attempts, .. } if attempts == expected), "{end:?}");
    }
}

/// The transport that the facade makes for a preset waits for as long as the preset says.
#[tokio::test(start_paused = true)]
async fn a_preset_says_how_long_a_phase_of_connecting_may_take() {
    let deaf = DeafPort::bind().await.unwrap();
    for preset in [Preset::Financial, Preset::Lightweight] {
        let echo = Echo::at(&format!("ws://{}/", deaf.addr())).unwrap();
        let start = tokio::time::Instant::now();
        let end = Client::prepare_for(preset, echo).connect().await.unwrap_err();
        assert!(matches!(end, EndCause::Failed(_)), "{end:?}");
        assert_eq!(start.elapsed().as_secs(), preset.connect_deadline().as_secs(), "{preset}");
    }
}
